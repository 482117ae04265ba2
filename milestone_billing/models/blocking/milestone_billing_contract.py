from markupsafe import Markup

from odoo import SUPERUSER_ID, models


class MilestoneBillingContract(models.Model):
    """What blocks every line of a contract."""

    _inherit = "milestone.billing.contract"

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _after_schedule_change(self, before):
        # what is done is checked anew
        res = super()._after_schedule_change(before)
        self.line_ids._check_reached_again()
        return res

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_check_again(self):
        """Check anew what blocks the stages that are done.

        :return: True
        """
        self.check_access("read")
        self.line_ids.action_check_again()
        return True

    # -------------------------------------------------------------------------
    # BUSINESS: the checks
    # -------------------------------------------------------------------------

    def _get_check(self):
        """Return what blocks the invoices of this contract first, as lines do."""
        self.ensure_one()
        if self.project_id.is_template:
            return "template", {}
        if not self.active or not self.project_id.active:
            return "archived_contract", {}
        if not self.partner_id:
            return "no_customer", {}
        if not self.currency_id.active:
            return "currency_off", {"record": self.currency_id.name}
        if not self.effective_journal_id:
            return "no_journal", {"company": self.company_id.name}
        records = (
            self.partner_id,
            self.journal_id,
            self.payment_term_id,
            self._get_billing_product(),
        )
        for record in records:
            code, args = self._get_record_check(record)
            if code:
                return code, args
        return self._get_language_check()

    def _get_record_check(self, record):
        """Return that a record of the contract is archived or another company's."""
        if record and not record.active:
            return "archived", {"record": record.display_name}
        if not self.company_id._may_bill_with(record):
            return "other_company", {
                "record": record.display_name,
                "company": self.company_id.name,
            }
        return False, {}

    def _get_language_check(self):
        """Return that the customer's language is not installed."""
        lang = self._get_invoice_partner().lang
        if lang and not self.env["res.lang"]._get_data(code=lang):
            return "language_off", {
                "language": lang,
                "record": self.partner_id.display_name,
            }
        return False, {}

    # -------------------------------------------------------------------------
    # BUSINESS: who can cure it
    # -------------------------------------------------------------------------

    def _call_for_lines(self, lines):
        """Call who can cure what blocks these lines, once until all is cured."""
        self.ensure_one()
        called = self._get_called_user()
        if not called or self._get_calls():
            return
        contract = self.with_context(lang=called.lang)
        # sudo: the reasons as the one who is called reads them
        reasons = lines.with_user(called).sudo().with_context(lang=called.lang)
        contract.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=contract.env._(
                "Not invoiced: %(lines)s", lines=", ".join(lines.mapped("name"))
            ),
            note=Markup("<br/>").join(
                line._get_reason(line.check_code, line.check_args) for line in reasons
            ),
            user_id=called.id,
        )

    def _call_off(self):
        """Take back the calls for contracts of which nothing is blocked any more."""
        cured = self.filtered(
            lambda contract: "blocked" not in contract.line_ids.mapped("state")
        )
        cured._get_calls().unlink()

    def _get_calls(self):
        """Return the open activities that call for a cure, made by the addon itself."""
        warning = self.env.ref(
            "mail.mail_activity_data_warning", raise_if_not_found=False
        )
        # sudo: whoever cures it; the addon's own activities alone
        return self.sudo().activity_ids.filtered(
            lambda activity: (
                activity.activity_type_id == warning
                and activity.create_uid.id == SUPERUSER_ID
            )
        )
