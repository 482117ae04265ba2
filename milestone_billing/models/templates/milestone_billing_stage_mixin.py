from odoo import api, fields, models
from odoo.tools import float_round, formatLang

from ..allocation import ScheduleLine, allocate
from ..guarded_fields import Amount, Share
from ..milestone_billing_contract import MAX_AMOUNT


class MilestoneBillingStageMixin(models.AbstractModel):
    """A stage before it is one of a contract: its words and its share."""

    _name = "milestone.billing.stage.mixin"
    _description = "Stage of a Schedule to Be"
    _order = "sequence, id"

    name = fields.Char(required=True)
    acceptance_criteria = fields.Text(
        string="What Was Agreed",
        help="What must be true for the stage to be done.",
    )
    sequence = fields.Integer(default=10)
    currency_id = fields.Many2one(comodel_name="res.currency")
    kind = fields.Selection(
        selection=lambda self: self._get_line_selection("kind"),
        default="progress",
        required=True,
    )
    basis = fields.Selection(
        selection=lambda self: self._get_line_selection("basis"),
        default="percent",
        required=True,
    )
    percent = Share(
        digits=(9, 6),
        min_display_digits=2,
    )
    amount = Amount(string="Fixed Amount")
    share_text = fields.Char(
        string="Share",
        help="The share as people write it.",
        compute="_compute_share_text",
    )
    done_trigger = fields.Selection(
        selection=lambda self: self._get_line_selection("done_trigger"),
        string="Marked Done",
        help="By hand, when all tasks of the milestone are closed, or on its date.",
        default="manual",
        required=True,
    )
    mark = fields.Char(
        string="#",
        compute="_compute_mark",
        export_string_translation=False,
    )

    _percent_range = models.Constraint(
        "CHECK (percent >= 0 AND percent <= 100)",
        "A stage's percentage lies between 0 and 100.",
    )
    _amount_positive = models.Constraint(
        f"CHECK (amount >= 0 AND amount < {MAX_AMOUNT})",
        "A stage's fixed amount cannot be negative, nor reach 1,000,000,000,000.",
    )

    @api.model
    def _get_line_selection(self, fname):
        """Return what a line of a contract offers, in the user's language."""
        line_fields = self.env["milestone.billing.line"]._fields
        return line_fields[fname]._description_selection(self.env)

    @api.depends("kind", "sequence")
    @api.depends_context("lang")
    def _compute_mark(self):
        letters = {"deposit": self.env._("D"), "final": self.env._("F")}
        for stage in self:
            progress = stage._get_siblings().filtered(lambda s: s.kind == "progress")
            places = {each: place for place, each in enumerate(progress, start=1)}
            stage.mark = letters.get(stage.kind) or str(places.get(stage, ""))

    @api.depends("basis", "percent", "amount", "currency_id")
    @api.depends_context("lang")
    def _compute_share_text(self):
        for stage in self:
            stage.share_text = stage._get_share_text()

    def _get_siblings(self):
        """Hook: return the stages of the same schedule, in their order."""
        return self

    @api.model
    def _get_stage_fields(self):
        """Hook: return the names of what a stage has in common with a contract's line.

        :return: a list of names of fields, whose values can be written to a line
        """
        return [
            "name",
            "acceptance_criteria",
            "sequence",
            "kind",
            "basis",
            "percent",
            "amount",
            "done_trigger",
        ]

    def _prepare_stage_vals(self):
        """Return what a line of a contract takes over of this stage."""
        self.ensure_one()
        vals = {fname: self[fname] for fname in self._get_stage_fields()}
        if self.done_trigger == "manual":
            del vals["done_trigger"]  # as milestones are anyway
        return vals

    @api.model
    def _allocate_stages(self, stages, contract_sum, rounding):
        """Return the ``Allocation`` that a contract with such stages would have.

        :param stages: stages, or the values of some
        :param float contract_sum: as entered; without one the fixed amounts make it
        :param float rounding: the rounding of the contract currency
        """
        lines = [
            ScheduleLine(
                stage["basis"], percent=stage["percent"], amount=stage["amount"]
            )
            for stage in stages
        ]
        fixed = sum(line.amount for line in lines if line.basis == "fixed")
        return allocate(contract_sum or fixed, rounding, lines)

    def _get_share_text(self):
        """Return the share of this stage as people write it: 25 %, an amount or rest."""
        self.ensure_one()
        if self.basis == "balance":
            return self.env._("rest")
        if self.basis == "fixed":
            return formatLang(self.env, self.amount, currency_obj=self.currency_id)
        percent = float_round(self.percent, precision_digits=2)
        number = formatLang(self.env, percent, digits=0 if percent % 1 == 0 else 2)
        return f"{number}\N{NO-BREAK SPACE}%"
