from odoo import models


class MilestoneBillingLine(models.Model):
    """A line as a stage of a template."""

    _inherit = "milestone.billing.line"

    def _prepare_template_stage_vals(self, start, place):
        """Return the values of a template's stage that makes such a line.

        :param date start: from which dates are counted, if there is one
        :param int place: in the order of the stages
        """
        self.ensure_one()
        vals = {
            fname: self[fname]
            for fname in self.env[
                "milestone.billing.template.stage"
            ]._get_stage_fields()
        }
        has_date = bool(start and self.deadline)
        return {
            **vals,
            "sequence": place,
            "days": max((self.deadline - start).days, 0) if has_date else 0,
            "days_after": "start" if has_date else False,
        }
