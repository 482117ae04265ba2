from odoo import api, fields, models


class MilestoneBillingContract(models.Model):
    """A contract beside a sales order that bills the project, too."""

    _inherit = "milestone.billing.contract"

    allow_beside_sales_order = fields.Boolean(
        string="Bill Beside the Sales Order",
        help="A sales order bills this project, too, and both are right.",
        copy=False,
        tracking=True,
    )
    sales_order_notice = fields.Char(
        compute="_compute_sales_order_notice",
        compute_sudo=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("project_id")
    def _compute_sales_order_notice(self):
        for contract in self:
            orders = contract._get_billing_sales_orders()
            contract.sales_order_notice = bool(orders) and self.env._(
                "%(orders)s bills this project, too.",
                orders=", ".join(orders.mapped("name")),
            )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_schedule_fields(self):
        return super()._get_schedule_fields() | {"allow_beside_sales_order"}

    def _get_check(self):
        # what else blocks the contract is told first
        code, args = super()._get_check()
        return (code, args) if code else self._get_sales_order_check()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_sales_order_check(self):
        """Return that a sales order bills the project, too, and nobody decided on it."""
        if self.allow_beside_sales_order:
            return False, {}
        orders = self._get_billing_sales_orders()
        if orders:
            return "sales_order", {"order": ", ".join(orders.mapped("name"))}
        return False, {}

    def _get_billing_sales_orders(self):
        """Return the sales orders that invoice the project by a line of their own."""
        project = self.project_id._origin
        if "sale_line_id" not in project._fields or not project:
            return project.browse()
        lines = self.env["sale.order.line"].search(
            [
                ("state", "=", "sale"),
                ("is_downpayment", "=", False),
                ("display_type", "=", False),
                ("invoice_status", "in", ("to invoice", "invoiced", "upselling")),
                ("price_subtotal", "!=", 0.0),
                "|",
                ("project_id", "=", project.id),
                ("id", "=", project.sale_line_id.id),
            ]
        )
        return lines.order_id
