from odoo import api, models

from ..guarded_fields import Amount


class MilestoneBillingContract(models.Model):
    """What was written off lowers the contract sum to date."""

    _inherit = "milestone.billing.contract"

    amount_written_off = Amount(
        string="Written Off",
        compute="_compute_amount_to_date",
        store=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("line_ids.amount_written_off")
    def _compute_amount_to_date(self):
        res = super()._compute_amount_to_date()
        for contract in self:
            written_off = sum(contract.line_ids.mapped("amount_written_off"))
            contract.amount_written_off = written_off
            contract.amount_to_date -= written_off
        return res
