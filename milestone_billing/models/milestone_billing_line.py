from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from .allocation import ScheduleLine
from .guarded_fields import Amount, Arguments, Share
from .marks import WITH_MILESTONE
from .milestone_billing_contract import MAX_AMOUNT
from .settlement import Settlement
from .status import LINE_STATE_SELECTION, STATUS_SELECTION, get_first_state

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
        "product_id",
        "tax_ids",
    }
)


class MilestoneBillingLine(models.Model):
    _name = "milestone.billing.line"
    _inherit = [
        "milestone.billing.sealed.mixin",
        "milestone.billing.rights.mixin",
        "milestone.billing.overdue.mixin",
    ]
    _invoicing_fields = frozenset({"amount_opening"})
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
    acceptance_state = fields.Selection(related="milestone_id.acceptance_state")
    can_ask_acceptance = fields.Boolean(
        related="milestone_id.can_ask_acceptance",
        export_string_translation=False,
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
    decision_ids = fields.One2many(
        comodel_name="milestone.billing.decision",
        inverse_name="line_id",
        string="Decisions",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        help="The product that is invoiced; by default the contract's.",
        domain="[('sale_ok', '=', True)]",
        check_company=True,
    )
    tax_ids = fields.Many2many(
        comodel_name="account.tax",
        string="Taxes",
        help="Leave empty for the product's taxes, adapted to the customer.",
        domain="[('type_tax_use', '=', 'sale')]",
        # what is archived is not empty: it blocks, by its name
        context={"active_test": False},
        check_company=True,
    )
    number = fields.Integer(
        help="The number on the invoice label, kept once something of the schedule was"
        " drafted; it is never given to another line.",
        copy=False,
        readonly=True,
    )
    made_milestone = fields.Boolean(
        help="Whether the line made its milestone, which then goes with it.",
        copy=False,
        readonly=True,
        export_string_translation=False,
    )
    check_code = fields.Char(
        string="What Blocks It",
        help="The result of the last check of the line, empty when it can be invoiced.",
        copy=False,
        readonly=True,
    )
    check_args = Arguments(copy=False, readonly=True)
    checked_on = fields.Datetime(copy=False, readonly=True)
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
    amount_recorded = Amount(
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
    amount_unpaid = Amount(
        string="Unpaid",
        help="The part of what is billed that is still due, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_settled = Amount(
        string="Settled",
        help="Billed less unpaid: no longer due, however that came about, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_paid = Amount(
        string="Paid",
        help="The part of what is billed for which money came in, net.",
        compute="_compute_invoiced_amounts",
        store=True,
    )
    amount_carried = Amount(
        string="Carried",
        help="Given up to the line that takes the rest, net.",
        compute="_compute_decided_amounts",
        store=True,
    )
    amount_written_off = Amount(
        string="Written Off",
        help="Given up: the contract sum to date fell by it, net.",
        compute="_compute_decided_amounts",
        store=True,
    )
    is_closed = fields.Boolean(
        help="Whether a decision took all that was open.",
        compute="_compute_decided_amounts",
        store=True,
    )
    amount_kept = Amount(
        string="Kept",
        help="Of a closed line, what was drafted and billed when it was closed, net.",
        compute="_compute_decided_amounts",
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
    status = fields.Selection(
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
    has_documents = fields.Boolean(compute="_compute_has_documents")

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
        "move_line_ids.move_id.amount_residual",
        # a credit note of another stage changes what of the invoice is due
        "move_line_ids.move_id.reversal_move_ids.amount_residual",
        "move_line_ids.milestone_billing_planned",
        "amount_opening",
    )
    def _compute_invoiced_amounts(self):
        families = self.move_line_ids.move_id._get_milestone_settlements()
        for line in self:
            posted = line.move_line_ids.filtered(lambda m: m.parent_state == "posted")
            credits = posted.filtered(lambda m: m.move_type == "out_refund")
            drafts = line._get_draft_invoice_lines()
            invoices = drafts | (posted - credits)
            billed = line.amount_opening + posted._get_milestone_net()
            shares = [shares.get(line, Settlement()) for shares in families.values()]
            unpaid = sum(share.unpaid for share in shares)
            line.amount_drafted = sum(drafts.mapped("price_subtotal"))
            line.amount_credited = sum(credits.mapped("price_subtotal"))
            line.amount_billed = billed
            line.amount_unpaid = unpaid
            line.amount_settled = billed - unpaid
            line.amount_paid = line.amount_opening + sum(share.paid for share in shares)
            line.amount_recorded = invoices.sorted("id")[-1:].milestone_billing_planned
            line.is_drafted = bool(drafts)
            line.is_live = bool(line._get_live_documents())

    @api.depends("decision_ids.kind", "decision_ids.amount", "decision_ids.is_closing")
    def _compute_decided_amounts(self):
        for line in self:
            carried = line.decision_ids.filtered(lambda d: d.kind == "carry")
            written_off = line.decision_ids - carried
            closing = line.decision_ids.filtered("is_closing").sorted("id")[-1:]
            line.amount_carried = sum(carried.mapped("amount"))
            line.amount_written_off = sum(written_off.mapped("amount"))
            line.is_closed = bool(closing)
            line.amount_kept = closing.amount_kept

    @api.depends(
        "contract_id.amount_to_date",
        "contract_id.line_ids.sequence",
        "contract_id.line_ids.basis",
        "contract_id.line_ids.percent",
        "contract_id.line_ids.amount",
        "contract_id.line_ids.amount_billed",
        "contract_id.line_ids.amount_written_off",
    )
    def _compute_amount_planned(self):
        for contract, lines in self.grouped("contract_id").items():
            schedule = contract._get_schedule(lines)
            allocation = contract._allocate(schedule)
            planned = dict(zip(schedule, allocation.planned, strict=True))
            for line in lines:
                line.amount_planned = planned[line]

    @api.depends(
        "is_reached",
        "amount_planned",
        "amount_billed",
        "amount_written_off",
        "check_code",
    )
    def _compute_state(self):
        for line in self:
            used = line.amount_drafted + line.amount_billed
            line.amount_open = line.amount_planned - used
            line.amount_to_decide = max(
                min(line.amount_credited, line.amount_open), 0.0
            )
            line.state = line._get_state()

    @api.depends("state", "check_code", "check_args")
    @api.depends_context("lang")
    def _compute_blocking_reason(self):
        for line in self:
            line.blocking_reason = line.state == "blocked" and (
                line._get_reason(line.check_code, line.check_args)
            )

    @api.depends("move_line_ids")
    def _compute_has_documents(self):
        # sudo: that there are documents is no secret to who sees what is billed
        for line in self.sudo():
            line.has_documents = bool(line.move_line_ids)

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("milestone_id")
    def _check_not_billed_by_sales_order(self):
        self.milestone_id._check_not_billed_twice()

    @api.constrains("milestone_id", "contract_id")
    def _check_one_contract_for_acceptance(self):
        self.milestone_id._check_one_contract_for_acceptance()

    @api.constrains("milestone_id", "contract_id")
    def _check_milestone_project(self):
        # sudo: the rule holds for who cannot open the project
        for line in self.sudo():
            if line.milestone_id.project_id != line.contract_id.project_id:
                raise ValidationError(
                    self.env._(
                        "%(line)s belongs to %(project)s, but its milestone to"
                        " %(other)s. Choose a milestone of the same project.",
                        line=line.name,
                        project=line.contract_id.project_id.name,
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
        contract_id = defaults.get("contract_id")
        if contract_id and "sequence" in fields_list:
            last = self.search(
                [("contract_id", "=", contract_id)], order="sequence desc", limit=1
            )
            defaults["sequence"] = last.sequence + 1 if last else 10
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        # the caller's values stay as they are: the server may have to try again
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._check_not_sealed(vals)
        own_milestones = self._complete_values(vals_list)
        contracts = self.env["milestone.billing.contract"].browse(
            {vals["contract_id"] for vals in vals_list}
        )
        with contracts._changing_schedule(self) as marked:
            lines = super(MilestoneBillingLine, marked).create(vals_list)
            lines = lines.with_env(self.env)
            # sudo: a fact that no request gives
            lines.sudo().filtered(
                lambda line: line.milestone_id.id in own_milestones
            ).made_milestone = True
            # a tick at the same time would miss the new lines, and they the tick
            lines.milestone_id._touch_rows()
            lines._give_late_numbers()
        return lines

    def write(self, vals):
        if SCHEDULE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        self._check_live_line_unchanged(vals)
        contracts = self.contract_id
        to_other_contract = self._check_movable(vals)
        if to_other_contract:
            contracts |= contracts.browse(vals["contract_id"])
        milestones = self.milestone_id
        with contracts._changing_schedule(self) as lines:
            res = super(MilestoneBillingLine, lines).write(vals)
            if vals.keys() & {"kind", "milestone_id", "contract_id"}:
                (milestones | self.milestone_id)._touch_rows()
            # sudo: the number was one of the other schedule's
            to_other_contract.sudo().number = 0
            if to_other_contract or vals.get("kind") == "progress":
                self._give_late_numbers()
        return res

    def unlink(self):
        self.check_access("unlink")
        self._unlink_except_billed()
        contracts = self.contract_id
        milestones = self.milestone_id
        # sudo: which milestones the lines made is not told
        own = self.sudo().filtered("made_milestone").milestone_id
        with contracts._changing_schedule(self) as lines:
            milestones._touch_rows()
            # only cancelled documents are left, which so bill nothing of a contract
            self.with_user(SUPERUSER_ID).move_line_ids.write(
                {"milestone_billing_line_id": False}
            )
            res = super(MilestoneBillingLine, lines).unlink()
        if not WITH_MILESTONE.is_set(self.env):
            own._unlink_made_by_lines()
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

    def _check_movable(self, vals):
        """Refuse to move lines beyond their project, or with something recorded.

        :return: the lines that another contract is given to
        :raise UserError: naming the line, and the invoice
        """
        to_other_contract = self.filtered(
            lambda line: (
                "contract_id" in vals and line.contract_id.id != vals["contract_id"]
            )
        )
        # sudo: the rule holds for who cannot open the contracts
        other = self.env["milestone.billing.contract"].sudo()
        other = other.browse(vals.get("contract_id"))
        for line in to_other_contract.sudo():
            if other and other.project_id != line.project_id:
                raise UserError(
                    self.env._(
                        "%(line)s stays in its project. Add a line to the contract of"
                        " the other one instead.",
                        line=line.name,
                    )
                )
        to_other_contract._check_nothing_recorded()
        # sudo: the rule holds for who cannot see the invoices
        for move in to_other_contract.sudo().move_line_ids.move_id[:1]:
            raise UserError(
                self.env._(
                    "%(lines)s cannot be moved: %(invoice)s bills it.",
                    lines=", ".join(to_other_contract.mapped("name")),
                    invoice=move._get_milestone_display_name(),
                )
            )
        return to_other_contract

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
    def _complete_values(self, vals_list):
        """Complete the values of new lines with their milestone or contract.

        A line given by name alone gets a new milestone of that name; one given by its
        milestone alone belongs to the only contract of the milestone's project.

        :return: the ids of the milestones that were made
        :raise UserError: when it is not clear for which milestone or contract it is
        """
        Milestone = self.env["project.milestone"]
        to_create = [vals for vals in vals_list if not vals.get("milestone_id")]
        milestones = Milestone.create(
            [self._prepare_milestone_vals(vals) for vals in to_create]
        )
        for vals, milestone in zip(to_create, milestones, strict=True):
            vals["milestone_id"] = milestone.id
        for vals in vals_list:
            if not self._get_contract_id(vals):
                milestone = Milestone.browse(vals["milestone_id"])
                vals["contract_id"] = self._get_only_contract(milestone).id
            vals["contract_id"] = self._get_contract_id(vals)
            self._round_amounts(vals)
        return set(milestones.ids)

    @api.model
    def _round_amounts(self, vals):
        """Round a new line's amounts, as the database will: the totals add them up
        before it does.
        """
        contract = self.env["milestone.billing.contract"].browse(vals["contract_id"])
        for fname in ("amount", "amount_opening"):
            if vals.get(fname):
                # sudo: of a contract that the user cannot read, the currency alone
                vals[fname] = contract.sudo().currency_id.round(vals[fname])

    @api.model
    def _get_contract_id(self, vals):
        """Return the contract that a new line is given, possibly none."""
        return vals.get("contract_id") or self.env.context.get("default_contract_id")

    @api.model
    def _get_only_contract(self, milestone):
        """Return the contract of a milestone's project, which has just one.

        :raise UserError: when it has none, or several
        """
        contracts = milestone.project_id.billing_contract_ids
        if len(contracts) == 1:
            return contracts
        if not contracts:
            raise UserError(
                self.env._(
                    "%(project)s has no contract: make one with its Billing button"
                    " first.",
                    project=milestone.project_id.name,
                )
            )
        raise UserError(
            self.env._(
                "%(project)s has several contracts: say to which of them the line"
                " belongs.",
                project=milestone.project_id.name,
            )
        )

    @api.model
    def _prepare_milestone_vals(self, vals):
        """Return the values of the milestone of a new line given without one."""
        contract = self.env["milestone.billing.contract"].browse(
            self._get_contract_id(vals)
        )
        if not (contract and vals.get("name")):
            raise UserError(
                self.env._(
                    "A milestone line needs a contract, and a milestone or a name to"
                    " create one."
                )
            )
        contract.check_access("read")
        milestone_vals = {
            "name": vals["name"],
            # sudo: only the id
            "project_id": contract.sudo().project_id.id,
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
            "contract_id",
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
        """Mark the lines' milestones done, as ticking them does.

        :return: True
        """
        return self.milestone_id.action_mark_done()

    def action_ask_acceptance(self):
        """Ask the customer to accept the lines' milestones.

        :return: True
        """
        return self.milestone_id.action_ask_acceptance()

    def action_check_again(self):
        """Check anew what blocks these lines, forgetting failed attempts.

        :return: True
        """
        self.check_access("read")
        # the result of the check is a fact that the system records
        self.with_user(SUPERUSER_ID)._get_reached_open()._check_billable(anew=True)
        return True

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

    @api.model
    def action_open_queue(self):
        """Open what waits to be billed, after a check of what blocks it.

        :return: an ``ir.actions.act_window``
        """
        # the result of the check is a fact that the system records
        lines = self.search([("state", "in", ("ready", "blocked"))], limit=200)
        lines.with_user(SUPERUSER_ID)._check_billable()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "milestone_billing.milestone_billing_line_action_queue"
        )

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
            live=self.is_live,
            recorded=self.amount_recorded,
            drafted=self.amount_drafted,
            billed=self.amount_billed - self.amount_opening,
            opening=self.amount_opening,
            carried=self.amount_carried,
            written_off=self.amount_written_off,
            kept=self.amount_kept if self.is_closed else None,
        )

    def _get_plan_to_record(self):
        """Return the plan to keep with a new link: before anything was given up."""
        self.ensure_one()
        return self.amount_planned + self.amount_carried + self.amount_written_off

    def _get_currency(self):
        """Return the currency of the line, also while its contract is being entered."""
        return self.currency_id or self.env.company.currency_id

    def _get_state(self):
        """Return the status of the line: the first that holds."""
        self.ensure_one()
        currency = self._get_currency()
        has_open = currency.compare_amounts(self.amount_open, 0.0) > 0
        is_billed = not currency.is_zero(self.amount_billed)
        if self.is_closed and not (self.is_drafted or is_billed or has_open):
            return "written_off"
        if self.is_drafted:
            return "drafted"
        if has_open and not currency.is_zero(self.amount_to_decide):
            return "to_decide"
        if has_open and self.is_reached:
            return "blocked" if self.check_code else "ready"
        if has_open or not (is_billed or self.is_reached):
            return "upcoming"  # or it plans nothing: paid would not be true
        return "paid" if currency.is_zero(self.amount_unpaid) else "billed"

    def _get_first_state(self):
        """Return the status of these lines that needs doing first, False for none."""
        return get_first_state(set(self.mapped("state")))

    def _get_excess(self):
        """Return by how much the line is drafted and billed above its plan, net."""
        self.ensure_one()
        excess = self.amount_drafted + self.amount_billed - self.amount_planned
        return max(self._get_currency().round(excess), 0.0)

    def _get_excess_notice(self):
        """Return that the line is drafted and billed above its plan."""
        format_amount = self._get_currency().format
        return self.env._(
            "%(line)s is drafted or billed with %(excess)s more than its plan of"
            " %(planned)s.",
            line=self.name,
            excess=format_amount(self._get_excess()),
            planned=format_amount(self.amount_planned),
        )

    def _format_agreed_share(self):
        """Return the share that was agreed of the contract sum, as text."""
        self.ensure_one()
        if self.basis == "percent":
            number = f"{self.percent:.6f}".rstrip("0").rstrip(".")
            return self.env._("%(number)s%%", number=number)
        if self.basis == "fixed":
            return self._get_currency().format(self.amount)
        return self.env._("the balance")

    def _has_foreign_records(self, company):
        """Whether product or taxes of the line belong to another company."""
        records = (self.product_id, *self.tax_ids)
        return not all(company._may_bill_with(record) for record in records)

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

    def _get_settlements(self, customer=None):
        """Return what became of what each family of documents bills of this line.

        :param customer: of this commercial partner's documents only
        :return: a list of :class:`Settlement`
        """
        self.ensure_one()
        moves = self.move_line_ids.move_id
        if customer is not None:
            moves = moves.filtered(lambda m: m.commercial_partner_id == customer)
        return [
            shares[self]
            for shares in moves._get_milestone_settlements().values()
            if self in shares
        ]

    def _get_settled_and_paid(self, customer):
        """Return what is settled, and what is paid with money, of a customer's documents.

        Net, with what was billed elsewhere, which counts as paid.

        :param customer: the commercial partner
        """
        shares = self._get_settlements(customer)
        return (
            self.amount_opening + sum(share.settled for share in shares),
            self.amount_opening + sum(share.paid for share in shares),
        )

    # -------------------------------------------------------------------------
    # BUSINESS: guards of the line
    # -------------------------------------------------------------------------

    @contextmanager
    def _guarding(self, moves, is_reopened=False):
        """Change documents of these lines, and refuse what the schedule forbids.

        Writes the contracts' rows first, so that of two transactions on one contract
        the second is tried again.

        :param moves: the documents that are changed
        :param bool is_reopened: whether cancelled ones among them live again
        :raise ValidationError: with figures, or the document, and the way out
        """
        # sudo: the rules hold for who cannot see the schedule
        lines = self.sudo()
        lines.contract_id._touch_rows()
        before = {
            line: (line.amount_drafted + line.amount_billed, line.amount_credited)
            for line in lines
        }
        yield
        moves = moves.exists().sudo()
        lines |= moves.line_ids.milestone_billing_line_id
        moves._check_milestone_documents()
        lines.contract_id._check_contract_not_exceeded()
        for line in lines:
            used, credited = before.get(line, (0.0, 0.0))
            line._check_not_negative()
            is_taken_back = is_reopened or (
                line._get_currency().compare_amounts(line.amount_credited, credited) < 0
            )
            if is_taken_back:
                line._check_not_billed_since(used, moves)

    def _check_not_negative(self):
        """Refuse documents that credit more than they bill of this line.

        What was billed elsewhere is no document that could be credited.
        """
        compare = self._get_currency().compare_amounts
        used = self.amount_drafted + self.amount_billed - self.amount_opening
        if compare(self.amount_drafted, 0.0) >= 0 and compare(used, 0.0) >= 0:
            return
        raise ValidationError(
            self.env._(
                "%(line)s would be credited with more than is invoiced of it. Lower or"
                " delete the credit note, or leave the invoice that it credits as it"
                " is.",
                line=self.name,
            )
        )

    def _check_not_billed_since(self, used, moves):
        """Refuse to take back a credit or a cancellation of what was billed again.

        :param float used: what was drafted and billed of the line before
        :param moves: the documents that were changed
        :raise ValidationError: naming the other invoice
        """
        compare = self._get_currency().compare_amounts
        now_used = self.amount_drafted + self.amount_billed
        if compare(now_used, used) <= 0 or compare(now_used, self.amount_planned) <= 0:
            return
        own_families = [move._get_milestone_family_root() for move in moves]
        others = self._get_live_documents().filtered(
            lambda m: m._get_milestone_family_root() not in own_families
        )
        if others:
            raise ValidationError(
                self.env._(
                    "%(line)s was billed again by %(invoice)s: %(document)s stays as it"
                    " is. Delete or credit that other invoice first.",
                    line=self.name,
                    invoice=others.sorted("id")[-1:]._get_milestone_display_name(),
                    document=", ".join(
                        move._get_milestone_display_name() for move in moves
                    ),
                )
            )

    # -------------------------------------------------------------------------
    # BUSINESS: decisions
    # -------------------------------------------------------------------------

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
            contract = line.contract_id.sudo()
            if contract.last_number:
                contract.last_number += 1
                line.sudo().number = contract.last_number

    def _get_number(self):
        """Return the number of a progress line: the one kept, else its place."""
        self.ensure_one()
        progress = self.contract_id.line_ids.filtered(
            lambda line: line.kind == "progress"
        )
        return self.number or list(progress.sorted()).index(self) + 1

    def _get_label(self):
        """Return the line's title on documents, in the language of the context."""
        self.ensure_one()
        if self.kind == "deposit":
            label = self.env._("Deposit — %(name)s", name=self.name)
        elif self.kind == "final":
            label = self.env._("Final — %(name)s", name=self.name)
        else:
            label = self.env._(
                "Milestone %(number)s — %(name)s",
                number=self._get_number(),
                name=self.name,
            )
        return self.contract_id._adapt_to_e_invoice(label)

    def _get_invoice_label(self):
        """Return the text of the invoice line, in the language of the context."""
        self.ensure_one()
        schedule = self.contract_id.line_ids.sorted()
        details = [
            self.env._(
                "Stage %(position)s of %(count)s",
                position=list(schedule).index(self) + 1,
                count=len(schedule),
            ),
            self.env._("Project: %(name)s", name=self.project_id.name),
        ]
        if self.contract_id.reference:
            details.append(
                self.env._(
                    "Contract: %(reference)s",
                    reference=self.contract_id.reference,
                )
            )
        return "\n".join([self._get_label(), " · ".join(details)])
