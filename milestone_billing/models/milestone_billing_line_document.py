from odoo import models
from odoo.tools import float_is_zero, float_round, formatLang


class MilestoneBillingLine(models.Model):
    """The line on the documents of its contract's billing schedule."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # BUSINESS: documents of the schedule
    # -------------------------------------------------------------------------

    def _get_scheduled_amount(self):
        """Return what the line takes of the contract sum, net."""
        self.ensure_one()
        return max(self.amount_planned, self.amount_drafted + self.amount_billed)

    def _prepare_schedule_row(self, customer):
        """Return the line's row of the schedule's documents.

        :param customer: the commercial partner for whom they are
        """
        self.ensure_one()
        amount = self._get_scheduled_amount()
        settled, paid = self._get_settled_and_paid(customer)
        return {
            "title": self._get_label(),
            "criteria": self.milestone_id.acceptance_criteria or "",
            "deadline": self.deadline,
            "share": self._format_share(amount),
            "amount": amount,
            "billed": self.amount_billed,
            "paid": paid,
            "deducted": self.currency_id.round(settled - paid) + 0.0,
            "remaining": self.currency_id.round(amount - self.amount_billed) + 0.0,
            "state": self._get_statement_state(customer),
            "is_cancelled": self.state == "written_off",
        }

    def _format_share(self, amount):
        """Return the percentage of the agreed contract sum that ``amount`` is, as text."""
        share = float_round(self._get_share(amount), precision_digits=2)
        is_whole = float_is_zero(share - round(share), precision_digits=2)
        number = formatLang(self.env, share, digits=0 if is_whole else 2)
        return self.env._("%(number)s%%", number=number)

    def _get_share(self, amount):
        """Return the percentage of the agreed contract sum that ``amount`` is.

        A percent line keeps its own where only rounding parts it from the amount.
        """
        contract = self.contract_id
        agreed = contract.amount_to_date + contract.amount_written_off
        rounding = len(contract.line_ids) * self.currency_id.rounding
        if (
            self.basis == "percent"
            and abs(agreed * self.percent / 100 - amount) <= rounding
        ):
            return self.percent
        return amount * 100 / agreed if agreed else 0.0

    def _get_estimated_tax_ids(self, position):
        """Return the taxes that an invoice of the line would have today.

        :param position: the customer's fiscal position, possibly none
        """
        self.ensure_one()
        # what is archived is not "empty": the line still asks for it
        own_taxes = self.with_context(active_test=False).tax_ids
        if own_taxes:
            return own_taxes
        product = self._get_product()
        taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        if not taxes:
            account = (
                product._get_product_accounts()["income"]
                or self._get_journal().default_account_id
            )
            taxes = account.tax_ids.filtered(lambda tax: tax.type_tax_use == "sale")
        return position.map_tax(taxes)

    def _prepare_base_line_for_taxes_computation(self, position):
        """Return the line as Odoo's computation of taxes takes it; its price is net.

        :param position: the customer's fiscal position, possibly none
        """
        self.ensure_one()
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            self,
            currency_id=self.currency_id,
            partner_id=self.contract_id.partner_id,
            product_id=self._get_product(),
            price_unit=self._get_scheduled_amount(),
            quantity=1.0,
            tax_ids=self._get_estimated_tax_ids(position),
            special_mode="total_excluded",
        )
