from odoo import api, fields, models

from ..models.decisions.milestone_billing_decision import DECISIONS


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
    consequence = fields.Text(
        help="What the decision moves, old → new.",
        compute="_compute_consequence",
    )

    @api.depends("kind", "line_ids")
    def _compute_consequence(self):
        for wizard in self:
            # sudo: an invoicing user need not be able to read the project of lines that
            # they read
            wizard.line_ids.check_access("read")
            moves = wizard.sudo().line_ids._origin._get_decision_moves(wizard.kind)
            wizard.consequence = "\n".join(moves)

    def action_confirm(self):
        """Carry or write off what is open of each line.

        :raise UserError: when nothing is open, or nothing takes what is carried
        """
        self.ensure_one()
        self.line_ids._give_up_open(self.kind, self.reason)
        return {"type": "ir.actions.act_window_close"}
