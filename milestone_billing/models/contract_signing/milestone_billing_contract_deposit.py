from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..groups import INVOICING_GROUP


class MilestoneBillingContract(models.Model):
    """The deposit, billed and payable as soon as the schedule is signed."""

    _inherit = "milestone.billing.contract"

    bill_deposit_when_signed = fields.Boolean(
        string="Bill the Deposit When Signed",
        help="When the client signs the schedule, the deposit is marked done, and its"
        " invoice is made and posted at once, whatever happens by itself otherwise: so"
        " the client can pay it right away. Invoicing users alone can set it.",
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        contracts.filtered("bill_deposit_when_signed")._check_may_set_deposit()
        return contracts

    def write(self, vals):
        if "bill_deposit_when_signed" not in vals:
            return super().write(vals)
        before = self.filtered("bill_deposit_when_signed")
        res = super().write(vals)
        after = self.filtered("bill_deposit_when_signed")
        ((before - after) | (after - before))._check_may_set_deposit()
        return res

    def _check_may_set_deposit(self):
        """Refuse posting by itself to be chosen by who may not make invoices.

        :raise AccessError: saying whom to ask
        """
        may = self._is_system() or self.env.user.has_group(INVOICING_GROUP)
        if self and not may:
            raise AccessError(
                self.env._(
                    "Only users with the Invoicing right may have the deposit billed"
                    " when the schedule is signed. Ask your accountant."
                )
            )

    @api.model
    def _get_invoicing_fields(self):
        return super()._get_invoicing_fields() | {"bill_deposit_when_signed"}

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _bill_signed_deposit(self):
        """Mark the deposit done, and post its invoice so that it can be paid.

        :param self: in sudo, for the contact who signed
        """
        self.ensure_one()
        if not self.bill_deposit_when_signed:
            return
        lines = self.line_ids.filtered(lambda line: line.kind == "deposit")
        lines.milestone_id.action_mark_done()
        # the option is the permission of an invoicing user
        deposits = lines._as_system()
        waiting = deposits.filtered(lambda line: line.state == "ready")
        waiting._create_draft_invoices(self.env.user)
        for move in deposits._get_draft_invoice_lines().move_id:
            move._post_signed_deposit()

    def _get_deposit_to_pay(self, customer):
        """Return the first invoice of a deposit that ``customer`` can pay online now."""
        self.ensure_one()
        deposits = self.line_ids.filtered(lambda line: line.kind == "deposit")
        due = self._get_portal_due(customer) & deposits.move_line_ids.move_id
        return due.filtered(lambda move: move._has_to_be_paid())[:1]
