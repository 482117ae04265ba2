from odoo import fields, models

from ..groups import INVOICING_GROUP


class ResCompany(models.Model):
    _inherit = "res.company"

    milestone_billing_template_id = fields.Many2one(
        comodel_name="milestone.billing.template",
        string="Schedule Template",
        help="With which new schedules begin; else the one most used.",
        check_company=True,
    )
    milestone_billing_acceptance = fields.Boolean(
        string="Client Acceptance",
        help="The client may be asked to sign for the stages of new contracts.",
    )
    milestone_billing_portal = fields.Boolean(
        string="Customer Portal",
        help="The customer sees new contracts on the portal.",
        default=True,
    )
    milestone_billing_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Product on Invoices",
        help="Its account and taxes are used by new contracts.",
        domain="[('sale_ok', '=', True)]",
        check_company=True,
    )
    milestone_billing_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Billing Responsible",
        help="Who is told of the drafts of new contracts; else who makes the contract,"
        " if they may invoice.",
        domain=lambda self: [
            ("share", "=", False),
            ("all_group_ids", "in", self.env.ref(INVOICING_GROUP).ids),
        ],
    )
