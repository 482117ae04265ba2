from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from .groups import BILLING_GROUP, MANAGER_GROUP, STATUS_GROUP
from .status import CONTRACT_STATE_SELECTION, STATUS_SELECTION, get_contract_state


class ProjectProject(models.Model):
    """A project has no, one or several contracts; all who see it see how far they are.

    What is nobody's business lies on the contracts, which nobody else reads.
    """

    _name = "project.project"
    _inherit = [
        "project.project",
        "milestone.billing.sealed.mixin",
        "milestone.billing.overdue.mixin",
    ]
    _overdue_fields = ("billing_status", "billing_state", "billing_next_date")

    billing_contract_ids = fields.One2many(
        comodel_name="milestone.billing.contract",
        inverse_name="project_id",
        string="Contracts",
        groups=BILLING_GROUP,
    )
    billing_state = fields.Selection(
        selection=CONTRACT_STATE_SELECTION,
        help="The status of its stages that needs doing first.",
        compute="_compute_billing_facts",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    billing_status = fields.Selection(
        selection=STATUS_SELECTION,
        string="Billing",
        help="How far the billing is: what needs doing first, and whether a stage is"
        " overdue.",
        compute="_compute_overdue_status",
        search="_search_overdue_status",
        groups=STATUS_GROUP,
    )
    billing_stage_count = fields.Integer(
        string="Stages",
        compute="_compute_billing_facts",
        store=True,
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    billing_stage_done_count = fields.Integer(
        string="Stages Done",
        compute="_compute_billing_facts",
        store=True,
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    billing_share = fields.Integer(
        string="Share Billed",
        help="How much of the contracts is billed, in whole percent; of contracts in"
        " several currencies, how many of their stages.",
        compute="_compute_billing_facts",
        store=True,
        compute_sudo=True,
        aggregator="avg",
        groups=STATUS_GROUP,
    )
    billing_next_milestone_id = fields.Many2one(
        comodel_name="project.milestone",
        string="Next Stage",
        compute="_compute_billing_facts",
        store=True,
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    billing_next_date = fields.Date(
        string="Next Stage Due",
        compute="_compute_billing_facts",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    is_fully_billed = fields.Boolean(
        help="Whether each contract is billed up to its sum to date.",
        compute="_compute_billing_facts",
        store=True,
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    billing_amounts = fields.Json(
        help="What of the contracts that the reader sees is agreed, billed, paid, ready"
        " and to be decided: one entry a currency.",
        compute="_compute_billing_amounts",
        export_string_translation=False,
        groups=BILLING_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends(
        "is_template",
        "billing_contract_ids.active",
        "billing_contract_ids.state",
        "billing_contract_ids.stage_count",
        "billing_contract_ids.currency_id",
        "billing_contract_ids.line_ids.deadline",
        "billing_contract_ids.line_ids.sequence",
    )
    def _compute_billing_facts(self):
        for project in self:
            # archived and template contracts count nowhere
            contracts = project.billing_contract_ids.filtered("active")
            if project.is_template:
                contracts = contracts.browse()
            lines = contracts.line_ids
            upcoming = lines.filtered(lambda line: line.state == "upcoming")
            next_line = upcoming.sorted(
                lambda line: (
                    line.deadline or fields.Date.today().max,
                    line.sequence,
                    # of equals the oldest, in whatever order the contracts come
                    line._origin.id,
                )
            )[:1]
            project.billing_state = get_contract_state(
                set(lines.mapped("state")), is_billed=any(lines.mapped("amount_billed"))
            )
            # a milestone that two contracts share is one stage
            stages = lines.milestone_id
            project.billing_stage_count = len(stages)
            project.billing_stage_done_count = len(stages.filtered("is_reached"))
            project.billing_share = contracts._get_share_billed()
            project.billing_next_milestone_id = next_line.milestone_id
            project.billing_next_date = next_line.deadline
            project.is_fully_billed = bool(contracts) and all(
                contracts.mapped("is_fully_billed")
            )

    @api.depends("billing_stage_count")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_billing_amounts(self):
        sums = ("amount_to_date", "amount_billed", "amount_paid", "amount_ready")
        amounts = {}
        # stored and read anyway: no query where nothing is billed
        billed = self.filtered("billing_stage_count")
        # with the reader's rights: what he may not see is not in the sum
        for project, currency, *values in self.env[
            "milestone.billing.contract"
        ]._read_group(
            [("project_id", "in", billed.ids)],
            ["project_id", "currency_id"],
            [f"{name}:sum" for name in (*sums, "amount_to_decide")],
        ):
            names = ("to_date", "billed", "paid", "ready", "to_decide")
            amounts.setdefault(project.id, []).append(
                {"currency_id": currency.id, **dict(zip(names, values, strict=True))}
            )
        for project in self:
            project.billing_amounts = amounts.get(project.id, [])

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("company_id")
    def _check_contracts_company(self):
        self._get_all_contracts()._check_project_company()

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        handed_on = {}
        if vals.get("partner_id"):
            handed_on = {
                project: contracts
                for project in self
                if project.partner_id.id != vals["partner_id"]
                and (contracts := project._get_contracts_to_hand_on())
            }
        res = super().write(vals)
        for project, contracts in handed_on.items():
            customer = project.partner_id
            # another company's customer is none of the contract's
            contracts.filtered(
                lambda contract, customer=customer: contract.company_id._may_bill_with(
                    customer
                )
            ).partner_id = customer
        return res

    def unlink(self):
        self.check_access("unlink")
        # not by the database's cascade, which asks nobody and empties no link
        self._get_all_contracts().unlink()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._get_all_contracts().line_ids._unlink_except_billed()

    def copy(self, default=None):
        # core gives each of several copies the milestones of all: copy one by one
        if len(self) > 1:
            return self.browse().concat(*(project.copy(default) for project in self))
        contracts = self._get_all_contracts().filtered("active")
        contracts._check_own_company()
        mapping = {}
        copies = super(
            ProjectProject, self.with_context(milestone_mapping=mapping)
        ).copy(default)
        if not contracts:
            return copies
        if not self.allow_milestones:
            # core leaves the milestones of such a project behind: those with a stage
            # come along
            milestones = contracts.line_ids.milestone_id
            for milestone in milestones:
                mapping[milestone.id] = milestone.copy({"project_id": copies.id}).id
        is_template_use = bool(
            self.is_template or self.env.context.get("copy_from_template")
        )
        # the superuser: who may copy a project takes along the schedule without seeing
        # it, and the automation that he could not choose himself
        system = self.env(user=SUPERUSER_ID)
        contracts.with_env(system).with_company(self.env.company)._copy_to_project(
            copies.with_env(system), mapping, is_template_use and not copies.is_template
        )
        self._shift_deadlines(copies, mapping)
        return copies

    def _shift_deadlines(self, copy, mapping):
        """Give the copied milestones with a stage their dates, counted from the start.

        Without a start of both projects they have none, as core leaves them.
        """
        if not (self.date_start and copy.date_start):
            return
        shift = copy.date_start - self.date_start
        # sudo: the dates of the milestones just copied for who may copy the project
        for milestone in self.sudo()._get_all_contracts().line_ids.milestone_id:
            if milestone.deadline and milestone.id in mapping:
                milestone.browse(mapping[milestone.id]).deadline = (
                    milestone.deadline + shift
                )

    def _get_all_contracts(self):
        """Return the contracts of these projects in sudo, archived ones too."""
        # sudo: rules that hold for who cannot see the contracts
        return self.sudo().with_context(active_test=False).billing_contract_ids

    def _get_contracts_to_hand_on(self):
        """Return the contracts whose customer follows the project's, in sudo.

        They had the project's customer, and nothing of them is drafted, billed, signed
        or asked.
        """
        return self._get_all_contracts().filtered(
            lambda contract: (
                contract.partner_id == self.partner_id
                and not contract.line_ids.move_line_ids
                and not any(contract.line_ids.mapped("amount_opening"))
                and not any(contract.line_ids.milestone_id.mapped("acceptance_state"))
            )
        )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_open_billing(self):
        """Open the project's contract, their list if it has several, or a new one.

        :return: an ``ir.actions.act_window``
        :raise AccessError: when the user may not see contracts
        :raise UserError: when there is none and the user may not make one
        """
        self.ensure_one()
        contracts = self.env["milestone.billing.contract"].search(
            [("project_id", "=", self.id)]
        )
        if contracts:
            # opening shows what the last check says: let it be one of now
            contracts.with_user(SUPERUSER_ID).line_ids._check_reached_again()
        elif not self.env.user.has_group(MANAGER_GROUP):
            raise UserError(
                self.env._(
                    "%(project)s has no contract that you can see. Ask a project"
                    " administrator to make one.",
                    project=self.name,
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "milestone_billing.milestone_billing_contract_action"
        )
        context = {"default_project_id": self.id, "active_test": True}
        if len(contracts) > 1:
            return {
                **action,
                "domain": [("project_id", "=", self.id)],
                "context": context,
            }
        return {
            **action,
            "views": [(False, "form")],
            "view_mode": "form",
            "res_id": contracts.id,
            "context": context,
        }

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_stat_buttons(self):
        # EXTENDS 'project'
        buttons = super()._get_stat_buttons()
        if self.env.user.has_group(BILLING_GROUP):
            buttons.append(
                {
                    "icon": "list-ol",
                    "text": self.env._("Billing"),
                    "number": self._format_billing_amounts(),
                    "action_type": "object",
                    "action": "action_open_billing",
                    "show": True,
                    "sequence": 27,
                }
            )
        return buttons

    def _format_billing_amounts(self):
        """Return what is billed of what is agreed: ``7,500.00 / $ 10,000.00``."""
        self.ensure_one()
        texts = []
        for amounts in self.billing_amounts:
            currency = self.env["res.currency"].browse(amounts["currency_id"])
            billed = formatLang(
                self.env, amounts["billed"], digits=currency.decimal_places
            )
            texts.append(f"{billed} / {currency.format(amounts['to_date'])}")
        return ", ".join(texts)

    def _show_profitability(self):
        # EXTENDS 'project': with sales installed, the panel shows what is invoiced
        # sudo: whether a project has stages is not for every user
        return super()._show_profitability() and (
            not self.sudo().billing_stage_count
            or self.env.user.has_group(BILLING_GROUP)
        )


class MilestoneBillingContract(models.Model):
    _inherit = "milestone.billing.contract"

    def _get_share_billed(self):
        """Return how much of these contracts of one project is billed, in percent.

        In one currency what is billed of what is agreed, else the stages with nothing
        left to bill of all; rounded down, so that 100 is all.
        """
        if len(self.currency_id) > 1:
            lines = self.line_ids
            done = lines.filtered(lambda line: line.state in ("billed", "paid"))
            share = len(done) / len(lines) if lines else 0.0
        else:
            to_date = sum(self.mapped("amount_to_date"))
            share = sum(self.mapped("amount_billed")) / to_date if to_date else 0.0
        return int(max(0.0, min(share, 1.0)) * 100 + 1e-6)
