from odoo import models

# the Bootstrap colours of the stages' status
PORTAL_COLORS = {
    "upcoming": "light",
    "written_off": "light",
    "paid": "success",
    "billed": "primary",
}


class MilestoneBillingLine(models.Model):
    """The stage on the billing page of its customer's portal."""

    _inherit = "milestone.billing.line"

    def _get_portal_documents(self, customer):
        """Return the posted documents of these lines that ``customer`` got.

        :param customer: a commercial ``res.partner``
        """
        return self.move_line_ids.move_id.filtered(
            lambda move: (
                move.state == "posted" and move.commercial_partner_id == customer
            )
        ).sorted("id")

    def _prepare_portal_row(self, customer):
        """Return the stage as the billing page shows it to ``customer``."""
        self.ensure_one()
        state = self._get_portal_state(customer)
        is_upcoming = state == "upcoming"
        return {
            "title": self._get_label(),
            "amount": self._get_scheduled_amount(),
            "state": self._get_statement_state(state),
            "criteria": self.milestone_id.acceptance_criteria or "",
            "acceptance": self._get_portal_acceptance(customer),
            "deadline": self.deadline,
            "delivered_on": self.reached_date,
            "is_upcoming": is_upcoming,
            "is_delivered": self.is_reached,
            "is_in_preparation": state == "drafted",
            "color": PORTAL_COLORS.get(state, "info"),
            "documents": self._get_portal_documents(customer),
        }

    def _get_portal_acceptance(self, customer):
        """Return the milestone if ``customer`` was asked to accept it, empty otherwise.

        Of several stages of one milestone the first shows it.
        """
        self.ensure_one()
        milestone = self.milestone_id
        is_shown = milestone._is_acceptance_shown(customer) and (
            self == milestone.billing_line_ids.sorted()[:1]
        )
        return milestone if is_shown else milestone.browse()

    def _get_portal_state(self, customer):
        """Return the status that ``customer`` is shown: not whether others have paid."""
        self.ensure_one()
        documents = self.move_line_ids.move_id.filtered(lambda m: m.state == "posted")
        is_own = documents == self._get_portal_documents(customer)
        return "billed" if self.state == "paid" and not is_own else self.state
