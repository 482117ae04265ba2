from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..guarded_fields import Amount
from ..refusal import BillingRefusal


class MilestoneBillingLine(models.Model):
    """What was decided on the open amount of a line: carried, or written off."""

    _inherit = "milestone.billing.line"

    decision_ids = fields.One2many(
        comodel_name="milestone.billing.decision",
        inverse_name="line_id",
        string="Decisions",
    )
    amount_carried = Amount(
        string="Carried",
        help="Given up to the line that takes the rest, net.",
        compute="_compute_decided_amounts",
        store=True,
    )
    amount_written_off = Amount(
        string="Written Off",
        help="Given up: the contract sum to date fell by it, net.",
        compute="_compute_decided_amounts",
        store=True,
    )
    is_closed = fields.Boolean(
        help="Whether a decision took all that was open.",
        compute="_compute_decided_amounts",
        store=True,
    )
    amount_kept = Amount(
        string="Kept",
        help="Of a closed line, what was drafted and billed when it was closed, net.",
        compute="_compute_decided_amounts",
        store=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("decision_ids.kind", "decision_ids.amount", "decision_ids.is_closing")
    def _compute_decided_amounts(self):
        for line in self:
            carried = line.decision_ids.filtered(lambda d: d.kind == "carry")
            written_off = line.decision_ids - carried
            closing = line.decision_ids.filtered("is_closing").sorted("id")[-1:]
            line.amount_carried = sum(carried.mapped("amount"))
            line.amount_written_off = sum(written_off.mapped("amount"))
            line.is_closed = bool(closing)
            line.amount_kept = closing.amount_kept

    @api.depends("contract_id.line_ids.amount_written_off")
    def _compute_amount_planned(self):
        return super()._compute_amount_planned()

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _to_schedule_line(self):
        line = super()._to_schedule_line()
        if not (self.amount_carried or self.amount_written_off):
            return line
        return replace(
            line,
            carried=self.amount_carried,
            written_off=self.amount_written_off,
            kept=self.amount_kept if self.is_closed else None,
        )

    def _get_plan_to_record(self):
        # what was given up is told by the decisions
        plan = super()._get_plan_to_record()
        return plan + self.amount_carried + self.amount_written_off

    def _has_recorded(self):
        return super()._has_recorded() or bool(self.decision_ids)

    def _get_state(self):
        if not self.is_closed or self.is_drafted:
            return super()._get_state()
        currency = self._get_currency()
        has_open = currency.compare_amounts(self.amount_open, 0.0) > 0
        if not has_open and currency.is_zero(self.amount_billed):
            return "written_off"
        return super()._get_state()

    def _check_not_billed_since(self, used, moves):
        res = super()._check_not_billed_since(used, moves)
        compare = self._get_currency().compare_amounts
        now_used = self.amount_drafted + self.amount_billed
        is_more = compare(now_used, max(used, self.amount_planned)) > 0
        if is_more and self.decision_ids:
            raise ValidationError(
                self.env._(
                    "%(line)s was carried or written off since: %(document)s stays as it"
                    " is. Take that decision back first.",
                    line=self.name,
                    document=", ".join(
                        move._get_milestone_display_name() for move in moves
                    ),
                )
            )
        return res

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.readonly
    def action_decide(self):
        """Ask whether what is open of these lines is carried or written off."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "milestone_billing.milestone_billing_decide_action"
            ),
            "context": {"default_line_ids": self.ids},
        }

    # -------------------------------------------------------------------------
    # BUSINESS: decisions
    # -------------------------------------------------------------------------

    def _give_up_open(self, kind, reason):
        """Carry to the balance, or write off, what is open of these lines.

        :param str kind: ``carry`` or ``write_off``
        :raise UserError: when nothing is open
        """
        lines = self.filtered(
            lambda line: line._get_currency().compare_amounts(line.amount_open, 0.0) > 0
        )
        if not lines:
            raise BillingRefusal(
                self.env._(
                    "Nothing of these lines is open: there is nothing to decide."
                )
            )
        self.env["milestone.billing.decision"].create(
            [
                {
                    "line_id": line.id,
                    "kind": kind,
                    "amount": line.amount_open,
                    "reason": reason,
                }
                for line in lines
            ]
        )
