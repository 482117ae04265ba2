from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    milestone_billing_template_id = fields.Many2one(
        related="company_id.milestone_billing_template_id",
        readonly=False,
    )
    milestone_billing_acceptance = fields.Boolean(
        related="company_id.milestone_billing_acceptance",
        readonly=False,
    )
    milestone_billing_portal = fields.Boolean(
        related="company_id.milestone_billing_portal",
        readonly=False,
    )
    milestone_billing_product_id = fields.Many2one(
        related="company_id.milestone_billing_product_id",
        readonly=False,
    )
    milestone_billing_user_id = fields.Many2one(
        related="company_id.milestone_billing_user_id",
        readonly=False,
    )
