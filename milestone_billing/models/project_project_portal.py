from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .project_project import BILLING_GROUPS


class ProjectProject(models.Model):
    """The billing page of a project on its customer's portal."""

    _inherit = "project.project"

    show_billing_on_portal = fields.Boolean(
        string="Customer Portal",
        help="The customer's portal users see the schedule, how far it is billed and"
        " their invoices. Switch it off while the contract is being negotiated.",
        default=True,
        groups=BILLING_GROUPS,
    )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_preview_billing(self):
        """Open the billing page as the customer sees it.

        :return: an ``ir.actions.act_url``
        :raise AccessError: when the user may not see the schedule
        :raise UserError: when there is no schedule or no customer to see it
        """
        self.ensure_one()
        self.check_access("read")
        self._check_billing_schedule_printable()
        if not self.partner_id:
            raise UserError(self._get_customer_blocking_reason())
        return {
            "type": "ir.actions.act_url",
            "target": "self",
            "url": f"/my/billing/{self.id}",
        }

    # -------------------------------------------------------------------------
    # BUSINESS: who may open the page
    # -------------------------------------------------------------------------

    @api.model
    def _get_billing_portal_domain(self, user):
        """Return the domain of the projects that a portal user sees as customer."""
        if not user._is_portal():
            return Domain.FALSE
        return Domain(
            [
                ("allow_milestone_billing", "=", True),
                ("show_billing_on_portal", "=", True),
                ("is_template", "=", False),
                ("billing_line_ids", "!=", False),
                (
                    "partner_id.commercial_partner_id",
                    "=",
                    user.partner_id.commercial_partner_id.id,
                ),
            ]
        )

    def _filtered_billed_to(self, user):
        """Return those of these projects whose customer is the portal user's company."""
        # sudo: the rule decides for users who cannot read the contract
        domain = self._get_billing_portal_domain(user) & Domain("id", "in", self.ids)
        return self & self.sudo().search(domain)

    def _get_billing_portal_customer(self, user):
        """Return the customer for whom ``user`` sees the project's billing page.

        That is the project's customer for all portal users of its commercial entity,
        whether the project is shared with them or not, and for internal users who see
        the schedule anyway: they preview the page.

        :return: a commercial ``res.partner`` in sudo; empty for who may not see it
        """
        self.ensure_one()
        # sudo: the rule decides for users who can read neither project nor contract
        project = self.sudo()
        customer = project.partner_id.commercial_partner_id
        if self._filtered_billed_to(user) or project._may_preview_billing(user):
            return customer
        return customer.browse()

    def _may_preview_billing(self, user):
        """Whether an internal user sees the schedule of this project anyway."""
        self.ensure_one()
        if not (user._is_internal() and user.has_group(BILLING_GROUPS)):
            return False
        project = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        lines = self.billing_line_ids.with_env(project.env)
        return bool(lines) and lines.has_access("read") and project.has_access("read")

    def _get_billing_portal_url(self, user):
        """Return the address of the billing page, False for who may not see it."""
        self.ensure_one()
        customer = self._get_billing_portal_customer(user)
        return bool(customer) and f"/my/billing/{self.id}"

    # -------------------------------------------------------------------------
    # BUSINESS: what the page shows
    # -------------------------------------------------------------------------

    def _prepare_billing_portal(self, customer):
        """Return what the billing page shows ``customer``.

        Amounts are net, in the contract currency; what is due of an invoice includes
        taxes. Documents are posted and the customer's own.

        :param customer: a commercial ``res.partner``
        """
        self.ensure_one()
        stages = [line._prepare_portal_row(customer) for line in self._get_schedule()]
        documents = self.billing_line_ids._get_portal_documents(customer)
        upcoming = [stage for stage in stages if stage["is_upcoming"]]
        scheduled = sum(stage["amount"] for stage in stages)
        return {
            "stages": stages,
            # not the contract sum while the schedule exceeds it or leaves some over
            "scheduled": self.contract_currency_id.round(scheduled),
            "delivered": [stage for stage in stages if stage["is_delivered"]],
            "next": upcoming[:1],
            "asked": [
                stage["acceptance"]
                for stage in stages
                if stage["acceptance"].acceptance_state == "asked"
            ],
            "due": documents.filtered(
                lambda move: move.move_type == "out_invoice" and move.amount_residual
            ).sorted(lambda move: (move.invoice_date_due, move.id)),
            **self._prepare_portal_amounts(customer),
        }

    def _prepare_portal_amounts(self, customer):
        """Return the totals of the page, net.

        What others were billed, such as a former customer, is told from the customer's
        own, and what they paid of it is not shown.
        """
        lines = self.billing_line_ids
        own_lines = lines._get_posted_lines(customer)
        opening = sum(lines.mapped("amount_opening"))
        billed = opening + own_lines._get_milestone_net()
        amounts = {
            "agreed": self.contract_to_date + self.contract_written_off,
            "written_off": self.contract_written_off,
            "to_date": self.contract_to_date,
            "billed_to_others": self.contract_billed - billed,
            "billed": billed,
            "paid": sum(line._get_paid_by(customer) for line in lines),
            "remaining": self.contract_to_bill,
        }
        round_amount = self.contract_currency_id.round
        return {key: round_amount(amount) for key, amount in amounts.items()}
