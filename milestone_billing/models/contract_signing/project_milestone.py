from odoo import models


class ProjectMilestone(models.Model):
    """What was agreed of a milestone is part of what the customer signs."""

    _inherit = "project.milestone"

    def write(self, vals):
        if "acceptance_criteria" not in vals:
            return super().write(vals)
        # sudo: a question is taken back whoever edits what was asked
        contracts = self.sudo().billing_line_ids.contract_id
        with contracts._changing_schedule():
            return super().write(vals)
