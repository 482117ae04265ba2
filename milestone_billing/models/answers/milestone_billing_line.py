from odoo import models

from ..groups import BILLING_GROUP


class MilestoneBillingLine(models.Model):
    """What is said of a line that could not be billed, to who marked it done."""

    _inherit = "milestone.billing.line"

    def _get_blocked_sentence(self, user):
        """Return that this line is not invoiced and why, in what ``user`` may know.

        :param self: the line as the superuser
        :return: markup without amount or customer, unless the user reads the contract
        """
        self.ensure_one()
        values = {"stage": self.milestone_id._get_bold_names()}
        if cause := self._get_cause():
            return self.env._(
                "%(stage)s is done, but not invoiced: %(cause)s.", cause=cause, **values
            )
        if self._is_told_all(user):
            # sudo: the reason as this user reads it
            reader = self.with_user(user).sudo()
            return self.env._(
                "%(stage)s is done, but not invoiced. %(reason)s",
                reason=reader._get_reason(self.check_code, self.check_args),
                **values,
            )
        return self.env._("%(stage)s is done, but not invoiced.", **values)

    def _is_told_all(self, user):
        """Whether ``user`` reads amounts and customer of this line anyway."""
        return user.has_group(BILLING_GROUP) and self.with_user(user).has_access("read")

    def _prepare_fix(self, user):
        """Return the button that leads ``user`` to the cure of what blocks this line.

        :return: ``{"line_id", "label"}``, or None for who may not cure it
        """
        self.ensure_one()
        if not self._is_told_all(user):
            return None
        step = self.with_user(user).next_step
        if step not in ("choose", "fix"):
            return None
        labels = dict(self._fields["next_step"]._description_selection(self.env))
        return {"line_id": self.id, "label": labels[step]}
