from odoo import fields, models
from odoo.exceptions import AccessError, ValidationError

from ..marks import SCHEDULING
from ..refusal import BillingRefusal


class MilestoneBillingChange(models.Model):
    """Approving a change order, and taking that back."""

    _inherit = "milestone.billing.change"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_approve(self):
        """Approve these change orders: the contract sum to date changes by them.

        :return: True
        :raise AccessError: for who may not edit schedules and make invoices
        :raise UserError: when one is not open, or does not fit; with figures
        """
        self._check_may_approve()
        for change in self:
            change._as_system()._approve(user=self.env.user)
        return True

    def action_decline(self):
        """Record that the customer does not want these change orders.

        :return: True
        """
        self._check_may_edit()
        changes = self._as_system()
        changes.contract_id._touch_rows()
        changes._check_open()
        changes._give_number()
        changes.write({"state": "declined"})
        for change in changes:
            change._log(change._get_declined_message(self.env.user.name))
        return True

    def action_cancel(self):
        """Cancel these change orders; an approved one moves the contract back.

        :return: True
        :raise AccessError: for who may not edit schedules, or approve
        :raise UserError: when what an approved one gave is invoiced by now
        """
        self._check_may_edit()
        for change in self:
            if change.state == "approved":
                change._check_may_approve()
                change._as_system()._take_back(user=self.env.user)
            else:
                change._as_system()._cancel_open(user=self.env.user)
        return True

    # -------------------------------------------------------------------------
    # BUSINESS: rights
    # -------------------------------------------------------------------------

    def _check_may_edit(self):
        """Refuse acts to who may not edit schedules; the user is judged, not sudo.

        :raise AccessError: when the user is no manager of billing
        """
        if self._is_system():
            return
        self.sudo(False).check_access("write")

    def _check_may_approve(self):
        """Refuse to move a contract to who may not edit it and make its invoices.

        :raise AccessError: naming the rights that are needed
        """
        self._check_may_edit()
        if self._is_system() or self._may_approve():
            return
        raise AccessError(
            self.env._(
                "Only who manages milestone billing and makes invoices may approve a"
                " change order, or take that back."
            )
        )

    # -------------------------------------------------------------------------
    # BUSINESS: approving
    # -------------------------------------------------------------------------

    def _approve(self, user=None):
        """Record that the change is agreed, and give its amount to the stages.

        To be called as the superuser, after a check of the right to it.

        :param user: who approved it in the company; none where the customer signed
        :raise UserError: when it is not open, or does not fit
        """
        self.ensure_one()
        contract = self.contract_id
        contract._touch_rows()
        self._check_approvable()
        planned = contract._get_planned()
        self._give_number()
        self._keep_figures()
        marked = SCHEDULING.on(contract)
        if not contract.contract_sum:
            marked.contract_sum = contract.amount_original
        self.write(
            {
                "state": "approved",
                "approved_by": user and user.id,
                "approved_on": fields.Datetime.now(),
                "line_id": self._get_or_make_line().id,
            }
        )
        contract._check_contract_not_exceeded()
        contract.line_ids._check_reached_again()
        planned.setdefault(self.line_id, 0.0)
        message = self._get_approved_message(user and user.name)
        contract._log_decisions([message], planned)

    def _give_number(self):
        """Give those of these their number that have none."""
        for change in self.filtered(lambda c: not c.number).sorted("id"):
            change.number = change.contract_id._get_next_change_number()

    def _keep_figures(self):
        """Keep what each stage is before and after the change."""
        figures = self._prepare_figures()
        self.write(
            {
                "figures": figures,
                "contract_before": figures["before"],
                "contract_after": figures["after"],
            }
        )

    def _get_or_make_line(self):
        """Return the stage that alone gets the amount; none where all do."""
        if self.spread == "line":
            return self.line_id
        if self.spread == "all":
            return self.line_id.browse()
        lines = SCHEDULING.on(self.env["milestone.billing.line"])
        line = lines.create(self._prepare_line_vals())
        if self.stage_criteria:
            line.milestone_id.acceptance_criteria = self.stage_criteria
        return line

    def _prepare_line_vals(self):
        """Return the values of the stage of its own: its amount is the change's."""
        return {
            "contract_id": self.contract_id.id,
            "name": self.stage_name or self.name,
            "deadline": self.stage_deadline,
            "basis": "fixed",
            "sequence": self._make_room_for_line(),
        }

    def _make_room_for_line(self):
        """Return the place of the new stage: at the end, but before the final."""
        schedule = self.contract_id._get_schedule()
        last = schedule[-1:]
        if not self._comes_before_final(schedule):
            return last.sequence + 1
        place = last.sequence
        SCHEDULING.on(last).sequence = place + 1
        return place

    # -------------------------------------------------------------------------
    # BUSINESS: what is refused
    # -------------------------------------------------------------------------

    def _check_approvable(self):
        """Refuse to approve, or to ask the customer for, what cannot be billed so.

        :raise UserError: with the figures and the way out
        """
        self._check_open()
        reason = (
            self._get_contract_refusal()
            or (self.spread == "line" and self._get_stage_refusal())
            or self._get_amount_refusal()
        )
        if reason:
            raise BillingRefusal(
                self.env._(
                    "%(change)s: %(reason)s", change=self.display_name, reason=reason
                )
            )

    def _get_contract_refusal(self):
        """Return that the contract has nothing that could be changed, or False."""
        if not self.contract_id.amount_original:
            return self.env._("the contract has no sum yet. Enter it first.")
        if self.spread == "new" and self.amount < 0:
            return self.env._(
                "a stage of its own cannot be negative. Take the amount out of one"
                " stage, or of all that are open."
            )
        return False

    def _get_stage_refusal(self):
        """Return that the one stage is fixed by now, or that there is none; or False."""
        line = self.line_id
        if not line:
            return self.env._("choose the stage that it changes.")
        if line.is_live:
            return self.env._(
                "%(line)s is invoiced and keeps its amount. Make the change a stage of"
                " its own, or credit that invoice first.",
                line=line.name,
            )
        if line.is_closed:
            return self.env._(
                "what was open of %(line)s was carried or written off. Make the change a"
                " stage of its own, or undo that decision first.",
                line=line.name,
            )
        return False

    def _get_amount_refusal(self):
        """Return that the stages cannot bear the amount, or False; with figures."""
        contract = self.contract_id
        format_amount = contract._format_contract_amount
        figures = self._prepare_figures()
        line = self.line_id if self.spread == "line" else self.line_id.browse()
        if line and self._exceeds(-self.amount, line.amount_open):
            return self.env._(
                "of %(line)s only %(open)s is open, less than %(amount)s. Take the rest"
                " out of another stage.",
                line=line.name,
                open=format_amount(line.amount_open),
                amount=format_amount(-self.amount),
            )
        excess = figures["over_scheduled"]
        if self._exceeds(excess, contract.amount_over_scheduled):
            return self.env._(
                "the stages would exceed the contract sum to date of %(after)s by"
                " %(excess)s. Lower the change, or the fixed stages first.",
                after=format_amount(figures["after"]),
                excess=format_amount(excess),
            )
        if not any(
            self._exceeds(abs(stage["after"] - (stage["before"] or 0.0)), 0.0)
            for stage in figures["stages"]
        ):
            return self.env._(
                "no open stage has a share that could take it. Put it on one stage, or"
                " make it a stage of its own."
            )
        return False

    def _exceeds(self, amount, limit):
        """Whether ``amount`` is above ``limit`` by a unit of the contract currency."""
        return self.contract_id._get_currency().compare_amounts(amount, limit) > 0

    # -------------------------------------------------------------------------
    # BUSINESS: taking back
    # -------------------------------------------------------------------------

    def _cancel_open(self, user):
        """Cancel a change order that nobody agreed to; to be called as the superuser.

        :param user: who does it
        """
        if self.state == "cancelled":
            return
        self.contract_id._touch_rows()
        self._give_number()
        self.write({"state": "cancelled"})
        self._log(self._get_cancelled_message(user.name))

    def _take_back(self, user):
        """Cancel an approved change order: the contract sum to date is as before it.

        To be called as the superuser, after a check of the right to it.

        :param user: who does it
        :raise UserError: when its stage is invoiced by now
        :raise ValidationError: when the contract is billed beyond what is left
        """
        self.ensure_one()
        contract, line = self.contract_id, self.line_id
        contract._touch_rows()
        self._check_stage_free()
        planned = contract._get_planned()
        was_over = contract.amount_over_scheduled
        to_date = contract.amount_to_date
        self.write({"state": "cancelled"})
        if self._exceeds(contract.amount_over_scheduled, was_over):
            # billed beyond it, or fixed stages are
            contract._check_contract_not_exceeded()
            raise ValidationError(self._get_still_used_message())
        contract._check_contract_not_exceeded()
        has_other = line.basis != "fixed" or line.amount or line.amount_changed
        if self.spread == "new" and line and not has_other:
            SCHEDULING.on(line).unlink()
        contract.line_ids._check_reached_again()
        message = self._get_taken_back_message(user.name, to_date)
        contract._log_decisions([message], planned)

    def _check_stage_free(self):
        """Refuse to take back what gave an invoiced stage its amount.

        :raise UserError: naming the invoice and the way out
        """
        line = self.line_id
        if line.is_live:
            raise BillingRefusal(
                self.env._(
                    "%(change)s stays: %(invoices)s bills %(line)s with it. Delete that"
                    " draft or credit that invoice first, or make another change order"
                    " that takes the amount away.",
                    change=self.display_name,
                    line=line.name,
                    invoices=", ".join(
                        move._get_milestone_display_name()
                        for move in line._get_live_documents()
                    ),
                )
            )
        if line.is_closed:
            raise BillingRefusal(
                self.env._(
                    "%(change)s stays: what was open of %(line)s was carried or written"
                    " off. Undo that decision first.",
                    change=self.display_name,
                    line=line.name,
                )
            )

    def _get_still_used_message(self):
        """Return that the stages would exceed what is left of the contract."""
        contract = self.contract_id
        return self.env._(
            "Without %(change)s the stages would exceed the contract sum to date of"
            " %(to_date)s by %(excess)s. Lower the fixed stages first.",
            change=self.display_name,
            to_date=contract._format_contract_amount(contract.amount_to_date),
            excess=contract._format_contract_amount(contract.amount_over_scheduled),
        )

    # -------------------------------------------------------------------------
    # BUSINESS: the log
    # -------------------------------------------------------------------------

    def _log(self, message):
        """Log on the contract what became of the change; its page lists it.

        To be called as the superuser: the log is kept whoever acts.
        """
        self.contract_id._log_change(message)

    def _prepare_message_values(self):
        """Return what the messages of this change say: which, and how much."""
        return {"change": self.display_name, "amount": self._format_amount()}

    def _get_approved_message(self, name):
        """Return who approved the change, and what that makes of the contract."""
        format_amount = self.contract_id._format_contract_amount
        return self.env._(
            "%(user)s approved %(change)s, %(amount)s: contract %(before)s → %(after)s",
            user=name,
            before=format_amount(self.contract_before),
            after=format_amount(self.contract_after),
            **self._prepare_message_values(),
        )

    def _get_taken_back_message(self, name, before):
        """Return who took an approved change back, and what that makes of the contract.

        :param float before: the contract sum to date with it
        """
        contract = self.contract_id
        return self.env._(
            "%(user)s cancelled %(change)s, %(amount)s: contract %(before)s → %(after)s",
            user=name,
            before=contract._format_contract_amount(before),
            after=contract._format_contract_amount(contract.amount_to_date),
            **self._prepare_message_values(),
        )

    def _get_declined_message(self, name):
        """Return who recorded that the customer does not want the change."""
        return self.env._(
            "%(user)s recorded that the client declined %(change)s, %(amount)s",
            user=name,
            **self._prepare_message_values(),
        )

    def _get_cancelled_message(self, name):
        """Return who cancelled a change that was not agreed."""
        return self.env._(
            "%(user)s cancelled %(change)s, %(amount)s, which was not agreed",
            user=name,
            **self._prepare_message_values(),
        )
