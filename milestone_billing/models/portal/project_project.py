from odoo import models


class ProjectProject(models.Model):
    """The way from a project on the portal to its customer's billing pages."""

    _inherit = "project.project"

    def _filtered_billed_to(self, user):
        """Return those of these projects with a contract of the user's company."""
        # sudo: customers read no contract; the domain picks those of their company
        contracts = self.sudo().billing_contract_ids._filtered_billed_to(user)
        return self & contracts.project_id

    def _get_billing_portal_url(self, user):
        """Return the address of the user's billing of this project, False for none.

        That is the page of the contract that they see; of several, their list.
        """
        self.ensure_one()
        # sudo: customers read no contract; each decides itself whether they see it
        contracts = self.sudo().billing_contract_ids.filtered(
            lambda contract: contract._get_billing_portal_customer(user)
        )
        if len(contracts) == 1:
            return contracts._get_billing_portal_path()
        # the list shows to customers alone
        return bool(contracts._filtered_billed_to(user)) and "/my/billing"
