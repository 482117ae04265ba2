from odoo import api, fields, models

from ..guarded_fields import Amount
from ..refusal import BillingRefusal


class MilestoneBillingContract(models.Model):
    """The contract sum to date: the original one with what was changed of it."""

    _inherit = "milestone.billing.contract"

    change_ids = fields.One2many(
        comodel_name="milestone.billing.change",
        inverse_name="contract_id",
        string="Change Orders",
        readonly=True,
    )
    change_count = fields.Integer(
        string="Number of Change Orders",
        compute="_compute_change_count",
    )
    amount_changes = Amount(
        string="Changes",
        help="What approved change orders add to the original contract sum, net.",
        compute="_compute_amount_to_date",
        store=True,
    )
    is_sum_frozen = fields.Boolean(
        help="Whether a change order is approved: the original sum then stays.",
        compute="_compute_is_sum_frozen",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("change_ids")
    def _compute_change_count(self):
        for contract in self:
            contract.change_count = len(contract.change_ids)

    @api.depends("change_ids.state")
    def _compute_amount_to_date(self):
        res = super()._compute_amount_to_date()
        for contract in self:
            changes = sum(contract._get_approved_changes().mapped("amount"))
            contract.amount_changes = changes
            contract.amount_to_date += changes
        return res

    @api.depends("change_ids.state")
    def _compute_is_sum_frozen(self):
        for contract in self:
            contract.is_sum_frozen = bool(contract._get_approved_changes())

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        self._check_original_unchanged(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_changed(self):
        # sudo: the rule holds for who cannot see the schedule
        for contract in self.sudo().filtered("change_ids.number"):
            raise BillingRefusal(
                self.env._(
                    "%(contract)s has change orders, and stays: archive it instead.",
                    contract=contract.display_name,
                )
            )

    def _check_original_unchanged(self, vals):
        """Refuse to change what approved change orders change.

        :raise UserError: naming the way to change it
        """
        fnames = vals.keys() & {"contract_sum", "currency_id", "company_id"}
        # sudo: the rule holds for who cannot see the schedule
        for contract in self.sudo() if fnames else self.browse():
            if not contract._get_approved_changes() or not any(
                contract._is_changed_by(fname, vals[fname]) for fname in fnames
            ):
                continue
            if "contract_sum" in fnames:
                raise BillingRefusal(
                    self.env._(
                        "The original contract sum of %(contract)s stays, since change"
                        " orders are approved. Make a change order instead.",
                        contract=contract.display_name,
                    )
                )
            raise BillingRefusal(
                self.env._(
                    "%(contract)s has approved change orders: its currency and its"
                    " company cannot change any more.",
                    contract=contract.display_name,
                )
            )

    def _is_changed_by(self, fname, value):
        """Whether writing ``value`` changes a field of this contract."""
        field = self._fields[fname]
        return field.convert_to_cache(value, self) != field.convert_to_cache(
            self[fname], self
        )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_open_changes(self):
        """Open the change orders of these contracts."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "milestone_billing.milestone_billing_change_action"
        )
        domain = [("contract_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {"default_contract_id": self.id}}

    def action_new_change(self):
        """Open the form of a new change order of this contract."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Change Order"),
            "res_model": "milestone.billing.change",
            "views": [(False, "form")],
            "context": {"default_contract_id": self.id},
        }

    # -------------------------------------------------------------------------
    # BUSINESS: change orders
    # -------------------------------------------------------------------------

    def _is_bound_to_customer(self):
        # who was asked, or agreed, stays the customer
        bound = self.change_ids.filtered(lambda c: c.state in ("sent", "approved"))
        return super()._is_bound_to_customer() or bool(bound)

    def _get_approved_changes(self):
        """Return the approved change orders of this contract."""
        self.ensure_one()
        return self.change_ids.filtered(lambda change: change.state == "approved")

    def _get_next_change_number(self):
        """Return the number of the next change order; none is used again."""
        self.ensure_one()
        return max(self.change_ids.mapped("number"), default=0) + 1
