from odoo import models

# Bootstrap's colours of what a customer reads
PORTAL_COLORS = {
    "upcoming": "secondary",
    "written_off": "secondary",
    "billed_earlier": "secondary",
    "billed": "primary",
    "paid": "success",
}


class MilestoneBillingLine(models.Model):
    """The stage on the billing page of its customer's portal."""

    _inherit = "milestone.billing.line"

    def _get_portal_documents(self, customer):
        """Return the posted documents of these lines that ``customer`` got.

        :param customer: a commercial ``res.partner``
        """
        return self._get_posted_lines(customer).move_id.sorted("id")

    def _prepare_portal_row(self, customer):
        """Return the stage as the billing page shows it to ``customer``."""
        self.ensure_one()
        state = self._get_state_for(customer)
        return {
            **self._prepare_statement_row(False, customer),
            "criteria": self.milestone_id.acceptance_criteria or "",
            "acceptance": self._get_portal_acceptance(customer),
            "deadline": self.deadline,
            "delivered_on": self.reached_date,
            "is_upcoming": state == "upcoming",
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
        stages = milestone.billing_line_ids & self.contract_id.line_ids
        is_shown = self == stages.sorted()[:1] and milestone._is_acceptance_shown(
            self.contract_id, customer
        )
        return milestone if is_shown else milestone.browse()
