from odoo import api, models


class MilestoneBillingReadOnlyMixin(models.AbstractModel):
    """What the addon computes or records is written by nobody but the addon.

    ``readonly=True`` binds views only: without this, a request could tell a schedule
    its own totals. Recomputing does not pass here, and the addon records with sudo.
    """

    _name = "milestone.billing.read.only.mixin"
    _description = "Read-Only Fields of Milestone Billing"

    @api.model
    def _has_field_access(self, field, operation):
        if (
            operation == "write"
            and not self.env.su
            and field._module == "milestone_billing"
            and field.readonly
            and field.name not in models.MAGIC_COLUMNS
        ):
            return False
        return super()._has_field_access(field, operation)
