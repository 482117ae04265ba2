from odoo import api, fields, models
from odoo.tools import plaintext2html

from ..refusal import BillingRefusal

# what the customer signs for
SIGNED_FIELDS = frozenset(
    {
        "name",
        "date",
        "client_reference",
        "description",
        "amount",
        "spread",
        "line_id",
        "stage_name",
        "stage_deadline",
        "stage_criteria",
    }
)


class MilestoneBillingChange(models.Model):
    """A change order for the customer: on paper, and to sign on the portal."""

    _name = "milestone.billing.change"
    _inherit = ["milestone.billing.change", "milestone.billing.acceptance.mixin"]

    is_outdated = fields.Boolean(
        help="Whether the schedule is another one than the customer was asked for.",
        compute="_compute_is_outdated",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("state", "figures")
    def _compute_is_outdated(self):
        for change in self:
            change.is_outdated = (
                change.state == "sent" and change.figures != change._prepare_figures()
            )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        res = super().write(vals)
        if not self._is_system() and SIGNED_FIELDS.intersection(vals):
            # nobody signs for what they did not read
            self.filtered(lambda c: c.state == "sent")._withdraw()
        return res

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_send(self):
        """Ask the customer to sign these change orders; asking again reminds them.

        :return: True
        :raise AccessError: when the user may not edit them
        :raise UserError: when one does not fit, or nobody can sign
        """
        self._check_may_edit()
        for change in self:
            change._as_system()._ask(self.env.user)
        # for the user, whose name and address the e-mail bears
        # sudo: who may ask need not be able to read the contacts who are asked
        self.sudo()._send_acceptance_requests()
        return True

    def action_decline(self):
        res = super().action_decline()
        # nobody is asked any more
        asked = self._as_system().filtered(lambda c: c.acceptance_state == "asked")
        asked.write(self._prepare_no_acceptance_vals())
        return res

    def action_withdraw(self):
        """Take the question back that the customer did not answer.

        :return: True
        """
        self._check_may_edit()
        self.filtered(lambda c: c.state == "sent")._withdraw()
        return True

    # -------------------------------------------------------------------------
    # HOOKS: the acceptance
    # -------------------------------------------------------------------------

    def _get_acceptance_contract(self):
        return self.contract_id

    def _get_acceptance_name(self):
        return self.display_name

    def _get_acceptance_path(self):
        self.ensure_one()
        return f"{self.contract_id._get_billing_portal_path()}/change/{self.id}"

    @api.model
    def _get_acceptance_template(self):
        return "milestone_billing.mail_template_change_order"

    def _check_acceptance_asked(self):
        res = super()._check_acceptance_asked()
        self.contract_id._touch_rows()
        if self.figures != self._prepare_figures():
            raise BillingRefusal(
                self.env._(
                    "The contract has changed since %(change)s was sent to you: we come"
                    " back to you.",
                    change=self.display_name,
                )
            )
        return res

    def _is_acceptance_allowed(self):
        return self.state == "sent"

    def _after_accepted(self):
        # the customer's right to sign was checked
        self._as_system()._approve()
        self._tell_answer()

    def _after_returned(self):
        # as for the signature
        self._as_system().write({"state": "declined"})
        self._as_system()._log(self._get_returned_message())
        self._tell_answer()

    def _is_acceptance_shown(self, contract, customer):
        """Whether ``customer`` finds this change order on the contract's page.

        A question is for who is the customer now, an answer for whose contact gave it.
        """
        self.ensure_one()
        if contract != self.contract_id:
            return False
        if self.acceptance_state == "asked":
            return self.state == "sent"
        return bool(self.acceptance_state) and (
            self.acceptance_partner_id.commercial_partner_id == customer
        )

    def _get_portal_color(self):
        """Return the colour of the badge that the customer sees."""
        colors = {"sent": "warning", "approved": "success", "declined": "danger"}
        return colors.get(self.state, "secondary")

    def _get_portal_label(self):
        """Return what the customer reads of the state."""
        if self.state == "sent":
            return self.env._("To sign")
        return self._get_state_label()

    def _get_portal_approval(self):
        """Return who agreed, for the customer: who signed, else the company; or ""."""
        if self.state != "approved":
            return ""
        if self.acceptance_signed_by:
            return self.env._("Signed by %(name)s", name=self.acceptance_signed_by)
        return self.env._("Approved by %(company)s", company=self.company_id.name)

    # -------------------------------------------------------------------------
    # BUSINESS: asking
    # -------------------------------------------------------------------------

    def _ask(self, user):
        """Record that the customer is asked to sign, and for which figures.

        To be called as the superuser, after a check of the right to it.

        :param user: who asks
        :raise UserError: when it does not fit, or nobody can sign
        """
        self.ensure_one()
        self.contract_id._touch_rows()
        self._check_approvable()
        reason = self.contract_id._get_change_blocking_reason()
        if reason:
            raise BillingRefusal(
                self.env._(
                    "%(change)s: %(reason)s", change=self.display_name, reason=reason
                )
            )
        self._give_number()
        self._keep_figures()
        self.write(
            {
                **self._prepare_no_acceptance_vals(),
                "state": "sent",
                "acceptance_state": "asked",
                "acceptance_asked_on": fields.Datetime.now(),
                "acceptance_user_id": user.id,
            }
        )
        self._log(self._get_sent_message(user.name))

    def _withdraw(self):
        """Take the question back: the change orders are drafts again."""
        for change in self:
            asked = change._as_system()
            asked.contract_id._touch_rows()
            asked.write(
                {
                    **change._prepare_no_acceptance_vals(),
                    "state": "draft",
                    "figures": False,
                    "contract_before": 0.0,
                    "contract_after": 0.0,
                }
            )
            asked._log(change._get_withdrawn_message())

    def _cancel_open(self, user):
        if self.state == "sent":
            self.write(self._prepare_no_acceptance_vals())
        return super()._cancel_open(user)

    def _approve(self, user=None):
        # approved here: nobody is asked any more
        if user and self.acceptance_state == "asked":
            self.write(self._prepare_no_acceptance_vals())
        return super()._approve(user)

    # -------------------------------------------------------------------------
    # BUSINESS: who is told
    # -------------------------------------------------------------------------

    def _tell_answer(self):
        """Call who asked, in their language, if they still may see the contract."""
        contract, user = self.contract_id, self.acceptance_user_id
        readers = contract.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        if not user.active or not readers.has_access("read"):
            return
        change = self._as_system().with_context(lang=user.lang)
        reason = self.acceptance_return_reason
        change.contract_id.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=change._get_answer_summary(),
            note=reason and plaintext2html(reason),
            user_id=user.id,
        )

    def _get_answer_summary(self):
        """Return what the customer answered, and who."""
        values = {
            "change": self.display_name,
            "contact": self.acceptance_partner_id.name,
        }
        if self.acceptance_state == "accepted":
            return self.env._("%(change)s signed by %(contact)s", **values)
        return self.env._("%(change)s declined by %(contact)s", **values)

    def _get_sent_message(self, name):
        """Return who asked the customer to sign."""
        return self.env._(
            "%(user)s asked the client to sign %(change)s, %(amount)s",
            user=name,
            **self._prepare_message_values(),
        )

    def _get_withdrawn_message(self):
        """Return who does not ask the customer to sign any more."""
        return self.env._(
            "%(user)s no longer asks the client to sign %(change)s, %(amount)s",
            user=self.env.user.name,
            **self._prepare_message_values(),
        )

    def _get_returned_message(self):
        """Return who declined the change order, and why."""
        return self.env._(
            "%(contact)s declined %(change)s, %(amount)s: %(reason)s",
            contact=self.acceptance_partner_id.name,
            reason=self.acceptance_return_reason,
            **self._prepare_message_values(),
        )

    def _get_approved_message(self, name):
        if name:
            return super()._get_approved_message(name)
        format_amount = self.contract_id._format_contract_amount
        return self.env._(
            "%(contact)s signed %(change)s, %(amount)s, as “%(name)s”: contract"
            " %(before)s → %(after)s",
            contact=self.acceptance_partner_id.name,
            name=self.acceptance_signed_by,
            before=format_amount(self.contract_before),
            after=format_amount(self.contract_after),
            **self._prepare_message_values(),
        )

    # -------------------------------------------------------------------------
    # BUSINESS: on paper
    # -------------------------------------------------------------------------

    def _prepare_document(self):
        """Return the change order as its document shows it.

        :return: ``date``, ``currency`` and ``figures``, net
        :raise AccessError: when the user may not see the contract
        """
        self.ensure_one()
        self.contract_id._check_amounts_shown()
        return {
            "date": fields.Date.context_today(self),
            "currency": self.currency_id,
            "figures": self._get_figures(),
        }

    def _render_document(self):
        """Return the PDF for who was found to be the contract's customer.

        To be called when that has been checked: the system serves them.
        """
        self.ensure_one()
        reports = self._as_system().env["ir.actions.report"]
        content, _type = reports.with_company(self.company_id)._render_qweb_pdf(
            "milestone_billing.report_change_order_action", self.ids
        )
        return content

    def _get_document_name(self):
        """Return the file name of the document, in the customer's language."""
        self.ensure_one()
        lang = self.contract_id._get_billing_schedule_lang()
        return self.with_context(lang=lang).display_name

    def _get_approver(self):
        """Return who agreed: the name that was signed, else who approved it here."""
        self.ensure_one()
        return self.acceptance_signed_by or self.approved_by.name or ""
