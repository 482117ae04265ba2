from odoo import models

from ..refusal import BillingRefusal


class AccountMoveLine(models.Model):
    """The price that leaves exactly the net of a line."""

    _inherit = "account.move.line"

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _set_milestone_net(self, net):
        """Make the line's untaxed subtotal ``net``, also where the price includes taxes.

        :param float net: net amount in the currency of the invoice
        :raise UserError: when the line's taxes leave no price with that net
        """
        self.ensure_one()
        compare = self.currency_id.compare_amounts
        if compare(self.price_subtotal, net) == 0:
            return
        # the price is still `net`; our own write is no edit of the accountant's
        self.with_context(
            skip_is_manually_modified=True
        ).price_unit = self._get_price_including_taxes(net)
        if compare(self.price_subtotal, net) != 0:
            raise BillingRefusal(
                self.env._(
                    "The taxes %(taxes)s leave no price whose untaxed amount is the one"
                    " of %(line)s. Use taxes that are not included in the price.",
                    taxes=", ".join(self.tax_ids.mapped("name")),
                    line=self.milestone_billing_line_id.name,
                )
            )

    def _get_price_including_taxes(self, net):
        """Return the unit price that leaves ``net`` without the taxes it includes."""
        details = self.tax_ids._get_tax_details(
            net,
            1.0,
            precision_rounding=self.currency_id.rounding,
            rounding_method="round_globally",
            product=self.product_id,
            special_mode="total_excluded",
        )
        return net + sum(
            data["tax_amount"]
            for data in details["taxes_data"]
            if data["tax"].price_include
        )
