from odoo import api, models

from ..guarded_fields import Amount


class MilestoneBillingLine(models.Model):
    """What of a line is unpaid, settled and paid."""

    _inherit = "milestone.billing.line"

    amount_unpaid = Amount(
        string="Unpaid",
        help="The part of what is billed that is still due, net.",
        compute="_compute_paid_amounts",
        store=True,
    )
    amount_settled = Amount(
        string="Settled",
        help="Billed less unpaid: no longer due, however that came about, net.",
        compute="_compute_paid_amounts",
        store=True,
    )
    amount_paid = Amount(
        string="Paid",
        help="The part of what is billed for which money came in, net.",
        compute="_compute_paid_amounts",
        store=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends(
        "amount_billed",
        "move_line_ids.move_id.amount_residual",
        # a credit note of another stage changes what of the invoice is due
        "move_line_ids.move_id.reversal_move_ids.amount_residual",
    )
    def _compute_paid_amounts(self):
        # nothing of what is being edited in a form changes what is due
        saved = self._origin
        settlements = saved.move_line_ids.move_id._get_milestone_settlements_by_line()
        for line in self:
            shares = settlements.get(line._origin, ())
            unpaid = sum(share.unpaid for share in shares)
            line.amount_unpaid = unpaid
            line.amount_settled = line.amount_billed - unpaid
            line.amount_paid = line.amount_opening + sum(share.paid for share in shares)

    @api.depends("amount_unpaid")
    def _compute_state(self):
        return super()._compute_state()

    def _get_state(self):
        state = super()._get_state()
        if state == "billed" and self._get_currency().is_zero(self.amount_unpaid):
            return "paid"
        return state

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_settlements(self, customer=None):
        """Return what became of what each family of documents bills of this line.

        :param customer: of this commercial partner's documents only
        :return: a list of :class:`Settlement`
        """
        self.ensure_one()
        moves = self.move_line_ids.move_id
        if customer is not None:
            moves = moves.filtered(lambda m: m.commercial_partner_id == customer)
        return [
            shares[self]
            for shares in moves._get_milestone_settlements().values()
            if self in shares
        ]

    def _get_settled_and_paid(self, customer):
        """Return what is settled, and what is paid with money, of a customer's documents.

        Net, with what was billed elsewhere, which counts as paid.

        :param customer: the commercial partner
        """
        shares = self._get_settlements(customer)
        return (
            self.amount_opening + sum(share.settled for share in shares),
            self.amount_opening + sum(share.paid for share in shares),
        )
