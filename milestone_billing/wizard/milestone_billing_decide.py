from odoo import api, fields, models
from odoo.fields import Command

from ..models.milestone_billing_decision import DECISIONS


class MilestoneBillingDecide(models.TransientModel):
    _name = "milestone.billing.decide"
    _description = "Carry or Write Off Open Milestone Amounts"

    line_ids = fields.Many2many(
        comodel_name="milestone.billing.line",
        string="Milestone Lines",
        required=True,
    )
    kind = fields.Selection(
        selection=DECISIONS,
        string="Decision",
        default="carry",
        required=True,
    )
    reason = fields.Text(required=True)

    @api.model
    def default_get(self, fields_list):
        defaults = super().default_get(fields_list)
        if (
            "line_ids" in fields_list
            and self.env.context.get("active_model") == "milestone.billing.line"
        ):
            active_ids = self.env.context.get("active_ids", [])
            defaults.setdefault("line_ids", [Command.set(active_ids)])
        return defaults

    def action_confirm(self):
        """Carry or write off what is open of each line.

        :raise UserError: when nothing is open, or nothing takes what is carried
        """
        self.ensure_one()
        self.line_ids._decide(self.kind, self.reason)
        return {"type": "ir.actions.act_window_close"}
