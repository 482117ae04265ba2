from odoo import fields, models

from .project_project import STATE_GROUPS


class ProjectProject(models.Model):
    """Whom a project asks to accept its milestones."""

    _inherit = "project.project"

    allow_milestone_acceptance = fields.Boolean(
        string="Client Acceptance",
        help="The client may be asked to sign for a milestone on the portal. Accepting"
        " it marks the milestone done.",
        groups=STATE_GROUPS,
    )

    def _get_acceptance_partners(self):
        """Return the contacts that are asked to accept a milestone of this project.

        Only who has a portal login can open the page on which one signs: the project's
        own contact, if he has one, else every contact of the customer who has.
        """
        partners = self._get_portal_partners().filtered("email")
        return self.partner_id & partners or partners

    def _get_portal_partners(self):
        """Return the contacts of the customer's company who have a portal login."""
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        users = self.env["res.users"].search(
            [
                ("share", "=", True),
                ("partner_id.commercial_partner_id", "=", customer.id),
            ]
        )
        return users.filtered(lambda user: user._is_portal()).partner_id

    def _get_acceptance_switch_blocking_reason(self):
        """Return that milestones of this project are not accepted at all, or False."""
        self.ensure_one()
        if not self.allow_milestone_acceptance:
            return self.env._(
                "Client acceptance is switched off: switch it on in the project's"
                " billing."
            )
        if not self.show_billing_on_portal:
            return self.env._(
                "The customer does not see this project's billing on the portal: switch"
                " Customer Portal on in the project's billing."
            )
        return self._get_switch_blocking_reason()

    def _get_portal_blocking_reason(self):
        """Return that nobody of the customer can be reached, or False; names no one."""
        if not self._get_portal_partners():
            return self.env._(
                "No contact of the customer has a portal login: grant one access first."
            )
        if not self._get_acceptance_partners():
            return self.env._(
                "No contact of the customer with a portal login has an e-mail address:"
                " enter one first."
            )
        return False
