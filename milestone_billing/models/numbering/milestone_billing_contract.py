from odoo import fields, models


class MilestoneBillingContract(models.Model):
    """The numbers of progress lines stand from the first draft of a contract on."""

    _inherit = "milestone.billing.contract"

    last_number = fields.Integer(
        help="The last number given to a progress line, 0 before anything was drafted.",
        copy=False,
        readonly=True,
    )

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _keep_numbers(self):
        """Keep the numbers of the progress lines from the first draft on."""
        for contract in self.filtered(lambda contract: not contract.last_number):
            progress = contract.line_ids.sorted().filtered(
                lambda line: line.kind == "progress"
            )
            for number, line in enumerate(progress, start=1):
                line.number = number
            contract.last_number = len(progress)

    def _adapt_to_e_invoice(self, text):
        """Return a label as the company's electronic invoices can say it.

        Italy's are in Latin-1, which has no dash.
        """
        if self.company_id.account_fiscal_country_id.code == "IT":
            return text.replace("—", "-")
        return text
