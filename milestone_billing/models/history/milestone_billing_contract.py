from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models

from ..guarded_fields import Log


class MilestoneBillingContract(models.Model):
    """The log of a contract: who changed what of the schedule, and what that moved."""

    _inherit = "milestone.billing.contract"

    # what is logged with figures is found by who may read it
    message_ids = Log()
    website_message_ids = Log()
    activity_ids = Log()

    # -------------------------------------------------------------------------
    # CRUD: a change of the schedule as a whole
    # -------------------------------------------------------------------------

    def _after_schedule_change(self, before):
        # the log comes last, when nothing was refused
        res = super()._after_schedule_change(before)
        for contract in self:
            contract._log_schedule_changes(before[contract])
        return res

    def _get_schedule_facts(self):
        """Return the contract sum and each stage.

        :return: ``{None: contract sum, line id: (name, share, date, billed elsewhere,
            planned)}``; the share as text, amounts as floats
        """
        self.ensure_one()
        return {
            None: self.contract_sum,
            **{
                line.id: (
                    line.name,
                    self._format_agreed_share(line),
                    line.deadline,
                    line.amount_opening,
                    line.amount_planned,
                )
                for line in self.line_ids
            },
        }

    def _log_schedule_changes(self, before):
        """Log on the contract what changed: old and new, and what it moved to whom.

        :param dict before: as :meth:`_get_schedule_facts` returned it
        """
        self.ensure_one()
        now = self._get_schedule_facts()
        changes = self._get_schedule_changes(before, now)
        if changes:
            user = self.env.user.name
            title = self.env._("%(user)s changed the billing schedule:", user=user)
            self.with_user(SUPERUSER_ID)._message_log(
                body=self._prepare_list_message(title, changes)
            )

    @api.model
    def _prepare_list_message(self, title, items):
        """Return the body of a message: a title and a list of texts."""
        rows = Markup().join(Markup("<li>%s</li>") % item for item in items)
        return Markup("%s<ul>%s</ul>") % (title, rows)

    def _get_schedule_changes(self, before, now):
        """Return a sentence for each difference of two states of the schedule."""
        changes = []
        if before[None] != now[None]:
            changes.append(
                self.env._(
                    "Contract sum: %(old)s → %(new)s",
                    old=self._format_contract_amount(before[None]),
                    new=self._format_contract_amount(now[None]),
                )
            )
        for key in before.keys() | now.keys():
            if key is not None:
                changes += self._get_line_changes(before.get(key), now.get(key))
        return changes

    def _get_line_changes(self, old, new):
        """Return what changed of one stage; ``old`` or ``new`` is None if it was not.

        Both as in :meth:`_get_schedule_facts`.
        """
        if not (old and new):
            stage, share, *_others, planned = old or new
            values = {
                "stage": stage,
                "share": share,
                "planned": self._format_contract_amount(planned),
            }
            if new:
                return [self.env._("%(stage)s added: %(share)s, %(planned)s", **values)]
            return [self.env._("%(stage)s removed: %(share)s, %(planned)s", **values)]
        labels = (
            self.env._("%(stage)s: name %(old)s → %(new)s"),
            self.env._("%(stage)s: share %(old)s → %(new)s"),
            self.env._("%(stage)s: date %(old)s → %(new)s"),
            self.env._("%(stage)s: billed elsewhere %(old)s → %(new)s"),
            self.env._("%(stage)s: planned %(old)s → %(new)s"),
        )
        formats = (
            str,
            str,
            lambda value: (value and fields.Date.to_string(value)) or "–",
            self._format_contract_amount,
            self._format_contract_amount,
        )
        return [
            label % {"stage": new[0], "old": show(was), "new": show(is_now)}
            for label, show, was, is_now in zip(labels, formats, old, new, strict=True)
            if was != is_now
        ]

    def _format_agreed_share(self, line):
        """Return the share of the contract sum that was agreed for a line, as text."""
        if line.basis == "percent":
            number = f"{line.percent:.6f}".rstrip("0").rstrip(".")
            return self.env._("%(number)s%%", number=number)
        if line.basis == "fixed":
            return self._format_contract_amount(line.amount)
        return self.env._("the balance")
