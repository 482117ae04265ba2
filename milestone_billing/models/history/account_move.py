from odoo import models


class AccountMove(models.Model):
    """The contract's log of what happens to its drafts."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        if "partner_id" not in vals:
            return super().write(vals)
        # sudo: the contract keeps the log whoever changed the draft
        moves = self.sudo().filtered("milestone_billing_contract_id")
        before = {move: move.partner_id for move in moves}
        res = super().write(vals)
        for move, partner in before.items():
            if move.partner_id != partner:
                move._log_milestone_customer_change(partner)
        return res

    def _log_milestone_customer_change(self, before):
        """Log on the contract that a draft of its schedule goes to another customer.

        To be called with sudo.

        :param before: the ``res.partner`` to whom it went
        """
        self.milestone_billing_contract_id._message_log(
            body=self.env._(
                "The customer of %(invoice)s, which bills %(milestones)s, was changed by"
                " %(user)s: %(old)s → %(new)s",
                invoice=self._get_milestone_display_name(),
                milestones=", ".join(self.milestone_ids.mapped("name")),
                user=self.env.user.name,
                old=before.display_name,
                new=self.partner_id.display_name,
            )
        )
