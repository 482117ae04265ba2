from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    milestone_billing_automation = fields.Selection(
        selection=lambda self: (
            self.env["project.project"]
            ._fields["billing_automation"]
            ._description_selection(self.env)
        ),
        string="When a Milestone Is Done",
        help="The default of new projects.",
        default="draft",
    )
