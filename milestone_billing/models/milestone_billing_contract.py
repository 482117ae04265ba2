from contextlib import contextmanager

from odoo import api, fields, models

from .allocation import allocate, exceeds, get_gap
from .groups import MANAGER_GROUP
from .guarded_fields import Amount
from .marks import SCHEDULING
from .status import CONTRACT_STATE_SELECTION, STATUS_SELECTION, get_contract_state

# what a change of the schedule is made of, or what may block its lines
SCHEDULE_FIELDS = frozenset(
    {
        "active",
        "contract_sum",
        "line_ids",
        "partner_id",
        "company_id",
        "currency_id",
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
        "milestone.billing.rows.mixin",
        "milestone.billing.overdue.mixin",
    ]
    _overdue_fields = ("status", "state", "next_date")
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
    line_ids = fields.One2many(
        comodel_name="milestone.billing.line",
        inverse_name="contract_id",
        string="Billing Schedule",
    )
    can_edit_schedule = fields.Boolean(
        compute="_compute_can_edit_schedule",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # FIELDS: totals, net, in the contract currency
    # -------------------------------------------------------------------------

    amount_original = Amount(
        string="Original Contract Sum",
        help="The contract sum entered, else the sum of the fixed amounts.",
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

        :return: ``partner_id``, ``company_id`` and ``currency_id``
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

    @api.depends(
        "contract_sum",
        # which rounds the sum, and with it all that is planned of it
        "currency_id",
        "line_ids.basis",
        "line_ids.amount",
    )
    def _compute_amount_to_date(self):
        for contract in self:
            lines = contract.line_ids
            fixed = lines.filtered(lambda line: line.basis == "fixed")
            original = contract.contract_sum or sum(fixed.mapped("amount"))
            contract.amount_original = original
            contract.amount_to_date = original

    @api.depends("amount_to_date", "line_ids.state")
    def _compute_totals(self):
        for contract in self:
            lines = contract.line_ids
            ready = lines.filtered(lambda line: line.state in ("ready", "blocked"))
            billed = sum(lines.mapped("amount_billed"))
            contract.amount_ready = sum(ready.mapped("amount_open"))
            contract.amount_to_decide = sum(lines.mapped("amount_to_decide"))
            contract.amount_drafted = sum(lines.mapped("amount_drafted"))
            contract.amount_billed = billed
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
            contract.amount_unscheduled, contract.amount_over_scheduled = get_gap(
                contract.amount_to_date,
                contract._get_contract_rounding(),
                [line._get_taken() for line in contract.line_ids],
            )

    @api.depends("line_ids.state", "line_ids.deadline")
    def _compute_next_date(self):
        for contract in self:
            contract.next_date = min(
                (
                    line.deadline
                    for line in contract.line_ids
                    if line.state == "upcoming" and line.deadline
                ),
                default=False,
            )

    @api.depends("line_ids.is_reached")
    def _compute_stage_count(self):
        for contract in self:
            contract.stage_count = len(contract.line_ids)
            contract.stage_done_count = sum(contract.line_ids.mapped("is_reached"))

    @api.depends_context("uid")
    def _compute_can_edit_schedule(self):
        self.can_edit_schedule = self.env.user.has_group(MANAGER_GROUP)

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
        # sudo: a project that is billed by milestones has them, whoever makes its
        # contract
        projects = contracts.sudo().project_id
        projects.filtered(lambda p: not p.allow_milestones).allow_milestones = True
        return contracts

    def write(self, vals):
        if self._get_schedule_fields().isdisjoint(vals):
            return super().write(vals)
        with self._changing_schedule() as contracts:
            return super(MilestoneBillingContract, contracts).write(vals)

    def unlink(self):
        # sudo: the lines go with their contract, not by the database's cascade
        self.check_access("unlink")
        self.sudo().with_context(active_test=False).line_ids.unlink()
        return super().unlink()

    # -------------------------------------------------------------------------
    # CRUD: a change of the schedule as a whole
    # -------------------------------------------------------------------------

    @contextmanager
    def _changing_schedule(self, lines=None):
        """Change the schedules of these contracts as one act.

        The contracts' rows are written first, so that of two transactions on one
        contract the second is tried again. What follows: :meth:`_after_schedule_change`.

        :param lines: the lines through which the change is made; yielded then
        :return: the records, marked so that changes within do not do it all again
        """
        records = self if lines is None else lines
        if not self or SCHEDULING.is_set(self.env):
            yield records
            return
        # sudo: the rules hold, and the log is kept, whoever changes the schedule
        contracts = self.sudo()
        contracts._touch_rows()
        before = {contract: contract._get_schedule_facts() for contract in contracts}
        yield SCHEDULING.on(records)
        contracts.exists()._after_schedule_change(before)

    def _after_schedule_change(self, before):
        """Hook: check and tell what a change of these contracts' schedules calls for.

        To be extended; the contracts are in sudo, whoever changes their schedule.

        :param dict before: what :meth:`_get_schedule_facts` said of each contract before
        """

    def _get_schedule_facts(self):
        """Hook: return what a change of the schedule is told from.

        :return: a dictionary, compared with the one after the change
        """
        self.ensure_one()
        return {}

    @api.model
    def _get_invoicing_fields(self):
        return super()._get_invoicing_fields() | {"partner_id"}

    @api.model
    def _get_schedule_fields(self):
        """Hook: return the names of what changes the schedule, or may block its lines.

        :return: a set of names of the contract's fields
        """
        return SCHEDULE_FIELDS

    def _is_bound_to_customer(self):
        """Whether something of the contract was drafted or billed already."""
        self.ensure_one()
        return bool(self.line_ids.move_line_ids) or any(
            self.line_ids.mapped("amount_opening")
        )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_open_project(self):
        """Open the tasks of the contract's project."""
        self.ensure_one()
        return self.project_id.action_view_tasks()

    def action_open_dashboard(self):
        """Open the dashboard of the contract's project."""
        self.ensure_one()
        action = self.project_id.project_update_all_action()
        # the action speaks of the record whose button opens it: the project's
        domain = [("project_id", "=", self.project_id.id)]
        context = {"active_id": self.project_id.id}
        return {**action, "domain": domain, "context": context}

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
