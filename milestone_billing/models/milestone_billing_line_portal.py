from odoo import models


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
        is_upcoming = self.state == "upcoming"
        return {
            **self._prepare_statement_row(False, customer),
            "criteria": self.milestone_id.acceptance_criteria or "",
            "acceptance": self._get_portal_acceptance(customer),
            "deadline": self.deadline,
            "delivered_on": self.reached_date,
            "is_upcoming": is_upcoming,
            "is_delivered": not is_upcoming and self.state != "written_off",
            "is_in_preparation": self.state == "drafted",
            "color": self._get_portal_color(),
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

    def _get_portal_color(self):
        """Return the Bootstrap colour of the stage's status."""
        self.ensure_one()
        return {
            "upcoming": "light",
            "written_off": "light",
            "paid": "success",
            "billed": "primary",
        }.get(self.state, "info")
