from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    milestone_billing_reminder_days = fields.Integer(
        related="company_id.milestone_billing_reminder_days",
        readonly=False,
    )
