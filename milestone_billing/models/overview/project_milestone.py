from odoo import api, fields, models
from odoo.tools import SQL

from ..groups import BILLING_GROUP
from .project_project import READER


class ProjectMilestone(models.Model):
    """What the panel of a project's dashboard says of a milestone."""

    _inherit = "project.milestone"

    # what the lines that the reader sees are planned to bill, pairs of a currency's id
    # and an amount: nobody's to read but what is made of it
    billing_planned = fields.Json(
        compute="_compute_billing_planned",
        export_string_translation=False,
        groups=fields.NO_ACCESS,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("billing_state")
    @api.depends_context(*READER)
    def _compute_billing_planned(self):
        planned = {}
        for id_, *amount in self._read_planned():
            planned.setdefault(id_, []).append(amount)
        self._fill_column("billing_planned", map(planned.get, self._ids))

    def _read_planned(self):
        """Return rows of milestone, currency and planned amount, by the reader's rights."""
        if not self.env.user.has_group(BILLING_GROUP):
            return []
        # rights are the reader's, whoever computes
        model = self.env["milestone.billing.line"].sudo(False)
        query = model._search([])

        def to_sql(name):
            return model._fields[name].to_sql(model, query.table)

        milestone = to_sql("milestone_id")
        currency = to_sql("currency_id")
        query.add_where(SQL("%s = ANY(%s)", milestone, self.ids))
        planned = SQL("SUM(%s)", to_sql("amount_planned"))
        rows = query.select(milestone, currency, planned)
        return self.env.execute_query(
            SQL("%s GROUP BY 1, 2 ORDER BY 1, MIN(%s)", rows, to_sql("id"))
        )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_data(self):
        # EXTENDS 'project'
        data = super()._get_data()
        status = data["billing_status"]
        return {
            **data,
            "billing_amount": status and self._format_billing_amount(),
            "billing_reason": status == "blocked" and self._get_panel_reason(),
        }

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _format_billing_amount(self):
        """Return what the lines that the reader sees are planned to bill, as text.

        :return: one amount a currency, False for who sees no amounts
        """
        # sudo: for the compute, which looks with the reader's rights
        planned = self.sudo().billing_planned
        currencies = self.env["res.currency"]
        return planned and " + ".join(
            currencies.browse(currency_id).format(amount)
            for currency_id, amount in planned
        )

    def _get_panel_reason(self):
        """Return why a blocked milestone is not invoiced, in what the reader may know."""
        if self.env.user.has_group(BILLING_GROUP):
            reasons = self.billing_line_ids.mapped("blocking_reason")
            return next(filter(None, reasons), False)
        # sudo: the cause alone, which names neither amount nor customer
        if cause := self.sudo()._get_cause():
            return self.env._("Not invoiced: %(cause)s.", cause=cause)
        return self.env._("Not invoiced. The accountant sees why.")
