from odoo import models
from odoo.tools import clean_context

from odoo.addons.project.models.project_task import CLOSED_STATES


class ProjectTask(models.Model):
    """The closing of a milestone's last open task marks the milestone done."""

    _inherit = "project.task"

    def write(self, vals):
        if vals.get("state") not in CLOSED_STATES:
            return super().write(vals)
        # sudo: what follows from the closing needs no right to the milestone; nothing
        # of it is told
        tasks = self.sudo().filtered(lambda task: task.state not in CLOSED_STATES)
        res = super().write(vals)
        milestones = tasks.filtered("active").milestone_id
        if milestones:
            context = clean_context(self.env.context)
            milestones.with_env(milestones.env(context=context))._after_task_closed()
        return res
