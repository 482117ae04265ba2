from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from ..marks import TEMPLATING


class MilestoneBillingTemplateStage(models.Model):
    _name = "milestone.billing.template.stage"
    _inherit = ["milestone.billing.stage.mixin"]
    _description = "Stage of a Schedule Template"
    _order = "template_id, sequence, id"

    template_id = fields.Many2one(
        comodel_name="milestone.billing.template",
        required=True,
        index=True,
        ondelete="cascade",
    )
    name = fields.Char(translate=True)
    acceptance_criteria = fields.Text(translate=True)
    currency_id = fields.Many2one(related="template_id.currency_id")
    days = fields.Integer(
        string="Time",
        help="How long after the start, or after the stage before.",
    )
    days_unit = fields.Selection(
        selection=[
            ("days", "Days"),
            ("weeks", "Weeks"),
            ("months", "Months"),
        ],
        string="Unit",
        default="days",
        required=True,
    )
    days_after = fields.Selection(
        selection=[
            ("start", "After the start"),
            ("previous", "After the stage before"),
        ],
        string="Counted",
        help="Leave empty for a stage without a date.",
        default="start",
    )

    _days_positive = models.Constraint(
        "CHECK (days >= 0 AND days < 10000)",
        "A stage's time is not negative, and below 10,000.",
    )

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("template_id", "sequence", "kind", "basis", "percent", "amount")
    def _check_template(self):
        if not TEMPLATING.is_set(self.env):
            self.template_id._check_stages()

    def unlink(self):
        templates = self.template_id
        res = super().unlink()
        if not TEMPLATING.is_set(self.env):
            templates._check_stages()
        return res

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_siblings(self):
        return self.template_id.stage_ids.sorted("sequence")

    def _get_deadline(self, start, previous):
        """Return the date of this stage, or False.

        :param date start: when the contract starts
        :param date previous: the date of the stage before, if it has one
        """
        self.ensure_one()
        if not self.days_after:
            return False
        begin = previous if self.days_after == "previous" else start
        return begin + relativedelta(**{self.days_unit: self.days})
