from odoo import SUPERUSER_ID, api, models, tools
from odoo.exceptions import AccessError
from odoo.tools import SQL

# all of a request's context that reaches what the addon does by itself
CONTEXT_KEYS = ("lang", "tz")


class MilestoneBillingSealedMixin(models.AbstractModel):
    """What the addon computes or records is written by nobody but the addon.

    And how the addon itself acts: as the superuser, one transaction after the other.

    ``readonly=True`` binds views only: without this, a request could tell a schedule
    its own totals, or a user's own defaults could sign an acceptance. Recomputing does
    not pass here, and the addon records as the superuser or with sudo.
    """

    _name = "milestone.billing.sealed.mixin"
    _description = "Sealed Fields of Milestone Billing"

    @api.model
    @tools.ormcache()
    def _get_sealed_fields(self):
        """Return the names of the addon's fields that no request writes."""
        return frozenset(
            name
            for name, field in self._fields.items()
            if field._module == "milestone_billing"
            and field.readonly
            and name not in models.MAGIC_COLUMNS
        )

    @api.model
    def _check_not_sealed(self, fnames):
        """Refuse a request that writes what only the addon records.

        :raise AccessError: naming the field
        """
        sealed = not self.env.su and self._get_sealed_fields().intersection(fnames)
        if sealed:
            raise AccessError(
                self.env._(
                    "%(field)s is recorded by the system and cannot be given.",
                    field=", ".join(self._fields[name].string for name in sealed),
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._check_not_sealed(set().union(*vals_list))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._check_not_sealed(vals)
        return super().write(vals)

    @api.model
    def _add_missing_default_values(self, values):
        # EXTENDS 'base': the defaults of the request's context, and those that every
        # user may set for themselves, arrive after the check of the values
        res = super()._add_missing_default_values(values)
        for name in self._get_sealed_fields().intersection(res) - values.keys():
            if not self._fields[name].default:
                del res[name]
        return res

    @api.model
    def _is_system(self):
        """Whether the addon itself acts, as the superuser: no request can."""
        return self.env.uid == SUPERUSER_ID

    def _touch_rows(self):
        """Make transactions that act on these records at once conflict.

        The rows are written as they are: at PostgreSQL's REPEATABLE READ a mere lock
        would let the other transaction go on with what it saw before. So it fails, and
        the server tries it again. Always in the same order: two that need the same
        records wait for each other in vain otherwise.
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    "UPDATE %(table)s SET id = id WHERE id IN ("
                    "SELECT id FROM %(table)s WHERE id IN %(ids)s"
                    " ORDER BY id FOR NO KEY UPDATE)",
                    table=SQL.identifier(self._table),
                    ids=self._ids,
                )
            )

    def _as_system(self):
        """Return these records as the superuser, who alone makes documents.

        Whoever marks a milestone done need not be able to make invoices, nor an
        accountant to read the project; and no default of theirs shapes the invoice.
        To be called after a check of the right to the act, or before what follows it.
        """
        context = {
            key: value for key, value in self.env.context.items() if key in CONTEXT_KEYS
        }
        return self.with_env(self.env(user=SUPERUSER_ID, context=context))
