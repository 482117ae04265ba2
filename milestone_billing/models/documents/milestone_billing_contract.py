from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import float_is_zero, float_round, formatLang, get_lang

from ..groups import BILLING_GROUP
from ..refusal import BillingRefusal
from ..statement import read_schedule
from ..status import STATUS_BY_KEY


class MilestoneBillingContract(models.Model):
    """The documents of a contract's billing schedule, for the customer."""

    _inherit = "milestone.billing.contract"

    # who sees the schedule may send it
    _mail_post_access = "read"

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
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_template_id": template and template.id,
                "default_email_layout_xmlid": "mail.mail_notification_light",
                "force_email": True,
                "hide_mail_template_management_options": True,
            },
        }

    def action_print_billing_schedule(self):
        """Print the billing schedule.

        :return: an ``ir.actions.report``
        :raise AccessError: when the user may not see the schedule
        :raise UserError: when there is no schedule to print
        """
        self.ensure_one()
        self._check_billing_schedule_printable()
        report = self.env.ref("milestone_billing.report_billing_schedule")
        return report.report_action(self, config=False)

    # -------------------------------------------------------------------------
    # BUSINESS: documents of the schedule
    # -------------------------------------------------------------------------

    def _check_billing_schedule_printable(self):
        """Refuse the documents to who may not see amounts, and without a schedule.

        :raise AccessError: when the user may not see the schedule
        :raise UserError: when there is nothing to print
        """
        self._check_amounts_shown()
        for contract in self:
            if not contract.line_ids:
                raise BillingRefusal(
                    self.env._(
                        "%(contract)s has no billing schedule: enter its lines first.",
                        contract=contract.display_name,
                    )
                )

    def _check_amounts_shown(self):
        """Refuse what tells amounts of these contracts to who may not read them.

        The user is judged, not sudo: core renders documents and e-mails with sudo for
        whoever asks for them. Only the superuser acts for the system.

        :raise AccessError: when the user may not read the contracts
        """
        if self.env.uid == SUPERUSER_ID:
            return
        if not self.env.user.has_group(BILLING_GROUP):
            raise AccessError(
                self.env._(
                    "Only users with the Milestone Billing right may print or send a"
                    " billing schedule. Ask your administrator."
                )
            )
        self.sudo(False).check_access("read")

    def _get_billing_schedule_lang(self):
        """Return the language of the documents: the customer's."""
        return get_lang(self.env, self.partner_id.lang).code

    def _get_billing_document_name(self, is_state=False):
        """Return the file name of a document, in the customer's language.

        :param bool is_state: whether it is the state of billing
        """
        self.ensure_one()
        contract = self.with_context(lang=self._get_billing_schedule_lang())
        name = contract._get_customers_name()
        if is_state:
            return contract.env._("State of billing - %(name)s", name=name)
        return contract.env._("Billing schedule - %(name)s", name=name)

    def _get_customers_name(self):
        """Return the contract's name for its customer: the project's.

        The reference tells several contracts of one project apart.
        """
        self.ensure_one()
        # sudo: how many contracts the project has is counted, and no more
        has_others = len(self.sudo().project_id.billing_contract_ids) > 1
        if not (has_others and self.reference):
            return self.project_name
        return self.env._(
            "%(project)s · %(reference)s",
            project=self.project_name,
            reference=self.reference,
        )

    def _prepare_billing_schedule(self):
        """Return the schedule as its documents show it, in the customer's language.

        Amounts of stages are net, in the contract currency.

        :raise AccessError: when the user may not see the schedule
        :raise UserError: when there is no schedule
        """
        self.ensure_one()
        self._check_billing_schedule_printable()
        contract = self.with_context(lang=self._get_billing_schedule_lang())
        currency = contract.currency_id
        # sudo: who may see the lines may see what the customer paid of them, though
        # not the invoices
        stages, sums = contract.sudo()._read_schedule(
            contract.sudo()._get_statement_customer()
        )
        taxes = contract._get_estimated_taxes()
        return {
            "date": fields.Date.context_today(self),
            "currency": currency,
            "stages": stages,
            "sums": sums,
            "is_contract_scheduled": currency.is_zero(sums.to_date - sums.scheduled),
            **taxes,
            "words": currency._get_amount_in_words(taxes["gross"]),
        }

    def _read_schedule(self, customer):
        """Return what a customer reads of the schedule: :func:`read_schedule`.

        Texts are in the language of the context.

        :param customer: the commercial partner
        :return: a list of :class:`Stage` in the order of the schedule, and :class:`Sums`
        """
        self.ensure_one()
        return read_schedule(
            [line._get_stage_facts(customer) for line in self._get_schedule()],
            to_date=self.amount_to_date,
            written_off=self.amount_written_off,
            changes=self.amount_changes,
            rounding=self._get_contract_rounding(),
        )

    @api.model
    def _get_customer_label(self, status):
        """Return what customers read of a status, in the language of the context."""
        return self.env._(STATUS_BY_KEY[status].customer_label)

    @api.model
    def _format_share(self, share):
        """Return a percentage as text, with two decimals where it has any."""
        share = float_round(share, precision_digits=2)
        is_whole = float_is_zero(share - round(share), precision_digits=2)
        number = formatLang(self.env, share, digits=0 if is_whole else 2)
        return self.env._("%(number)s%%", number=number)

    def _get_statement_customer(self):
        """Return the commercial partner for whom the documents are.

        That is the contract's customer; without one, that of its last invoice.
        """
        self.ensure_one()
        documents = self.line_ids._get_documents().sorted("id")
        partner = self.partner_id or documents[-1:].partner_id
        return partner.commercial_partner_id

    def _get_estimated_taxes(self):
        """Return the taxes that the stages would bear if they were invoiced today.

        Each milestone is an invoice of its own, and so are its taxes' roundings: what
        is shown is the sum of those invoices.

        :return: ``tax_groups``, a list of dictionaries as Odoo's tax totals have them,
            ``same_tax_base`` and ``gross``
        """
        self.ensure_one()
        # sudo: who may see the schedule may see its taxes, though not every account
        contract = self.sudo().with_company(self.company_id)
        position = contract._get_estimated_fiscal_position()
        totals = [
            contract._get_estimated_tax_totals(lines, position)
            for lines in contract._get_schedule().grouped("milestone_id").values()
        ]
        round_amount = contract.currency_id.round
        groups = contract._sum_tax_groups(
            [
                group
                for total in totals
                for subtotal in total["subtotals"]
                for group in subtotal["tax_groups"]
            ]
        )
        gross = sum(total["total_amount_currency"] for total in totals)
        bases = {group["base_amount_currency"] for group in groups}
        net = round_amount(sum(total["base_amount_currency"] for total in totals))
        return {
            "tax_groups": groups,
            "same_tax_base": bases <= {net},
            "gross": round_amount(gross),
        }

    def _get_estimated_tax_totals(self, lines, position):
        """Return Odoo's tax totals of an invoice of ``lines``, if it was made today.

        :param position: the customer's fiscal position, possibly none
        """
        base_lines = [self._prepare_tax_base_line(line, position) for line in lines]
        taxes = self.env["account.tax"]
        taxes._add_tax_details_in_base_lines(base_lines, self.company_id)
        taxes._round_base_lines_tax_details(base_lines, self.company_id)
        return taxes._get_tax_totals_summary(
            base_lines, self.currency_id, self.company_id
        )

    def _prepare_tax_base_line(self, line, position):
        """Return a line as Odoo's computation of taxes takes it; its price is net.

        :param position: the customer's fiscal position, possibly none
        """
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            line,
            currency_id=self.currency_id,
            partner_id=self.partner_id,
            product_id=line._get_product(),
            price_unit=line._get_scheduled_amount(),
            quantity=1.0,
            tax_ids=self._get_estimated_tax_ids(line, position),
            special_mode="total_excluded",
        )

    def _get_estimated_tax_ids(self, line, position):
        """Return the taxes that an invoice of the line would have today.

        :param position: the customer's fiscal position, possibly none
        """
        # what is archived is not "empty": the line still asks for it
        own_taxes = line.with_context(active_test=False).tax_ids
        if own_taxes:
            return own_taxes
        product = line._get_product()
        taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        if not taxes:
            account = (
                product._get_product_accounts()["income"]
                or self.effective_journal_id.default_account_id
            )
            taxes = account.tax_ids.filtered(lambda tax: tax.type_tax_use == "sale")
        return position.map_tax(taxes)

    def _sum_tax_groups(self, groups):
        """Return one dictionary a tax group, with the sums of its amounts, in order."""
        sums = {}
        for group in groups:
            total = sums.setdefault(
                group["id"],
                {**group, "base_amount_currency": 0.0, "tax_amount_currency": 0.0},
            )
            total["base_amount_currency"] += group["base_amount_currency"]
            total["tax_amount_currency"] += group["tax_amount_currency"]
        for total in sums.values():
            for key in ("base_amount_currency", "tax_amount_currency"):
                total[key] = self.currency_id.round(total[key])
        order = self.env["account.tax.group"].browse(sums).sorted("sequence").ids
        return [sums[group_id] for group_id in order]

    def _get_estimated_fiscal_position(self):
        """Return the fiscal position that an invoice would have today, possibly none."""
        self.ensure_one()
        customer = self.partner_id
        addresses = customer.address_get(["invoice", "delivery"])
        return self.env["account.fiscal.position"]._get_fiscal_position(
            customer.browse(addresses["invoice"]),
            delivery=customer.browse(addresses["delivery"]),
        )
