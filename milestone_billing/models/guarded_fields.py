"""Fields with amounts, which nobody finds out by searching in somebody else's name."""

from odoo import SUPERUSER_ID, fields
from odoo.tools import SQL


class GuardedField(fields.Field):
    """A field whose search conditions judge the user, also in sudo.

    Core searches followers, attachments and more with sudo, through paths that the
    request chooses: a condition on an amount would tell it, one question after the
    other, to who may not read it.
    """

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        sql = super().condition_to_sql(field_expr, operator, value, model, alias, query)
        if not model.env.su or model.env.uid == SUPERUSER_ID:
            return sql
        # refused to who may read no record of the model at all
        visible = model.sudo(False).with_context(active_test=False)._search([])
        return SQL(
            "(%s AND %s IN %s)", sql, SQL.identifier(alias, "id"), visible.subselect()
        )


class Amount(GuardedField, fields.Monetary):
    """A monetary field of a contract, its lines or its decisions."""


class Share(GuardedField, fields.Float):
    """A share of a contract sum."""


class Arguments(GuardedField, fields.Json):
    """What a sentence with amounts is made of."""


class Log(GuardedField, fields.One2many):
    """Messages or activities, whose texts may name amounts."""
