from odoo import SUPERUSER_ID, api, fields, models

from .allocation import ScheduleLine
from .guarded_fields import Amount, Share
from .milestone_billing_contract import MAX_AMOUNT
from .milestone_billing_overdue_mixin import OverdueStatus
from .status import LINE_STATE_SELECTION, STATUS_SELECTION

# what a change of the schedule is made of
SCHEDULE_FIELDS = frozenset(
    {
        "name",
        "sequence",
        "kind",
        "basis",
        "percent",
        "amount",
        "amount_opening",
        "contract_id",
        "milestone_id",
        "deadline",
    }
)


class MilestoneBillingLine(models.Model):
    _name = "milestone.billing.line"
    _inherit = [
        "milestone.billing.sealed.mixin",
        "milestone.billing.rights.mixin",
        "milestone.billing.overdue.mixin",
    ]
    _description = "Milestone Line"
    _order = "contract_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(
        help="The stage as the invoice names it; by default the milestone's name.",
        compute="_compute_name",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    sequence = fields.Integer(default=10)
    contract_id = fields.Many2one(
        comodel_name="milestone.billing.contract",
        required=True,
        index=True,
        ondelete="cascade",
    )
    project_id = fields.Many2one(
        related="contract_id.project_id",
        store=True,
        index=True,
    )
    project_name = fields.Char(
        string="Project Name",
        help="Readable also for accountants who cannot open the project.",
        related="project_id.name",
    )
    milestone_id = fields.Many2one(
        comodel_name="project.milestone",
        help="The milestone that makes this line ready when it is marked done. Leave it"
        " empty to create one with the line's name.",
        domain="[('project_id', '=', project_id)]",
        required=True,
        index=True,
        ondelete="cascade",
    )
    is_reached = fields.Boolean(
        related="milestone_id.is_reached",
        store=True,
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id",
        string="Customer",
        store=True,
    )
    reached_date = fields.Date(
        related="milestone_id.reached_date",
        string="Done On",
        store=True,
    )
    deadline = fields.Date(
        related="milestone_id.deadline",
        store=True,
        readonly=False,
    )
    company_id = fields.Many2one(
        related="contract_id.company_id",
        store=True,
        index=True,
    )
    currency_id = fields.Many2one(
        related="contract_id.currency_id",
        store=True,
    )
    kind = fields.Selection(
        selection=[
            ("deposit", "Deposit"),
            ("progress", "Progress"),
            ("final", "Final"),
        ],
        default="progress",
        required=True,
    )
    basis = fields.Selection(
        selection=[
            ("percent", "Percent"),
            ("fixed", "Fixed Amount"),
            ("balance", "Balance"),
        ],
        help="Percent: a share of the contract sum to date.\n"
        "Fixed Amount: the amount entered.\n"
        "Balance: what the other lines leave of the contract sum to date.",
        default="percent",
        required=True,
    )
    percent = Share(
        digits=(9, 6),
        min_display_digits=2,
    )
    amount = Amount(string="Fixed Amount")
    amount_opening = Amount(
        string="Billed Elsewhere",
        help="What was billed and paid before the schedule was kept here, net.",
        copy=False,
    )
    move_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="milestone_billing_line_id",
        string="Invoice Lines",
        readonly=True,
    )
    amount_planned_at_draft = Amount(
        string="Planned When Drafted",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_planned = Amount(
        string="Planned",
        help="What the schedule gives this line of the contract sum, net.",
        compute="_compute_amount_planned",
        store=True,
    )
    amount_drafted = Amount(
        string="Drafted",
        help="In draft invoices, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_billed = Amount(
        string="Billed",
        help="In posted invoices less posted credit notes, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_credited = Amount(
        string="Credited",
        help="In posted credit notes, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_open = Amount(
        string="Open",
        help="Planned less drafted and billed, net.",
        compute="_compute_state",
        store=True,
    )
    amount_to_decide = Amount(
        string="To Decide",
        help="What was credited of this line and is not invoiced again, net.",
        compute="_compute_state",
        store=True,
    )
    state = fields.Selection(
        selection=LINE_STATE_SELECTION,
        string="Status",
        compute="_compute_state",
        store=True,
        index=True,
    )
    status = OverdueStatus(
        selection=STATUS_SELECTION,
        string="Status Today",
        help="The status; overdue while it is upcoming and its date is past.",
        compute="_compute_overdue_status",
        search="_search_overdue_status",
    )
    is_drafted = fields.Boolean(
        help="Whether a draft invoice has the line, whatever its amount.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    is_live = fields.Boolean(
        help="Whether an invoice has the line that is not credited in full.",
        compute="_compute_invoiced_amounts",
        store=True,
    )

    _percent_range = models.Constraint(
        "CHECK (percent >= 0 AND percent <= 100)",
        "A milestone line's percentage lies between 0 and 100.",
    )
    _amount_positive = models.Constraint(
        f"CHECK (amount >= 0 AND amount < {MAX_AMOUNT})",
        "A milestone line's fixed amount cannot be negative, nor reach"
        " 1,000,000,000,000: lower the contract sum or another line instead.",
    )
    _opening_positive = models.Constraint(
        f"CHECK (amount_opening >= 0 AND amount_opening < {MAX_AMOUNT})",
        "What was billed elsewhere cannot be negative, nor reach 1,000,000,000,000.",
    )
    _one_balance = models.UniqueIndex(
        "(contract_id) WHERE basis = 'balance'",
        "A billing schedule has at most one balance line.",
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("milestone_id")
    def _compute_name(self):
        for line in self:
            line.name = line.milestone_id.name

    @api.depends(
        "move_line_ids.price_subtotal",
        "move_line_ids.parent_state",
        "amount_opening",
    )
    def _compute_invoiced_amounts(self):
        for line in self:
            origin = line._origin
            if origin and origin != line:
                line.update(origin._get_invoiced_amounts_of_edited(line))
            else:
                line.update(line._get_invoiced_amounts())

    def _get_invoiced_amounts(self):
        """Return what this line's documents say of it, as values of its fields."""
        self.ensure_one()
        posted = self.move_line_ids.filtered(lambda m: m.parent_state == "posted")
        credits = posted.filtered(lambda m: m.move_type == "out_refund")
        drafts = self._get_draft_invoice_lines()
        invoices = drafts | (posted - credits)
        newest = invoices.sorted("id")[-1:]
        return {
            "amount_drafted": sum(drafts.mapped("price_subtotal")),
            "amount_credited": sum(credits.mapped("price_subtotal")),
            "amount_billed": self.amount_opening + posted._get_milestone_net(),
            "amount_planned_at_draft": newest.milestone_billing_planned,
            "is_drafted": bool(drafts),
            "is_live": bool(drafts) or bool(self._get_live_documents()),
        }

    def _get_invoiced_amounts_of_edited(self, edited):
        """Return the same of a line that stands for this one while a form is edited.

        No document changes by that, but what was billed elsewhere may.
        """
        self.ensure_one()
        amounts = {
            name: self[name]
            for name, field in self._fields.items()
            if field.compute == "_compute_invoiced_amounts"
        }
        amounts["amount_billed"] += edited.amount_opening - self.amount_opening
        return amounts

    @api.depends(
        "contract_id.amount_to_date",
        "contract_id.line_ids.sequence",
        "contract_id.line_ids.basis",
        "contract_id.line_ids.percent",
        "contract_id.line_ids.amount",
        "contract_id.line_ids.amount_billed",
    )
    def _compute_amount_planned(self):
        for contract, lines in self.grouped("contract_id").items():
            schedule = contract._get_schedule(lines)
            allocation = contract._allocate(schedule)
            planned = dict(zip(schedule, allocation.planned, strict=True))
            for line in lines:
                line.amount_planned = planned[line]

    # what is drafted, billed, paid or decided changes the plan, too
    @api.depends("is_reached", "amount_planned")
    def _compute_state(self):
        for line in self:
            used = line.amount_drafted + line.amount_billed
            line.amount_open = line.amount_planned - used
            line.amount_to_decide = max(
                min(line.amount_credited, line.amount_open), 0.0
            )
        for state, lines in self.grouped(lambda line: line._get_state()).items():
            lines.state = state

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        contracts = self.env["milestone.billing.contract"].browse(
            {vals["contract_id"] for vals in vals_list}
        )
        with contracts._changing_schedule(self) as marked:
            lines = super(MilestoneBillingLine, marked).create(vals_list)
            lines = lines.with_env(self.env)
            # a tick at the same time would miss the new lines, and they the tick
            lines.milestone_id._touch_rows()
        return lines

    def write(self, vals):
        if self._get_schedule_fields().isdisjoint(vals):
            return super().write(vals)
        contracts = self.contract_id
        if self._get_leaving(vals):
            contracts |= contracts.browse(vals["contract_id"])
        milestones = self.milestone_id
        with contracts._changing_schedule(self) as lines:
            res = super(MilestoneBillingLine, lines).write(vals)
            if vals.keys() & {"kind", "milestone_id", "contract_id"}:
                (milestones | self.milestone_id)._touch_rows()
        return res

    def unlink(self):
        contracts = self.contract_id
        milestones = self.milestone_id
        with contracts._changing_schedule(self) as lines:
            milestones._touch_rows()
            # only cancelled documents are left, which so bill nothing of a contract
            self.with_user(SUPERUSER_ID).move_line_ids.write(
                {"milestone_billing_line_id": False}
            )
            res = super(MilestoneBillingLine, lines).unlink()
        return res

    @api.model
    def _get_schedule_fields(self):
        """Hook: return the names of what a change of the schedule is made of.

        :return: a set of names of the line's fields
        """
        return SCHEDULE_FIELDS

    @api.model
    def _get_invoicing_fields(self):
        return super()._get_invoicing_fields() | {"amount_opening"}

    def _get_leaving(self, vals):
        """Return those of these lines to which ``vals`` gives another contract."""
        if "contract_id" not in vals:
            return self.browse()
        return self.filtered(lambda line: line.contract_id.id != vals["contract_id"])

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_mark_done(self):
        """Mark the lines' milestones done, as ticking them does.

        :return: True
        """
        return self.milestone_id.action_mark_done()

    # -------------------------------------------------------------------------
    # BUSINESS: the schedule
    # -------------------------------------------------------------------------

    def _to_schedule_line(self):
        """Return what the allocation needs to know of this line."""
        self.ensure_one()
        is_live, opening = self.is_live, self.amount_opening
        return ScheduleLine(
            basis=self.basis,
            percent=self.percent,
            amount=self.amount,
            live=is_live,
            recorded=self.amount_planned_at_draft if is_live else 0.0,
            drafted=self.amount_drafted,
            billed=self.amount_billed - opening,
            opening=opening,
        )

    def _get_taken(self):
        """Return what the line takes of the contract: its plan, or more if it used more."""
        self.ensure_one()
        return max(self.amount_planned, self.amount_drafted + self.amount_billed)

    def _get_plan_to_record(self):
        """Return the plan to keep with a new link: before anything was given up, net."""
        self.ensure_one()
        return self.amount_planned

    def _get_currency(self):
        """Return the currency of the line, also while its contract is being entered."""
        return self.currency_id or self.env.company.currency_id

    def _get_state(self):
        """Return the status of the line: the first that holds."""
        self.ensure_one()
        if self.is_drafted:
            return "drafted"
        # amounts are multiples of the rounding: above its half they are not zero
        threshold = self._get_currency().rounding / 2
        has_open = self.amount_open > threshold
        is_billed = abs(self.amount_billed) > threshold
        if has_open and self.amount_to_decide > threshold:
            return "to_decide"
        if has_open and self.is_reached:
            return "ready"
        if has_open or not (is_billed or self.is_reached):
            return "upcoming"  # or it plans nothing: paid would not be true
        return "billed"

    # -------------------------------------------------------------------------
    # BUSINESS: documents
    # -------------------------------------------------------------------------

    def _get_draft_invoice_lines(self):
        """Return the lines of draft invoices; draft credit notes count nowhere."""
        return self.move_line_ids.filtered(
            lambda m: m.parent_state == "draft" and m.move_type != "out_refund"
        )

    def _get_documents(self):
        """Return the invoices and credit notes of these lines that are not cancelled."""
        return self.move_line_ids.move_id.filtered(lambda m: m.state != "cancel")

    def _get_live_documents(self):
        """Return the invoices of these lines that are not credited in full.

        A draft counts whatever its amount.
        """
        moves = self.env["account.move"]
        for line in self:
            by_family = line.move_line_ids.grouped(
                lambda move_line: move_line.move_id._get_milestone_family_root()
            )
            for move_lines in by_family.values():
                moves |= move_lines._get_live_milestone_invoices()
        return moves
