from odoo import fields, models


class MilestoneBillingContract(models.Model):
    """Whom a contract asks to accept its milestones."""

    _inherit = "milestone.billing.contract"

    allow_acceptance = fields.Boolean(
        string="Client Acceptance",
        help="The client may be asked to sign for a milestone on the portal. Accepting"
        " it marks the milestone done.",
    )

    def _is_bound_to_customer(self):
        # who was asked, or signed, stays the customer
        asked = self.line_ids.milestone_id.filtered("acceptance_state")
        return super()._is_bound_to_customer() or bool(asked)

    def _get_acceptance_partners(self):
        """Return the contacts that are asked to accept a milestone of this contract.

        Only who has a portal login can open the page on which one signs: the contract's
        own contact, if they have one, else every contact of the customer who has.
        """
        partners = self._get_portal_partners().filtered("email")
        return self.partner_id & partners or partners

    def _get_portal_partners(self):
        """Return the contacts of the customer's company who have a portal login.

        None for no contract: core tries the e-mail of the question on any milestone.
        """
        customer = self.partner_id.commercial_partner_id
        if not customer:
            return customer
        users = self.env["res.users"].search(
            [
                ("share", "=", True),
                ("partner_id.commercial_partner_id", "=", customer.id),
            ]
        )
        return users.filtered(lambda user: user._is_portal()).partner_id

    def _get_acceptance_blocking_reason(self):
        """Return why nobody can be asked to accept a milestone of this contract.

        Names neither the customer nor a contact: who marks milestones done need not
        know them.
        """
        self.ensure_one()
        return (
            self._get_acceptance_switch_blocking_reason()
            or self._get_no_customer_reason()
            or self._get_portal_blocking_reason()
        )

    def _get_acceptance_switch_blocking_reason(self):
        """Return that milestones of this contract are not accepted at all, or False."""
        self.ensure_one()
        reason = self._get_closed_reason()
        if not reason and not self.allow_acceptance:
            return self.env._(
                "Client acceptance is switched off: switch it on in the contract."
            )
        return reason or self._get_hidden_reason()

    def _get_closed_reason(self):
        """Return that nothing of this contract is billed, or False."""
        self.ensure_one()
        if self.project_id.is_template:
            return self.env._("A project template is not billed.")
        if not self.active:
            return self.env._("Its contract is archived: unarchive it first.")
        return False

    def _get_hidden_reason(self):
        """Return that the customer does not see this contract, or False."""
        self.ensure_one()
        if not self.show_on_portal:
            return self.env._(
                "The customer does not see this contract on the portal: switch Customer"
                " Portal on in the contract."
            )
        return False

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

    # -------------------------------------------------------------------------
    # BUSINESS: the customer's page
    # -------------------------------------------------------------------------

    def _prepare_billing_portal(self, customer):
        values = super()._prepare_billing_portal(customer)
        return {**values, "asked": self._get_portal_asked(customer)}

    def _prepare_portal_overview(self, customer):
        """Add ``to_sign``: how many milestones wait for the customer's signature."""
        overview = super()._prepare_portal_overview(customer)
        return {**overview, "to_sign": len(self._get_portal_asked(customer))}

    def _get_portal_asked(self, customer):
        """Return the milestones that wait for the signature of ``customer``."""
        return self._get_schedule().milestone_id.filtered(
            lambda milestone: (
                milestone.acceptance_state == "asked"
                and milestone._is_acceptance_shown(self, customer)
            )
        )

    def _prepare_portal_row(self, line, stage, customer):
        row = super()._prepare_portal_row(line, stage, customer)
        return {**row, "acceptance": self._get_portal_acceptance(line, customer)}

    def _get_portal_acceptance(self, line, customer):
        """Return the milestone if ``customer`` was asked to accept it, empty otherwise.

        Of several stages of one milestone the first shows it.
        """
        milestone = line.milestone_id
        stages = milestone.billing_line_ids & self.line_ids
        is_shown = line == stages.sorted()[:1] and milestone._is_acceptance_shown(
            self, customer
        )
        return milestone if is_shown else milestone.browse()
