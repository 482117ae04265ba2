from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from .allocation import allocate, exceeds
from .milestone_billing_line import BILLING_STATES

BILLING_GROUPS = "milestone_billing.group_milestone_billing_user"
# who sees how far the billing is, without amounts
STATE_GROUPS = f"project.group_project_user,{BILLING_GROUPS}"


class ProjectProject(models.Model):
    _name = "project.project"
    _inherit = ["project.project", "milestone.billing.read.only.mixin"]

    allow_milestone_billing = fields.Boolean(
        string="Milestone Billing",
        help="Bill the project in stages: a milestone marked done makes the draft"
        " invoice of its part of the contract sum.",
        groups=STATE_GROUPS,
    )
    contract_sum = fields.Monetary(
        help="The agreed price without taxes. While it is empty, the fixed amounts of"
        " the schedule make the contract sum.",
        currency_field="contract_currency_id",
        tracking=True,
        groups=BILLING_GROUPS,
    )
    contract_currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_contract_currency_id",
        store=True,
        readonly=False,
        tracking=True,
        groups=BILLING_GROUPS,
    )
    contract_reference = fields.Char(
        help="The number under which the client knows the contract.",
        copy=False,
        groups=BILLING_GROUPS,
    )
    contract_date = fields.Date(
        copy=False,
        groups=BILLING_GROUPS,
    )
    billing_company_id = fields.Many2one(
        comodel_name="res.company",
        help="The company that makes the invoices.",
        compute="_compute_billing_company_id",
        store=True,
        readonly=False,
        groups=BILLING_GROUPS,
    )
    billing_product_id = fields.Many2one(
        comodel_name="product.product",
        help="The product on the invoices; its account and taxes are used.",
        domain="[('sale_ok', '=', True)]",
        groups=BILLING_GROUPS,
    )
    billing_journal_id = fields.Many2one(
        comodel_name="account.journal",
        help="Leave empty for the company's first sales journal.",
        domain="[('type', '=', 'sale'), ('company_id', '=', billing_company_id)]",
        groups=BILLING_GROUPS,
    )
    effective_billing_journal_id = fields.Many2one(
        comodel_name="account.journal",
        compute="_compute_effective_billing_journal_id",
        compute_sudo=True,
        groups=BILLING_GROUPS,
    )
    billing_payment_term_id = fields.Many2one(
        comodel_name="account.payment.term",
        string="Payment Terms",
        help="Leave empty for the customer's payment terms.",
        groups=BILLING_GROUPS,
    )
    billing_automation = fields.Selection(
        selection=[
            ("manual", "Nothing by itself"),
            ("draft", "Make the draft invoice"),
            ("post", "Make and post the invoice"),
            ("post_send", "Make, post and send the invoice"),
        ],
        string="When a Milestone Is Done",
        default=lambda self: self._get_default_billing_automation(),
        copy=False,  # see copy()
        required=True,
        groups=BILLING_GROUPS,
    )
    billing_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Billing Responsible",
        help="Gets an activity for the drafts that milestones make.",
        domain=lambda self: [
            ("share", "=", False),
            ("all_group_ids", "in", self.env.ref("account.group_account_invoice").ids),
        ],
        groups=BILLING_GROUPS,
    )
    billing_line_ids = fields.One2many(
        comodel_name="milestone.billing.line",
        inverse_name="project_id",
        string="Billing Schedule",
        groups=BILLING_GROUPS,
    )
    last_billing_number = fields.Integer(
        help="The last number given to a progress line, 0 before anything was drafted.",
        copy=False,
        groups=BILLING_GROUPS,
    )
    contract_to_date = fields.Monetary(
        string="Contract Sum to Date",
        compute="_compute_contract_to_date",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_drafted = fields.Monetary(
        string="Drafted",
        help="In draft invoices, net.",
        compute="_compute_contract_totals",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_billed = fields.Monetary(
        string="Billed",
        help="In posted invoices less posted credit notes, net.",
        compute="_compute_contract_totals",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_paid = fields.Monetary(
        string="Paid",
        help="The part of what is billed that is no longer due, net.",
        compute="_compute_contract_totals",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_to_bill = fields.Monetary(
        string="Still to Bill",
        help="The contract sum to date less what is billed, net.",
        compute="_compute_contract_totals",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_written_off = fields.Monetary(
        string="Written Off",
        compute="_compute_contract_to_date",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_unscheduled = fields.Monetary(
        string="Unscheduled",
        help="The part of the contract sum that no line plans to bill.",
        compute="_compute_contract_gap",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_over_scheduled = fields.Monetary(
        string="Over-Scheduled",
        help="What the lines plan or have billed beyond the contract sum.",
        compute="_compute_contract_gap",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_ready = fields.Monetary(
        string="Ready to Bill",
        help="What milestones marked done leave to invoice, net.",
        compute="_compute_contract_totals",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    contract_to_decide = fields.Monetary(
        string="To Decide",
        help="What was credited and is not invoiced again, net.",
        compute="_compute_contract_totals",
        store=True,
        currency_field="contract_currency_id",
        groups=BILLING_GROUPS,
    )
    is_ready_to_bill = fields.Boolean(
        compute="_compute_billing_state",
        store=True,
        compute_sudo=True,
        groups=STATE_GROUPS,
    )
    is_fully_billed = fields.Boolean(
        compute="_compute_billing_state",
        store=True,
        compute_sudo=True,
        groups=STATE_GROUPS,
    )
    billing_progress = fields.Char(
        string="Stages Done",
        help="Stages marked done, of all.",
        compute="_compute_billing_progress",
        compute_sudo=True,
        groups=STATE_GROUPS,
    )
    schedule_notice = fields.Text(
        help="What the schedule leaves over or exceeds, and which line takes the rest.",
        compute="_compute_schedule_notice",
        groups=BILLING_GROUPS,
    )
    billing_state = fields.Selection(
        selection=BILLING_STATES,
        string="Billing",
        help="How far the billing is: the status of the least advanced line.",
        compute="_compute_billing_state",
        store=True,
        compute_sudo=True,
        groups=STATE_GROUPS,
    )

    # -------------------------------------------------------------------------
    # DEFAULTS
    # -------------------------------------------------------------------------

    @api.model
    def _get_default_billing_automation(self):
        return self.env.company.milestone_billing_automation or "draft"

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("company_id")
    def _compute_billing_company_id(self):
        # the others keep the one entered or given at switching on, or the one that
        # made their invoices
        for project in self.filtered(
            lambda p: p.company_id and not p.billing_line_ids.move_line_ids
        ):
            project.billing_company_id = project.company_id

    @api.depends("billing_company_id")
    def _compute_contract_currency_id(self):
        for project in self:
            company = project.billing_company_id or self.env.company
            project.contract_currency_id = company.currency_id

    @api.depends("billing_journal_id", "billing_company_id", "contract_currency_id")
    def _compute_effective_billing_journal_id(self):
        for project in self:
            project.effective_billing_journal_id = project.billing_journal_id
        unset = self.filtered(lambda project: not project.billing_journal_id)
        for company, projects in unset.grouped("billing_company_id").items():
            journals = self.env["account.journal"].search(
                [
                    *self.env["account.journal"]._check_company_domain(company),
                    ("type", "=", "sale"),
                ]
            )
            for project in projects:
                # as core chooses: first a journal in the foreign currency
                currency = project.contract_currency_id
                foreign = journals.filtered(
                    lambda journal, currency=currency, company=company: (
                        currency != company.currency_id
                        and journal.currency_id == currency
                    )
                )
                project.effective_billing_journal_id = (foreign or journals)[:1]

    @api.depends(
        "contract_sum",
        "billing_line_ids.basis",
        "billing_line_ids.amount",
        "billing_line_ids.amount_written_off",
    )
    def _compute_contract_to_date(self):
        for project in self:
            lines = project.billing_line_ids
            fixed = lines.filtered(lambda line: line.basis == "fixed")
            agreed = project.contract_sum or sum(fixed.mapped("amount"))
            written_off = sum(lines.mapped("amount_written_off"))
            project.contract_written_off = written_off
            project.contract_to_date = agreed - written_off

    @api.depends(
        "contract_to_date",
        "billing_line_ids.amount_drafted",
        "billing_line_ids.amount_billed",
        "billing_line_ids.amount_paid",
        "billing_line_ids.amount_open",
        "billing_line_ids.amount_to_decide",
        "billing_line_ids.state",
    )
    def _compute_contract_totals(self):
        for project in self:
            lines = project.billing_line_ids
            ready = lines.filtered(lambda line: line.state == "ready")
            project.contract_ready = sum(ready.mapped("amount_open"))
            project.contract_to_decide = sum(lines.mapped("amount_to_decide"))
            billed = sum(lines.mapped("amount_billed"))
            project.contract_drafted = sum(lines.mapped("amount_drafted"))
            project.contract_billed = billed
            project.contract_paid = sum(lines.mapped("amount_paid"))
            project.contract_to_bill = project.contract_to_date - billed

    @api.depends("contract_to_date", "billing_line_ids.amount_planned")
    def _compute_contract_gap(self):
        for project in self:
            allocation = project._allocate(project._get_schedule())
            project.contract_unscheduled = allocation.unscheduled
            project.contract_over_scheduled = allocation.over_scheduled

    @api.depends(
        "contract_unscheduled",
        "contract_over_scheduled",
        "billing_line_ids.blocking_reason",
    )
    def _compute_schedule_notice(self):
        for project in self:
            project.schedule_notice = "\n".join(project._get_schedule_notices())

    @api.depends("billing_line_ids.state", "contract_billed", "contract_to_date")
    def _compute_billing_state(self):
        for project in self:
            states = project.billing_line_ids.mapped("state")
            project.billing_state = project.billing_line_ids._get_least_state()
            project.is_ready_to_bill = "ready" in states
            project.is_fully_billed = bool(states) and not exceeds(
                project.contract_to_date,
                project.contract_billed,
                project._get_contract_rounding(),
            )

    @api.depends("billing_line_ids.is_reached")
    def _compute_billing_progress(self):
        for project in self:
            lines = project.billing_line_ids
            done = lines.filtered("is_reached")
            project.billing_progress = lines and f"{len(done)}/{len(lines)}"

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    _contract_sum_positive = models.Constraint(
        "CHECK (contract_sum >= 0)",
        "The contract sum cannot be negative.",
    )

    @api.constrains("billing_company_id", "company_id", "allow_milestone_billing")
    def _check_billing_company(self):
        for project in self.filtered("allow_milestone_billing"):
            if not project.billing_company_id:
                raise ValidationError(
                    self.env._(
                        "Choose the company that bills %(project)s.",
                        project=project.name,
                    )
                )
            if project.company_id and project.billing_company_id != project.company_id:
                raise ValidationError(
                    self.env._(
                        "%(project)s belongs to %(company)s and is billed by it: the"
                        " billing company cannot be %(billing_company)s.",
                        project=project.name,
                        company=project.company_id.name,
                        billing_company=project.billing_company_id.name,
                    )
                )

    @api.constrains("billing_journal_id", "billing_company_id")
    def _check_billing_journal(self):
        for project in self:
            journal = project.billing_journal_id
            if journal and (
                journal.type != "sale"
                or journal.company_id not in project.billing_company_id.parent_ids
            ):
                raise ValidationError(
                    self.env._(
                        "%(journal)s is no sales journal of %(company)s. Choose another"
                        " for %(project)s.",
                        journal=journal.name,
                        company=project.billing_company_id.name,
                        project=project.name,
                    )
                )

    @api.onchange("allow_milestone_billing")
    def _onchange_allow_milestone_billing(self):
        if self.allow_milestone_billing:
            self.update(self._get_switch_on_vals({"company_id": self.company_id.id}))

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        projects = super().create(
            [
                {**vals, **self._get_switch_on_vals(vals)}
                if vals.get("allow_milestone_billing")
                else vals
                for vals in vals_list
            ]
        )
        # afterwards, as defaults of the request or of the user count as well
        self._check_may_set_automation(
            projects.sudo().mapped("billing_automation"),
            self._get_default_billing_automation(),
        )
        projects._check_billed_by_own_company()
        projects._check_contract_not_exceeded()
        return projects

    def write(self, vals):
        for project in self if "billing_automation" in vals else self.browse():
            self._check_may_set_automation(
                [vals["billing_automation"]], project.sudo().billing_automation
            )
        is_contract = "company_id" in vals or any(
            self._fields[fname]._module == "milestone_billing"
            for fname in vals.keys() & self._fields.keys()
        )
        if is_contract:
            self._check_billed_by_own_company()
        self._check_billed_contract_unchanged(vals)
        switched_on = self.browse()
        if vals.get("allow_milestone_billing"):
            switched_on = self.filtered(lambda p: not p.allow_milestone_billing)
        for project in switched_on:
            super(ProjectProject, project).write(
                {**vals, **project._get_switch_on_vals(vals)}
            )
        res = super(ProjectProject, self - switched_on).write(vals)
        if is_contract:
            self._check_billed_by_own_company()
        if "contract_sum" in vals:
            self._check_contract_not_exceeded()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # sudo: the rule holds for who cannot see the invoices
        self.sudo().billing_line_ids._unlink_except_billed()

    def copy(self, default=None):
        # core gives each of several copies the milestones of all: copy one by one
        if len(self) > 1:
            return self.browse().concat(*(project.copy(default) for project in self))
        mapping = {}
        copies = super(
            ProjectProject, self.with_context(milestone_mapping=mapping)
        ).copy(default)
        # sudo: who may copy a project takes along what he could not choose himself …
        if "billing_automation" not in (default or {}):
            copies.sudo().billing_automation = self.sudo().billing_automation
        # … and its schedule without seeing it
        for line in self.sudo().billing_line_ids:
            if line.milestone_id.id in mapping:
                line.copy(
                    {
                        "project_id": copies.id,
                        "milestone_id": mapping[line.milestone_id.id],
                    }
                )
        return copies

    def _get_switch_on_vals(self, vals):
        """Return what milestone billing needs besides ``vals`` when it is switched on."""
        switch_on_vals = {"allow_milestones": True}
        if "allow_billable" in self._fields:
            # sale_project empties the customer of a project that is not billable
            switch_on_vals["allow_billable"] = True
        if not (
            self.billing_company_id
            or vals.get("billing_company_id")
            or vals.get("company_id")
        ):
            switch_on_vals["billing_company_id"] = self.env.company.id
        if not (
            self.billing_user_id or vals.get("billing_user_id")
        ) and self.env.user.has_group("account.group_account_invoice"):
            switch_on_vals["billing_user_id"] = self.env.uid
        return switch_on_vals

    @api.model
    def _check_may_set_automation(self, values, current):
        """Refuse to change what happens by itself to who may not make invoices."""
        if any(value != current for value in values) and not (
            self.env.su or self.env.user.has_group("account.group_account_invoice")
        ):
            raise AccessError(
                self.env._(
                    "Only users with the Invoicing right may change what happens when a"
                    " milestone is done. Ask your accountant."
                )
            )

    def _check_billed_by_own_company(self):
        """Refuse the contract to who has no access to the company that bills it."""
        # sudo: the rule holds for who cannot see the contract
        billed = self.sudo().filtered("allow_milestone_billing")
        if not self.env.su and billed.billing_company_id - self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "Only users of the company that bills a project may change its"
                    " contract."
                )
            )

    def _check_billed_contract_unchanged(self, vals):
        """Refuse another currency or company for a contract that is drafted or billed.

        :raise UserError: naming the invoice
        """
        fnames = vals.keys() & {
            "billing_company_id",
            "company_id",
            "contract_currency_id",
        }
        # sudo: the rule holds for who cannot see the invoices
        for project in self.sudo() if fnames else self.browse():
            moves = project.billing_line_ids._get_documents()
            contract = {
                "billing_company_id": project.billing_company_id,
                "company_id": project.billing_company_id,
                "contract_currency_id": project.contract_currency_id,
            }
            if moves and any(
                (vals[fname] or fname != "company_id")
                and vals[fname] != contract[fname].id
                for fname in fnames
            ):
                raise UserError(
                    self.env._(
                        "%(project)s is invoiced by %(invoice)s: its currency and its"
                        " billing company cannot change any more. Bill the rest on a"
                        " new project.",
                        project=project.name,
                        invoice=moves[0]._get_milestone_display_name(),
                    )
                )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_open_billing(self):
        """Open the project's billing schedule.

        :return: an ``ir.actions.act_window``
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "milestone_billing.project_project_action_billing"
        )
        return {
            **action,
            "res_id": self.id,
            "display_name": self.env._("%(name)s's Billing", name=self.name),
        }

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _touch_billing(self):
        """Make transactions that change these projects' billing at once conflict.

        The row is written as it is: at PostgreSQL's REPEATABLE READ a mere lock would
        let the other transaction go on with what it saw before. So it fails, and the
        server tries it again.
        """
        if self.ids:
            self.env.cr.execute(
                SQL("UPDATE project_project SET id = id WHERE id IN %s", self._ids)
            )

    def _get_schedule(self, edited=None):
        """Return the project's lines in the order of the schedule.

        :param edited: lines that stand for their saved selves while a form is edited
        """
        lines = self.billing_line_ids
        for line in (edited or lines) - lines:
            lines = (lines - line._origin) | line
        return lines.sorted(lambda line: (line.sequence, line._origin.id or 2**31))

    def _allocate(self, lines):
        """Return the :class:`Allocation` of the contract sum to date over ``lines``."""
        return allocate(
            self.contract_to_date,
            self._get_contract_rounding(),
            [line._to_schedule_line() for line in lines],
        )

    def _get_contract_rounding(self):
        """Return the rounding of the contract currency, such as 0.01."""
        return (self.contract_currency_id or self.env.company.currency_id).rounding

    def _format_contract_amount(self, amount):
        """Return an amount of the contract currency as text for the user."""
        currency = self.contract_currency_id or self.env.company.currency_id
        return currency.format(amount)

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

    def _show_profitability(self):
        # EXTENDS 'project': with sales installed, the panel shows what is invoiced
        # sudo: whether a project is billed by milestones is not for every user
        return super()._show_profitability() and (
            not self.sudo().allow_milestone_billing
            or self.env.user.has_group(BILLING_GROUPS)
        )

    def _check_contract_not_exceeded(self):
        """Refuse what drafts or bills more than the contract sum to date.

        :raise ValidationError: with the figures and the way out
        """
        # sudo: the rule holds for who cannot see the schedule
        for project in self.sudo():
            used = project.contract_drafted + project.contract_billed
            if exceeds(
                used, project.contract_to_date, project._get_contract_rounding()
            ):
                raise ValidationError(project._get_exceeded_message(used))

    def _get_exceeded_message(self, used):
        """Return why ``used``, drafted and billed together, is too much."""
        invoices = self.billing_line_ids._get_documents().filtered(
            lambda move: move.move_type != "out_refund"
        )
        newest = invoices.sorted("id")[-1:]
        values = {
            "project": self.name,
            "invoice": newest and newest._get_milestone_display_name(),
        }
        if not self.env.user.has_group(BILLING_GROUPS):
            return self.env._(
                "%(project)s would be billed beyond its contract sum; its newest invoice"
                " is %(invoice)s. Ask the accountant.",
                **values,
            )
        return self.env._(
            "%(project)s would have %(used)s drafted and billed, %(excess)s more than"
            " its contract sum to date of %(contract)s. Its newest invoice is"
            " %(invoice)s. Lower or delete that draft, credit an invoice, or raise the"
            " contract sum first.",
            used=self._format_contract_amount(used),
            excess=self._format_contract_amount(used - self.contract_to_date),
            contract=self._format_contract_amount(self.contract_to_date),
            **values,
        )

    def _get_blocking_reason(self):
        """Return why nothing of this project can be invoiced now, or False."""
        self.ensure_one()
        return (
            self._get_switch_blocking_reason()
            or self._get_customer_blocking_reason()
            or self._get_setup_blocking_reason()
        )

    def _get_switch_blocking_reason(self):
        """Return that the project does not bill its milestones, or False."""
        if self.is_template:
            return self.env._("A project template is not billed.")
        if not self.allow_milestone_billing:
            return self.env._(
                "Milestone billing is switched off: switch it on in the project."
            )
        return False

    def _get_customer_blocking_reason(self):
        """Return what is missing of the customer, or False."""
        customer = self.partner_id
        if not customer:
            return self.env._("The project has no customer: set one on the project.")
        if not customer.active:
            return self.env._(
                "The customer %(customer)s is archived: unarchive it or set another on"
                " the project.",
                customer=customer.name,
            )
        return False

    def _get_setup_blocking_reason(self):
        """Return what is missing of currency or journal, or False."""
        if not self.contract_currency_id:
            return self.env._(
                "The contract has no currency: choose one in the project."
            )
        if not self.contract_currency_id.active:
            return self.env._(
                "The currency %(currency)s is switched off: activate it in the"
                " accounting settings.",
                currency=self.contract_currency_id.name,
            )
        if self.billing_journal_id and not self.billing_journal_id.active:
            return self.env._(
                "The journal %(journal)s is archived: unarchive it or choose another in"
                " the project.",
                journal=self.billing_journal_id.name,
            )
        if not self.effective_billing_journal_id:
            return self.env._(
                "%(company)s has no sales journal: create one, or choose one on the"
                " project.",
                company=self.billing_company_id.name,
            )
        return False

    def _get_billing_product(self):
        """Return the product on the project's invoices: its own, else the addon's."""
        return self.billing_product_id or (
            self.env.ref(
                "milestone_billing.product_milestone_billing", raise_if_not_found=False
            )
            or self.env["product.product"]
        )

    def _get_billing_salesperson(self, partner):
        """Return the salesperson of an invoice to ``partner``, never who ticked."""
        return partner.user_id or partner.commercial_partner_id.user_id or self.user_id

    def _keep_numbers(self):
        """Keep the numbers of the progress lines from the first draft on."""
        for project in self.filtered(lambda project: not project.last_billing_number):
            progress = project.billing_line_ids.sorted().filtered(
                lambda line: line.kind == "progress"
            )
            for number, line in enumerate(progress, start=1):
                line.number = number
            project.last_billing_number = len(progress)
