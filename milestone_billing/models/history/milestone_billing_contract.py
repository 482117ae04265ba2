from typing import NamedTuple

from odoo import SUPERUSER_ID, api, fields, models

from ..guarded_fields import Log
from ..marks import Reason


class Stage(NamedTuple):
    """What the log compares of a stage."""

    name: str
    kind: str
    share: str
    """The share of the contract sum that was agreed, as text."""
    deadline: object
    opening: float
    """What was billed elsewhere."""
    planned: float


class MilestoneBillingContract(models.Model):
    """The log of a contract: who changed what of the schedule, and what that moved."""

    _inherit = "milestone.billing.contract"

    # what is logged with figures is found by who may read it
    message_ids = Log()
    website_message_ids = Log()
    activity_ids = Log()
    change_log = fields.Json(
        string="Changes and Decisions",
        help="The changes of the schedule and the decisions on it, the newest first:"
        " the day and the text.",
        compute="_compute_change_log",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends_context("lang", "tz")
    def _compute_change_log(self):
        # without depends: a page reads it anew, and messages cost nobody anything
        subtype = self.env.ref("milestone_billing.mt_schedule_change")
        # sudo: the log of contracts that the user reads
        messages = self.env["mail.message"].sudo()
        messages = messages.search(
            [
                ("model", "=", self._name),
                ("res_id", "in", self._origin.ids),
                ("subtype_id", "=", subtype.id),
            ],
            order="id desc",
        )
        of_contract = messages.grouped("res_id")
        for contract in self:
            contract.change_log = [
                message._prepare_schedule_change()
                for message in of_contract.get(contract._origin.id, [])
            ]

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
        """Return the contract sum and each stage, in the order of the schedule.

        :return: ``{None: contract sum, line id: Stage}``
        """
        self.ensure_one()
        return {
            None: self.contract_sum,
            **{
                line.id: Stage(
                    line.name,
                    line.kind,
                    self._format_agreed_share(line),
                    line.deadline,
                    line.amount_opening,
                    line.amount_planned,
                )
                for line in self._get_schedule()
            },
        }

    def _log_schedule_changes(self, before):
        """Log on the contract what changed: old and new, and where the money went.

        :param dict before: as :meth:`_get_schedule_facts` returned it
        """
        self.ensure_one()
        now = self._get_schedule_facts()
        changes = self._get_schedule_changes(before, now)
        if changes:
            # a person's own words stand last
            changes += filter(None, [Reason.get(self.env)])
            self.with_user(SUPERUSER_ID)._log_change(
                self.env._(
                    "%(user)s: %(changes)s",
                    user=self.env.user.name,
                    changes="; ".join(changes),
                )
            )

    def _get_schedule_changes(self, before, now):
        """Return a text for each difference of two states of the schedule.

        What somebody changed comes first, then what that moved to whom.
        """
        changes = []
        if before[None] != now[None]:
            name = self.env._("contract sum")
            changes.append(self._get_move_text(name, before[None], now[None]))
        stages = [key for key in {**now, **before} if key is not None]
        for key in stages:
            changes += self._get_stage_changes(before.get(key), now.get(key))
        stayed = [key for key in stages if key in before and key in now]
        moves = [
            self._get_move_text(now[key].name, before[key].planned, now[key].planned)
            for key in stayed
            if before[key].planned != now[key].planned
        ]
        was = [key for key in before if key in stayed]
        if moves and was != stayed:
            changes.append(self.env._("order of the stages changed"))
        return changes + moves

    def _get_stage_changes(self, old, new):
        """Return what somebody changed of a stage; None stands for no such stage.

        :param Stage old: the stage before, if it was there
        :param Stage new: the stage now, if it still is
        """
        if not (old and new):
            return [self._get_come_or_gone(old, new)]
        texts = {
            "name": "%(old)s → %(new)s",
            "kind": self.env._("%(stage)s %(old)s → %(new)s"),
            "share": self.env._("%(stage)s %(old)s → %(new)s"),
            "deadline": self.env._("%(stage)s due %(old)s → %(new)s"),
            "opening": self.env._("%(stage)s billed elsewhere %(old)s → %(new)s"),
        }
        return [
            text
            % {
                "stage": new.name,
                "old": self._format_fact(name, getattr(old, name)),
                "new": self._format_fact(name, getattr(new, name)),
            }
            for name, text in texts.items()
            if getattr(old, name) != getattr(new, name)
        ]

    def _get_come_or_gone(self, old, new):
        """Return that a stage was added, or removed, with its share and amount."""
        stage = old or new
        planned = self._format_contract_amount(stage.planned)
        values = {"stage": stage.name, "share": stage.share, "planned": planned}
        if new:
            return self.env._("%(stage)s added: %(share)s, %(planned)s", **values)
        return self.env._("%(stage)s removed: %(share)s, %(planned)s", **values)

    def _format_fact(self, name, value):
        """Return the value of a field of a :class:`Stage` as text."""
        if name == "deadline":
            return fields.Date.to_string(value) if value else "–"
        if name == "kind":
            kinds = self.line_ids._fields["kind"]._description_selection(self.env)
            return dict(kinds)[value]
        return self._format_contract_amount(value) if name == "opening" else value

    def _format_agreed_share(self, line):
        """Return the share of the contract sum that was agreed for a line, as text."""
        if line.basis == "percent":
            number = f"{line.percent:.6f}".rstrip("0").rstrip(".")
            return self.env._("%(number)s%%", number=number)
        if line.basis == "fixed":
            return self._format_contract_amount(line.amount)
        return self.env._("the balance")
