from odoo import fields, models

from .automation import AUTOMATIONS


class ResCompany(models.Model):
    _inherit = "res.company"

    milestone_billing_automation = fields.Selection(
        selection=AUTOMATIONS,
        string="When a Milestone Is Done",
        help="The default of new contracts.",
        default="draft",
    )

    def _may_bill_with(self, record):
        """Whether this company's invoices may use a record: its own, or a shared one."""
        self.ensure_one()
        return not record.company_id or record.company_id in self.parent_ids
