from dataclasses import replace

from odoo import api, fields, models

from ..allocation import ScheduleLine, allocate
from ..guarded_fields import Arguments
from .milestone_billing_change import OPEN_STATES


class MilestoneBillingChange(models.Model):
    """What a change order would make of each stage, before it is approved."""

    _inherit = "milestone.billing.change"

    figures = Arguments(
        help="What each stage was and is to be, kept when it is sent or approved.",
        copy=False,
        readonly=True,
        export_string_translation=False,
    )
    preview = fields.Html(
        string="What It Moves",
        help="What each stage is before and after it.",
        compute="_compute_preview",
        sanitize=False,
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("contract_id", "amount", "spread", "line_id", "stage_name", "figures")
    @api.depends_context("lang")
    def _compute_preview(self):
        for change in self:
            change.preview = change._render_figures(change._get_figures())

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_figures(self):
        """Return what the change order moves: what was kept, else as of now.

        :return: a dictionary as :meth:`_prepare_figures` documents it, or None
        """
        self.ensure_one()
        if self.figures:
            return self.figures
        is_open = not self.state or self.state in OPEN_STATES
        if not (is_open and self.contract_id and self.amount):
            return None
        return self._prepare_figures()

    def _prepare_figures(self):
        """Return what each stage is now, and what it would be with this change.

        :return: a dictionary that is JSON: ``before`` and ``after``, the contract sum
            to date, ``unscheduled`` and ``over_scheduled`` afterwards, and ``stages``:
            dictionaries with ``name``, ``before`` (None of a new one) and ``after``;
            net, in the contract currency
        """
        self.ensure_one()
        contract = self.contract_id
        lines = contract._get_schedule()
        allocation = self._allocate_changed(lines)
        stages = [
            self._prepare_stage_figures(line, planned)
            for line, planned in zip(lines, allocation.planned, strict=False)
        ]
        if self.spread == "new":
            stage = {
                "name": self.stage_name or self.name or "",
                "before": None,
                "after": allocation.planned[-1],
            }
            stages.insert(len(lines) - self._comes_before_final(lines), stage)
        return {
            "before": contract.amount_to_date,
            "after": self._get_contract_after(),
            "unscheduled": allocation.unscheduled,
            "over_scheduled": allocation.over_scheduled,
            "stages": stages,
        }

    @api.model
    def _prepare_stage_figures(self, line, planned):
        """Return a stage's part of the figures, as :meth:`_prepare_figures` does."""
        return {
            "name": line.name or "",
            "before": line.amount_planned,
            "after": planned,
        }

    @api.model
    def _comes_before_final(self, lines):
        """Whether a new stage comes before the last of these, which ends the contract.

        :param lines: the schedule, in its order
        """
        return lines[-1:].kind == "final"

    def _get_contract_after(self):
        """Return the contract sum to date with this change, net."""
        contract = self.contract_id
        return contract._get_currency().round(contract.amount_to_date + self.amount)

    def _allocate_changed(self, lines):
        """Return the :class:`Allocation` as if this change were approved.

        :param lines: the contract's lines; a stage of its own comes after them
        """
        facts = [line._to_schedule_line() for line in lines]
        if self.spread == "line":
            stage = self.line_id._origin
            facts = [
                replace(fact, changed=fact.changed + self.amount)
                if line._origin == stage
                else fact
                for line, fact in zip(lines, facts, strict=True)
            ]
        if self.spread == "new":
            facts.append(ScheduleLine("fixed", changed=self.amount))
        rounding = self.contract_id._get_contract_rounding()
        return allocate(self._get_contract_after(), rounding, facts)

    def _render_figures(self, figures):
        """Return the figures as a table, in the language of the context; or False."""
        self.ensure_one()
        return bool(figures) and self.env["ir.qweb"]._render(
            "milestone_billing.change_figures",
            {"figures": figures, "currency": self.contract_id._get_currency()},
        )
