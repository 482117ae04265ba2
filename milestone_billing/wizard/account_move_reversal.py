from odoo import fields, models

from ..models.marks import CARRY_LINK
from ..models.refusal import BillingRefusal


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        # EXTENDS 'account': credit notes and replacements carry the milestone line
        if is_modify:
            self._check_replaces_milestones_today()
        return super(AccountMoveReversal, CARRY_LINK.on(self)).reverse_moves(
            is_modify=is_modify
        )

    def _check_replaces_milestones_today(self):
        """Refuse to replace a milestone invoice with a credit note of a later day.

        Core posts such a credit note on its day only and makes the replacement at
        once: until then the milestone would be billed twice.
        """
        # sudo: the rule holds for who cannot see the schedule
        billing_moves = self.sudo().move_ids.filtered("milestone_billing_contract_id")
        if billing_moves and self.date and self.date > fields.Date.context_today(self):
            raise BillingRefusal(
                self.env._(
                    "%(invoice)s bills a milestone and can be replaced today or before,"
                    " not on a later day. Choose an earlier date, or reverse it without"
                    " a replacement and bill the milestone again afterwards.",
                    invoice=billing_moves[:1]._get_milestone_display_name(),
                )
            )
