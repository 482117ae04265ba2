from odoo import models


class AccountMove(models.Model):
    """The document on its customer's portal."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # BUSINESS: the customer's portal
    # -------------------------------------------------------------------------

    def _get_milestone_billing_portal_url(self, user):
        """Return the address of the billing page, False for who may not see it."""
        self.ensure_one()
        # sudo: customers read their invoice, not the contract that it bills
        contract = self.sudo().milestone_billing_contract_id
        return bool(contract) and contract._get_billing_portal_url(user)

    def _get_portal_url_of(self, user, **kwargs):
        """Return the document's address on the portal, False for who may not read it.

        The address bears a token that opens the document to everybody: a page that
        shows more than its reader's own documents must not hand it out.

        :param kwargs: as :meth:`get_portal_url` takes them
        """
        self.ensure_one()
        move = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return move.has_access("read") and self.get_portal_url(**kwargs)

    def _is_payment_in_process(self):
        """Whether the customer has paid what has not arrived yet."""
        self.ensure_one()
        return self.payment_state == "in_payment" or any(
            transaction.state in ("pending", "authorized")
            # not those who only chose to pay by bank transfer
            and transaction.provider_code not in ("none", "custom")
            for transaction in self.transaction_ids
        )
