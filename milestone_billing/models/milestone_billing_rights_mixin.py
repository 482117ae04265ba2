from odoo import api, models

from .groups import MANAGER_GROUP


class MilestoneBillingRightsMixin(models.AbstractModel):
    """Managers of billing write the schedule; who makes invoices, what these need."""

    _name = "milestone.billing.rights.mixin"
    _description = "Rights of Milestone Billing, Field by Field"

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base'
        if (
            operation == "write"
            and not self.env.su
            and field._module == "milestone_billing"
            and field.name not in self._get_invoicing_fields()
            and not self.env.user.has_group(MANAGER_GROUP)
        ):
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def _get_invoicing_fields(self):
        """Hook: return what an invoicing user writes without being a manager of billing.

        :return: a set of names of the addon's fields
        """
        return frozenset()
