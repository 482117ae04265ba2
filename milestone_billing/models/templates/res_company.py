from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    milestone_billing_template_id = fields.Many2one(
        comodel_name="milestone.billing.template",
        string="Schedule Template",
        help="With which new schedules begin; else the one most used.",
        check_company=True,
    )
