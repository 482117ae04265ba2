from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import get_lang

from .project_project import BILLING_GROUPS


class ProjectProject(models.Model):
    """The documents of a project's billing schedule, for the customer."""

    _inherit = "project.project"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_send_billing_schedule(self):
        """Open an e-mail to the customer with the billing schedule attached.

        :return: an ``ir.actions.act_window`` of the composer
        :raise AccessError: when the user may not see the schedule
        :raise UserError: when there is no schedule to send
        """
        self.ensure_one()
        self._check_billing_schedule_printable()
        template = self.env.ref(
            "milestone_billing.mail_template_billing_schedule",
            raise_if_not_found=False,
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Billing Schedule"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": "project.project",
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_template_id": template and template.id,
                "default_email_layout_xmlid": "mail.mail_notification_light",
                "force_email": True,
                "hide_mail_template_management_options": True,
                "milestone_billing_send_schedule": True,
            },
        }

    # -------------------------------------------------------------------------
    # BUSINESS: documents of the schedule
    # -------------------------------------------------------------------------

    def _check_billing_schedule_printable(self):
        """Refuse the documents to who may not see amounts, and without a schedule.

        :raise AccessError: when the user may not see the schedule
        :raise UserError: when there is nothing to print
        """
        if not (self.env.su or self.env.user.has_group(BILLING_GROUPS)):
            raise AccessError(
                self.env._(
                    "Only users with the Milestone Billing right may print or send a"
                    " billing schedule. Ask your administrator."
                )
            )
        for project in self:
            if not project.billing_line_ids:
                raise UserError(
                    self.env._(
                        "%(project)s has no billing schedule: enter its lines first.",
                        project=project.name,
                    )
                )

    def _get_billing_schedule_lang(self):
        """Return the language of the documents: the customer's."""
        return get_lang(self.env, self.partner_id.lang).code

    def _get_billing_document_name(self, is_state=False):
        """Return the file name of a document, in the customer's language.

        :param bool is_state: whether it is the state of billing
        """
        self.ensure_one()
        project = self.with_context(lang=self._get_billing_schedule_lang())
        if is_state:
            return project.env._("State of billing - %(name)s", name=self.name)
        return project.env._("Billing schedule - %(name)s", name=self.name)

    def _prepare_billing_schedule(self):
        """Return the schedule as its documents show it, in the customer's language.

        Amounts of stages are net, in the contract currency.

        :raise AccessError: when the user may not see the schedule
        :raise UserError: when there is no schedule
        """
        self.ensure_one()
        self._check_billing_schedule_printable()
        project = self.with_context(lang=self._get_billing_schedule_lang())
        currency = project.contract_currency_id
        # sudo: who may see the lines may see what the customer paid of them, though
        # not the invoices
        lines = project._get_schedule().sudo()
        customer = lines.project_id._get_statement_customer()
        stages = [line._prepare_schedule_row(customer) for line in lines]

        def get_total(key):
            return currency.round(sum(stage[key] for stage in stages))

        net = get_total("amount")
        taxes = project._get_estimated_taxes()
        return {
            "date": fields.Date.context_today(self),
            "currency": currency,
            "stages": stages,
            "net": net,
            "billed": get_total("billed"),
            "paid": get_total("paid"),
            "remaining": get_total("remaining"),
            "contract": project.contract_to_date,
            "is_contract_scheduled": currency.is_zero(project.contract_to_date - net),
            **taxes,
            "words": currency._get_amount_in_words(taxes["gross"]),
        }

    def _get_statement_customer(self):
        """Return the commercial partner for whom the documents are.

        That is the project's customer; without one, that of its last invoice.
        """
        self.ensure_one()
        documents = self.billing_line_ids._get_documents().sorted("id")
        partner = self.partner_id or documents[-1:].partner_id
        return partner.commercial_partner_id

    def _get_estimated_taxes(self):
        """Return the taxes that the stages would bear if they were invoiced today.

        :return: ``tax_groups``, a list of dictionaries as Odoo's tax totals have them,
            ``same_tax_base`` and ``gross``
        """
        self.ensure_one()
        # sudo: who may see the schedule may see its taxes, though not every account
        project = self.sudo().with_company(self.billing_company_id)
        company = project.billing_company_id
        position = project._get_estimated_fiscal_position()
        base_lines = [
            line._prepare_base_line_for_taxes_computation(position)
            for line in project._get_schedule()
        ]
        taxes = project.env["account.tax"]
        taxes._add_tax_details_in_base_lines(base_lines, company)
        taxes._round_base_lines_tax_details(base_lines, company)
        totals = taxes._get_tax_totals_summary(
            base_lines, project.contract_currency_id, company
        )
        return {
            "tax_groups": [
                group
                for subtotal in totals["subtotals"]
                for group in subtotal["tax_groups"]
            ],
            "same_tax_base": totals["same_tax_base"],
            "gross": totals["total_amount_currency"],
        }

    def _get_estimated_fiscal_position(self):
        """Return the fiscal position that an invoice would have today, possibly none."""
        self.ensure_one()
        customer = self.partner_id
        addresses = customer.address_get(["invoice", "delivery"])
        return self.env["account.fiscal.position"]._get_fiscal_position(
            customer.browse(addresses["invoice"]),
            delivery=customer.browse(addresses["delivery"]),
        )

    def _log_billing_schedule_sent(self):
        """Log on the project who sent the schedule, without amounts or addresses."""
        self.ensure_one()
        self._message_log(
            body=self.env._(
                "%(user)s sent the billing schedule.", user=self.env.user.name
            )
        )
