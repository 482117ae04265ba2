from odoo import api, fields, models

from .groups import BILLING_GROUP, STATUS_GROUP
from .marks import WITH_MILESTONE
from .milestone_billing_overdue_mixin import OverdueStatus
from .status import (
    LINE_STATE_SELECTION,
    STATUS_BY_KEY,
    STATUS_SELECTION,
    get_first_state,
)


class ProjectMilestone(models.Model):
    _name = "project.milestone"
    _inherit = [
        "project.milestone",
        "milestone.billing.sealed.mixin",
        "milestone.billing.overdue.mixin",
    ]
    _overdue_fields = ("billing_status", "billing_state", "deadline")

    acceptance_criteria = fields.Text(
        help="What must be true for this milestone to be done, in plain words.",
        prefetch="milestone_billing",
    )
    billing_line_ids = fields.One2many(
        comodel_name="milestone.billing.line",
        inverse_name="milestone_id",
        string="Milestone Lines",
        groups=BILLING_GROUP,
    )
    billing_state = fields.Selection(
        selection=LINE_STATE_SELECTION,
        help="The status of its lines that needs doing first.",
        compute="_compute_billing_state",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    billing_status = OverdueStatus(
        selection=STATUS_SELECTION,
        string="Billing",
        help="How far the billing of this milestone is: the status of its lines that"
        " needs doing first; overdue while it is upcoming and its date is past.",
        compute="_compute_overdue_status",
        search="_search_overdue_status",
        compute_sudo=True,
        groups=STATUS_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends(
        "billing_line_ids.state",
        "billing_line_ids.contract_id.active",
        "project_id.is_template",
    )
    def _compute_billing_state(self):
        billed = self.filtered("billing_line_ids")
        # most milestones of a database bill nothing
        (self - billed).billing_state = False
        for milestone in billed:
            # archived and template contracts count nowhere
            lines = milestone.billing_line_ids.filtered(
                lambda line: line.contract_id.active
            )
            if milestone.project_id.is_template:
                lines = lines.browse()
            milestone.billing_state = get_first_state(set(lines.mapped("state")))

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        milestones = super().create(vals_list)
        milestones.filtered("is_reached")._after_reached()
        return milestones

    def write(self, vals):
        toggled = self._get_toggled(vals)
        if toggled:
            self.check_access("write")
            toggled._touch_rows()
            # the superuser: the contracts' rows for who need not see them
            toggled._as_system().billing_line_ids.contract_id._touch_rows()
            if not vals["is_reached"]:
                toggled._before_not_reached()
        renamed = self._get_lines_named_after() if "name" in vals else None
        contracts = self.env["milestone.billing.contract"]
        if vals.keys() & {"name", "deadline"}:
            # sudo: the contract's log is kept whoever changes the milestone
            contracts = self.sudo().billing_line_ids.contract_id
        with contracts._changing_schedule():
            res = super().write(vals)
            if renamed:
                renamed.name = vals["name"]
        if toggled and vals["is_reached"]:
            toggled._after_reached()
        elif toggled:
            toggled._after_not_reached()
        return res

    def unlink(self):
        self.check_access("unlink")
        # sudo: the lines go with their milestone, whoever may delete it; not by the
        # database's cascade, which would leave the totals of the schedule behind
        lines = self.sudo().billing_line_ids
        if lines:
            WITH_MILESTONE.on(lines).unlink()
        return super().unlink()

    def _get_toggled(self, vals):
        """Return those of these milestones with a line that ``vals`` ticks or un-ticks."""
        if "is_reached" not in vals:
            return self.browse()
        # sudo: that a milestone is billed decides what follows, and is not told; read
        # as core reads it when milestones change, which then needs no query of its own
        lines = self.sudo().billing_line_ids
        if not lines:
            return self.browse()
        return (self & lines.milestone_id.with_env(self.env)).filtered(
            lambda milestone: milestone.is_reached != bool(vals["is_reached"])
        )

    def _get_lines_named_after(self):
        """Return the lines that bear their milestone's name and so follow it."""
        # sudo: a project user renames milestones without seeing the schedule
        return self.sudo().billing_line_ids.filtered(
            lambda line: line.name == line.milestone_id.name
        )

    def _after_reached(self):
        """Hook: do what follows when these milestones are marked done."""

    def _before_not_reached(self):
        """Hook: take back what the tick did before these milestones are undone.

        To be called after the check of the right to the milestones.

        :raise UserError: when that cannot be taken back
        """

    def _after_not_reached(self):
        """Hook: do what follows when these milestones are no longer done."""

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_fields_to_export(self):
        # EXTENDS 'project': the badge in the panel of the project's dashboard
        return [*super()._get_fields_to_export(), "billing_status"]

    def _get_data(self):
        # EXTENDS 'project'
        data = super()._get_data()
        status = STATUS_BY_KEY.get(data["billing_status"])
        if status:
            field = self._fields["billing_status"]
            data["billing_state_label"] = field.convert_to_export(status.key, self)
            data["billing_state_color"] = status.color
        return data

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_mark_done(self):
        """Mark the milestones done, as ticking them does; bills what is to be billed.

        :return: True
        """
        self.filtered(lambda milestone: not milestone.is_reached).is_reached = True
        return True
