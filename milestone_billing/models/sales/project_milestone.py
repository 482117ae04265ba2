from odoo import api, models
from odoo.exceptions import ValidationError


class ProjectMilestone(models.Model):
    """A milestone is billed by a sales order line or by milestone lines, never by both."""

    _inherit = "project.milestone"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        milestones = super().create(vals_list)
        milestones._check_not_billed_twice()
        return milestones

    def write(self, vals):
        res = super().write(vals)
        if vals.get("sale_line_id"):
            self._check_not_billed_twice()
        return res

    def _check_not_billed_twice(self):
        """Refuse a milestone that both a sales order and a milestone line would bill."""
        if "sale_line_id" not in self._fields:
            return
        # sudo: the rule holds for who cannot see the schedule
        for milestone in self.sudo():
            if milestone.sale_line_id and milestone.billing_line_ids:
                raise ValidationError(
                    self.env._(
                        "%(milestone)s is billed by the sales order %(order)s and cannot"
                        " have a milestone line too. Remove one of them.",
                        milestone=milestone.name,
                        order=milestone.sale_line_id.order_id.name,
                    )
                )
