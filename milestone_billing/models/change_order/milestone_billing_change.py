from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..groups import INVOICING_GROUP, MANAGER_GROUP
from ..guarded_fields import Amount
from ..milestone_billing_contract import MAX_AMOUNT
from ..refusal import BillingRefusal

STATES = [
    ("draft", "Draft"),
    ("sent", "Sent"),
    ("approved", "Approved"),
    ("declined", "Declined"),
    ("cancelled", "Cancelled"),
]
OPEN_STATES = ("draft", "sent")


class MilestoneBillingChange(models.Model):
    """A change order: what was agreed on top of the original contract sum."""

    _name = "milestone.billing.change"
    _inherit = "milestone.billing.sealed.mixin"
    _description = "Change Order"
    _order = "number desc, id desc"

    contract_id = fields.Many2one(
        comodel_name="milestone.billing.contract",
        required=True,
        index=True,
        ondelete="cascade",
    )
    project_id = fields.Many2one(
        related="contract_id.project_id",
        store=True,
    )
    project_name = fields.Char(
        string="Project Name",
        help="Readable also for accountants who cannot open the project.",
        related="contract_id.project_name",
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id",
        string="Customer",
    )
    company_id = fields.Many2one(
        related="contract_id.company_id",
        store=True,
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    number = fields.Integer(
        help="Of the contract; given when it is first sent or approved.",
        copy=False,
        readonly=True,
    )
    name = fields.Char(
        string="Title",
        required=True,
    )
    date = fields.Date(
        default=fields.Date.context_today,
        copy=False,
        required=True,
    )
    client_reference = fields.Char(
        help="The number under which the client knows the change.",
        copy=False,
    )
    description = fields.Text(
        string="What Changes",
        help="What is done more, less or otherwise than agreed, for the client to read.",
    )
    amount = Amount(
        help="What it adds to the contract sum, net; less than zero takes away.",
        required=True,
    )
    spread = fields.Selection(
        selection=[
            ("all", "All open stages, by their shares"),
            ("line", "One stage"),
            ("new", "A stage of its own"),
        ],
        string="Goes To",
        default="all",
        required=True,
    )
    line_id = fields.Many2one(
        comodel_name="milestone.billing.line",
        string="Stage",
        help="The stage that costs more or less, or that the change order made.",
        domain="[('contract_id', '=', contract_id), ('is_live', '=', False)]",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    stage_name = fields.Char(
        string="Name of the Stage",
        compute="_compute_stage_name",
        store=True,
        readonly=False,
    )
    stage_deadline = fields.Date(string="Due")
    stage_criteria = fields.Text(
        string="What Done Means",
        help="What the client can check when the stage is delivered.",
    )
    state = fields.Selection(
        selection=STATES,
        string="Status",
        copy=False,
        index=True,
        readonly=True,
    )
    approved_by = fields.Many2one(
        comodel_name="res.users",
        help="Who approved it in the company; none where the client signed.",
        copy=False,
        readonly=True,
    )
    approved_on = fields.Datetime(
        copy=False,
        readonly=True,
    )
    contract_before = Amount(
        string="Contract Before",
        help="The contract sum to date without it, net.",
        copy=False,
        readonly=True,
    )
    contract_after = Amount(
        string="Contract After",
        help="The contract sum to date with it, net.",
        copy=False,
        readonly=True,
    )
    can_edit = fields.Boolean(
        compute="_compute_can_edit",
        export_string_translation=False,
    )
    can_approve = fields.Boolean(
        compute="_compute_can_approve",
        export_string_translation=False,
    )
    can_take_back = fields.Boolean(
        compute="_compute_can_approve",
        export_string_translation=False,
    )

    _amount_range = models.Constraint(
        f"CHECK (amount <> 0 AND abs(amount) < {MAX_AMOUNT})",
        "A change order adds an amount or takes one away, below 1,000,000,000,000.",
    )
    _one_number = models.UniqueIndex(
        "(contract_id, number) WHERE number > 0",
        "No number of a change order is given twice.",
    )

    # -------------------------------------------------------------------------
    # DEFAULTS
    # -------------------------------------------------------------------------

    @api.model
    def default_get(self, fields_list):
        defaults = super().default_get(fields_list)
        if "state" in fields_list:
            defaults["state"] = "draft"
        return defaults

    @api.model
    def _add_missing_default_values(self, values):
        # no plain default of the field: that could be a user's own
        res = super()._add_missing_default_values(values)
        return {"state": "draft", **res} if "state" not in values else res

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("number", "name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for change in self:
            if change.number:
                change.display_name = self.env._(
                    "Change order %(number)s — %(name)s",
                    number=change.number,
                    name=change.name or "",
                )
            else:
                change.display_name = change.name or self.env._("New Change Order")

    @api.depends("name")
    def _compute_stage_name(self):
        for change in self:
            change.stage_name = change.name

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_edit(self):
        is_manager = self.env.user.has_group(MANAGER_GROUP)
        for change in self:
            is_open = not change.state or change.state in OPEN_STATES
            change.can_edit = is_manager and is_open

    @api.depends("can_edit")
    @api.depends_context("uid")
    def _compute_can_approve(self):
        may_approve = self._may_approve()
        for change in self:
            change.can_approve = may_approve and change.can_edit
            change.can_take_back = may_approve and change.state == "approved"

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("line_id", "contract_id")
    def _check_line_of_contract(self):
        # sudo: the rule holds for who cannot open the other contract
        for change in self.sudo():
            if change.line_id and change.line_id.contract_id != change.contract_id:
                raise ValidationError(
                    self.env._(
                        "%(line)s is no stage of the contract that %(change)s changes.",
                        line=change.line_id.name,
                        change=change.display_name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        if not self._is_system():
            self.check_access("write")
            self._check_open()
            self._check_same_contract(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_numbered(self):
        for change in self:
            if change.number:
                raise BillingRefusal(
                    self.env._(
                        "%(change)s has its number and stays: cancel it instead.",
                        change=change.display_name,
                    )
                )

    def _check_open(self):
        """Refuse to edit what is agreed, declined or cancelled.

        :raise UserError: naming the way out
        """
        for change in self:
            if change.state not in OPEN_STATES:
                raise BillingRefusal(
                    self.env._(
                        "%(change)s has the status “%(state)s” and stays as it is. Make"
                        " another change order instead.",
                        change=change.display_name,
                        state=change._get_state_label(),
                    )
                )

    def _check_same_contract(self, vals):
        """Refuse to give a change order to another contract."""
        for change in self if "contract_id" in vals else self.browse():
            if change.contract_id.id != vals["contract_id"]:
                raise BillingRefusal(
                    self.env._(
                        "%(change)s stays with its contract.",
                        change=change.display_name,
                    )
                )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_open(self):
        """Open the change order on a page of its own."""
        return self._get_records_action(name=self.env._("Change Orders"))

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    @api.model
    def _may_approve(self):
        """Whether the user edits schedules and makes invoices, too."""
        user = self.env.user
        return user.has_group(MANAGER_GROUP) and user.has_group(INVOICING_GROUP)

    def _get_invoice_label(self):
        """Return how an invoice names the change order that it bills."""
        self.ensure_one()
        return " · ".join(filter(None, [self.display_name, self.client_reference]))

    def _get_state_label(self):
        """Return the state, in the language of the context."""
        self.ensure_one()
        states = self._fields["state"]._description_selection(self.env)
        return dict(states).get(self.state, "")

    def _format_amount(self):
        """Return the amount with its sign, as text for the user."""
        self.ensure_one()
        text = self.contract_id._format_contract_amount(abs(self.amount))
        return f"+{text}" if self.amount > 0 else f"-{text}"
