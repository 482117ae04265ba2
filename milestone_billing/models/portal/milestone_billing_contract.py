from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from ..groups import BILLING_GROUP
from ..refusal import BillingRefusal
from ..status import STATUS_BY_KEY


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

    @api.readonly
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
            raise BillingRefusal(reason)
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

    def _get_no_customer_reason(self):
        """Return that there is no customer to turn to, or False; names no one."""
        self.ensure_one()
        if not self.partner_id:
            return self.env._("The contract has no customer: set one on the contract.")
        if not self.partner_id.active:
            return self.env._(
                "The customer of the contract is archived: unarchive it or set another"
                " on the contract."
            )
        return False

    def _get_billing_portal_url(self, user):
        """Return the address of the billing page, False for who may not see it."""
        self.ensure_one()
        customer = self._get_billing_portal_customer(user)
        return bool(customer) and self._get_billing_portal_path()

    def _get_billing_portal_path(self):
        """Return the address of the billing page on the database's own host."""
        self.ensure_one()
        return f"/my/billing/{self.id}"

    def _render_billing_document(self, is_state=False):
        """Return a document's PDF for who was found to be the contract's customer.

        To be called when that has been checked: who may not read the contract is
        served by the system.

        :param bool is_state: whether it is the state of billing, not the schedule
        """
        self.ensure_one()
        reports = self.env["ir.actions.report"].with_user(SUPERUSER_ID)
        report = "report_billing_state" if is_state else "report_billing_schedule"
        content, _type = reports.with_company(self.company_id)._render_qweb_pdf(
            f"milestone_billing.{report}", self.ids
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
        stages, sums = self._read_schedule(customer)
        rows = [
            self._prepare_portal_row(line, stage, customer)
            for line, stage in zip(self._get_schedule(), stages, strict=True)
        ]
        upcoming = [row for row in rows if row["stage"].status == "upcoming"]
        return {
            "stages": rows,
            "sums": sums,
            "delivered": [row for row in rows if row["stage"].is_delivered],
            "next": upcoming[:1],
            "due": self._get_portal_due(customer),
        }

    def _prepare_portal_overview(self, customer):
        """Return what the list of contracts shows ``customer`` of this one.

        :return: the keys ``contract`` and ``due``, including taxes, in its currency
        """
        self.ensure_one()
        due = self._get_portal_due(customer)
        return {"contract": self, "due": sum(due.mapped("amount_residual"))}

    def _get_portal_due(self, customer):
        """Return the invoices that ``customer`` has still to pay, the next one first."""
        documents = self.line_ids._get_portal_documents(customer)
        return documents.filtered(
            lambda move: move.move_type == "out_invoice" and move.amount_residual
        ).sorted(
            # what has no due date, or is not dated, comes last
            lambda move: (
                move.invoice_date_due or fields.Date.to_date("9999-12-31"),
                move.id,
            )
        )

    def _prepare_portal_row(self, line, stage, customer):
        """Return a stage as the billing page shows it to ``customer``.

        :param stage: the :class:`Stage` of the milestone line as the customer reads it
        :return: the keys ``stage``, ``color`` of its badge and ``documents``
        """
        return {
            "stage": stage,
            "color": STATUS_BY_KEY[stage.status].customer_color,
            "documents": line._get_portal_documents(customer),
        }
