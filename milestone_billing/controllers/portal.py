import re

from odoo import http
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
    def portal_my_billing_project(self, project_id, **kwargs):
        """Show the billing of one project to its customer."""
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
