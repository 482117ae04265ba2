import re

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.project.controllers.portal import ProjectCustomerPortal


class MilestoneBillingPortal(ProjectCustomerPortal):
    """The billing pages of a customer's contracts.

    A login of the customer's commercial entity is needed: no token opens these pages.
    """

    def _prepare_home_portal_values(self, counters):
        # EXTENDS 'portal'
        values = super()._prepare_home_portal_values(counters)
        # the page itself, which asks for no counters, prints the count
        if not counters or "milestone_billing_count" in counters:
            contracts = self._get_contracts().search(self._get_contracts_domain())
            values["milestone_billing_count"] = len(contracts)
            if not counters:
                values["milestone_billing_to_sign"] = sum(
                    overview["to_sign"]
                    for overview in self._prepare_overviews(contracts)
                )
        return values

    def _prepare_project_sharing_session_info(self, project):
        # EXTENDS 'project': a collaborator who is the customer gets to the billing page
        session_info = super()._prepare_project_sharing_session_info(project)
        session_info["milestone_billing_url"] = project._get_billing_portal_url(
            request.env.user
        )
        return session_info

    def _get_contracts(self):
        # sudo: customers see the billing of projects that are not shared with them;
        # the domain picks their own
        return request.env["milestone.billing.contract"].sudo()

    def _get_contracts_domain(self):
        return self._get_contracts()._get_billing_portal_domain(request.env.user)

    def _prepare_overviews(self, contracts):
        """Return what the list shows the customer of each of their contracts."""
        # sudo: their own company, which is compared and no more
        customer = request.env.user.partner_id.commercial_partner_id.sudo()
        return [contract._prepare_portal_overview(customer) for contract in contracts]

    def _find_contract(self, contract_id):
        """Return a contract in sudo, and the customer for whom the user may see its
        billing: both empty for who may not.
        """
        contract = self._get_contracts().browse(contract_id).exists()
        customer = request.env["res.partner"]
        if contract:
            customer = contract._get_billing_portal_customer(request.env.user)
        return (contract, customer) if customer else (contract.browse(), customer)

    @http.route(
        ["/my/billing", "/my/billing/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing(self, page=1, **kwargs):
        """List the customer's contracts that are billed in stages."""
        contracts = self._get_contracts()
        domain = self._get_contracts_domain()
        pager = portal_pager(
            url="/my/billing",
            total=contracts.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        contracts = contracts.search(
            domain,
            order="project_id, id",
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        return request.render(
            "milestone_billing.portal_my_billing",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "overviews": self._prepare_overviews(contracts),
                "pager": pager,
                "default_url": "/my/billing",
            },
        )

    @http.route("/my/billing/<int:contract_id>", type="http", auth="user", website=True)
    def portal_my_billing_contract(self, contract_id, message=None, **kwargs):
        """Show the billing of one contract to its customer.

        :param str message: what they did just now: ``accepted`` or ``returned``;
            ``closed`` when they could not any more
        """
        contract, customer = self._find_contract(contract_id)
        if not contract:
            return request.redirect("/my")
        return request.render(
            "milestone_billing.portal_my_billing_contract",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "contract": contract,
                "currency": contract.currency_id,
                "message": message,
                **contract._prepare_billing_portal(customer),
            },
        )

    @http.route(
        "/my/billing/<int:contract_id>/schedule",
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing_schedule(self, contract_id, **kwargs):
        """Download the billing schedule of a contract."""
        return self._download(contract_id)

    @http.route(
        "/my/billing/<int:contract_id>/state",
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing_state(self, contract_id, **kwargs):
        """Download the state of billing of a contract."""
        return self._download(contract_id, is_state=True)

    def _download(self, contract_id, is_state=False):
        """Return a document of a contract, or the way home for who may not see it."""
        contract, _customer = self._find_contract(contract_id)
        if not (contract and contract.line_ids):
            return request.redirect("/my")
        content = contract._render_billing_document(is_state)
        title = contract._get_billing_document_name(is_state=is_state)
        return self._respond_with_pdf(content, title)

    def _respond_with_pdf(self, content, title):
        """Return a PDF as a file to download."""
        name = re.sub(r"[^\w. -]+", "_", title)
        return request.make_response(
            content,
            [
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(f"{name}.pdf")),
            ],
        )

    # -------------------------------------------------------------------------
    # Acceptance
    # -------------------------------------------------------------------------

    def _find_acceptance(self, contract_id, milestone_id):
        """Return a contract and a milestone in sudo whose acceptance the user may see.

        Both are empty for who may not.
        """
        contract, customer = self._find_contract(contract_id)
        milestone = contract.line_ids.milestone_id.filtered(
            lambda m: (
                m.id == milestone_id and m._is_acceptance_shown(contract, customer)
            )
        )
        return (contract if milestone else contract.browse()), milestone

    def _take_signature(self, contract_id, find, name, signature):
        """Take the customer's signature, as Odoo's signature form sends it.

        :param find: as :meth:`_answer` takes it
        :param str name: the name as they entered it
        :param str signature: the image, base64 encoded
        :return: what the form does next: an ``error``, or where it goes
        """
        error = self._answer(
            contract_id,
            find,
            lambda record, contact: record._accept(name, signature, contact),
        )
        if error:
            return {"error": error}
        return {
            "force_refresh": True,
            "redirect_url": f"/my/billing/{contract_id}?message=accepted",
        }

    def _take_return(self, contract_id, find, render, reason):
        """Send back what the customer does not accept, with their reason.

        :param find: as :meth:`_answer` takes it
        :param render: a function of contract and record that shows the page again
        :param str reason: why, in their words
        """
        error = self._answer(
            contract_id,
            find,
            lambda record, contact: record._send_back(reason, contact),
        )
        if error:
            contract, record = find()
            if record:
                return render(contract, record, error=error, reason=reason)
        message = "closed" if error else "returned"
        return request.redirect(
            f"/my/billing/{contract_id}?message={message}", code=303
        )

    def _answer(self, contract_id, find, answer):
        """Let the customer answer whether they accept a milestone, or a change order.

        :param find: a function that returns its contract and the record, in sudo; both
            empty if it is not for them
        :param answer: a function of the record in sudo and the contact
        :return: why it was refused, or None
        """
        contract = self._get_contracts().browse(contract_id)
        # who previews the page is not the customer
        if not contract._filtered_billed_to(request.env.user):
            return request.env._("Only the customer can answer this.")
        _contract, record = find()
        if not record:
            return request.env._("This does not wait for your acceptance any more.")
        try:
            with request.env.cr.savepoint():
                answer(record, request.env.user.partner_id)
        except UserError as error:
            return str(error)
        return None

    @http.route(
        "/my/billing/<int:contract_id>/milestone/<int:milestone_id>",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_billing_milestone(self, contract_id, milestone_id, **kwargs):
        """Show the customer what they are asked to accept."""
        contract, milestone = self._find_acceptance(contract_id, milestone_id)
        if not milestone:
            return request.redirect(f"/my/billing/{contract_id}")
        return self._render_milestone(contract, milestone)

    def _render_milestone(self, contract, milestone, **values):
        return request.render(
            "milestone_billing.portal_my_billing_milestone",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "contract": contract,
                "milestone": milestone,
                "stages": (milestone.billing_line_ids & contract.line_ids).sorted(),
                "can_answer": milestone.acceptance_state == "asked"
                and contract._filtered_billed_to(request.env.user),
                **values,
            },
        )

    @http.route(
        "/my/billing/<int:contract_id>/milestone/<int:milestone_id>/accept",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def portal_accept_milestone(
        self, contract_id, milestone_id, name=None, signature=None
    ):
        """Take the customer's signature, as Odoo's signature form sends it.

        :param str name: the name as they entered it
        :param str signature: the image, base64 encoded
        :return: what the form does next: an ``error``, or where it goes
        """
        return self._take_signature(
            contract_id,
            lambda: self._find_acceptance(contract_id, milestone_id),
            name,
            signature,
        )

    @http.route(
        "/my/billing/<int:contract_id>/milestone/<int:milestone_id>/send_back",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_send_back_milestone(
        self, contract_id, milestone_id, reason="", **kwargs
    ):
        """Send a milestone back with the customer's reason.

        :param str reason: what is missing, in their words
        """
        return self._take_return(
            contract_id,
            lambda: self._find_acceptance(contract_id, milestone_id),
            self._render_milestone,
            reason,
        )
