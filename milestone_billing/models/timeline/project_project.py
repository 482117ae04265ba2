from odoo import api, fields, models

from ..groups import BILLING_GROUP, STATUS_GROUP
from .milestone_billing_contract import PICTURE_CONTEXT
from .picture import Part, draw_bar, split

BAR_AMOUNTS = (
    "amount_paid",
    "amount_settled",
    "amount_unpaid",
    "amount_drafted",
    "amount_to_decide",
    "amount_open",
)
"""Of lines, in the order in which :func:`split` takes them."""


class ProjectProject(models.Model):
    """The picture of a project's billing, and its bar for cards and lists."""

    _inherit = "project.project"

    billing_timeline = fields.Json(
        help="What the picture of the project's contracts shows the reader.",
        compute="_compute_billing_timeline",
        export_string_translation=False,
        groups=STATUS_GROUP,
    )
    billing_bar = fields.Json(
        help="How much of the project's billing is how far: the widths of the bar on"
        " cards and in lists.",
        compute="_compute_billing_bar",
        export_string_translation=False,
        groups=STATUS_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("billing_stage_count", "billing_state", "billing_share")
    @api.depends_context(*PICTURE_CONTEXT)
    def _compute_billing_timeline(self):
        for project in self:
            # stored and read anyway: no query where nothing is billed
            project.billing_timeline = (
                project._draw_timeline() if project.billing_stage_count else False
            )

    @api.depends("billing_stage_count", "billing_state", "billing_share")
    @api.depends_context(*PICTURE_CONTEXT)
    def _compute_billing_bar(self):
        billed = self.filtered("billing_stage_count")._origin
        parts = billed._read_bar_parts() if billed else {}
        labels = self.env["milestone.billing.timeline"]._get_labels() if billed else {}
        for project in self:
            project.billing_bar = [
                {
                    "status": segment.status,
                    "label": labels[segment.status],
                    "width": segment.width,
                }
                for segment in draw_bar(parts.get(project._origin.id, ()), limit=0)
            ]

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def get_panel_data(self):
        # EXTENDS 'project'
        data = super().get_panel_data()
        if data and self.billing_stage_count:
            data["billing_timeline"] = self._draw_timeline()
        return data

    # -------------------------------------------------------------------------
    # BUSINESS: the picture
    # -------------------------------------------------------------------------

    @api.readonly
    def get_billing_timeline(self):
        """Return the picture of the project's contracts.

        :return: a dictionary as ``milestone.billing.timeline`` documents it; False
            where nothing is billed by milestones
        :raise AccessError: when the user may not see how far the billing is
        """
        self.ensure_one()
        self.check_access("read")
        self._check_field_access(self._fields["billing_timeline"], "read")
        return self.billing_timeline

    def _draw_timeline(self):
        """Return the picture of this project, as the reader may see it."""
        self.ensure_one()
        # rights are the reader's, whoever computes
        project = self._origin.sudo(False)
        milestones = project.env["project.milestone"].search(
            [("project_id", "=", project.id), ("billing_state", "!=", False)]
        )
        contracts = project.env["milestone.billing.contract"]
        if self.env.user.has_group(BILLING_GROUP):
            contracts = contracts.search(
                [("project_id", "=", project.id), ("line_ids", "!=", False)],
                order="id",
            )
        return project.env["milestone.billing.timeline"]._draw(
            contracts, milestones, of_project=True
        )

    def _read_bar_parts(self):
        """Return the parts of the bar of each of these projects.

        Amounts for who sees them, of one currency; else how many milestones.

        :return: a dictionary of project ids and lists of :class:`Part`
        """
        # rights are the reader's, whoever computes
        projects = self.sudo(False)
        if projects.env.user.has_group(BILLING_GROUP):
            return projects._read_bar_amounts()
        parts = {}
        for project, status, count in projects.env["project.milestone"]._read_group(
            [("project_id", "in", self.ids), ("billing_state", "!=", False)],
            ["project_id", "billing_status"],
            ["__count"],
        ):
            parts.setdefault(project.id, []).append(Part(status, count))
        return parts

    def _read_bar_amounts(self):
        """Return what :meth:`_read_bar_parts` does, for who sees amounts.

        Of contracts in several currencies, how many stages.
        """
        groups = {}
        for project, currency, *values in self.env[
            "milestone.billing.line"
        ]._read_group(
            [("project_id", "in", self.ids), ("contract_id.active", "=", True)],
            ["project_id", "currency_id", "status"],
            ["__count", *(f"{name}:sum" for name in BAR_AMOUNTS)],
        ):
            groups.setdefault(project.id, []).append((currency, *values))
        parts = {}
        for project_id, rows in groups.items():
            is_mixed = len({currency for currency, *_values in rows}) > 1
            parts[project_id] = [
                Part(key, value)
                for _currency, status, count, *amounts in rows
                for key, value in (
                    [(status, count)] if is_mixed else split(status, *amounts)
                )
            ]
        return parts
