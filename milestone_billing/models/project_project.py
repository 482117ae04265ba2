from odoo import api, fields, models

from .groups import BILLING_GROUP, MANAGER_GROUP, STATUS_GROUP
from .milestone_billing_overdue_mixin import OverdueStatus
from .refusal import BillingRefusal
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
    billing_status = OverdueStatus(
        selection=STATUS_SELECTION,
        string="Billing",
        help="How far the billing is: what needs doing first, and whether a stage is"
        " overdue.",
        compute="_compute_overdue_status",
        search="_search_overdue_status",
        compute_sudo=True,
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
        prefetch="milestone_billing",
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
        prefetch="milestone_billing",
    )
    billing_next_milestone_id = fields.Many2one(
        comodel_name="project.milestone",
        string="Next Stage",
        compute="_compute_billing_facts",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    billing_next_name = fields.Char(
        string="Next Stage's Name",
        help="Without the date, which core may add to a milestone's name.",
        related="billing_next_milestone_id.name",
        store=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
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
        prefetch="milestone_billing",
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
            next_line = min(
                lines.filtered(lambda line: line.state == "upcoming"),
                key=lambda line: (
                    line.deadline or fields.Date.today().max,
                    line.sequence,
                    # of equals the oldest, in whatever order the contracts come
                    line._origin.id,
                ),
                default=lines.browse(),
            )
            project.billing_state = get_contract_state(
                set(contracts.mapped("state")),
                is_billed=any(contracts.mapped("amount_billed")),
            )
            # a milestone that two contracts share is one stage
            done = lines.filtered("is_reached").milestone_id
            project.billing_stage_count = len(lines.milestone_id)
            project.billing_stage_done_count = len(done)
            project.billing_share = self._get_share_billed(contracts)
            project.billing_next_milestone_id = next_line.milestone_id
            project.billing_next_date = next_line.deadline
            project.is_fully_billed = bool(contracts) and all(
                contracts.mapped("is_fully_billed")
            )

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

    def _get_all_contracts(self):
        """Return the contracts of these projects in sudo, archived ones too."""
        # sudo: rules that hold for who cannot see the contracts
        return self.sudo().with_context(active_test=False).billing_contract_ids

    def _get_contracts_to_hand_on(self):
        """Return the contracts whose customer follows the project's, in sudo."""
        return self._get_all_contracts().filtered(
            lambda contract: (
                contract.partner_id == self.partner_id
                and not contract._is_bound_to_customer()
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
        if not contracts and not self.env.user.has_group(MANAGER_GROUP):
            raise BillingRefusal(
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

    def _show_profitability(self):
        # EXTENDS 'project': with sales installed, the panel shows what is invoiced
        # sudo: whether a project has stages is not for every user
        return super()._show_profitability() and (
            not self.sudo().billing_stage_count
            or self.env.user.has_group(BILLING_GROUP)
        )

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    @api.model
    def _get_share_billed(self, contracts):
        """Return how much of the contracts of one project is billed, in percent.

        In one currency what is billed of what is agreed, else the stages with nothing
        left to bill of all; rounded down, so that 100 is all.
        """
        if len(contracts.currency_id) > 1:
            lines = contracts.line_ids
            done = lines.filtered(lambda line: line.state in ("billed", "paid"))
            share = len(done) / len(lines) if lines else 0.0
        else:
            to_date = sum(contracts.mapped("amount_to_date"))
            share = sum(contracts.mapped("amount_billed")) / to_date if to_date else 0.0
        return int(max(0.0, min(share, 1.0)) * 100 + 1e-6)
