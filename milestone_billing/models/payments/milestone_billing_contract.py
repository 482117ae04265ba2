from odoo import api, models

from ..guarded_fields import Amount


class MilestoneBillingContract(models.Model):
    """What of a contract is unpaid, settled and paid."""

    _inherit = "milestone.billing.contract"

    amount_unpaid = Amount(
        string="Unpaid",
        help="The part of what is billed that is still due, net.",
        compute="_compute_paid_totals",
        store=True,
    )
    amount_settled = Amount(
        string="Settled",
        help="The part of what is billed that is no longer due, net.",
        compute="_compute_paid_totals",
        store=True,
    )
    amount_paid = Amount(
        string="Paid",
        help="The part of what is billed for which money came in, net.",
        compute="_compute_paid_totals",
        store=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("line_ids.amount_unpaid")
    def _compute_paid_totals(self):
        for contract in self:
            lines = contract.line_ids
            contract.amount_unpaid = sum(lines.mapped("amount_unpaid"))
            contract.amount_settled = sum(lines.mapped("amount_settled"))
            contract.amount_paid = sum(lines.mapped("amount_paid"))
