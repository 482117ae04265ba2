from odoo import api, fields, models
from odoo.tools import SQL, Query

from ..groups import BILLING_GROUP, STATUS_GROUP
from .milestone_billing_contract import PICTURE_CONTEXT
from .picture import split

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

    @api.depends("billing_glance")
    @api.depends_context(*PICTURE_CONTEXT)
    def _compute_billing_bar(self):
        # sudo: what it knows is read with the reader's rights
        glances = self.sudo()._read_column("billing_glance")
        labels = any(glances) and self.env["milestone.billing.timeline"]._get_labels()
        bars = [
            glance and self._draw_small_bar(glance.get("stage", ()), labels)
            for glance in glances
        ]
        self._fill_column("billing_bar", [bar or None for bar in bars])

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def get_panel_data(self):
        # EXTENDS 'project'
        data = super().get_panel_data()
        if data:
            # the picture itself is read once the panel stands
            data["has_billing_timeline"] = bool(self.billing_stage_count)
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
        # whose groups see how far the billing is
        self._check_field_access(self._fields["billing_bar"], "read")
        return bool(self.billing_stage_count) and self._draw_timeline()

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

    # -------------------------------------------------------------------------
    # BUSINESS: the bar of cards and lists
    # -------------------------------------------------------------------------

    def _get_glance_sources(self, contracts):
        # EXTENDS: amounts for who sees them, else how many milestones
        sources = super()._get_glance_sources(contracts)
        if contracts is not None:
            model = self.env["milestone.billing.line"]
            # a line is for who sees its contract: their rules are the same
            stages = Query(self.env, model._table, model._table_sql)
            contract = model._fields["contract_id"].to_sql(model, stages.table)
            stages.add_where(SQL("%s IN %s", contract, contracts.subselect()))
            return [
                *sources,
                self._select_sums("stage", model, stages, BAR_AMOUNTS, "status"),
            ]
        model = self.env["project.milestone"]
        stages = model._search([("billing_state", "!=", False)])
        self._limit_to_these(model, stages)
        return [
            *sources,
            self._select_sums("stage", model, stages, (), "billing_status"),
        ]

    @api.model
    def _draw_small_bar(self, rows, labels):
        """Return the segments of the bar on a project's card, or None: no amounts.

        Of contracts in several currencies the parts are how many stages.
        """
        is_counted = len({currency for currency, *_values in rows}) > 1
        values = {}
        for _currency, status, count, sums, _day in rows:
            parts = (
                split(status, *sums) if sums and not is_counted else [(status, count)]
            )
            for key, value in parts:
                values[key] = values.get(key, 0) + value
        timeline = self.env["milestone.billing.timeline"]
        return timeline._draw_small_bar(values, labels) or None
