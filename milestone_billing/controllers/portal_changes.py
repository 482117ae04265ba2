from odoo import http
from odoo.http import request

from .portal import MilestoneBillingPortal


class MilestoneBillingPortalChanges(MilestoneBillingPortal):
    """The pages of the change orders that a customer is asked to sign."""

    def _find_change(self, contract_id, change_id):
        """Return a contract and a change order in sudo that the user may see.

        Both are empty for who may not.
        """
        contract, customer = self._find_contract(contract_id)
        changes = contract._get_portal_changes(customer) if contract else []
        change = contract.change_ids.filtered(
            lambda change: change.id == change_id and change in changes
        )
        return (contract if change else contract.browse()), change

    @http.route(
        "/my/billing/<int:contract_id>/change/<int:change_id>",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_billing_change(self, contract_id, change_id, **kwargs):
        """Show the customer what a change order changes."""
        contract, change = self._find_change(contract_id, change_id)
        if not change:
            return request.redirect(f"/my/billing/{contract_id}")
        return self._render_change(contract, change)

    def _render_change(self, contract, change, **values):
        return request.render(
            "milestone_billing.portal_my_billing_change",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "contract": contract,
                "change": change,
                # as the templates of acceptances call what is accepted
                "milestone": change,
                "can_answer": change.acceptance_state == "asked"
                and contract._filtered_billed_to(request.env.user),
                **values,
            },
        )

    @http.route(
        "/my/billing/<int:contract_id>/change/<int:change_id>/pdf",
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing_change_pdf(self, contract_id, change_id, **kwargs):
        """Download a change order, with the signature once it is signed."""
        _contract, change = self._find_change(contract_id, change_id)
        if not change:
            return request.redirect("/my")
        return self._respond_with_pdf(
            change._render_document(), change._get_document_name()
        )

    @http.route(
        "/my/billing/<int:contract_id>/change/<int:change_id>/accept",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def portal_accept_change(self, contract_id, change_id, name=None, signature=None):
        """Take the customer's signature, as Odoo's signature form sends it.

        :param str name: the name as they entered it
        :param str signature: the image, base64 encoded
        :return: what the form does next: an ``error``, or where it goes
        """
        return self._take_signature(
            contract_id,
            lambda: self._find_change(contract_id, change_id),
            name,
            signature,
        )

    @http.route(
        "/my/billing/<int:contract_id>/change/<int:change_id>/send_back",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_send_back_change(self, contract_id, change_id, reason="", **kwargs):
        """Decline a change order with the customer's reason.

        :param str reason: why, in their words
        """
        return self._take_return(
            contract_id,
            lambda: self._find_change(contract_id, change_id),
            self._render_change,
            reason,
        )
