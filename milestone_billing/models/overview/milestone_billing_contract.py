from odoo import api, fields, models

from ..allocation import allocate, exceeds

LEVELS = ("danger", "warning", "info", "success")
"""How urgent a sentence on a schedule is, the most urgent first."""


class MilestoneBillingContract(models.Model):
    """What the page of a contract says of its schedule, as soon as a cell is left."""

    _inherit = "milestone.billing.contract"

    differs_from_project = fields.Boolean(
        help="Whether the project names another customer.",
        compute="_compute_differs_from_project",
        compute_sudo=True,
        export_string_translation=False,
    )

    schedule_message = fields.Json(
        string="Whether the Schedule Is in Order",
        help="The level, and the sentences from the most urgent on.",
        compute="_compute_schedule_message",
        export_string_translation=False,
    )
    task_count = fields.Integer(
        string="Tasks",
        compute="_compute_task_count",
        groups="project.group_project_user",
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("partner_id", "project_id.partner_id")
    def _compute_differs_from_project(self):
        for contract in self:
            partner = contract.project_id.partner_id
            contract.differs_from_project = bool(
                partner
                and contract.partner_id.commercial_partner_id
                != partner.commercial_partner_id
            )

    def _compute_task_count(self):
        # without depends: a page reads it anew, and tasks cost nobody anything
        for contract in self:
            project = contract.project_id._filtered_access("read")
            contract.task_count = project.task_count

    @api.depends(
        "amount_unscheduled",
        "amount_over_scheduled",
        "line_ids.blocking_reason",
        "line_ids.kind",
        "line_ids.name",
        "partner_id",
        "user_id",
    )
    def _compute_schedule_message(self):
        for contract in self:
            notices = contract._get_schedule_notices() + contract._get_schedule_hints()
            # the sort is stable: of one level, in the order of the sentences
            notices.sort(key=lambda notice: LEVELS.index(notice[0]))
            notices = notices or [contract._get_quiet_message()]
            contract.schedule_message = {
                "level": notices[0][0],
                "sentences": [text for _level, text in notices],
            }

    # -------------------------------------------------------------------------
    # BUSINESS: the notice above the schedule
    # -------------------------------------------------------------------------

    def _get_schedule_notices(self):
        """Return what is to be said of the amounts of the schedule.

        :return: a list of pairs of one of ``LEVELS`` and a sentence
        """
        self.ensure_one()
        lines = self._get_schedule()
        if not lines:
            return []
        allocation = self._allocate(lines)
        notices = self._get_gap_notices(allocation)
        # a rounding difference is what the last line is for
        if abs(allocation.rest_shift) >= len(lines) * self._get_contract_rounding():
            rest_line = lines[allocation.rest_index]
            text = self._get_rest_notice(rest_line, allocation.rest_shift)
            notices.append(("info", text))
        excesses = filter(None, map(self._get_excess_notice, lines))
        notices += [("warning", text) for text in excesses]
        if not allocation.over_scheduled:
            notices += self._get_blocking_notices(lines)
        if self._origin and not self._get_called_user():
            text = self.env._(
                "Nobody is told of drafts: choose a billing responsible with the"
                " Invoicing right."
            )
            notices.append(("warning", text))
        return notices

    def _get_gap_notices(self, allocation):
        """Return what the schedule exceeds of the contract sum, or leaves over."""
        if allocation.over_scheduled:
            text = self.env._(
                "Over-scheduled by %(amount)s: nothing more is billed until you lower"
                " the lines or raise the contract sum.",
                amount=self._format_contract_amount(allocation.over_scheduled),
            )
            return [("danger", text)]
        if allocation.unscheduled:
            text = self.env._(
                "%(amount)s of the contract sum is unscheduled: add a line for it, or"
                " give one line the balance.",
                amount=self._format_contract_amount(allocation.unscheduled),
            )
            return [("warning", text)]
        return []

    def _get_blocking_notices(self, lines):
        """Return which lines are done but cannot be invoiced, and why."""
        return [
            (
                "danger",
                self.env._(
                    "%(line)s is not invoiced. %(reason)s",
                    line=line.name,
                    reason=line.blocking_reason,
                ),
            )
            for line in lines
            if line.blocking_reason
        ]

    def _get_rest_notice(self, line, shift):
        """Return how much ``line`` gets beyond its percentage, or short of it."""
        values = {
            "line": line.name,
            "amount": self._format_contract_amount(abs(shift)),
        }
        if shift > 0:
            return self.env._(
                "%(line)s takes the rest: %(amount)s more than its percentage.",
                **values,
            )
        return self.env._(
            "%(line)s takes the rest: %(amount)s less than its percentage.", **values
        )

    def _get_excess_notice(self, line):
        """Return that ``line`` is drafted and billed above its plan, False if not."""
        excess = line.amount_drafted + line.amount_billed - line.amount_planned
        if not exceeds(excess, 0.0, self._get_contract_rounding()):
            return False
        return self.env._(
            "%(line)s is drafted or billed with %(excess)s more than its plan of"
            " %(planned)s.",
            line=line.name,
            excess=self._format_contract_amount(excess),
            planned=self._format_contract_amount(line.amount_planned),
        )

    def _get_quiet_message(self):
        """Return that all is well, and who takes the rest; or how to begin."""
        lines = self._get_schedule()
        if not lines:
            text = self.env._("Add the stages in which the project is paid.")
            return ("info", text)
        index = self._allocate(lines).rest_index
        if index is None:
            return ("success", self.env._("The schedule adds up to the contract."))
        text = self.env._(
            "The schedule adds up to the contract; %(line)s takes the rest.",
            line=lines[index].name or "",
        )
        return ("success", text)

    # -------------------------------------------------------------------------
    # BUSINESS: warnings, which refuse nothing
    # -------------------------------------------------------------------------

    def _get_schedule_hints(self):
        """Return what is odd about the stages: warnings, as the notices are."""
        self.ensure_one()
        lines = self._get_schedule()
        if not lines:
            return []
        texts = [self._get_name_hint(lines), *self._get_final_hints(lines)]
        if not self.partner_id:
            texts.append(
                self.env._("No customer is given: nothing can be invoiced before.")
            )
        return [("warning", text) for text in texts if text]

    def _get_name_hint(self, lines):
        """Return that two stages bear one name, or False."""
        names = [name for name in lines.mapped("name") if name]
        twice = next((name for name in names if names.count(name) > 1), False)
        return twice and self.env._("Two stages are called %(name)s.", name=twice)

    def _get_final_hints(self, lines):
        """Return what is odd about the final stage."""
        finals = lines.filtered(lambda line: line.kind == "final")
        if not finals:
            return [
                self.env._(
                    "No stage is the final one: choose it in the first column, so that"
                    " its invoice says that all is billed."
                )
            ]
        if len(finals) > 1:
            return [
                self.env._(
                    "%(count)s stages are final ones: a contract ends once.",
                    count=len(finals),
                )
            ]
        if lines[-1] != finals:
            return [
                self.env._(
                    "%(line)s comes after the final stage.", line=lines[-1].name or ""
                )
            ]
        return []

    # -------------------------------------------------------------------------
    # BUSINESS: what a change moves
    # -------------------------------------------------------------------------

    def _get_moves(self, lines, facts, to_date):
        """Return in figures what a change would move to whom.

        :param lines: the lines of the schedule that stay
        :param list facts: a ``ScheduleLine`` for each of them, after the change
        :param float to_date: the contract sum to date after it
        :return: a list of texts, old → new
        """
        after = allocate(to_date, self._get_contract_rounding(), facts)
        amounts = [(self.env._("contract sum"), self.amount_to_date, to_date)]
        amounts += [
            (line.name, line.amount_planned, planned)
            for line, planned in zip(lines, after.planned, strict=True)
        ]
        amounts += [
            (self.env._("unscheduled"), self.amount_unscheduled, after.unscheduled),
            (
                self.env._("over-scheduled"),
                self.amount_over_scheduled,
                after.over_scheduled,
            ),
        ]
        compare = self._get_currency().compare_amounts
        return [
            self._get_move_text(name, old, new)
            for name, old, new in amounts
            if compare(old, new)
        ]
