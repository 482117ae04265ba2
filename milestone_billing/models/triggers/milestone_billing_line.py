from odoo import api, fields, models


class MilestoneBillingLine(models.Model):
    """What marks the stage done, where its schedule is edited."""

    _inherit = "milestone.billing.line"

    done_trigger = fields.Selection(
        related="milestone_id.done_trigger",
        readonly=False,
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._drop_empty_trigger(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._drop_empty_trigger(vals))

    @api.model
    def _drop_empty_trigger(self, vals):
        """Return ``vals`` without a trigger that is empty, as a form sends it of new rows.

        A milestone that is made with the line is done by hand, one that exists keeps its
        own.
        """
        if vals.get("done_trigger", True):
            return vals
        return {name: value for name, value in vals.items() if name != "done_trigger"}
