from odoo import http
from odoo.http import request

from .portal import MilestoneBillingPortal


class MilestoneBillingPortalSigning(MilestoneBillingPortal):
    """The page of the schedule that a customer is asked to sign."""

    def _find_signing(self, contract_id):
        """Return the contract twice, in sudo, as acceptances are found; or empty ones."""
        contract, customer = self._find_contract(contract_id)
        if contract and not contract._is_signature_shown(customer):
            contract = contract.browse()
        return contract, contract

    @http.route(
        "/my/billing/<int:contract_id>/sign",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_billing_sign(self, contract_id, **kwargs):
        """Show the customer the schedule that they are asked to sign, or signed."""
        contract, _record = self._find_signing(contract_id)
        if not contract:
            return request.redirect(f"/my/billing/{contract_id}")
        return self._render_signing(contract, contract)

    def _render_signing(self, contract, _record, **values):
        return request.render(
            "milestone_billing.portal_my_billing_sign",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "contract": contract,
                # as the templates of acceptances call what is accepted
                "milestone": contract,
                "signing": True,
                "can_answer": contract.acceptance_state == "asked"
                and contract._filtered_billed_to(request.env.user),
                **values,
            },
        )

    @http.route(
        "/my/billing/<int:contract_id>/sign/accept",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def portal_sign_schedule(self, contract_id, name=None, signature=None):
        """Take the customer's signature, and lead them to pay the deposit if it is due.

        :param str name: the name as they entered it
        :param str signature: the image, base64 encoded
        :return: what the form does next: an ``error``, or where it goes
        """
        answer = self._take_signature(
            contract_id, lambda: self._find_signing(contract_id), name, signature
        )
        if "error" not in answer:
            contract, customer = self._find_contract(contract_id)
            deposit = contract._get_deposit_to_pay(customer)
            url = deposit and deposit._get_portal_url_of(
                request.env.user, anchor="portal_pay", query_string="&payment=True"
            )
            if url:
                answer["redirect_url"] = url
        return answer

    @http.route(
        "/my/billing/<int:contract_id>/sign/send_back",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_send_back_schedule(self, contract_id, reason="", **kwargs):
        """Send the schedule back with the customer's reason.

        :param str reason: what should be otherwise, in their words
        """
        return self._take_return(
            contract_id,
            lambda: self._find_signing(contract_id),
            self._render_signing,
            reason,
        )
