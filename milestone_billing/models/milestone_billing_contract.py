from contextlib import contextmanager

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .allocation import allocate, exceeds
from .groups import BILLING_GROUP, INVOICING_GROUP, MANAGER_GROUP
from .guarded_fields import Amount, Log
from .marks import SCHEDULING
from .status import (
    CONTRACT_STATE_SELECTION,
    STATUS_SELECTION,
    get_contract_state,
)

AUTOMATIONS = [
    ("manual", "Nothing by itself"),
    ("draft", "Make the draft invoice"),
    ("post", "Make and post the invoice"),
    ("post_send", "Make, post and send the invoice"),
]
# what a change of the schedule is made of, or what may block its lines
SCHEDULE_FIELDS = frozenset(
    {
        "active",
        "contract_sum",
        "line_ids",
        "partner_id",
        "company_id",
        "currency_id",
        "product_id",
        "journal_id",
        "payment_term_id",
        "allow_beside_sales_order",
    }
)
# above it, amounts with three decimals are not exact any more
MAX_AMOUNT = 10**12


class MilestoneBillingContract(models.Model):
    """One agreement with one customer about one project: sum, currency, schedule."""

    _name = "milestone.billing.contract"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "milestone.billing.sealed.mixin",
        "milestone.billing.rights.mixin",
        "milestone.billing.overdue.mixin",
    ]
    _overdue_fields = ("status", "state", "next_date")
    _invoicing_fields = frozenset(
        {
            "partner_id",
            "automation",
            "user_id",
            "journal_id",
            "product_id",
            "payment_term_id",
        }
    )
    _description = "Milestone Billing Contract"
    _order = "id desc"
    _rec_names_search = ["project_name", "reference", "partner_id"]
    _check_company_auto = True

    active = fields.Boolean(default=True)
    project_id = fields.Many2one(
        comodel_name="project.project",
        required=True,
        index=True,
        ondelete="cascade",
    )
    project_name = fields.Char(
        string="Project Name",
        help="Readable also for accountants who cannot open the project.",
        related="project_id.name",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        help="To whom the invoices go; by default the project's customer.",
        tracking=True,
        index="btree_not_null",
        check_company=True,
    )
    differs_from_project = fields.Boolean(
        help="Whether the project names another customer.",
        compute="_compute_differs_from_project",
        compute_sudo=True,
        export_string_translation=False,
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        help="The company that makes the invoices.",
        required=True,
        tracking=True,
        index=True,
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        required=True,
        tracking=True,
    )
    reference = fields.Char(
        help="The number under which the client knows the contract.",
        copy=False,
        tracking=True,
    )
    date = fields.Date(copy=False, tracking=True)
    contract_sum = Amount(
        help="The agreed price without taxes. While it is empty, the fixed amounts of"
        " the schedule make the contract sum.",
    )
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
    effective_journal_id = fields.Many2one(
        comodel_name="account.journal",
        compute="_compute_effective_journal_id",
        compute_sudo=True,
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
    allow_beside_sales_order = fields.Boolean(
        string="Bill Beside the Sales Order",
        help="A sales order bills this project, too, and both are right.",
        copy=False,
        tracking=True,
    )
    sales_order_notice = fields.Char(
        compute="_compute_sales_order_notice",
        compute_sudo=True,
    )
    line_ids = fields.One2many(
        comodel_name="milestone.billing.line",
        inverse_name="contract_id",
        string="Billing Schedule",
    )
    last_number = fields.Integer(
        help="The last number given to a progress line, 0 before anything was drafted.",
        copy=False,
        readonly=True,
    )
    can_edit_schedule = fields.Boolean(
        compute="_compute_can_edit_schedule",
        export_string_translation=False,
    )
    schedule_notice = fields.Text(
        help="What the schedule leaves over or exceeds, and which line takes the rest.",
        compute="_compute_schedule_notice",
    )
    invoice_count = fields.Integer(
        string="Invoices",
        compute="_compute_invoice_count",
        compute_sudo=True,
    )

    # what is logged with figures is found by who may read it
    message_ids = Log()
    website_message_ids = Log()
    activity_ids = Log()

    # -------------------------------------------------------------------------
    # FIELDS: totals, net, in the contract currency
    # -------------------------------------------------------------------------

    amount_original = Amount(
        string="Original Contract Sum",
        help="The contract sum entered, else the sum of the fixed amounts.",
        compute="_compute_amount_to_date",
        store=True,
    )
    amount_written_off = Amount(
        string="Written Off",
        compute="_compute_amount_to_date",
        store=True,
    )
    amount_to_date = Amount(
        string="Contract Sum to Date",
        help="The original contract sum less what was written off, net.",
        compute="_compute_amount_to_date",
        store=True,
    )
    amount_drafted = Amount(
        string="Drafted",
        help="In draft invoices, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_billed = Amount(
        string="Billed",
        help="In posted invoices less posted credit notes, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_unpaid = Amount(
        string="Unpaid",
        help="The part of what is billed that is still due, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_settled = Amount(
        string="Settled",
        help="The part of what is billed that is no longer due, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_paid = Amount(
        string="Paid",
        help="The part of what is billed for which money came in, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_to_bill = Amount(
        string="Still to Bill",
        help="The contract sum to date less what is billed, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_ready = Amount(
        string="Ready to Bill",
        help="What milestones marked done leave to invoice, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_to_decide = Amount(
        string="To Decide",
        help="What was credited and is not invoiced again, net.",
        compute="_compute_totals",
        store=True,
    )
    amount_unscheduled = Amount(
        string="Unscheduled",
        help="The part of the contract sum that no line plans to bill.",
        compute="_compute_gap",
        store=True,
    )
    amount_over_scheduled = Amount(
        string="Over-Scheduled",
        help="What the lines plan or have billed beyond the contract sum.",
        compute="_compute_gap",
        store=True,
    )
    state = fields.Selection(
        selection=CONTRACT_STATE_SELECTION,
        string="Status",
        help="What needs doing first.",
        compute="_compute_totals",
        store=True,
        index=True,
    )
    status = fields.Selection(
        selection=STATUS_SELECTION,
        string="Status Today",
        help="The status; overdue while nothing is more urgent and a stage is late.",
        compute="_compute_overdue_status",
        search="_search_overdue_status",
    )
    next_date = fields.Date(
        string="Next Stage Due",
        compute="_compute_next_date",
        store=True,
    )
    stage_count = fields.Integer(
        string="Stages",
        compute="_compute_stage_count",
        store=True,
    )
    stage_done_count = fields.Integer(
        string="Stages Done",
        compute="_compute_stage_count",
        store=True,
    )
    is_fully_billed = fields.Boolean(
        compute="_compute_totals",
        store=True,
    )

    _contract_sum_range = models.Constraint(
        f"CHECK (contract_sum >= 0 AND contract_sum < {MAX_AMOUNT})",
        "The contract sum cannot be negative, nor reach 1,000,000,000,000.",
    )

    # -------------------------------------------------------------------------
    # DEFAULTS
    # -------------------------------------------------------------------------

    @api.model
    def _get_default_automation(self):
        return self.env.company.milestone_billing_automation or "draft"

    @api.model
    def default_get(self, fields_list):
        # what a form shows before it is saved is what create() would take
        defaults = super().default_get(fields_list)
        project = self.env["project.project"].browse(defaults.get("project_id"))
        facts = self._prepare_facts(project, defaults)
        return {
            **defaults,
            **{name: facts[name] for name in facts.keys() & set(fields_list)},
        }

    @api.model
    def _prepare_facts(self, project, vals):
        """Return the facts that ``vals`` does not give: filled once, never again.

        :return: ``partner_id``, ``company_id``, ``currency_id`` and ``user_id``
        """
        # sudo: who may make a contract takes over what its project says
        project = project.sudo()
        company = self.env["res.company"].browse(vals.get("company_id"))
        company = company or project.company_id or self.env.company
        facts = {
            "partner_id": project.partner_id.id,
            "company_id": company.id,
            "currency_id": company.sudo().currency_id.id,
        }
        if self.env.user.has_group(INVOICING_GROUP):
            facts["user_id"] = self.env.uid
        return {name: value for name, value in facts.items() if name not in vals}

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("project_name", "reference", "partner_id.name")
    def _compute_display_name(self):
        # sudo: an accountant need not be able to open the project
        for contract in self:
            sudo = contract.sudo()
            detail = sudo.reference
            if not detail and len(sudo.project_id.billing_contract_ids) > 1:
                detail = sudo.partner_id.name
            name = sudo.project_name or ""
            contract.display_name = f"{name} · {detail}" if detail else name

    @api.depends("partner_id", "project_id.partner_id")
    def _compute_differs_from_project(self):
        for contract in self:
            partner = contract.project_id.partner_id
            contract.differs_from_project = bool(
                partner
                and contract.partner_id.commercial_partner_id
                != partner.commercial_partner_id
            )

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

    @api.depends(
        "contract_sum",
        "line_ids.basis",
        "line_ids.amount",
        "line_ids.amount_written_off",
    )
    def _compute_amount_to_date(self):
        for contract in self:
            lines = contract.line_ids
            fixed = lines.filtered(lambda line: line.basis == "fixed")
            original = contract.contract_sum or sum(fixed.mapped("amount"))
            written_off = sum(lines.mapped("amount_written_off"))
            contract.amount_original = original
            contract.amount_written_off = written_off
            contract.amount_to_date = original - written_off

    @api.depends("amount_to_date", "line_ids.state")
    def _compute_totals(self):
        for contract in self:
            lines = contract.line_ids
            ready = lines.filtered(lambda line: line.state in ("ready", "blocked"))
            billed = sum(lines.mapped("amount_billed"))
            unpaid = sum(lines.mapped("amount_unpaid"))
            contract.amount_ready = sum(ready.mapped("amount_open"))
            contract.amount_to_decide = sum(lines.mapped("amount_to_decide"))
            contract.amount_drafted = sum(lines.mapped("amount_drafted"))
            contract.amount_billed = billed
            contract.amount_unpaid = unpaid
            contract.amount_settled = billed - unpaid
            contract.amount_paid = sum(lines.mapped("amount_paid"))
            contract.amount_to_bill = contract.amount_to_date - billed
            contract.state = get_contract_state(
                set(lines.mapped("state")), is_billed=bool(billed)
            )
            contract.is_fully_billed = bool(lines) and not exceeds(
                contract.amount_to_date, billed, contract._get_contract_rounding()
            )

    @api.depends("amount_to_date", "line_ids.amount_planned")
    def _compute_gap(self):
        for contract in self:
            allocation = contract._allocate(contract._get_schedule())
            contract.amount_unscheduled = allocation.unscheduled
            contract.amount_over_scheduled = allocation.over_scheduled

    @api.depends("line_ids.state", "line_ids.deadline")
    def _compute_next_date(self):
        for contract in self:
            upcoming = contract.line_ids.filtered(lambda li: li.state == "upcoming")
            dates = upcoming.filtered("deadline").mapped("deadline")
            contract.next_date = min(dates, default=False)

    @api.depends("line_ids.is_reached")
    def _compute_stage_count(self):
        for contract in self:
            contract.stage_count = len(contract.line_ids)
            contract.stage_done_count = len(contract.line_ids.filtered("is_reached"))

    @api.depends_context("uid")
    def _compute_can_edit_schedule(self):
        self.can_edit_schedule = self.env.user.has_group(MANAGER_GROUP)

    @api.depends(
        "amount_unscheduled",
        "amount_over_scheduled",
        "line_ids.blocking_reason",
        "user_id",
    )
    def _compute_schedule_notice(self):
        for contract in self:
            contract.schedule_notice = "\n".join(contract._get_schedule_notices())

    @api.depends("project_id")
    def _compute_sales_order_notice(self):
        for contract in self:
            orders = contract._get_billing_sales_orders()
            contract.sales_order_notice = bool(orders) and self.env._(
                "%(orders)s bills this project, too.",
                orders=", ".join(orders.mapped("name")),
            )

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

    @api.constrains("company_id", "project_id")
    def _check_project_company(self):
        # sudo: the rule holds for who cannot open the project
        for contract in self.sudo():
            company = contract.project_id.company_id
            if company and contract.company_id != company:
                raise ValidationError(
                    self.env._(
                        "%(project)s belongs to %(company)s: %(billing_company)s cannot"
                        " have a contract of it.",
                        project=contract.project_id.name,
                        company=company.name,
                        billing_company=contract.company_id.name,
                    )
                )

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
        # the caller's values stay as they are: the server may have to try again
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            project_id = vals.get("project_id") or self.env.context.get(
                "default_project_id"
            )
            project = self.env["project.project"].browse(project_id)
            vals.update(self._prepare_facts(project, vals))
        contracts = super(MilestoneBillingContract, SCHEDULING.on(self)).create(
            vals_list
        )
        contracts = contracts.with_env(self.env)
        # afterwards, as defaults of the request or of the user count as well
        for contract in contracts:
            contract._check_may_set_automation(self._get_default_automation())
        contracts._check_own_company()
        contracts._check_contract_not_exceeded()
        # sudo: a project that is billed by milestones has them, whoever makes its
        # contract
        projects = contracts.sudo().project_id
        projects.filtered(lambda p: not p.allow_milestones).allow_milestones = True
        return contracts

    def write(self, vals):
        if "project_id" in vals:
            self._check_same_project(vals["project_id"])
        self._check_recorded_facts_unchanged(vals)
        if vals.get("active") is False:
            self._check_archivable()
        automations = {contract: contract.automation for contract in self}
        if SCHEDULE_FIELDS.isdisjoint(vals):
            res = super().write(vals)
        else:
            with self._changing_schedule() as contracts:
                res = super(MilestoneBillingContract, contracts).write(vals)
        if "automation" in vals:
            for contract in self:
                contract._check_may_set_automation(automations[contract])
        if "company_id" in vals:
            self._check_own_company()
        return res

    def unlink(self):
        # sudo: the lines go with their contract, not by the database's cascade
        self.check_access("unlink")
        self.sudo().with_context(active_test=False).line_ids.unlink()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # sudo: the rule holds for who cannot see the invoices
        self.sudo().line_ids._unlink_except_billed()

    def _check_same_project(self, project_id):
        """Refuse to give a contract to another project."""
        for contract in self:
            if contract.project_id.id != project_id:
                raise UserError(
                    self.env._(
                        "%(contract)s stays with its project. Make a new contract for"
                        " the other one.",
                        contract=contract.display_name,
                    )
                )

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

    def _check_own_company(self):
        """Refuse a contract of a company to which the user has no access."""
        if self._is_system():
            return
        if self.sudo().company_id - self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "Only users of the company that bills a project may change its"
                    " contract."
                )
            )

    def _check_recorded_facts_unchanged(self, vals):
        """Refuse another currency or company for a contract that is drafted or billed.

        :raise UserError: naming the invoice
        """
        fnames = vals.keys() & {"company_id", "currency_id"}
        # sudo: the rule holds for who cannot see the invoices
        for contract in self.sudo() if fnames else self.browse():
            moves = contract.line_ids._get_documents()
            openings = contract.line_ids.filtered("amount_opening")
            if (moves or openings) and any(
                vals[fname] != contract[fname].id for fname in fnames
            ):
                raise UserError(
                    self.env._(
                        "%(contract)s is invoiced by %(invoice)s: its currency and its"
                        " company cannot change any more. Bill the rest with a new"
                        " contract.",
                        contract=contract.display_name,
                        invoice=moves[:1]._get_milestone_display_name()
                        if moves
                        else openings[0].name,
                    )
                )

    def _check_archivable(self):
        """Refuse to archive a contract that still has something to do."""
        for contract in self:
            if contract.state in ("drafted", "ready", "blocked", "to_decide"):
                raise UserError(
                    self.env._(
                        "%(contract)s cannot be archived: some of its stages are ready,"
                        " drafted or to be decided. Bill them or write them off first.",
                        contract=contract.display_name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD: a change of the schedule as a whole
    # -------------------------------------------------------------------------

    @contextmanager
    def _changing_schedule(self, lines=None):
        """Change the schedules of these contracts as one act.

        The contracts' rows are written first, so that of two transactions on one
        contract the second is tried again. Afterwards the guards hold, what is done is
        checked anew for what blocks it, and what changed is logged.

        :param lines: the lines through which the change is made; yielded then
        :return: the records, marked so that changes within do not do it all again
        """
        records = self if lines is None else lines
        if SCHEDULING.is_set(self.env):
            yield records
            return
        # sudo: the rules hold, and the log is kept, whoever changes the schedule
        contracts = self.sudo()
        contracts._touch_rows()
        before = {contract: contract._get_schedule_facts() for contract in contracts}
        yield SCHEDULING.on(records)
        contracts = contracts.exists()
        contracts._check_contract_not_exceeded()
        contracts.line_ids._check_reached_again()
        for contract in contracts:
            contract._log_schedule_changes(before[contract])

    def _get_schedule_facts(self):
        """Return what a change of the schedule is told from: the sum and each stage.

        :return: ``{None: contract sum, line id: (name, share, date, billed elsewhere,
            planned)}``; the share as text, amounts as floats
        """
        self.ensure_one()
        return {
            None: self.contract_sum,
            **{
                line.id: (
                    line.name,
                    line._format_agreed_share(),
                    line.deadline,
                    line.amount_opening,
                    line.amount_planned,
                )
                for line in self.line_ids
            },
        }

    def _log_schedule_changes(self, before):
        """Log on the contract what changed: old and new, and what it moved to whom.

        :param dict before: as :meth:`_get_schedule_facts` returned it
        """
        self.ensure_one()
        now = self._get_schedule_facts()
        changes = self._get_schedule_changes(before, now)
        if changes:
            user = self.env.user.name
            title = self.env._("%(user)s changed the billing schedule:", user=user)
            self.with_user(SUPERUSER_ID)._message_log(
                body=self._prepare_list_message(title, changes)
            )

    @api.model
    def _prepare_list_message(self, title, items):
        """Return the body of a message: a title and a list of texts."""
        rows = Markup().join(Markup("<li>%s</li>") % item for item in items)
        return Markup("%s<ul>%s</ul>") % (title, rows)

    def _get_schedule_changes(self, before, now):
        """Return a sentence for each difference of two states of the schedule."""
        changes = []
        if before[None] != now[None]:
            changes.append(
                self.env._(
                    "Contract sum: %(old)s → %(new)s",
                    old=self._format_contract_amount(before[None]),
                    new=self._format_contract_amount(now[None]),
                )
            )
        for key in before.keys() | now.keys():
            if key is not None:
                changes += self._get_line_changes(before.get(key), now.get(key))
        return changes

    def _get_line_changes(self, old, new):
        """Return what changed of one stage; ``old`` or ``new`` is None if it was not.

        Both as in :meth:`_get_schedule_facts`.
        """
        if not old:
            return [
                self.env._(
                    "%(stage)s added: %(share)s, %(planned)s",
                    stage=new[0],
                    share=new[1],
                    planned=self._format_contract_amount(new[-1]),
                )
            ]
        if not new:
            return [
                self.env._(
                    "%(stage)s removed: %(share)s, %(planned)s",
                    stage=old[0],
                    share=old[1],
                    planned=self._format_contract_amount(old[-1]),
                )
            ]
        labels = (
            self.env._("%(stage)s: name %(old)s → %(new)s"),
            self.env._("%(stage)s: share %(old)s → %(new)s"),
            self.env._("%(stage)s: date %(old)s → %(new)s"),
            self.env._("%(stage)s: billed elsewhere %(old)s → %(new)s"),
            self.env._("%(stage)s: planned %(old)s → %(new)s"),
        )
        formats = (
            str,
            str,
            lambda value: (value and fields.Date.to_string(value)) or "–",
            self._format_contract_amount,
            self._format_contract_amount,
        )
        return [
            label % {"stage": new[0], "old": show(was), "new": show(is_now)}
            for label, show, was, is_now in zip(labels, formats, old, new, strict=True)
            if was != is_now
        ]

    # -------------------------------------------------------------------------
    # CRUD: copies
    # -------------------------------------------------------------------------

    def _copy_to_project(self, project, mapping, is_template_use):
        """Copy these contracts, with their lines, to a copy of their project.

        Never copied: what was given once (numbers, signatures, reference, date, facts).
        To be called as the superuser for who may copy the project.

        :param project: the new project
        :param dict mapping: the id of each milestone and that of its copy
        :param bool is_template_use: whether the project is made from a template
        """
        for contract in self:
            copy = contract.copy(contract._prepare_copy_vals(project, is_template_use))
            for line in contract.line_ids.filtered(
                lambda line: line.milestone_id.id in mapping
            ):
                vals = {
                    "contract_id": copy.id,
                    "milestone_id": mapping[line.milestone_id.id],
                }
                if line._has_foreign_records(copy.company_id):
                    vals.update(product_id=False, tax_ids=False)
                SCHEDULING.on(line).copy(vals)

    def _prepare_copy_vals(self, project, is_template_use):
        """Return what a copy of this contract has of its own.

        :return: project, customer, company, automation and, in another company, what
            stays behind
        """
        self.ensure_one()
        old_project = self.project_id
        company = project.company_id
        if not company:
            company = self.env.company if is_template_use else self.company_id
        own_customer = self.partner_id
        if is_template_use or self.partner_id == old_project.partner_id:
            own_customer = project.partner_id
        vals = {
            "project_id": project.id,
            "partner_id": own_customer.id,
            "company_id": company.id,
            "automation": self.automation,
        }
        for fname in ("product_id", "journal_id", "payment_term_id", "partner_id"):
            record = self[fname] if fname != "partner_id" else own_customer
            if not company._may_bill_with(record):
                vals[fname] = False
        return vals

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_check_again(self):
        """Check anew what blocks the stages that are done.

        :return: True
        """
        self.check_access("read")
        self.line_ids.action_check_again()
        return True

    def action_open_project(self):
        """Open the tasks of the contract's project."""
        self.ensure_one()
        return self.project_id.action_view_tasks()

    def action_open_invoices(self):
        """Open the invoices and credit notes of the contract."""
        self.ensure_one()
        moves = self.env["account.move"].search(
            [("milestone_billing_contract_id", "=", self.id)]
        )
        return moves._get_records_action(name=self.env._("Milestone Invoices"))

    # -------------------------------------------------------------------------
    # BUSINESS: the schedule
    # -------------------------------------------------------------------------

    def _get_schedule(self, edited=None):
        """Return the contract's lines in the order of the schedule.

        :param edited: lines that stand for their saved selves while a form is edited
        """
        lines = self.line_ids
        for line in (edited or lines) - lines:
            lines = (lines - line._origin) | line
        return lines.sorted(lambda line: (line.sequence, line._origin.id or 2**31))

    def _allocate(self, lines):
        """Return the :class:`Allocation` of the contract sum to date over ``lines``."""
        return allocate(
            self.amount_to_date,
            self._get_contract_rounding(),
            [line._to_schedule_line() for line in lines],
        )

    def _get_contract_rounding(self):
        """Return the rounding of the contract currency, such as 0.01."""
        return (self.currency_id or self.env.company.currency_id).rounding

    def _format_contract_amount(self, amount):
        """Return an amount of the contract currency as text for the user."""
        return (self.currency_id or self.env.company.currency_id).format(amount)

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

    def _keep_numbers(self):
        """Keep the numbers of the progress lines from the first draft on."""
        for contract in self.filtered(lambda contract: not contract.last_number):
            progress = contract.line_ids.sorted().filtered(
                lambda line: line.kind == "progress"
            )
            for number, line in enumerate(progress, start=1):
                line.number = number
            contract.last_number = len(progress)

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

    def _adapt_to_e_invoice(self, text):
        """Return a label as the company's electronic invoices can say it.

        Italy's are in Latin-1, which has no dash.
        """
        if self.company_id.account_fiscal_country_id.code == "IT":
            return text.replace("—", "-")
        return text

    # -------------------------------------------------------------------------
    # BUSINESS: the notice above the schedule
    # -------------------------------------------------------------------------

    def _get_schedule_notices(self):
        """Return the sentences of the banner above the schedule."""
        self.ensure_one()
        lines = self._get_schedule()
        if not lines:
            return []
        allocation = self._allocate(lines)
        notices = self._get_gap_notices(allocation)
        # a rounding difference is what the last line is for
        if abs(allocation.rest_shift) >= len(lines) * self._get_contract_rounding():
            rest_line = lines[allocation.rest_index]
            notices.append(self._get_rest_notice(rest_line, allocation.rest_shift))
        notices += [line._get_excess_notice() for line in lines if line._get_excess()]
        if not allocation.over_scheduled:
            notices += [
                self.env._(
                    "%(line)s is not invoiced. %(reason)s",
                    line=line.name,
                    reason=line.blocking_reason,
                )
                for line in lines
                if line.blocking_reason
            ]
        if self._origin and not self._get_called_user():
            notices.append(
                self.env._(
                    "Nobody is told of drafts: choose a billing responsible with the"
                    " Invoicing right."
                )
            )
        return notices

    def _get_gap_notices(self, allocation):
        """Return what the schedule exceeds of the contract sum, or leaves over."""
        if allocation.over_scheduled:
            return [
                self.env._(
                    "Over-scheduled by %(amount)s: nothing more is billed until you"
                    " lower the lines or raise the contract sum.",
                    amount=self._format_contract_amount(allocation.over_scheduled),
                )
            ]
        if allocation.unscheduled:
            return [
                self.env._(
                    "%(amount)s of the contract sum is unscheduled: add a line for it,"
                    " or give one line the balance.",
                    amount=self._format_contract_amount(allocation.unscheduled),
                )
            ]
        return []

    def _get_rest_notice(self, line, shift):
        """Return how much ``line`` gets beyond its percentage, or short of it."""
        values = {
            "line": line.name,
            "amount": self._format_contract_amount(abs(shift)),
        }
        if shift > 0:
            return self.env._(
                "%(line)s takes the rest: %(amount)s more than its percentage.",
                **values,
            )
        return self.env._(
            "%(line)s takes the rest: %(amount)s less than its percentage.", **values
        )

    # -------------------------------------------------------------------------
    # BUSINESS: the guard of the contract
    # -------------------------------------------------------------------------

    def _check_contract_not_exceeded(self):
        """Refuse what drafts or bills more than the contract sum to date.

        :raise ValidationError: with the figures and the way out
        """
        # sudo: the rule holds for who cannot see the schedule
        for contract in self.sudo():
            used = contract.amount_drafted + contract.amount_billed
            if exceeds(
                used, contract.amount_to_date, contract._get_contract_rounding()
            ):
                raise ValidationError(contract._get_exceeded_message(used))

    def _get_exceeded_message(self, used):
        """Return why ``used``, drafted and billed together, is too much."""
        invoices = self.line_ids._get_documents().filtered(
            lambda move: move.move_type != "out_refund"
        )
        newest = invoices.sorted("id")[-1:]
        if not self.env.user.has_group(BILLING_GROUP):
            return self.env._(
                "%(project)s would be billed beyond its contract sum; its newest invoice"
                " is %(invoice)s. Ask the accountant.",
                project=self.project_name,
                invoice=newest._get_milestone_display_name() if newest else "–",
            )
        values = {
            "contract": self.display_name,
            "used": self._format_contract_amount(used),
            "excess": self._format_contract_amount(used - self.amount_to_date),
            "to_date": self._format_contract_amount(self.amount_to_date),
        }
        if not newest:
            return self.env._(
                "%(contract)s would have %(used)s drafted and billed, %(excess)s more than"
                " its contract sum to date of %(to_date)s. Raise the contract sum.",
                **values,
            )
        return self.env._(
            "%(contract)s would have %(used)s drafted and billed, %(excess)s more than"
            " its contract sum to date of %(to_date)s. Its newest invoice is"
            " %(invoice)s. Lower or delete that draft, credit an invoice, or raise the"
            " contract sum first.",
            invoice=newest._get_milestone_display_name(),
            **values,
        )
