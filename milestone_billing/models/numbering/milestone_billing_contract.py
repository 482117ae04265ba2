from collections import defaultdict

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
        by_number = defaultdict(list)
        by_count = defaultdict(list)
        for contract in self.filtered(lambda contract: not contract.last_number):
            progress = contract._get_schedule().filtered(
                lambda line: line.kind == "progress"
            )
            for number, line in enumerate(progress, start=1):
                by_number[number].append(line.id)
            by_count[len(progress)].append(contract.id)
        # one write a number, however many contracts
        for number, ids in by_number.items():
            self.line_ids.browse(ids).number = number
        for count, ids in by_count.items():
            # which is no field whose changes are logged
            self.browse(ids).with_context(tracking_disable=True).last_number = count

    def _adapt_to_e_invoice(self, text):
        """Return a label as the company's electronic invoices can say it.

        Italy's are in Latin-1, which has no dash.
        """
        if self.company_id.account_fiscal_country_id.code == "IT":
            return text.replace("—", "-")
        return text
