from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    milestone_billing_automation = fields.Selection(
        related="company_id.milestone_billing_automation",
        readonly=False,
    )
