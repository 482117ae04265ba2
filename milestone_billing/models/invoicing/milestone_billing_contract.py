from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command

from ..automation import AUTOMATIONS
from ..groups import INVOICING_GROUP

# how a contract is invoiced, which is an invoicing user's to say
HEADER_FIELDS = frozenset(
    {
        "automation",
        "user_id",
        "journal_id",
        "product_id",
        "payment_term_id",
    }
)


class MilestoneBillingContract(models.Model):
    """How a contract is invoiced: the values of the head, and who is called."""

    _inherit = "milestone.billing.contract"

    product_id = fields.Many2one(
        comodel_name="product.product",
        help="The product on the invoices; its account and taxes are used.",
        domain="[('sale_ok', '=', True)]",
        check_company=True,
    )
    journal_id = fields.Many2one(
        comodel_name="account.journal",
        help="Leave empty for the company's first sales journal.",
        domain="[('type', '=', 'sale')]",
        check_company=True,
    )
    payment_term_id = fields.Many2one(
        comodel_name="account.payment.term",
        string="Payment Terms",
        help="Leave empty for the customer's payment terms.",
        check_company=True,
    )
    automation = fields.Selection(
        selection=AUTOMATIONS,
        string="When a Milestone Is Done",
        default=lambda self: self._get_default_automation(),
        required=True,
        tracking=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Billing Responsible",
        help="Gets an activity for the drafts that milestones make.",
        domain=lambda self: [
            ("share", "=", False),
            ("all_group_ids", "in", self.env.ref(INVOICING_GROUP).ids),
        ],
        tracking=True,
    )
    effective_journal_id = fields.Many2one(
        comodel_name="account.journal",
        compute="_compute_effective_journal_id",
        compute_sudo=True,
    )
    invoice_count = fields.Integer(
        string="Invoices",
        compute="_compute_invoice_count",
        compute_sudo=True,
    )

    # -------------------------------------------------------------------------
    # DEFAULTS
    # -------------------------------------------------------------------------

    @api.model
    def _get_default_automation(self):
        return self.env.company.milestone_billing_automation or "draft"

    @api.model
    def _prepare_facts(self, project, vals):
        # who makes a contract and may make its invoices is responsible
        facts = super()._prepare_facts(project, vals)
        if "user_id" not in vals and self.env.user.has_group(INVOICING_GROUP):
            facts["user_id"] = self.env.uid
        return facts

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("journal_id", "company_id", "currency_id")
    def _compute_effective_journal_id(self):
        for contract in self:
            contract.effective_journal_id = contract.journal_id
        unset = self.filtered(lambda contract: not contract.journal_id)
        for company, contracts in unset.grouped("company_id").items():
            journals = self.env["account.journal"].search(
                [
                    *self.env["account.journal"]._check_company_domain(company),
                    ("type", "=", "sale"),
                ]
            )
            for contract in contracts:
                # as core chooses: first a journal in the foreign currency
                currency = contract.currency_id
                foreign = journals.filtered(
                    lambda journal, currency=currency, company=company: (
                        currency != company.currency_id
                        and journal.currency_id == currency
                    )
                )
                contract.effective_journal_id = (foreign or journals)[:1]

    @api.depends("line_ids.move_line_ids")
    def _compute_invoice_count(self):
        counts = self.env["account.move"]._read_group(
            [("milestone_billing_contract_id", "in", self.ids)],
            ["milestone_billing_contract_id"],
            ["__count"],
        )
        counts = {contract.id: count for contract, count in counts}
        for contract in self:
            contract.invoice_count = counts.get(contract._origin.id, 0)

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("journal_id")
    def _check_journal(self):
        for contract in self:
            if contract.journal_id and contract.journal_id.type != "sale":
                raise ValidationError(
                    self.env._(
                        "%(journal)s is no sales journal. Choose another for"
                        " %(contract)s.",
                        journal=contract.journal_id.name,
                        contract=contract.display_name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        for contract in contracts:
            contract._check_may_set_automation(self._get_default_automation())
        return contracts

    def write(self, vals):
        automations = {contract: contract.automation for contract in self}
        res = super().write(vals)
        if "automation" in vals:
            for contract in self:
                contract._check_may_set_automation(automations[contract])
        return res

    def _check_may_set_automation(self, before):
        """Refuse what happens by itself to be chosen by who may not make invoices."""
        self.ensure_one()
        if (
            self.automation != before
            and not self._is_system()
            and not self.env.user.has_group(INVOICING_GROUP)
        ):
            raise AccessError(
                self.env._(
                    "Only users with the Invoicing right may change what happens when a"
                    " milestone is done. Ask your accountant."
                )
            )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_invoicing_fields(self):
        return super()._get_invoicing_fields() | HEADER_FIELDS

    @api.model
    def _get_schedule_fields(self):
        # an archived product, say, blocks the lines
        return super()._get_schedule_fields() | HEADER_FIELDS - {
            "automation",
            "user_id",
        }

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.readonly
    def action_open_invoices(self):
        """Open the invoices and credit notes of the contract."""
        self.ensure_one()
        moves = self.env["account.move"].search(
            [("milestone_billing_contract_id", "=", self.id)]
        )
        return moves._get_records_action(name=self.env._("Milestone Invoices"))

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_billing_product(self):
        """Return the product on the contract's invoices: its own, else the addon's."""
        return self.product_id or (
            self.env.ref(
                "milestone_billing.product_milestone_billing", raise_if_not_found=False
            )
            or self.env["product.product"]
        )

    def _get_billing_salesperson(self, partner):
        """Return the salesperson of an invoice to ``partner``, never who ticked."""
        return (
            partner.user_id
            or partner.commercial_partner_id.user_id
            or self.project_id.user_id
        )

    def _get_called_user(self, salesperson=None):
        """Return who is called for the contract's drafts and troubles, possibly nobody.

        The first who is active, of the company, and has the Invoicing right: the billing
        responsible, the invoice's salesperson, the project manager.
        """
        self.ensure_one()
        # sudo: called by whoever ticks
        contract = self.sudo()
        if salesperson is None:
            salesperson = contract._get_billing_salesperson(contract.partner_id)
        candidates = (
            contract.user_id,
            salesperson.sudo(),
            contract.project_id.user_id,
        )
        return next(
            (
                user
                for user in candidates
                if user.active
                and contract.company_id in user.company_ids
                and user.has_group(INVOICING_GROUP)
            ),
            self.env["res.users"],
        )

    def _get_invoice_partner(self):
        """Return the address that the contract's invoices go to."""
        customer = self.partner_id
        return customer.browse(customer.address_get(["invoice"])["invoice"])

    def _prepare_invoice_vals(self, lines, nets):
        """Return the values of a draft invoice of this contract.

        :param lines: the milestone lines that it bills
        :param dict nets: what it bills of each, without included taxes
        :return: the keys ``move_type``, ``company_id``, ``currency_id``, ``journal_id``,
            ``partner_id``, ``invoice_user_id``, ``invoice_origin``,
            ``invoice_line_ids`` and, where the contract has any,
            ``invoice_payment_term_id``; texts are in the customer's language
        """
        self.ensure_one()
        milestones = ", ".join(lines.milestone_id.mapped("name"))
        partner = self._get_invoice_partner()
        vals = {
            "move_type": "out_invoice",
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "journal_id": self.effective_journal_id.id,
            "partner_id": partner.id,
            "invoice_user_id": self._get_billing_salesperson(partner).id,
            "invoice_origin": self._adapt_to_e_invoice(
                f"{self.project_id.name} — {milestones}"
            ),
            "invoice_line_ids": [
                Command.create(line._prepare_invoice_line_vals(nets[line]))
                for line in lines.with_context(lang=partner.lang)
            ],
        }
        if self.payment_term_id:
            vals["invoice_payment_term_id"] = self.payment_term_id.id
        return vals
