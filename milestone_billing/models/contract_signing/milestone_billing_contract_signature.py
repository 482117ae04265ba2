from odoo import api, fields, models
from odoo.tools import plaintext2html

from ..refusal import BillingRefusal


class MilestoneBillingContract(models.Model):
    """The customer's answer to the schedule, on their page and in the log."""

    _inherit = "milestone.billing.contract"

    # -------------------------------------------------------------------------
    # HOOKS: the acceptance
    # -------------------------------------------------------------------------

    def _get_acceptance_contract(self):
        return self

    def _get_acceptance_name(self):
        return self.env._("Billing schedule")

    def _get_acceptance_path(self):
        self.ensure_one()
        return f"{self._get_billing_portal_path()}/sign"

    @api.model
    def _get_acceptance_template(self):
        return "milestone_billing.mail_template_contract_signature"

    def _check_acceptance_asked(self):
        res = super()._check_acceptance_asked()
        self._touch_rows()
        if self._is_other_than_asked():
            raise BillingRefusal(
                self.env._(
                    "The schedule has changed since it was sent to you: we come back to"
                    " you."
                )
            )
        return res

    def _after_accepted(self):
        contract = self._as_system()
        contract._log_change(
            self.env._(
                "%(contact)s signed the schedule, %(amount)s, as “%(name)s”",
                contact=self.acceptance_partner_id.name,
                amount=self._format_contract_amount(self.amount_to_date),
                name=self.acceptance_signed_by,
            )
        )
        self._tell_signature()
        self._bill_signed_deposit()

    def _after_returned(self):
        self._as_system()._log_change(
            self.env._(
                "%(contact)s sent the schedule back: %(reason)s",
                contact=self.acceptance_partner_id.name,
                reason=self.acceptance_return_reason,
            )
        )
        self._tell_signature()

    # -------------------------------------------------------------------------
    # BUSINESS: who is told
    # -------------------------------------------------------------------------

    def _tell_signature(self):
        """Call who asked, in their language, if they still may see the contract."""
        user = self.acceptance_user_id
        reader = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        if not user.active or not reader.sudo(False).has_access("read"):
            return
        reason = self.acceptance_return_reason
        contract = self._as_system().with_context(lang=user.lang)
        contract.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=contract._get_signature_summary(),
            note=reason and plaintext2html(reason),
            user_id=user.id,
        )

    def _get_signature_summary(self):
        """Return what the customer answered, and who."""
        contact = self.acceptance_partner_id.name
        if self.acceptance_state == "accepted":
            return self.env._("Schedule signed by %(contact)s", contact=contact)
        return self.env._("Schedule sent back by %(contact)s", contact=contact)

    # -------------------------------------------------------------------------
    # BUSINESS: the customer's page
    # -------------------------------------------------------------------------

    def _is_signature_shown(self, customer):
        """Whether ``customer`` finds the question, or an answer, on the page.

        A question is for who is the customer now, an answer for whose contact gave it.
        """
        self.ensure_one()
        if self.acceptance_state == "asked":
            return True
        answered_by = self.acceptance_partner_id.commercial_partner_id
        return bool(self.acceptance_state) and answered_by == customer

    def _prepare_billing_portal(self, customer):
        """Add the question, and ``signature``: what was answered, if anything was."""
        values = super()._prepare_billing_portal(customer)
        shown = self.filtered(lambda c: c._is_signature_shown(customer))
        asked = shown.filtered(lambda c: c.acceptance_state == "asked")
        return {
            **values,
            "asked": [*asked, *values["asked"]],
            "signature": shown - asked,
        }

    def _prepare_portal_overview(self, customer):
        overview = super()._prepare_portal_overview(customer)
        is_asked = self.acceptance_state == "asked"
        return {**overview, "to_sign": overview["to_sign"] + is_asked}

    def _get_signed_stages(self):
        """Return the stages as they were asked to be signed, with dates as dates."""
        self.ensure_one()
        return [
            {**stage, "deadline": fields.Date.to_date(stage["deadline"])}
            for stage in (self.signed_schedule or {}).get("stages", ())
        ]

    def _get_deposit_notice(self):
        """Return what of the deposit can be paid once it is signed, net, or zero."""
        self.ensure_one()
        if not self.bill_deposit_when_signed:
            return 0.0
        deposits = self.line_ids.filtered(
            lambda line: line.kind == "deposit" and not line.is_reached
        )
        return sum(deposits.mapped("amount_open"))
