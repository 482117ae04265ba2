from odoo import models

from ..statement import StageFacts, get_scheduled_amount


class MilestoneBillingLine(models.Model):
    """The line on the documents of its contract's billing schedule."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # BUSINESS: documents of the schedule
    # -------------------------------------------------------------------------

    def _get_stage_facts(self, customer):
        """Return what a customer's reading of this line is made of.

        :param customer: the commercial partner; of others' documents it says no more
            than that they were billed
        :return: the :class:`StageFacts`; texts are in the language of the context
        """
        self.ensure_one()
        own_lines = self._get_posted_lines(customer)
        credits = own_lines.filtered(lambda m: m.move_type == "out_refund")
        settled, paid = self._get_settled_and_paid(customer)
        return StageFacts(
            title=self._get_label(),
            criteria=self.milestone_id.acceptance_criteria or "",
            deadline=self.deadline or None,
            reached_on=self.reached_date or None,
            is_reached=self.is_reached,
            state=self.state,
            percent=self.percent if self.basis == "percent" else None,
            changed=self.amount_changed,
            planned=self.amount_planned,
            drafted=self.amount_drafted,
            billed=self.amount_billed,
            opening=self.amount_opening,
            own_billed=own_lines._get_milestone_net(),
            own_settled=settled,
            own_paid=paid,
            is_own_credited=bool(credits),
            # a draft is nothing the customer has: number and date come with posting
            invoices=tuple(
                (move.name, move.invoice_date or None)
                for move in (own_lines - credits).move_id.sorted("id")
            ),
        )

    def _get_scheduled_amount(self):
        """Return what the line takes of the contract sum, net."""
        self.ensure_one()
        return get_scheduled_amount(
            self.amount_planned, self.amount_drafted, self.amount_billed
        )

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
