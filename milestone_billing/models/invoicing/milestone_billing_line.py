from odoo import api, fields, models
from odoo.fields import Command


class MilestoneBillingLine(models.Model):
    """What the invoice says of a line: product, taxes, net and text."""

    _inherit = "milestone.billing.line"

    product_id = fields.Many2one(
        comodel_name="product.product",
        help="The product that is invoiced; by default the contract's.",
        domain="[('sale_ok', '=', True)]",
        check_company=True,
    )
    tax_ids = fields.Many2many(
        comodel_name="account.tax",
        string="Taxes",
        help="Leave empty for the product's taxes, adapted to the customer.",
        domain="[('type_tax_use', '=', 'sale')]",
        # what is archived is not empty: it blocks, by its name
        context={"active_test": False},
        check_company=True,
    )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_schedule_fields(self):
        # an archived product or tax, say, blocks the line
        return super()._get_schedule_fields() | {"product_id", "tax_ids"}

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_invoice_label(self, net):
        """Return the text of the invoice line, in the language of the context.

        :param float net: what the line bills
        """
        self.ensure_one()
        details = [self.env._("Project: %(name)s", name=self.project_id.name)]
        if self.contract_id.reference:
            details.append(
                self.env._(
                    "Contract: %(reference)s",
                    reference=self.contract_id.reference,
                )
            )
        return "\n".join([self._get_invoice_title(net), " · ".join(details)])

    def _get_invoice_title(self, net):
        """Return the first line of the invoice line's text: what it bills.

        :param float net: what the line bills
        """
        return self._get_label()

    # -------------------------------------------------------------------------
    # BUSINESS: values of the invoice
    # -------------------------------------------------------------------------

    def _get_product(self):
        """Return the product that the line invoices, possibly none."""
        return self.product_id or self.contract_id._get_billing_product()

    def _get_journal(self):
        """Return the sales journal of the line's invoice, possibly none."""
        return self.contract_id.effective_journal_id

    def _prepare_invoice_line_vals(self, net):
        """Return the values of the invoice line of this line; its price is net.

        :param float net: what it bills
        :return: the keys ``milestone_billing_line_id``, ``milestone_billing_planned``,
            ``product_id``, ``name``, ``quantity``, ``price_unit`` and, where they are
            not left to Odoo, ``balance``, ``amount_currency``,
            ``analytic_distribution`` and ``tax_ids``
        """
        self.ensure_one()
        vals = {
            "milestone_billing_line_id": self.id,
            "milestone_billing_planned": self._get_plan_to_record(),
            "product_id": self._get_product().id,
            "name": self._get_invoice_label(net),
            "quantity": 1.0,
            "price_unit": net,
            **self._prepare_invoice_line_balance(net),
        }
        # given, so that core need not search for each line; without it, the company's
        # analytic distribution models apply
        if analytic_distribution := self.project_id._get_analytic_distribution():
            vals["analytic_distribution"] = analytic_distribution
        if self.tax_ids:
            vals["tax_ids"] = [Command.set(self.tax_ids.ids)]
        return vals

    def _prepare_invoice_line_balance(self, net):
        """Return the balance of the invoice line, which spares core to write it.

        Core sees to it that it is right: it writes another where taxes are included.
        In a foreign currency it is core's to convert.

        :param float net: what it bills
        :return: the keys ``balance`` and ``amount_currency``, or none
        """
        if self.currency_id != self.company_id.currency_id:
            return {}
        balance = -self.currency_id.round(net)
        return {"balance": balance, "amount_currency": balance}
