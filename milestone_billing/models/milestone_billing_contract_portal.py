from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .groups import BILLING_GROUP


class MilestoneBillingContract(models.Model):
    """The billing page of a contract on its customer's portal."""

    _inherit = "milestone.billing.contract"

    show_on_portal = fields.Boolean(
        string="Customer Portal",
        help="The customer's portal users see the schedule, how far it is billed and"
        " their invoices. Switch it off while the contract is being negotiated.",
        default=True,
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
        self._check_billing_schedule_printable()
        reason = self._get_no_customer_reason()
        if reason:
            raise UserError(reason)
        return {
            "type": "ir.actions.act_url",
            "target": "self",
            "url": self._get_billing_portal_path(),
        }

    # -------------------------------------------------------------------------
    # BUSINESS: who may open the page
    # -------------------------------------------------------------------------

    @api.model
    def _get_billing_portal_domain(self, user):
        """Return the domain of the contracts that a portal user sees as customer."""
        if not user._is_portal():
            return Domain.FALSE
        return Domain(
            [
                ("active", "=", True),
                ("show_on_portal", "=", True),
                ("project_id.active", "=", True),
                ("project_id.is_template", "=", False),
                ("line_ids", "!=", False),
                (
                    "partner_id.commercial_partner_id",
                    "=",
                    user.partner_id.commercial_partner_id.id,
                ),
            ]
        )

    def _filtered_billed_to(self, user):
        """Return those of these contracts whose customer is the portal user's company."""
        # sudo: the rule decides for users who cannot read the contract
        domain = self._get_billing_portal_domain(user) & Domain("id", "in", self.ids)
        return self & self.sudo().search(domain)

    def _get_billing_portal_customer(self, user):
        """Return the customer for whom ``user`` sees the contract's billing page.

        That is the contract's customer for all portal users of its commercial entity,
        whether the project is shared with them or not, and for internal users who see
        the schedule anyway: they preview the page.

        :return: a commercial ``res.partner`` in sudo; empty for who may not see it
        """
        self.ensure_one()
        # sudo: the rule decides for users who cannot read the contract
        customer = self.sudo().partner_id.commercial_partner_id
        if self._filtered_billed_to(user) or self._may_preview_billing(user):
            return customer
        return customer.browse()

    def _may_preview_billing(self, user):
        """Whether an internal user sees the schedule of this contract anyway."""
        self.ensure_one()
        if not (user._is_internal() and user.has_group(BILLING_GROUP)):
            return False
        contract = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        # sudo: whether there are lines is asked before they are read as the user
        lines = self.sudo().line_ids.with_env(contract.env)
        return bool(lines) and contract.has_access("read") and lines.has_access("read")

    def _get_billing_portal_url(self, user):
        """Return the address of the billing page, False for who may not see it."""
        self.ensure_one()
        customer = self._get_billing_portal_customer(user)
        return bool(customer) and self._get_billing_portal_path()

    def _get_billing_portal_path(self):
        """Return the address of the billing page on the database's own host."""
        self.ensure_one()
        return f"/my/billing/{self.id}"

    def _render_billing_schedule(self):
        """Return the schedule's PDF for who was found to be its customer.

        To be called when that has been checked: who may not read the contract is
        served by the system.
        """
        self.ensure_one()
        reports = self.env["ir.actions.report"].with_user(SUPERUSER_ID)
        content, _type = reports.with_company(self.company_id)._render_qweb_pdf(
            "milestone_billing.report_billing_schedule", self.ids
        )
        return content

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
        documents = self.line_ids._get_portal_documents(customer)
        upcoming = [stage for stage in stages if stage["is_upcoming"]]
        scheduled = sum(stage["amount"] for stage in stages)
        return {
            "stages": stages,
            # not the contract sum while the schedule exceeds it or leaves some over
            "scheduled": self.currency_id.round(scheduled),
            "delivered": [stage for stage in stages if stage["is_delivered"]],
            "next": upcoming[:1],
            "asked": [
                stage["acceptance"]
                for stage in stages
                if stage["acceptance"].acceptance_state == "asked"
            ],
            "due": documents.filtered(
                lambda move: move.move_type == "out_invoice" and move.amount_residual
            ).sorted(
                # what has no due date, or is not dated, comes last
                lambda move: (
                    move.invoice_date_due or fields.Date.to_date("9999-12-31"),
                    move.id,
                )
            ),
            **self._prepare_portal_amounts(customer),
        }

    def _prepare_portal_amounts(self, customer):
        """Return the totals of the page, net.

        What others were billed, such as a former customer, is told from the customer's
        own, and what they paid of it is not shown. Money received is told from what was
        deducted: both are no longer due.
        """
        lines = self.line_ids
        own_lines = lines._get_posted_lines(customer)
        opening = sum(lines.mapped("amount_opening"))
        billed = opening + own_lines._get_milestone_net()
        settled, paid = lines._get_settled_and_paid_totals(customer)
        amounts = {
            "agreed": self.amount_to_date + self.amount_written_off,
            "written_off": self.amount_written_off,
            "to_date": self.amount_to_date,
            "billed_to_others": self.amount_billed - billed,
            "billed": billed,
            "paid": paid,
            "deducted": settled - paid,
            "remaining": self.amount_to_bill,
        }
        round_amount = self.currency_id.round
        # no negative zero
        return {key: round_amount(amount) + 0.0 for key, amount in amounts.items()}
