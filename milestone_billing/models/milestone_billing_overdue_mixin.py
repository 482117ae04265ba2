from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .status import BADGE_COLORS, STATUSES

# of which a past date makes an overdue one
LATE_STATES = ("running", "upcoming")
# the widgets in views that wear the colours of the statuses
BADGES = ("@widget='billing_status'", "@widget='billing_stage_badge'")


class OverdueStatus(fields.Selection):
    """The status of a model with :class:`MilestoneBillingOverdueMixin`, in SQL."""

    def to_sql(self, model, alias):
        _status, state, date = model._overdue_fields
        return SQL(
            "CASE WHEN %(state)s IN %(late)s AND %(date)s < %(today)s"
            " THEN 'overdue' ELSE %(state)s END",
            # the state that it is made of is as visible
            state=model._fields[state].to_sql(model, alias),
            late=LATE_STATES,
            date=model._fields[date].to_sql(model, alias),
            today=fields.Date.context_today(model),
        )


class MilestoneBillingOverdueMixin(models.AbstractModel):
    """A status that is the stored state, or *overdue* where the date is past.

    Overdue follows from the reader's day. It is never stored, so that nothing goes
    stale at midnight, and searched and grouped by in SQL.
    """

    _name = "milestone.billing.overdue.mixin"
    _inherit = "milestone.billing.columns.mixin"
    _description = "Overdue Status of Milestone Billing"

    _overdue_fields = ("status", "state", "deadline")
    """The names of the status, of the stored state and of the stored date."""

    @api.depends(lambda self: self._overdue_fields[1:])
    def _compute_overdue_status(self):
        status, state, date = self._overdue_fields
        today = fields.Date.context_today(self)
        self._fill_column(
            status,
            [
                "overdue"
                if value in LATE_STATES and day and day < today
                else value or None
                for value, day in zip(
                    self._read_column(state), self._read_column(date), strict=True
                )
            ],
        )

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        # EXTENDS 'base': the badge of a status has the table's colours
        arch, view = super()._get_view(view_id, view_type, **options)
        for node in arch.xpath(f".//field[{' or '.join(BADGES)}]"):
            for color, keys in BADGE_COLORS.items():
                node.set(f"decoration-{color}", f"{node.get('name')} in {keys}")
        return arch, view

    @api.model
    def _search_overdue_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        _status, state, date = self._overdue_fields
        overdue = Domain(state, "in", LATE_STATES)
        overdue &= Domain(date, "<", fields.Date.context_today(self))
        domain = Domain(state, "in", [item for item in value if item != "overdue"])
        domain &= ~overdue
        return domain | overdue if "overdue" in value else domain

    def _read_group_orderby(self, order, groupby_terms, query):
        # EXTENDS 'base': groups come in the order of the statuses' rank
        ranks = {
            name: SQL("ARRAY_POSITION(%s, %s::text)", keys, groupby_terms[name])
            for name, keys in self._get_ranks().items()
            if name in groupby_terms
        }
        terms = {**groupby_terms, **ranks}
        sql = super()._read_group_orderby(order, terms, query)
        groupby_terms.update({**terms, **{k: groupby_terms[k] for k in ranks}})
        return sql

    @api.model
    def _get_ranks(self):
        """Hook: return the fields whose groups come in an order of their own.

        :return: ``{name: [key, …]}``
        """
        keys = [status.key for status in STATUSES]
        return dict.fromkeys(self._overdue_fields[:2], keys)
