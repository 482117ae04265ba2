from odoo import fields, models

from .status import STATUS_BY_KEY


class MilestoneBillingLine(models.Model):
    """The stage as its customer reads it, on documents and on the portal."""

    _inherit = "milestone.billing.line"

    def _prepare_statement_row(self, is_current, customer):
        """Return the line's row of the billing schedule as a customer reads it.

        :param bool is_current: whether the document bills or credits this line
        :param customer: the commercial partner; of others' documents it says no more
            than that they were billed
        """
        self.ensure_one()
        # a draft is nothing the customer has: its number and date come with posting
        invoices = (
            self._get_posted_lines(customer)
            .move_id.filtered(lambda m: m.move_type != "out_refund")
            .sorted("id")
        )
        return {
            "title": self._get_label(),
            "criteria": (self.milestone_id.acceptance_criteria or "").split("\n")[0],
            "amount": self._get_scheduled_amount(),
            "state": self._get_statement_state(customer),
            "invoices": [
                {"name": move.name, "date": fields.Date.to_string(move.invoice_date)}
                for move in invoices
            ],
            "is_current": is_current,
        }

    def _get_statement_state(self, customer):
        """Return the status of the line as a customer reads it.

        :param customer: the commercial partner; how others paid, or what was credited
            to them, is not said
        """
        self.ensure_one()
        state = self._get_state_for(customer)
        if state == "billed_earlier":
            return self.env._("Billed earlier")
        return self.env._(STATUS_BY_KEY[state].customer_label)

    def _get_state_for(self, customer):
        """Return the status of the line with regard to a customer's documents alone."""
        self.ensure_one()
        own_lines = self._get_posted_lines(customer)
        if self.state == "to_decide" and not own_lines.filtered(
            lambda move_line: move_line.move_type == "out_refund"
        ):
            return "ready" if self.is_reached else "upcoming"
        if self.state not in ("billed", "paid"):
            return self.state
        is_zero = self.currency_id.is_zero
        billed = own_lines._get_milestone_net()
        others = self.amount_billed - self.amount_opening - billed
        if is_zero(billed) and not is_zero(others):
            return "billed_earlier"
        settled, _paid = self._get_settled_and_paid(customer)
        return "paid" if is_zero(billed + self.amount_opening - settled) else "billed"

    def _get_settled_and_paid_totals(self, customer):
        """Return what of these lines is no longer due by a customer, and what he paid.

        :return: two net amounts; what was billed elsewhere counts as paid
        """
        pairs = [line._get_settled_and_paid(customer) for line in self]
        return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)

    def _get_paid_by(self, customer):
        """Return the money that a customer paid for the line, and what was billed
        elsewhere, net.
        """
        _settled, paid = self._get_settled_and_paid(customer)
        return paid

    def _get_posted_lines(self, customer):
        """Return the lines of a customer's posted documents that bill or credit this.

        :param customer: the commercial partner
        """
        return self.move_line_ids.filtered(
            lambda move_line: (
                move_line.parent_state == "posted"
                and move_line.move_id.commercial_partner_id == customer
            )
        )
