from dataclasses import replace

from odoo import api, fields, models

from ..guarded_fields import Amount
from ..refusal import BillingRefusal


class MilestoneBillingLine(models.Model):
    """What approved change orders add to a stage, or take from it."""

    _inherit = "milestone.billing.line"

    change_ids = fields.One2many(
        comodel_name="milestone.billing.change",
        inverse_name="line_id",
        string="Change Orders",
        readonly=True,
    )
    amount_changed = Amount(
        string="Changed",
        help="What approved change orders add to this stage alone, net.",
        compute="_compute_amount_changed",
        store=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("change_ids.state")
    def _compute_amount_changed(self):
        for line in self:
            line.amount_changed = sum(line._get_own_changes().mapped("amount"))

    @api.depends("contract_id.line_ids.amount_changed")
    def _compute_amount_planned(self):
        return super()._compute_amount_planned()

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        self._get_leaving(vals)._check_not_changed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_changed(self):
        self._check_not_changed()

    def _check_not_changed(self):
        """Refuse to lose what an approved change order gave a stage.

        :raise UserError: naming the change order
        """
        # sudo: the rule holds for who cannot see the schedule
        for line in self.sudo():
            for change in line._get_own_changes()[:1]:
                raise BillingRefusal(
                    self.env._(
                        "%(line)s has its amount from %(change)s and stays: cancel that"
                        " change order first.",
                        line=line.name,
                        change=change.display_name,
                    )
                )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_invoice_label(self, net):
        # the electronic invoice has no other place for them
        label = super()._get_invoice_label(net)
        changes = self._get_own_changes().sorted("number")
        return "\n".join([label, *(change._get_invoice_label() for change in changes)])

    def _to_schedule_line(self):
        line = super()._to_schedule_line()
        if not self.amount_changed:
            return line
        return replace(line, changed=self.amount_changed)

    # -------------------------------------------------------------------------
    # BUSINESS: change orders
    # -------------------------------------------------------------------------

    def _is_of_change(self):
        """Whether the stage has all it plans from change orders."""
        self.ensure_one()
        has_own = self.basis != "fixed" or self.amount
        return not has_own and bool(self._get_own_changes())

    def _get_own_changes(self):
        """Return the approved change orders of this stage alone."""
        self.ensure_one()
        return self.change_ids.filtered(lambda change: change.state == "approved")
