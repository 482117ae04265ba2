from odoo import api, fields, models
from odoo.fields import Command

from ..models.refusal import BillingRefusal

MAX_REASONS = 5


class MilestoneBillingSetup(models.TransientModel):
    """The preview of a schedule: nothing is written before *Create*, then all at once.

    For an empty contract, for projects without one, or, with neither, for a form that
    asks: it is handed the stages, and saves them itself.
    """

    _name = "milestone.billing.setup"
    _inherit = ["milestone.billing.rows.mixin"]
    _description = "Set Up a Schedule"

    contract_id = fields.Many2one(
        comodel_name="milestone.billing.contract",
        ondelete="cascade",
    )
    project_ids = fields.Many2many(
        comodel_name="project.project",
        string="Projects",
        context={"active_test": False},
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        help="Leave empty for each project's own.",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
    )
    contract_sum = fields.Monetary(
        help="The agreed price of each contract, without taxes.",
        compute="_compute_contract_sum",
        store=True,
        readonly=False,
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
    )
    date_start = fields.Date(
        string="Start",
        help="From which the dates of the stages are counted.",
        compute="_compute_date_start",
        store=True,
        readonly=False,
    )
    template_id = fields.Many2one(
        comodel_name="milestone.billing.template",
        domain="[('company_id', 'in', [False, company_id])]",
        compute="_compute_template_id",
        store=True,
        readonly=False,
    )
    line_ids = fields.One2many(
        comodel_name="milestone.billing.setup.stage",
        inverse_name="setup_id",
        string="Stages",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    project_count = fields.Integer(compute="_compute_project_count")
    left_out = fields.Text(
        help="Which of the projects get no schedule, and why.",
        compute="_compute_left_out",
    )
    amount_planned = fields.Monetary(
        string="Total",
        compute="_compute_gap",
    )
    amount_unscheduled = fields.Monetary(
        string="Unscheduled",
        compute="_compute_gap",
    )
    amount_over_scheduled = fields.Monetary(
        string="Over-Scheduled",
        compute="_compute_gap",
    )
    is_done = fields.Boolean(
        help="Whether Create was pressed: the second click makes nothing.",
        readonly=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("contract_id", "project_ids")
    def _compute_company_id(self):
        for setup in self:
            companies = setup.contract_id.company_id or setup.project_ids.company_id
            setup.company_id = companies[:1] or self.env.company

    @api.depends("contract_id", "project_ids")
    def _compute_partner_id(self):
        for setup in self:
            project = setup._get_only_project()
            setup.partner_id = setup.contract_id.partner_id or project.partner_id

    @api.depends("contract_id")
    def _compute_contract_sum(self):
        for setup in self:
            setup.contract_sum = setup.contract_id.contract_sum

    @api.depends("contract_id", "company_id")
    def _compute_currency_id(self):
        for setup in self:
            company = setup.company_id or self.env.company
            setup.currency_id = setup.contract_id.currency_id or company.currency_id

    @api.depends("contract_id", "project_ids")
    def _compute_date_start(self):
        for setup in self:
            date = setup.contract_id.date or setup._get_only_project().date_start
            setup.date_start = date or fields.Date.context_today(self)

    @api.depends("company_id")
    def _compute_template_id(self):
        for setup in self:
            company = setup.company_id or self.env.company
            setup.template_id = setup.template_id._get_default(company)

    @api.depends("template_id")
    def _compute_line_ids(self):
        for setup in self:
            stages = setup.template_id._prepare_stages(setup._get_start())
            setup.line_ids = [
                Command.clear(),
                *(Command.create(vals) for vals in stages),
            ]

    @api.depends("project_ids")
    def _compute_project_count(self):
        for setup in self:
            setup.project_count = len(setup.project_ids)

    @api.depends("project_ids")
    @api.depends_context("lang")
    def _compute_left_out(self):
        for setup in self:
            refusals = setup.project_ids._origin._get_setup_refusals()
            setup.left_out = "\n".join(self._cut_reasons(refusals.values()))

    @api.depends("line_ids.amount_planned")
    def _compute_gap(self):
        for setup in self:
            allocation = setup._allocate(setup.line_ids)
            setup.amount_planned = sum(allocation.planned)
            setup.amount_unscheduled = allocation.unscheduled
            setup.amount_over_scheduled = allocation.over_scheduled

    @api.onchange("date_start")
    def _onchange_date_start(self):
        """Move the dates of the template's stages; what else was typed stays."""
        stages = self.template_id._prepare_stages(self._get_start())
        if len(stages) == len(self.line_ids):
            for line, stage in zip(self._get_schedule(), stages, strict=True):
                line.deadline = stage["deadline"]

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_row_makers(self):
        return super()._get_row_makers() | {"template_id"}

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_create(self):
        """Make what is shown, once.

        :return: the action that closes the dialog: it hands the stages to a form that
            asked, and says of projects what was made and what was left out
        :raise AccessError: when the user may not make contracts
        :raise UserError: when nothing can be made, saying why
        """
        self.ensure_one()
        if self.is_done:
            return {"type": "ir.actions.act_window_close"}
        # of two clicks at once the second is tried again, and finds it done
        self.is_done = True
        self._check_stages()
        if self.project_ids:
            return self._set_up_projects()
        if self.contract_id:
            return self._set_up_contract()
        return {
            "type": "ir.actions.act_window_close",
            "infos": self._prepare_form_vals(),
        }

    # -------------------------------------------------------------------------
    # BUSINESS: the preview
    # -------------------------------------------------------------------------

    def _get_only_project(self):
        """Return the project if it is one: of several, each has its own facts."""
        projects = self.project_ids._origin
        return projects if len(projects) == 1 else projects.browse()

    def _get_start(self):
        self.ensure_one()
        return self.date_start or fields.Date.context_today(self)

    def _get_schedule(self, edited=None):
        """Return the stages in their order.

        :param edited: stages that stand for their saved selves while a form is edited
        """
        lines = self.line_ids
        for line in (edited or lines) - lines:
            lines = (lines - line._origin) | line
        return lines.sorted(lambda line: (line.sequence, line._origin.id or 2**31))

    def _allocate(self, lines):
        """Return the ``Allocation`` of the contract that has these stages."""
        currency = self.currency_id or self.env.company.currency_id
        return lines._allocate_stages(lines, self.contract_sum, currency.rounding)

    @api.model
    def _cut_reasons(self, reasons):
        """Return the first of some sentences, and how many there are besides."""
        reasons = list(reasons)
        more = len(reasons) - MAX_REASONS
        if more <= 0:
            return reasons
        return [*reasons[:MAX_REASONS], self.env._("%(count)s more", count=more)]

    # -------------------------------------------------------------------------
    # BUSINESS: what is made
    # -------------------------------------------------------------------------

    def _check_stages(self):
        """Refuse to make a schedule without stages, or with amounts of another currency.

        :raise UserError: saying why
        """
        if not self.line_ids:
            raise BillingRefusal(self.env._("Choose a template, or add a stage."))
        if "fixed" in self.line_ids.mapped("basis"):
            self.template_id._check_currency(self.currency_id)

    def _prepare_lines(self):
        """Return the values of the lines of a contract."""
        return [
            {**line._prepare_stage_vals(), "sequence": place, "deadline": line.deadline}
            for place, line in enumerate(self._get_schedule(), start=10)
        ]

    def _prepare_contract_vals(self, project):
        """Return the values of the contract of a project."""
        self.ensure_one()
        vals = {
            "project_id": project.id,
            "currency_id": self.currency_id.id,
            "contract_sum": self.contract_sum,
            "template_id": self.template_id.id,
            "line_ids": [Command.create(vals) for vals in self._prepare_lines()],
        }
        if self.partner_id:
            vals["partner_id"] = self.partner_id.id
        return vals

    def _prepare_form_vals(self):
        """Return what a form that asked is handed, as the web client reads it."""
        lines = [
            {**vals, "deadline": fields.Date.to_string(vals["deadline"]) or False}
            for vals in self._prepare_lines()
        ]
        return {
            "contract_sum": self.contract_sum,
            "template": {
                "id": self.template_id.id,
                "display_name": self.template_id.display_name,
            },
            "stages": lines,
        }

    def _set_up_projects(self):
        """Make a contract for each of the projects that can have one."""
        refusals = self.project_ids._get_setup_refusals()
        projects = self.project_ids.filtered(lambda project: project not in refusals)
        if not projects:
            raise BillingRefusal("\n".join(self._cut_reasons(refusals.values())))
        contracts = self.env["milestone.billing.contract"].create(
            [self._prepare_contract_vals(project) for project in projects]
        )
        return self._say_set_up(contracts, refusals.values())

    def _set_up_contract(self):
        """Give the contract the stages, and what else was typed here."""
        contract = self.contract_id
        if contract.line_ids:
            raise BillingRefusal(
                self.env._(
                    "%(contract)s has stages already. Delete them first.",
                    contract=contract.display_name,
                )
            )
        vals = self._prepare_contract_vals(contract.project_id)
        contract.write({**vals, "project_id": contract.project_id.id})
        return {"type": "ir.actions.act_window_close"}

    def _say_set_up(self, contracts, reasons):
        """Return the action that says what was made, and what was left out and why."""
        shown = contracts._get_records_action(name=self.env._("Milestone Contracts"))
        message = self.env._("%(count)s schedules made.", count=len(contracts))
        if reasons:
            message = self.env._(
                "%(count)s schedules made, %(skipped)s projects left out.",
                count=len(contracts),
                skipped=len(reasons),
            )
        return self.env["milestone.billing.line"]._get_result_action(
            "warning" if reasons else "success",
            message,
            shown,
            self._cut_reasons(reasons),
        )
