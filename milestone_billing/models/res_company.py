from odoo import fields, models

from .milestone_billing_contract import AUTOMATIONS


class ResCompany(models.Model):
    _inherit = "res.company"

    milestone_billing_automation = fields.Selection(
        selection=AUTOMATIONS,
        string="When a Milestone Is Done",
        help="The default of new contracts.",
        default="draft",
    )
