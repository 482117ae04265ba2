from odoo import api, models

from ..refusal import BillingRefusal
from .cures import CURED_BY

# what of a contract is chosen anew in the dialog that cures it
CHOSEN = ("partner_id", "journal_id", "payment_term_id", "product_id")


class MilestoneBillingLine(models.Model):
    """The way from what blocks a line to its cure, or to who may cure it."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.readonly
    def action_fix(self):
        """Open what is missing: a field of the contract, or the record to mend.

        :return: an action
        """
        self.ensure_one()
        self.check_access("read")
        if self.check_code == "no_journal":
            return self._get_new_journal_action()
        if field := self._get_field_to_choose():
            return self._get_choosing_action(field)
        return self._get_record_to_mend()._get_records_action()

    def action_ask(self):
        """Ask who may cure what blocks this line, by an activity.

        It goes away with the cure.

        :return: the action that says who was asked
        :raise UserError: when there is nobody
        """
        self.ensure_one()
        self.check_access("read")
        # the superuser: the activity is the addon's own, whoever asks
        contract = self._as_system().contract_id
        user = contract._get_user_who_cures(self.check_code)
        if not user:
            raise BillingRefusal(
                self.env._("There is nobody with the right to cure this.")
            )
        if user not in contract._get_calls().user_id:
            contract._schedule_cure(user, self)
        return self._get_result_action(
            "success", self.env._("%(user)s was asked.", user=user.name)
        )

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _may_cure(self):
        """Whether the user has a right that cures what blocks this line."""
        groups = CURED_BY.get(self.check_code, ())
        return any(self.env.user.has_group(group) for group in groups)

    def _get_field_to_choose(self):
        """Return the field of the contract whose record blocks this line, if one does."""
        contract = self.contract_id
        if self.check_code == "no_customer":
            return "partner_id"
        if self.check_code not in ("archived", "other_company"):
            return None
        return next(
            (name for name in CHOSEN if contract._get_record_check(contract[name])[0]),
            None,
        )

    def _get_record_to_mend(self):
        """Return the record that blocks this line, the contract if it is none other."""
        contract = self.contract_id
        if self.check_code == "no_account":
            return self._get_product()
        if self.check_code == "language_off":
            return contract._get_invoice_partner()
        if self.check_code == "currency_off":
            return contract.currency_id
        if self.check_code in ("archived", "other_company"):
            records = (self.product_id, *self.tax_ids)
            return next(
                (rec for rec in records if contract._get_record_check(rec)[0]), contract
            )
        return contract

    def _get_choosing_action(self, field):
        """Return the dialog in which a field of the contract is chosen anew."""
        view = self.env.ref(
            "milestone_billing.milestone_billing_contract_view_form_cure"
        )
        return {
            **self.contract_id._get_records_action(name=self.contract_id.display_name),
            "views": [(view.id, "form")],
            "target": "new",
            "context": {"milestone_billing_cure": field},
        }

    def _get_new_journal_action(self):
        """Return the form of a new sales journal of the company."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Sales Journal"),
            "res_model": "account.journal",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_type": "sale",
                "default_company_id": self.company_id.id,
            },
        }
