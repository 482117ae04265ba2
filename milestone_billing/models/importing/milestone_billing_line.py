from odoo import api, models
from odoo.exceptions import ValidationError

from ..milestone_billing_contract import MAX_AMOUNT

# set by load() alone; nothing but the words of a refusal hangs on it
IMPORTING = "_import_current_module"


class MilestoneBillingLine(models.Model):
    """What a file says wrong of a stage is told with its name, column and cure.

    Core tells the rows of the whole contract, and of a constraint on another table than
    that of the import the database's own words.
    """

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if IMPORTING in self.env.context:
            self._check_imported(vals_list)
            self._check_one_balance(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        if IMPORTING in self.env.context:
            name = vals.get("name") or ", ".join(self.mapped("name"))
            self._check_imported([{**vals, "name": name}])
        return super().write(vals)

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    @api.model
    def _check_imported(self, vals_list):
        """
        :raise ValidationError: when a figure is none that a stage can have
        """
        for vals in vals_list:
            if not 0 <= (vals.get("percent") or 0) <= 100:
                raise self._get_import_error(
                    vals,
                    "percent",
                    self.env._("Give a percentage between 0 and 100."),
                )
            for fname in ("amount", "amount_opening"):
                if not 0 <= (vals.get(fname) or 0) < MAX_AMOUNT:
                    raise self._get_import_error(
                        vals,
                        fname,
                        self.env._("Give an amount from 0 to below 1,000,000,000,000."),
                    )

    @api.model
    def _check_one_balance(self, vals_list):
        """
        :raise ValidationError: when a second stage of a contract is to take the balance
        """
        taken = set()
        for vals in vals_list:
            contract_id = self._get_contract_id(vals)
            if vals.get("basis") != "balance" or not contract_id:
                continue
            if contract_id not in taken:
                taken |= self._find_balances(contract_id)
            if contract_id in taken:
                raise self._get_import_error(
                    vals,
                    "basis",
                    self.env._(
                        "Another stage takes the balance already: give this one a"
                        " percentage or a fixed amount."
                    ),
                )
            taken.add(contract_id)

    @api.model
    def _find_balances(self, contract_id):
        """Return the contract, as a set, if one of its lines takes the balance."""
        # sudo: only whether there is one, of a contract that the user changes
        line = self.sudo().search(
            [("contract_id", "=", contract_id), ("basis", "=", "balance")], limit=1
        )
        return set(line.contract_id.ids)

    @api.model
    def _get_import_error(self, vals, fname, cure):
        return ValidationError(
            self.env._(
                "Stage %(stage)s, column %(column)s: %(value)s. %(cure)s",
                stage=vals.get("name") or "",
                column=self._fields[fname]._description_string(self.env),
                value=vals[fname],
                cure=cure,
            )
        )
