from odoo.exceptions import UserError

from .common import draw_signature
from .common_rights import (
    RightsCommon,
)

DEFAULT = "ir.default"


class SealsCommon(RightsCommon):
    """A contract that is billed in part, and what is forged for it."""

    def get_forged_value(self, field):
        """Return a value of a field that nobody has given, as a client writes it."""
        if field.type == "selection":
            return next(reversed(field.get_values(self.env)), None)
        if field.type == "many2one":
            return self.env[field.comodel_name].search([], order="id", limit=1).id
        if field.type.endswith("2many"):
            return self.env[field.comodel_name].search([], order="id", limit=1).ids
        return {
            "binary": draw_signature(),
            "boolean": True,
            "char": "Forged",
            "date": "2020-01-01",
            "datetime": "2020-01-01 00:00:00",
            "float": 47.11,
            "html": "Forged",
            "integer": 4711,
            "json": {"forged": 4711},
            "monetary": 4711.0,
            "text": "Forged",
        }.get(field.type)

    def set_own_default(self, user, field):
        """Have a user set his own default of a field, as the server lets him.

        :return: whether it lets him
        """
        value = self.get_forged_value(field)
        if value is None or not field.store:
            return False
        try:
            self.rpc(
                user,
                self.env[DEFAULT],
                "set",
                field.model_name,
                field.name,
                value,
                True,
            )
        except UserError:  # no value that could be a default
            return False
        return True
