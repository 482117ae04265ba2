from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..groups import BILLING_GROUP, STATUS_GROUP
from ..refusal import BillingRefusal


class ProjectMilestone(models.Model):
    """The customer's acceptance of a milestone: asked for, signed or sent back."""

    _name = "project.milestone"
    _inherit = ["project.milestone", "milestone.billing.acceptance.mixin"]

    acceptance_state = fields.Selection(
        help="Whether the client was asked to accept the milestone, and the answer.",
    )
    acceptance_contract_id = fields.Many2one(
        comodel_name="milestone.billing.contract",
        string="Asked For",
        help="The contract whose customer was asked; only its lines can be on the"
        " milestone.",
        copy=False,
        readonly=True,
        index="btree_not_null",
        groups=BILLING_GROUP,
        prefetch="milestone_billing",
    )
    acceptance_asked_names = fields.Char(
        string="Who Was Asked",
        help="The contacts who find the question on their page.",
        compute="_compute_acceptance_asked_names",
        compute_sudo=True,
        groups=BILLING_GROUP,
    )
    can_ask_acceptance = fields.Boolean(
        compute="_compute_can_ask_acceptance",
        compute_sudo=True,
        export_string_translation=False,
        groups=STATUS_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    # not on the state, which each journal item may move: these are what makes it one
    @api.depends(
        "is_reached",
        "billing_line_ids.contract_id.active",
        "billing_line_ids.contract_id.allow_acceptance",
        "billing_line_ids.contract_id.show_on_portal",
        "project_id.is_template",
    )
    def _compute_can_ask_acceptance(self):
        # stored and read anyway: no query where nothing is billed
        billed = self.filtered("billing_state")
        (self - billed).can_ask_acceptance = False
        for milestone in billed:
            milestone.can_ask_acceptance = not (
                milestone._get_own_acceptance_blocking_reason()
                or milestone._get_billing_contracts()._get_acceptance_switch_blocking_reason()
            )

    @api.depends("acceptance_state", "acceptance_contract_id.partner_id")
    def _compute_acceptance_asked_names(self):
        asked = self.filtered(lambda m: m.acceptance_state == "asked")
        (self - asked).acceptance_asked_names = False
        for milestone in asked:
            partners = milestone.acceptance_contract_id._get_acceptance_partners()
            milestone.acceptance_asked_names = ", ".join(partners.mapped("name"))

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        # sudo: an acceptance ends with what it was given for, whoever ends that
        milestones = self.sudo()
        undone = moved = milestones.browse()
        if "is_reached" in vals and not vals["is_reached"]:
            undone = milestones.filtered(lambda m: m.acceptance_state == "accepted")
        if vals.get("project_id"):
            moved = milestones.filtered(
                lambda m: (
                    m.acceptance_state in ("asked", "returned")
                    and m.project_id.id != vals["project_id"]
                )
            )
        res = super().write(vals)
        if undone:
            undone._undo_acceptance()
        if moved:
            moved.write(self._prepare_no_acceptance_vals())
        return res

    def _is_used(self):
        return super()._is_used() or bool(self.acceptance_state)

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_ask_acceptance(self):
        """Ask the customer to accept these milestones; asking again reminds them.

        :raise AccessError: when the user may not edit the milestones
        :raise UserError: when one of them cannot be accepted; nothing is asked then
        """
        self.check_access("write")
        # sudo: whether the customer can be reached, and by which contacts, is looked up
        # beyond the user's rights; they are told no more than that nobody can
        milestones = self.sudo()
        milestones._check_acceptance_askable()
        reminded = milestones.filtered(lambda m: m.acceptance_state == "asked")
        for contract, asked in milestones.grouped(
            lambda m: m._get_billing_contracts()
        ).items():
            asked.write(
                {
                    **self._prepare_no_acceptance_vals(),
                    "acceptance_state": "asked",
                    "acceptance_contract_id": contract.id,
                    "acceptance_asked_on": fields.Datetime.now(),
                    "acceptance_user_id": self.env.uid,
                }
            )
        milestones._send_acceptance_requests()
        (milestones - reminded)._log_acceptance(self._get_asked_message)
        reminded._log_acceptance(self._get_reminded_message)
        return True

    def action_withdraw_acceptance(self):
        """Take the question back that the customer did not answer, or not with a yes.

        :raise AccessError: when the user may not edit the milestones
        """
        self.check_access("write")
        # sudo: nobody writes the answers of customers but by these actions
        milestones = self.sudo().filtered(
            lambda m: m.acceptance_state in ("asked", "returned")
        )
        milestones.write(self._prepare_no_acceptance_vals())
        milestones._log_acceptance(self._get_withdrawn_message)
        return True

    # -------------------------------------------------------------------------
    # BUSINESS: asking
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_no_acceptance_vals(self):
        return {
            **super()._prepare_no_acceptance_vals(),
            "acceptance_contract_id": False,
        }

    def _check_acceptance_askable(self):
        """Refuse to ask for milestones that the customer cannot accept.

        :raise UserError: naming each of them and what to do
        """
        refusals = [
            self.env._(
                "%(milestone)s: %(reason)s", milestone=milestone.name, reason=reason
            )
            for milestone in self
            if (reason := milestone._get_acceptance_blocking_reason())
        ]
        if refusals:
            raise BillingRefusal("\n".join(refusals))

    def _get_billing_contracts(self):
        """Return the contracts that bill these milestones, archived ones too."""
        # sudo: that there are others, never which, is told to who cannot see them
        return self.sudo().billing_line_ids.contract_id

    def _get_acceptance_blocking_reason(self):
        """Return why the customer cannot be asked to accept this one, or False."""
        self.ensure_one()
        return (
            self._get_own_acceptance_blocking_reason()
            or self._get_billing_contracts()._get_acceptance_blocking_reason()
        )

    def _get_own_acceptance_blocking_reason(self):
        """Return that this milestone has nothing that one customer accepts, or False."""
        self.ensure_one()
        if self.is_reached:
            return self.env._("It is marked done already.")
        contracts = self._get_billing_contracts()
        if not contracts:
            return self.env._(
                "It has no milestone line, and so is no stage of the client's page: add"
                " one to the billing schedule first."
            )
        if len(contracts) > 1:
            return self.env._(
                "It is a stage of more than one contract, and no customer accepts for"
                " another: mark it done by hand, or give each contract a milestone of"
                " its own."
            )
        return False

    def _check_one_contract_for_acceptance(self):
        """Refuse the line of another contract where a customer was asked to accept.

        :raise ValidationError: naming the milestone, never the other contract
        """
        # sudo: the rule holds for who can see neither question nor contracts
        for milestone in self.sudo().filtered("acceptance_state"):
            others = (
                milestone._get_billing_contracts() - milestone.acceptance_contract_id
            )
            if others and milestone.acceptance_state == "accepted":
                raise ValidationError(
                    self.env._(
                        "%(milestone)s was accepted by the customer of one contract, and"
                        " only lines of that contract can be on it. Use another"
                        " milestone.",
                        milestone=milestone.name,
                    )
                )
            if others:
                raise ValidationError(
                    self.env._(
                        "The customer of one contract was asked to accept %(milestone)s,"
                        " and only lines of that contract can be on it. Use another"
                        " milestone, or withdraw the question first.",
                        milestone=milestone.name,
                    )
                )

    def _is_acceptance_shown(self, contract, customer):
        """Whether ``customer`` finds this milestone's acceptance on the contract's page.

        A question is for who is the customer now, an answer for whose contact gave it.
        """
        self.ensure_one()
        if contract != self.acceptance_contract_id or not (
            self.billing_line_ids & contract.line_ids
        ):
            return False
        if self.acceptance_state == "asked":
            return contract.allow_acceptance
        return bool(self.acceptance_state) and (
            self.acceptance_partner_id.commercial_partner_id == customer
        )

    def _get_acceptance_path(self):
        self.ensure_one()
        page = self.acceptance_contract_id._get_billing_portal_path()
        return f"{page}/milestone/{self.id}"

    def _get_acceptance_contract(self):
        return self.acceptance_contract_id

    @api.model
    def _get_acceptance_template(self):
        return "milestone_billing.mail_template_milestone_acceptance"
