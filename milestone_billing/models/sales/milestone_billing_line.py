from odoo import api, models
from odoo.fields import Domain


class MilestoneBillingLine(models.Model):
    """No milestone line beside a sales order line."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("milestone_id")
    def _check_not_billed_by_sales_order(self):
        self.milestone_id._check_not_billed_twice()

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_milestone_vals(self, vals):
        milestone_vals = super()._prepare_milestone_vals(vals)
        if "sale_line_id" in self.env["project.milestone"]._fields:
            # sale_project would fill it in, and bill the milestone a second time
            milestone_vals["sale_line_id"] = False
        return milestone_vals

    @api.model
    def _get_free_milestone_domain(self, project_ids, names):
        domain = super()._get_free_milestone_domain(project_ids, names)
        if "sale_line_id" in self.env["project.milestone"]._fields:
            domain &= Domain("sale_line_id", "=", False)
        return domain
