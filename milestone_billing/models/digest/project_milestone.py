from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..groups import STATUS_GROUP


class ProjectMilestone(models.Model):
    """Milestones that wait for who runs their project; and their dates, moved."""

    _inherit = "project.milestone"

    waits_because = fields.Selection(
        selection=[("returned", "Sent back by the client"), ("late", "Past its date")],
        help="Why the milestone waits for who runs the project.",
        compute="_compute_waits_because",
        groups=STATUS_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("acceptance_state", "deadline", "is_reached")
    @api.depends_context("tz")
    def _compute_waits_because(self):
        today = fields.Date.context_today(self)
        for milestone in self:
            is_late = milestone.deadline and milestone.deadline < today
            if milestone.is_reached:
                milestone.waits_because = False
            elif milestone.acceptance_state == "returned":
                milestone.waits_because = "returned"
            else:
                milestone.waits_because = is_late and "late"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_postpone(self):
        """Open the form that moves the milestone's date, with the reason.

        :return: an ``ir.actions.act_window``
        :raise AccessError: when the user may not edit the milestone
        """
        self.ensure_one()
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "milestone_billing.milestone_billing_postpone_action"
        )
        return {**action, "context": {"default_milestone_id": self.id}}

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    @api.model
    def _get_waiting_domain(self, companies):
        """Return which stages wait for who runs their project: late, or sent back.

        Whether the day is over where they live is for :attr:`waits_because` to say.

        :param companies: those that remind
        """
        return Domain(
            [
                ("is_reached", "=", False),
                ("project_id.active", "=", True),
                ("project_id.is_template", "=", False),
                ("billing_line_ids.company_id", "in", companies.ids),
                ("billing_line_ids.contract_id.active", "=", True),
            ]
        ) & (
            Domain("acceptance_state", "=", "returned")
            | (
                Domain("billing_state", "=", "upcoming")
                & Domain("deadline", "<", fields.Date.today() + timedelta(days=1))
            )
        )
