from odoo import fields, models


class MilestoneBillingLine(models.Model):
    """What marks the stage done, where its schedule is edited."""

    _inherit = "milestone.billing.line"

    done_trigger = fields.Selection(
        related="milestone_id.done_trigger",
        readonly=False,
    )
