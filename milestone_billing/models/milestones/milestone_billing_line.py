from odoo import api, fields, models
from odoo.fields import Domain

from ..marks import WITH_MILESTONE
from ..refusal import BillingRefusal


class MilestoneBillingLine(models.Model):
    """A line given by its name makes its milestone, and takes it along when it goes."""

    _inherit = "milestone.billing.line"

    made_milestone = fields.Boolean(
        help="Whether the line made its milestone, which then goes with it.",
        copy=False,
        readonly=True,
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # the caller's values stay as they are: the server may have to try again
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._check_not_sealed(vals)
        own_milestones = self._complete_values(vals_list)
        lines = super().create(vals_list)
        # sudo: a fact that no request gives
        lines.sudo().filtered(
            lambda line: line.milestone_id.id in own_milestones
        ).made_milestone = True
        return lines

    def unlink(self):
        # sudo: which milestones the lines made is not told
        own = self.sudo().filtered("made_milestone").milestone_id
        res = super().unlink()
        if not WITH_MILESTONE.is_set(self.env):
            own._unlink_made_by_lines()
        return res

    @api.model
    def _complete_values(self, vals_list):
        """Complete the values of new lines with their milestone or contract.

        A line given by name alone gets the milestone of that name that no line has yet,
        else a new one; one given by its milestone alone belongs to the only contract of
        the milestone's project.

        :return: the ids of the milestones that were made
        :raise UserError: when it is not clear for which milestone or contract it is
        """
        Milestone = self.env["project.milestone"]
        self._take_milestones(vals_list)
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
    def _take_milestones(self, vals_list):
        """Give lines to be, in their values, the milestones that bear their names.

        One call may bring milestones and lines, and makes each once.
        """
        named = [
            # sudo: only the id
            (self._get_contract(vals).sudo().project_id.id, vals)
            for vals in vals_list
            if not vals.get("milestone_id") and vals.get("name")
        ]
        free = self.env["project.milestone"].search(
            self._get_free_milestone_domain(
                [project_id for project_id, _vals in named],
                [vals["name"] for _project_id, vals in named],
            )
        )
        by_name = free.grouped(
            lambda milestone: (milestone.project_id.id, milestone.name)
        )
        for project_id, vals in named:
            key = (project_id, vals["name"])
            if milestones := by_name.get(key):
                vals["milestone_id"] = milestones[0].id
                by_name[key] = milestones[1:]

    @api.model
    def _get_free_milestone_domain(self, project_ids, names):
        """Hook: return where a line by name finds its milestone: open, and of no line."""
        return Domain(
            [
                ("project_id", "in", project_ids),
                ("name", "in", names),
                ("is_reached", "=", False),
                ("billing_line_ids", "=", False),
            ]
        )

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
    def _get_contract(self, vals):
        """Return the contract that a new line is given, possibly none."""
        contracts = self.env["milestone.billing.contract"]
        return contracts.browse(self._get_contract_id(vals))

    @api.model
    def _get_contract_id(self, vals):
        """Return the id of that contract."""
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
            raise BillingRefusal(
                self.env._(
                    "%(project)s has no contract: make one with its Billing button"
                    " first.",
                    project=milestone.project_id.name,
                )
            )
        raise BillingRefusal(
            self.env._(
                "%(project)s has several contracts: say to which of them the line"
                " belongs.",
                project=milestone.project_id.name,
            )
        )

    @api.model
    def _prepare_milestone_vals(self, vals):
        """Return the values of the milestone of a new line given without one."""
        contract = self._get_contract(vals)
        if not (contract and vals.get("name")):
            raise BillingRefusal(
                self.env._(
                    "A milestone line needs a contract, and a milestone or a name to"
                    " create one."
                )
            )
        contract.check_access("read")
        return {
            "name": vals["name"],
            # sudo: only the id
            "project_id": contract.sudo().project_id.id,
            "deadline": vals.get("deadline"),
        }
