from odoo import models


class MilestoneBillingContract(models.Model):
    """Several stages of a contract on one invoice."""

    _inherit = "milestone.billing.contract"

    def action_create_draft_invoice_per_contract(self):
        """Make one draft invoice of all that is ready, for each of these contracts.

        :return: the action that opens the drafts
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to invoice, saying why
        """
        return self.line_ids.action_create_draft_invoice_per_contract()
