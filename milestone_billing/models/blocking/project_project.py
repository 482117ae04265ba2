from odoo import SUPERUSER_ID, models


class ProjectProject(models.Model):
    """Opening a project's billing shows what blocks it now."""

    _inherit = "project.project"

    def action_open_billing(self):
        self.ensure_one()
        contracts = self.env["milestone.billing.contract"].search(
            [("project_id", "=", self.id)]
        )
        # the result of the check is a fact that the system records
        contracts.with_user(SUPERUSER_ID).line_ids._check_reached_again()
        return super().action_open_billing()
