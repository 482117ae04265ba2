from odoo import models


class ProjectMilestone(models.Model):
    """Several milestones on one invoice."""

    _inherit = "project.milestone"

    def action_create_draft_invoice_per_contract(self):
        """Make one draft invoice a contract of these milestones' ready lines.

        :return: the action that opens the drafts
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to invoice, saying why
        """
        return self.billing_line_ids.action_create_draft_invoice_per_contract()
