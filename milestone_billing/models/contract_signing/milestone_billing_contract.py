from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date

from ..groups import MANAGER_GROUP
from ..refusal import BillingRefusal


class MilestoneBillingContract(models.Model):
    """The schedule that the customer signs: asked for, signed, sent back, and edited."""

    _name = "milestone.billing.contract"
    _inherit = ["milestone.billing.contract", "milestone.billing.acceptance.mixin"]

    signed_schedule = fields.Json(
        string="Schedule to Sign",
        help="The schedule as the client was asked to sign it.",
        copy=False,
        readonly=True,
        export_string_translation=False,
    )
    is_signature_outdated = fields.Boolean(
        help="Whether the schedule is another one than the client signed.",
        compute="_compute_signature_notice",
        export_string_translation=False,
    )
    signature_notice = fields.Char(
        string="Signature of the Schedule",
        help="Who was asked to sign the schedule, and what they answered.",
        compute="_compute_signature_notice",
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    # not on amounts, which each journal item may move: a page reads it anew
    @api.depends("acceptance_state")
    @api.depends_context("lang", "tz")
    def _compute_signature_notice(self):
        for contract in self:
            # sudo: what the customer reads of a contract that the user reads
            sudo = contract._origin.sudo()
            state = sudo.acceptance_state
            contract.is_signature_outdated = (
                state == "accepted" and sudo._is_other_than_asked()
            )
            contract.signature_notice = bool(state) and sudo._get_signature_notice(
                contract.is_signature_outdated
            )

    def _get_signature_notice(self, is_outdated):
        """Return who was asked to sign, or answered, and when, for users.

        :param bool is_outdated: whether the schedule is another one by now
        """
        self.ensure_one()
        on = self.acceptance_signed_on or self.acceptance_asked_on
        values = {
            "name": self.acceptance_signed_by or self.acceptance_partner_id.name,
            "date": format_date(
                self.env, fields.Datetime.context_timestamp(self, on).date()
            ),
            "reason": self.acceptance_return_reason,
        }
        if self.acceptance_state == "asked":
            return self.env._("The client was asked to sign on %(date)s.", **values)
        if self.acceptance_state == "returned":
            return self.env._("Sent back by %(name)s: %(reason)s", **values)
        if is_outdated:
            return self.env._(
                "Signed by %(name)s on %(date)s, for the version of that day: the"
                " schedule has changed since.",
                **values,
            )
        return self.env._("Signed by %(name)s on %(date)s.", **values)

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_ask_signature(self):
        """Ask the customer to sign the schedule as it is; asking again reminds them.

        :return: True
        :raise AccessError: when the user may not edit the schedule
        :raise UserError: when there is nothing to sign, or nobody can sign
        """
        self._check_may_ask_signature()
        for contract in self:
            contract._as_system()._ask_signature(self.env.user)
        # for the user, whose name and address the e-mail bears
        # sudo: who may ask need not be able to read the contacts who are asked
        self.sudo()._send_acceptance_requests()
        return True

    def action_withdraw_signature(self):
        """Take the question back that the customer did not answer with a yes.

        :return: True
        :raise AccessError: when the user may not edit the schedule
        """
        self._check_may_ask_signature()
        open_ = self.filtered(lambda c: c.acceptance_state in ("asked", "returned"))
        open_._as_system()._withdraw_signature(self.env.user)
        return True

    def _check_may_ask_signature(self):
        """Refuse who does not edit schedules.

        :raise AccessError: naming the right that it takes
        """
        self.check_access("write")
        if not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(
                self.env._(
                    "Only Milestone Billing managers may ask the client to sign."
                )
            )

    # -------------------------------------------------------------------------
    # BUSINESS: asking
    # -------------------------------------------------------------------------

    def _ask_signature(self, user):
        """Record that the customer is asked to sign the schedule as it is now.

        :param self: the contract as the superuser, after a check of the right
        :param user: who asks
        :raise UserError: when there is nothing to sign, or nobody can sign
        """
        self.ensure_one()
        self._touch_rows()
        reason = self._get_signature_blocking_reason()
        if reason:
            raise BillingRefusal(
                self.env._(
                    "%(contract)s: %(reason)s",
                    contract=self.display_name,
                    reason=reason,
                )
            )
        self.write(
            {
                **self._prepare_no_acceptance_vals(),
                "signed_schedule": self._read_schedule_to_sign(),
                "acceptance_state": "asked",
                "acceptance_asked_on": fields.Datetime.now(),
                "acceptance_user_id": user.id,
            }
        )
        self._log_change(
            self.env._(
                "%(user)s asked the client to sign the schedule, %(amount)s",
                user=user.name,
                amount=self._format_contract_amount(self.amount_to_date),
            )
        )

    def _get_signature_blocking_reason(self):
        """Return why nobody can sign the schedule, or False."""
        self.ensure_one()
        if not self.line_ids:
            return self.env._("There is no schedule to sign: enter its stages first.")
        if self.amount_unscheduled or self.amount_over_scheduled:
            return self.env._(
                "The stages do not add up to the contract sum: mend that first."
            )
        return self._get_change_blocking_reason()

    def _withdraw_signature(self, user):
        """Take the question back, as the superuser.

        :param user: who does, by a click or by an edit
        """
        for contract in self:
            contract._touch_rows()
            contract.write(self._prepare_no_acceptance_vals())
            contract._log_change(
                self.env._(
                    "%(user)s no longer asks the client to sign the schedule",
                    user=user.name,
                )
            )

    @api.model
    def _prepare_no_acceptance_vals(self):
        return {**super()._prepare_no_acceptance_vals(), "signed_schedule": False}

    # -------------------------------------------------------------------------
    # BUSINESS: what is signed
    # -------------------------------------------------------------------------

    def _read_schedule_to_sign(self):
        """Return the schedule as the customer reads it now, as JSON.

        :return: ``customer`` (id of its company), ``sum``, and ``stages``: dictionaries
            with ``line_id``, ``name``, ``title``, ``criteria``, ``deadline`` (ISO text
            or False), ``share`` (in percent) and ``amount``, net
        """
        self.ensure_one()
        contract = self.with_context(lang=self._get_billing_schedule_lang())
        customer = contract.partner_id.commercial_partner_id
        stages, sums = contract._read_schedule(customer)
        return {
            "customer": customer.id,
            "sum": sums.to_date,
            "stages": [
                {
                    "line_id": line.id,
                    "name": line.name,
                    "title": stage.title,
                    "criteria": stage.criteria or "",
                    "deadline": line.deadline and line.deadline.isoformat(),
                    "share": stage.share,
                    "amount": stage.amount,
                }
                for line, stage in zip(contract._get_schedule(), stages, strict=True)
            ],
        }

    def _is_other_than_asked(self):
        """Whether the schedule is another one than the customer was asked to sign.

        A change order makes it another one, too. How titles read does not.
        """
        self.ensure_one()
        asked, now = self.signed_schedule, self._read_schedule_to_sign()
        return self._get_signed_facts(asked) != self._get_signed_facts(now)

    @api.model
    def _get_signed_facts(self, schedule):
        """Return what of a schedule is compared."""
        if not schedule:
            return None
        facts = [
            {key: stage[key] for key in stage if key not in ("title", "share")}
            for stage in schedule["stages"]
        ]
        return schedule["customer"], schedule["sum"], facts

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _after_schedule_change(self, before):
        res = super()._after_schedule_change(before)
        # nobody signs for what they did not read
        self.filtered(
            lambda c: c.acceptance_state == "asked" and c._is_other_than_asked()
        )._as_system()._withdraw_signature(self.env.user)
        return res

    def _is_bound_to_customer(self):
        # who was asked, or signed, stays the customer
        return super()._is_bound_to_customer() or self.acceptance_state in (
            "asked",
            "accepted",
        )
