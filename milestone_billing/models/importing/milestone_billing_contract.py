from odoo import api, models
from odoo.exceptions import ValidationError

from ..milestone_billing_contract import MAX_AMOUNT
from .milestone_billing_line import IMPORTING


class MilestoneBillingContract(models.Model):
    """Contracts with their stages, one file for all of them."""

    _inherit = "milestone.billing.contract"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if IMPORTING in self.env.context:
            for vals in vals_list:
                self._check_imported_sum(vals)
        return super().create(vals_list)

    @api.model
    def _check_imported_sum(self, vals):
        """
        :raise ValidationError: when a contract cannot have such a sum
        """
        if not 0 <= (vals.get("contract_sum") or 0) < MAX_AMOUNT:
            raise ValidationError(
                self.env._(
                    "Contract %(contract)s, column %(column)s: %(value)s. Give an amount"
                    " from 0 to below 1,000,000,000,000.",
                    contract=vals.get("reference") or "",
                    column=self._fields["contract_sum"]._description_string(self.env),
                    value=vals["contract_sum"],
                )
            )

    # -------------------------------------------------------------------------
    # IMPORT
    # -------------------------------------------------------------------------

    @api.model
    def get_import_templates(self):
        """Return the files that the import dialog offers as examples."""
        return [
            {
                "label": self.env._("Contracts with stages, for projects that exist"),
                "template": "/milestone_billing/static/import/contracts.csv",
            }
        ]
