from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import (
    AccessError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from odoo.fields import Command, Domain
from odoo.tools import SQL
from odoo.tools.misc import clean_context

from .allocation import ScheduleLine

# from the least to the most advanced
BILLING_STATES = [
    ("upcoming", "Upcoming"),
    ("ready", "Ready"),
    ("to_decide", "To Decide"),
    ("drafted", "Drafted"),
    ("billed", "Billed"),
    ("paid", "Paid"),
    ("written_off", "Written Off"),
]


class MilestoneBillingLine(models.Model):
    _name = "milestone.billing.line"
    _inherit = "milestone.billing.read.only.mixin"
    _description = "Milestone Line"
    _order = "project_id, sequence, id"
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
    acceptance_state = fields.Selection(related="milestone_id.acceptance_state")
    can_ask_acceptance = fields.Boolean(
        related="milestone_id.can_ask_acceptance",
        export_string_translation=False,
    )
    partner_id = fields.Many2one(
        related="project_id.partner_id",
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
        related="project_id.billing_company_id",
        store=True,
        index=True,
    )
    currency_id = fields.Many2one(
        related="project_id.contract_currency_id",
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
    percent = fields.Float(
        digits=(9, 6),
        min_display_digits=2,
    )
    amount = fields.Monetary(string="Fixed Amount")
    amount_opening = fields.Monetary(
        string="Billed Elsewhere",
        help="What was billed and paid before the schedule was kept here, net.",
        copy=False,
    )
    decision_ids = fields.One2many(
        comodel_name="milestone.billing.decision",
        inverse_name="line_id",
        string="Decisions",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        help="The product that is invoiced; by default the project's billing product.",
        domain="[('sale_ok', '=', True)]",
        check_company=True,
    )
    tax_ids = fields.Many2many(
        comodel_name="account.tax",
        string="Taxes",
        help="Leave empty for the product's taxes, adapted to the customer.",
        domain="[('type_tax_use', '=', 'sale')]",
        check_company=True,
    )
    number = fields.Integer(
        help="The number on the invoice label, kept once something of the schedule was"
        " drafted; it is never given to another line.",
        copy=False,
        readonly=True,
    )
    billing_error = fields.Text(
        string="Last Failed Attempt",
        copy=False,
        readonly=True,
    )
    blocking_reason = fields.Char(
        string="Why It Is Not Invoiced",
        compute="_compute_blocking_reason",
        compute_sudo=True,
    )
    move_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="milestone_billing_line_id",
        string="Invoice Lines",
        readonly=True,
    )
    amount_recorded = fields.Monetary(
        string="Planned When Drafted",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_planned = fields.Monetary(
        string="Planned",
        help="What the schedule gives this line of the contract sum, net.",
        compute="_compute_amount_planned",
        store=True,
    )
    amount_drafted = fields.Monetary(
        string="Drafted",
        help="In draft invoices, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_billed = fields.Monetary(
        string="Billed",
        help="In posted invoices less posted credit notes, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_credited = fields.Monetary(
        string="Credited",
        help="In posted credit notes, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_unpaid = fields.Monetary(
        string="Unpaid",
        help="The part of what is billed that is still due, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_paid = fields.Monetary(
        string="Paid",
        help="Billed less unpaid, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_carried = fields.Monetary(
        string="Carried",
        help="Given up to the line that takes the rest, net.",
        compute="_compute_decided_amounts",
        store=True,
    )
    amount_written_off = fields.Monetary(
        string="Written Off",
        help="Given up: the contract sum to date fell by it, net.",
        compute="_compute_decided_amounts",
        store=True,
    )
    amount_open = fields.Monetary(
        string="Open",
        help="Planned less drafted and billed, net.",
        compute="_compute_state",
        store=True,
    )
    amount_to_decide = fields.Monetary(
        string="To Decide",
        help="What was credited of this line and is not invoiced again, net.",
        compute="_compute_state",
        store=True,
    )
    state = fields.Selection(
        selection=BILLING_STATES,
        string="Status",
        compute="_compute_state",
        store=True,
        index=True,
    )
    is_live = fields.Boolean(compute="_compute_is_live")
    has_documents = fields.Boolean(compute="_compute_has_documents")
    queue = fields.Selection(
        selection=[
            ("ready", "Ready"),
            ("blocked", "Blocked"),
            ("to_decide", "To Decide"),
            ("drafted", "Drafts Waiting"),
        ],
        help="What the line waits for.",
        compute="_compute_queue",
        search="_search_queue",
        compute_sudo=True,
    )

    _percent_range = models.Constraint(
        "CHECK (percent >= 0 AND percent <= 100)",
        "A milestone line's percentage lies between 0 and 100.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)",
        "A milestone line's fixed amount cannot be negative: lower the contract sum"
        " or another line instead.",
    )
    _opening_positive = models.Constraint(
        "CHECK (amount_opening >= 0)",
        "What was billed elsewhere cannot be negative.",
    )
    _one_balance = models.UniqueIndex(
        "(project_id) WHERE basis = 'balance'",
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
        "move_line_ids.move_id.move_type",
        "move_line_ids.move_id.amount_total",
        "move_line_ids.move_id.amount_residual",
        "move_line_ids.milestone_billing_planned",
        "amount_opening",
    )
    def _compute_invoiced_amounts(self):
        for line in self:
            posted = line.move_line_ids.filtered(lambda m: m.parent_state == "posted")
            credits = posted.filtered(lambda m: m.move_type == "out_refund")
            drafts = line._get_draft_invoice_lines()
            invoices = drafts | (posted - credits)
            credited = sum(credits.mapped("price_subtotal"))
            invoiced = sum((posted - credits).mapped("price_subtotal"))
            billed = line.amount_opening + invoiced - credited
            unpaid = sum(line._get_unpaid(move_line) for move_line in posted)
            line.amount_drafted = sum(drafts.mapped("price_subtotal"))
            line.amount_credited = credited
            line.amount_billed = billed
            line.amount_unpaid = unpaid
            line.amount_paid = billed - unpaid
            line.amount_recorded = invoices.sorted("id")[-1:].milestone_billing_planned

    @api.depends("decision_ids.kind", "decision_ids.amount")
    def _compute_decided_amounts(self):
        for line in self:
            carried = line.decision_ids.filtered(lambda d: d.kind == "carry")
            written_off = line.decision_ids - carried
            line.amount_carried = sum(carried.mapped("amount"))
            line.amount_written_off = sum(written_off.mapped("amount"))

    @api.depends(
        "project_id.contract_to_date",
        "project_id.contract_currency_id",
        "project_id.billing_line_ids.sequence",
        "project_id.billing_line_ids.basis",
        "project_id.billing_line_ids.percent",
        "project_id.billing_line_ids.amount",
        "project_id.billing_line_ids.amount_recorded",
        "project_id.billing_line_ids.amount_drafted",
        "project_id.billing_line_ids.amount_billed",
        "project_id.billing_line_ids.amount_opening",
        "project_id.billing_line_ids.amount_carried",
        "project_id.billing_line_ids.amount_written_off",
    )
    def _compute_amount_planned(self):
        for project, lines in self.grouped("project_id").items():
            schedule = project._get_schedule(lines)
            allocation = project._allocate(schedule)
            planned = dict(zip(schedule, allocation.planned, strict=True))
            for line in lines:
                line.amount_planned = planned[line]

    @api.depends(
        "is_reached",
        "amount_planned",
        "amount_drafted",
        "amount_billed",
        "amount_credited",
        "amount_unpaid",
        "amount_written_off",
        "currency_id",
    )
    def _compute_state(self):
        for line in self:
            used = line.amount_drafted + line.amount_billed
            line.amount_open = line.amount_planned - used
            line.amount_to_decide = max(
                min(line.amount_credited, line.amount_open), 0.0
            )
            line.state = line._get_state()

    @api.depends("currency_id", "amount_drafted", "amount_billed", "amount_opening")
    def _compute_is_live(self):
        for line in self:
            used = line.amount_drafted + line.amount_billed - line.amount_opening
            line.is_live = not line._get_currency().is_zero(used)

    @api.depends(
        "state",
        "billing_error",
        "project_id.allow_milestone_billing",
        "project_id.is_template",
        "project_id.billing_automation",
        "project_id.partner_id.active",
        "project_id.contract_over_scheduled",
        "project_id.contract_unscheduled",
        "project_id.contract_currency_id.active",
        "project_id.effective_billing_journal_id",
        "project_id.billing_product_id",
        "product_id",
    )
    def _compute_blocking_reason(self):
        for line in self:
            line.blocking_reason = line.state == "ready" and (
                line._get_blocking_reason() or line.billing_error
            )

    @api.depends("move_line_ids")
    def _compute_has_documents(self):
        # sudo: that there are documents is no secret to who sees what is billed
        for line in self.sudo():
            line.has_documents = bool(line.move_line_ids)

    @api.depends("state", "blocking_reason")
    def _compute_queue(self):
        for line in self:
            queue = "blocked" if line.blocking_reason else line.state
            line.queue = queue in dict(self._fields["queue"].selection) and queue

    @api.model
    def _search_queue(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = [state for state in value if state != "blocked"]
        blocked = self._get_blocked_lines().ids
        domain = Domain("state", "in", states) & Domain("id", "not in", blocked)
        if "blocked" in value:
            domain |= Domain("id", "in", blocked)
        return domain

    def _field_to_sql(self, alias, field_expr, query=None):
        # the queue is not stored, as customers, journals … decide what is blocked
        if field_expr != "queue":
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            "CASE WHEN %(id)s = ANY(%(blocked)s) THEN 'blocked'"
            " WHEN %(state)s IN ('ready', 'to_decide', 'drafted') THEN %(state)s END",
            id=SQL.identifier(alias, "id"),
            blocked=self._get_blocked_lines().ids,
            state=self._field_to_sql(alias, "state", query),
        )

    @api.model
    def _get_blocked_lines(self):
        """Return the ready lines that cannot be invoiced, for searching and grouping."""
        # sudo: used in searches, to which the user's rules are added
        ready = self.sudo().search([("state", "=", "ready")])
        return ready.filtered("blocking_reason")

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("milestone_id")
    def _check_not_billed_by_sales_order(self):
        self.milestone_id._check_not_billed_twice()

    @api.constrains("milestone_id", "project_id")
    def _check_milestone_project(self):
        for line in self:
            if line.milestone_id.project_id != line.project_id:
                raise ValidationError(
                    self.env._(
                        "%(line)s belongs to %(project)s, but its milestone to"
                        " %(other)s. Choose a milestone of the same project.",
                        line=line.name,
                        project=line.project_id.name,
                        other=line.milestone_id.project_id.name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model
    def default_get(self, fields_list):
        # a new line goes to the end of the schedule it is added to
        defaults = super().default_get(fields_list)
        project_id = defaults.get("project_id")
        if project_id and "sequence" in fields_list:
            last = self.search(
                [("project_id", "=", project_id)], order="sequence desc", limit=1
            )
            defaults["sequence"] = last.sequence + 1 if last else 10
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        # the caller's values stay as they are: the server may have to try again
        vals_list = [dict(vals) for vals in vals_list]
        self._complete_milestones(vals_list)
        lines = super().create(vals_list)
        # a tick at the same time would miss the new lines, and they the tick
        lines.project_id._touch_billing()
        lines._give_late_numbers()
        lines.project_id._check_contract_not_exceeded()
        return lines

    def write(self, vals):
        self._check_live_line_unchanged(vals)
        moved = self.browse()
        if vals.get("project_id"):
            moved = self.filtered(lambda line: line.project_id.id != vals["project_id"])
        res = super().write(vals)
        if moved:
            # sudo: the number was one of the other schedule's
            moved.sudo().number = 0
        if vals.keys() & {"kind", "milestone_id", "project_id"}:
            self.project_id._touch_billing()
        if moved or vals.get("kind") == "progress":
            self._give_late_numbers()
        if vals.keys() & {"basis", "amount", "amount_opening", "project_id"}:
            self.project_id._check_contract_not_exceeded()
        return res

    def unlink(self):
        projects = self.project_id
        res = super().unlink()
        projects._check_contract_not_exceeded()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_nothing_recorded()
        # sudo: the rule holds for who cannot see the invoices
        for move in self.sudo()._get_documents()[:1]:
            raise UserError(
                self.env._(
                    "%(milestones)s cannot be deleted: %(invoice)s bills it. Cancel or"
                    " delete that invoice first.",
                    milestones=", ".join(
                        (move.line_ids.milestone_billing_line_id & self.sudo()).mapped(
                            "name"
                        )
                    ),
                    invoice=move._get_milestone_display_name(),
                )
            )

    def _check_nothing_recorded(self):
        """Refuse to lose what was billed elsewhere, carried or written off.

        :raise UserError: naming the line
        """
        # sudo: the rule holds for who cannot see the schedule
        for line in self.sudo():
            if line.amount_opening or line.decision_ids:
                raise UserError(
                    self.env._(
                        "%(line)s cannot be deleted or moved: part of it was billed"
                        " elsewhere, carried or written off. Ask the accountant to take"
                        " that back first.",
                        line=line.name,
                    )
                )

    @api.model
    def _complete_milestones(self, vals_list):
        """Complete the values of new lines with their milestone or project.

        A line given by name alone gets a new milestone of that name.
        """
        Milestone = self.env["project.milestone"]
        to_create = [vals for vals in vals_list if not vals.get("milestone_id")]
        milestones = Milestone.create(
            [self._prepare_milestone_vals(vals) for vals in to_create]
        )
        for vals, milestone in zip(to_create, milestones, strict=True):
            vals["milestone_id"] = milestone.id
        for vals in vals_list:
            if not vals.get("project_id"):
                milestone = Milestone.browse(vals["milestone_id"])
                vals["project_id"] = milestone.project_id.id

    @api.model
    def _prepare_milestone_vals(self, vals):
        """Return the values of the milestone of a new line given without one."""
        project_id = vals.get("project_id") or self.env.context.get(
            "default_project_id"
        )
        if not (project_id and vals.get("name")):
            raise UserError(
                self.env._(
                    "A milestone line needs a project, and a milestone or a name to"
                    " create one."
                )
            )
        milestone_vals = {
            "name": vals["name"],
            "project_id": project_id,
            "deadline": vals.get("deadline"),
        }
        if "sale_line_id" in self.env["project.milestone"]._fields:
            # sale_project would fill it in, and bill the milestone a second time
            milestone_vals["sale_line_id"] = False
        return milestone_vals

    def _check_live_line_unchanged(self, vals):
        """Refuse to change what a drafted or billed line bills, or for which milestone.

        :raise UserError: naming the invoice
        """
        fnames = vals.keys() & {
            "basis",
            "percent",
            "amount",
            "milestone_id",
            "project_id",
        }
        for line in self.filtered("is_live") if fnames else self.browse():
            changed = any(
                self._fields[fname].convert_to_cache(vals[fname], line)
                != self._fields[fname].convert_to_cache(line[fname], line)
                for fname in fnames
            )
            if changed:
                # sudo: the invoice is named to who may change the schedule
                moves = line.sudo()._get_live_documents()
                raise UserError(
                    self.env._(
                        "%(line)s keeps the plan with which it was invoiced:"
                        " %(invoices)s. Delete that draft or credit that invoice"
                        " first, or change the other lines or the contract sum.",
                        line=line.name,
                        invoices=", ".join(
                            move._get_milestone_display_name() for move in moves
                        ),
                    )
                )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_mark_done(self):
        """Mark the lines' milestones done, as ticking them does."""
        self.milestone_id.action_mark_done()

    def action_ask_acceptance(self):
        """Ask the customer to accept the lines' milestones."""
        self.milestone_id.action_ask_acceptance()

    def action_create_draft_invoice(self):
        """Make the draft invoices of the ready lines; one line may bill a credit again.

        :return: the action that opens the drafts
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to invoice, saying why; nothing is made
        """
        if not (
            self.env.su or self.env.user.has_group("account.group_account_invoice")
        ):
            raise AccessError(
                self.env._(
                    "Only users with the Invoicing right may make invoices. Ask your"
                    " accountant."
                )
            )
        self.check_access("read")
        states = {"ready", "to_decide"} if len(self) == 1 else {"ready"}
        # sudo: an invoicing user need not be able to read the project; the defaults of
        # the screen that he comes from are not meant for the invoice
        context = clean_context(self.env.context)
        lines = self.with_env(self.env(context=context)).sudo()
        asked = lines.filtered(lambda line: line.state in ("ready", "to_decide"))
        moves = asked.filtered(
            lambda line: line.state in states
        )._create_draft_invoices()
        left = asked - moves.line_ids.milestone_billing_line_id
        if not moves:
            raise UserError(left._get_left_message())
        action = moves.sudo(self.env.su)._get_records_action(
            name=self.env._("Milestone Invoices")
        )
        return left._get_left_notification(action) if left else action

    def action_create_draft_invoice_per_project(self):
        """Make the draft invoices of the ready lines, one for each project.

        :return: the action that opens the drafts
        :raise AccessError, UserError: as :meth:`action_create_draft_invoice`
        """
        return self.with_context(
            milestone_billing_per_project=True
        ).action_create_draft_invoice()

    def action_decide(self):
        """Ask whether what is open of these lines is carried or written off."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "milestone_billing.milestone_billing_decide_action"
            ),
            "context": {"default_line_ids": [Command.set(self.ids)]},
        }

    def action_open_documents(self):
        """Open the invoices and credit notes of these lines."""
        return self.move_line_ids.move_id._get_records_action(
            name=self.env._("Milestone Invoices")
        )

    def _get_left_message(self):
        """Return why these lines were not invoiced."""
        reasons = [
            self.env._("%(line)s: %(reason)s", line=line.name, reason=reason)
            for line in self
            if (reason := line._get_left_reason())
        ]
        return "\n".join(reasons) or self.env._(
            "There is nothing to invoice: a line is invoiced when its milestone is done"
            " and something of it is open."
        )

    def _get_left_reason(self):
        """Return why this line is left when several are invoiced, or False."""
        self.ensure_one()
        reason = self._get_blocking_reason() or self.billing_error
        if not reason and self.state == "to_decide":
            reason = self.env._(
                "it was credited. Bill it again by itself, carry it to the balance, or"
                " write it off."
            )
        return reason

    def _get_left_notification(self, action):
        """Return the action that says what was left out, then does ``action``."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Not invoiced"),
                "message": self._get_left_message(),
                "next": action,
            },
        }

    # -------------------------------------------------------------------------
    # BUSINESS: the schedule
    # -------------------------------------------------------------------------

    def _to_schedule_line(self):
        """Return what the allocation needs to know of this line."""
        self.ensure_one()
        return ScheduleLine(
            basis=self.basis,
            percent=self.percent,
            amount=self.amount,
            recorded=self.amount_recorded,
            drafted=self.amount_drafted,
            billed=self.amount_billed - self.amount_opening,
            opening=self.amount_opening,
            carried=self.amount_carried,
            written_off=self.amount_written_off,
        )

    def _get_plan_to_record(self):
        """Return the plan to keep with a new link: before anything was given up."""
        self.ensure_one()
        return self.amount_planned + self.amount_carried + self.amount_written_off

    def _get_currency(self):
        """Return the currency of the line, also while its project is being entered."""
        return self.currency_id or self.env.company.currency_id

    def _get_state(self):
        """Return the status of the line: the first that holds."""
        self.ensure_one()
        currency = self._get_currency()
        if not currency.is_zero(self.amount_drafted):
            return "drafted"
        has_open = currency.compare_amounts(self.amount_open, 0.0) > 0
        is_billed = not currency.is_zero(self.amount_billed)
        if self.amount_written_off and not (has_open or is_billed):
            return "written_off"
        if has_open and not currency.is_zero(self.amount_to_decide):
            return "to_decide"
        if has_open:
            return "ready" if self.is_reached else "upcoming"
        if not (is_billed or self.is_reached):
            return "upcoming"  # it plans nothing: paid would not be true
        return "paid" if currency.is_zero(self.amount_unpaid) else "billed"

    def _get_least_state(self):
        """Return the status of the least advanced of these lines, False for none."""
        states = set(self.mapped("state"))
        return next(
            (state for state, _label in BILLING_STATES if state in states), False
        )

    def _get_draft_invoice_lines(self):
        """Return the lines of draft invoices; draft credit notes count nowhere."""
        return self.move_line_ids.filtered(
            lambda m: m.parent_state == "draft" and m.move_type != "out_refund"
        )

    def _get_unpaid(self, move_line):
        """Return the net part of a posted invoice line that is still due, signed.

        The document's due share of its linked lines is rounded once, and the last
        linked line takes the rounding.
        """
        move = move_line.move_id
        if not move.amount_total:
            return 0.0
        currency = move.currency_id
        ratio = move.amount_residual / move.amount_total
        linked = move.line_ids.filtered("milestone_billing_line_id").sorted("id")
        unpaid = currency.round(move_line.price_subtotal * ratio)
        if move_line == linked[-1:]:
            total = currency.round(sum(linked.mapped("price_subtotal")) * ratio)
            unpaid = total - sum(
                currency.round(other.price_subtotal * ratio)
                for other in linked - move_line
            )
        return -unpaid if move.move_type == "out_refund" else unpaid

    def _get_documents(self):
        """Return the invoices and credit notes of these lines that are not cancelled."""
        return self.move_line_ids.move_id.filtered(lambda m: m.state != "cancel")

    def _get_live_documents(self):
        """Return the invoices that make these lines drafted or billed."""
        lines = self.filtered("is_live")
        return lines._get_documents().filtered(lambda m: m.move_type != "out_refund")

    def _decide(self, kind, reason):
        """Carry to the balance, or write off, what is open of these lines.

        :param str kind: ``carry`` or ``write_off``
        :raise UserError: when nothing is open
        """
        lines = self.filtered(
            lambda line: line._get_currency().compare_amounts(line.amount_open, 0.0) > 0
        )
        if not lines:
            raise UserError(
                self.env._(
                    "Nothing of these lines is open: there is nothing to decide."
                )
            )
        self.env["milestone.billing.decision"].create(
            [
                {
                    "line_id": line.id,
                    "kind": kind,
                    "amount": line.amount_open,
                    "reason": reason,
                }
                for line in lines
            ]
        )

    # -------------------------------------------------------------------------
    # BUSINESS: numbers and labels
    # -------------------------------------------------------------------------

    def _give_late_numbers(self):
        """Give new progress lines of schedules whose numbers stand the next free one."""
        for line in self.filtered(lambda li: li.kind == "progress" and not li.number):
            # sudo: a line's number is given whoever adds the line
            project = line.project_id.sudo()
            if project.last_billing_number:
                project.last_billing_number += 1
                line.sudo().number = project.last_billing_number

    def _get_number(self):
        """Return the number of a progress line: the one kept, else its place."""
        self.ensure_one()
        progress = self.project_id.billing_line_ids.filtered(
            lambda line: line.kind == "progress"
        )
        return self.number or list(progress.sorted()).index(self) + 1

    def _get_label(self):
        """Return the line's title on documents, in the language of the context."""
        self.ensure_one()
        if self.kind == "deposit":
            return self.env._("Deposit — %(name)s", name=self.name)
        if self.kind == "final":
            return self.env._("Final — %(name)s", name=self.name)
        return self.env._(
            "Milestone %(number)s — %(name)s",
            number=self._get_number(),
            name=self.name,
        )

    def _get_invoice_label(self):
        """Return the text of the invoice line, in the language of the context."""
        self.ensure_one()
        schedule = self.project_id.billing_line_ids.sorted()
        details = [
            self.env._(
                "Stage %(position)s of %(count)s",
                position=list(schedule).index(self) + 1,
                count=len(schedule),
            ),
            self.env._("Project: %(name)s", name=self.project_id.name),
        ]
        if self.project_id.contract_reference:
            details.append(
                self.env._(
                    "Contract: %(reference)s",
                    reference=self.project_id.contract_reference,
                )
            )
        return "\n".join([self._get_label(), " · ".join(details)])

    def _prepare_statement_row(self, is_current, customer):
        """Return the line's row of the billing schedule as a customer reads it.

        :param bool is_current: whether the document bills or credits this line
        :param customer: the commercial partner; of others' documents it says no more
            than that they were billed
        """
        self.ensure_one()
        # a draft is nothing the customer has: its number and date come with posting
        invoices = (
            self._get_posted_lines(customer)
            .move_id.filtered(lambda m: m.move_type != "out_refund")
            .sorted("id")
        )
        return {
            "title": self._get_label(),
            "criteria": (self.milestone_id.acceptance_criteria or "").split("\n")[0],
            "amount": self._get_scheduled_amount(),
            "state": self._get_statement_state(customer),
            "invoices": [
                {"name": move.name, "date": fields.Date.to_string(move.invoice_date)}
                for move in invoices
            ],
            "is_current": is_current,
        }

    def _get_statement_state(self, customer):
        """Return the status of the line as a customer reads it.

        :param customer: the commercial partner; how others paid, or what was credited
            to them, is not said
        """
        self.ensure_one()
        labels = {
            "upcoming": self.env._("To come"),
            "ready": self.env._("Delivered"),
            "to_decide": self.env._("Credited"),
            "drafted": self.env._("Delivered"),
            "billed": self.env._("Invoiced"),
            "paid": self.env._("Paid"),
            "written_off": self.env._("Cancelled"),
            "billed_earlier": self.env._("Billed earlier"),
        }
        return labels[self._get_state_for(customer)]

    def _get_state_for(self, customer):
        """Return the status of the line with regard to a customer's documents alone."""
        self.ensure_one()
        own_lines = self._get_posted_lines(customer)
        if self.state == "to_decide" and not own_lines.filtered(
            lambda move_line: move_line.move_type == "out_refund"
        ):
            return "ready" if self.is_reached else "upcoming"
        if self.state not in ("billed", "paid"):
            return self.state
        is_zero = self._get_currency().is_zero
        billed = own_lines._get_milestone_net()
        others = self.amount_billed - self.amount_opening - billed
        if is_zero(billed) and not is_zero(others):
            return "billed_earlier"
        unpaid = billed + self.amount_opening - self._get_paid_by(customer)
        return "paid" if is_zero(unpaid) else "billed"

    def _get_paid_by(self, customer):
        """Return what a customer paid of the line, and what was billed elsewhere, net."""
        self.ensure_one()
        own_lines = self._get_posted_lines(customer)
        unpaid = sum(self._get_unpaid(move_line) for move_line in own_lines)
        return self.amount_opening + own_lines._get_milestone_net() - unpaid

    def _get_posted_lines(self, customer):
        """Return the lines of a customer's posted documents that bill or credit this.

        :param customer: the commercial partner
        """
        return self.move_line_ids.filtered(
            lambda move_line: (
                move_line.parent_state == "posted"
                and move_line.move_id.commercial_partner_id == customer
            )
        )

    # -------------------------------------------------------------------------
    # BUSINESS: drafts
    # -------------------------------------------------------------------------

    def _is_billed_by_itself(self):
        """Whether reaching the milestone drafts the invoice of this line."""
        self.ensure_one()
        project = self.project_id
        return (
            self.state == "ready"
            and project.active
            and not project.is_template
            and project.billing_automation != "manual"
        )

    def _get_blocking_reason(self):
        """Return why this line cannot be invoiced now, with the cure, or False."""
        self.ensure_one()
        project = self.project_id
        if project.contract_over_scheduled:
            return self.env._(
                "The schedule is over-scheduled by %(amount)s: lower the lines or raise"
                " the contract sum.",
                amount=project._format_contract_amount(project.contract_over_scheduled),
            )
        if self.kind == "final" and project.contract_unscheduled:
            return self.env._(
                "%(amount)s of the contract sum is unscheduled: add it to a line before"
                " the final is billed.",
                amount=project._format_contract_amount(project.contract_unscheduled),
            )
        return project._get_blocking_reason() or self._get_account_blocking_reason()

    def _get_account_blocking_reason(self):
        """Return that no income account is found for this line, or False."""
        product = self._get_product()
        accounts = product.with_company(self.company_id)._get_product_accounts()
        if accounts["income"] or self._get_journal().default_account_id:
            return False
        return self.env._(
            "No income account is set: set one on the product %(product)s or on the"
            " journal %(journal)s.",
            product=product.display_name or self.env._("(none)"),
            journal=self._get_journal().name,
        )

    def _get_product(self):
        """Return the product that the line invoices, possibly none."""
        return self.product_id or self.project_id._get_billing_product()

    def _get_journal(self):
        """Return the sales journal of the line's invoice, possibly none."""
        return self.project_id.effective_billing_journal_id

    def _create_draft_invoices(self, by_tick=False):
        """Make one draft invoice for each milestone of these lines.

        Lines that cannot be invoiced are left out; if Odoo refuses an invoice, its
        lines record why and the others are made all the same.

        :param bool by_tick: whether the user marked the milestones done just now
        :return: the draft invoices, an ``account.move`` recordset
        """
        billable = self.filtered(lambda line: not line._get_blocking_reason())
        billable.project_id._keep_numbers()
        moves = self.env["account.move"]
        for company, lines in billable.grouped("company_id").items():
            moves |= lines.with_company(company)._create_moves(
                list(lines.grouped(lines._get_invoice_key).values())
            )
        if by_tick:
            moves._prepare_automatic_posting()
        moves._after_milestone_drafts(by_tick)
        return moves

    def _get_invoice_key(self, line):
        """Return what the lines of one invoice have in common."""
        per_project = self.env.context.get("milestone_billing_per_project")
        return line.project_id if per_project else line.milestone_id

    def _create_moves(self, groups):
        """Make one draft invoice a group of lines, all at once if Odoo lets.

        :param list groups: recordsets of lines, each of one milestone or one project
        """
        if not groups:
            return self.env["account.move"]
        try:
            with self.env.cr.savepoint():
                moves = self._create_moves_at_once(groups)
        except (UserError, RedirectWarning, IntegrityError) as error:
            if len(groups) == 1:
                groups[0].billing_error = str(error.args[0] if error.args else error)
                return self.env["account.move"]
            return self.env["account.move"].concat(
                *(self._create_moves([group]) for group in groups)
            )
        failed = self.browse().concat(*groups).filtered("billing_error")
        failed.billing_error = False
        return moves

    def _create_moves_at_once(self, groups):
        """Make one draft invoice a group of lines, with exactly the lines' net.

        :raise UserError: when Odoo refuses one of them
        """
        nets = {line: line.amount_open for line in self.browse().concat(*groups)}
        moves = (
            self.env["account.move"]
            .with_context(mail_create_nosubscribe=True, mail_create_nolog=True)
            .create([lines._prepare_invoice_vals() for lines in groups])
        )
        for move_line in moves.line_ids.filtered("milestone_billing_line_id"):
            move_line._set_milestone_net(nets[move_line.milestone_billing_line_id])
        return moves

    def _prepare_invoice_vals(self):
        """Return the values of the draft invoice of these lines of one project."""
        project = self.project_id
        milestones = ", ".join(self.milestone_id.mapped("name"))
        customer = project.partner_id
        partner = customer.browse(customer.address_get(["invoice"])["invoice"])
        lines = self.with_context(lang=partner.lang)
        vals = {
            "move_type": "out_invoice",
            "company_id": project.billing_company_id.id,
            "currency_id": project.contract_currency_id.id,
            "journal_id": self[:1]._get_journal().id,
            "partner_id": partner.id,
            "invoice_user_id": project._get_billing_salesperson(partner).id,
            "invoice_origin": f"{project.name} — {milestones}",
            "invoice_line_ids": [
                Command.create(line._prepare_invoice_line_vals()) for line in lines
            ],
        }
        if project.billing_payment_term_id:
            vals["invoice_payment_term_id"] = project.billing_payment_term_id.id
        return vals

    def _prepare_invoice_line_vals(self):
        """Return the values of the invoice line of this line; its price is net."""
        self.ensure_one()
        vals = {
            "milestone_billing_line_id": self.id,
            "milestone_billing_planned": self._get_plan_to_record(),
            "product_id": self._get_product().id,
            "name": self._get_invoice_label(),
            "quantity": 1.0,
            "price_unit": self.amount_open,
        }
        # given, so that core need not search for each line; without it, the company's
        # analytic distribution models apply
        if analytic_distribution := self.project_id._get_analytic_distribution():
            vals["analytic_distribution"] = analytic_distribution
        if self.tax_ids:
            vals["tax_ids"] = [Command.set(self.tax_ids.ids)]
        return vals
