import re

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.project.controllers.portal import ProjectCustomerPortal


class MilestoneBillingPortal(ProjectCustomerPortal):
    """The billing pages of a customer's projects.

    A login of the customer's commercial entity is needed: no token opens these pages.
    """

    def _prepare_home_portal_values(self, counters):
        # EXTENDS 'portal'
        values = super()._prepare_home_portal_values(counters)
        # the page itself, which asks for no counters, prints the count
        if not counters or "milestone_billing_count" in counters:
            values["milestone_billing_count"] = (
                self._get_billed_projects().search_count(
                    self._get_billed_projects_domain()
                )
            )
        return values

    def _prepare_project_sharing_session_info(self, project):
        # EXTENDS 'project': a collaborator who is the customer gets to the billing page
        session_info = super()._prepare_project_sharing_session_info(project)
        session_info["milestone_billing_url"] = project._get_billing_portal_url(
            request.env.user
        )
        return session_info

    def _get_billed_projects(self):
        # sudo: customers see the billing of projects that are not shared with them;
        # the domain picks their own
        return request.env["project.project"].sudo()

    def _get_billed_projects_domain(self):
        return self._get_billed_projects()._get_billing_portal_domain(request.env.user)

    def _find_billed_project(self, project_id):
        """Return a project in sudo, and the customer for whom the user may see its
        billing: both empty for who may not.
        """
        project = self._get_billed_projects().browse(project_id).exists()
        customer = request.env["res.partner"]
        if project:
            customer = project._get_billing_portal_customer(request.env.user)
        return (project, customer) if customer else (project.browse(), customer)

    @http.route(
        ["/my/billing", "/my/billing/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing(self, page=1, **kwargs):
        """List the customer's projects that are billed in stages."""
        projects = self._get_billed_projects()
        domain = self._get_billed_projects_domain()
        pager = portal_pager(
            url="/my/billing",
            total=projects.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        projects = projects.search(
            domain, order="name, id", limit=self._items_per_page, offset=pager["offset"]
        )
        return request.render(
            "milestone_billing.portal_my_billing",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "billed_projects": projects,
                "pager": pager,
                "default_url": "/my/billing",
            },
        )

    @http.route("/my/billing/<int:project_id>", type="http", auth="user", website=True)
    def portal_my_billing_project(self, project_id, message=None, **kwargs):
        """Show the billing of one project to its customer.

        :param str message: what he did just now: ``accepted`` or ``returned``;
            ``closed`` when he could not any more
        """
        project, customer = self._find_billed_project(project_id)
        if not project:
            return request.redirect("/my")
        return request.render(
            "milestone_billing.portal_my_billing_project",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "billed_project": project,
                "currency": project.contract_currency_id,
                "message": message,
                **project._prepare_billing_portal(customer),
            },
        )

    @http.route(
        "/my/billing/<int:project_id>/schedule",
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing_schedule(self, project_id, **kwargs):
        """Download the billing schedule of a project."""
        project, _customer = self._find_billed_project(project_id)
        if not project:
            return request.redirect("/my")
        content, _type = (
            request.env["ir.actions.report"]
            .sudo()
            ._render_qweb_pdf("milestone_billing.report_billing_schedule", project.ids)
        )
        name = re.sub(r"[^\w. -]+", "_", project._get_billing_document_name())
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

    def _find_acceptance(self, project_id, milestone_id):
        """Return a milestone in sudo whose acceptance the user may see, or empty."""
        project, customer = self._find_billed_project(project_id)
        return project.milestone_ids.filtered(
            lambda m: m.id == milestone_id and m._is_acceptance_shown(customer)
        )

    def _answer(self, project_id, milestone_id, answer):
        """Let the customer answer whether he accepts a milestone.

        :param answer: a function of the milestone in sudo and the contact
        :return: why it was refused, or None
        """
        project = self._get_billed_projects().browse(project_id)
        # who previews the page is not the customer
        if not project._filtered_billed_to(request.env.user):
            return request.env._("Only the customer can answer this.")
        milestone = self._find_acceptance(project_id, milestone_id)
        if not milestone:
            return request.env._("This does not wait for your acceptance any more.")
        try:
            with request.env.cr.savepoint():
                answer(milestone, request.env.user.partner_id)
        except UserError as error:
            return str(error)
        return None

    @http.route(
        "/my/billing/<int:project_id>/milestone/<int:milestone_id>",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_billing_milestone(self, project_id, milestone_id, **kwargs):
        """Show the customer what he is asked to accept."""
        milestone = self._find_acceptance(project_id, milestone_id)
        if not milestone:
            return request.redirect(f"/my/billing/{project_id}")
        return self._render_milestone(milestone)

    def _render_milestone(self, milestone, **values):
        project = milestone.project_id
        return request.render(
            "milestone_billing.portal_my_billing_milestone",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "milestone_billing",
                "billed_project": project,
                "milestone": milestone,
                "stages": milestone.billing_line_ids.sorted(),
                "can_answer": milestone.acceptance_state == "asked"
                and project._filtered_billed_to(request.env.user),
                **values,
            },
        )

    @http.route(
        "/my/billing/<int:project_id>/milestone/<int:milestone_id>/accept",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def portal_accept_milestone(
        self, project_id, milestone_id, name=None, signature=None
    ):
        """Take the customer's signature, as Odoo's signature form sends it.

        :param str name: the name as he entered it
        :param str signature: the image, base64 encoded
        :return: what the form does next: an ``error``, or where it goes
        """
        error = self._answer(
            project_id,
            milestone_id,
            lambda milestone, contact: milestone._accept(name, signature, contact),
        )
        if error:
            return {"error": error}
        return {
            "force_refresh": True,
            "redirect_url": f"/my/billing/{project_id}?message=accepted",
        }

    @http.route(
        "/my/billing/<int:project_id>/milestone/<int:milestone_id>/send_back",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_send_back_milestone(self, project_id, milestone_id, reason="", **kwargs):
        """Send a milestone back with the customer's reason.

        :param str reason: what is missing, in his words
        """
        error = self._answer(
            project_id,
            milestone_id,
            lambda milestone, contact: milestone._send_back(reason, contact),
        )
        if error and (milestone := self._find_acceptance(project_id, milestone_id)):
            return self._render_milestone(milestone, error=error, reason=reason)
        message = "closed" if error else "returned"
        return request.redirect(f"/my/billing/{project_id}?message={message}", code=303)
