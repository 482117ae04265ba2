from odoo import api, models

# of the types whose values are sent as they are kept: what stands for none
PLAIN_TYPES = {
    "boolean": False,
    "char": False,
    "date": False,
    "datetime": False,
    "float": 0.0,
    "integer": 0,
    "json": False,
    "monetary": 0.0,
    "selection": False,
    "text": False,
}


class MilestoneBillingColumnsMixin(models.AbstractModel):
    """The addon's fields in lists are read by column, not by cell.

    Core asks for each cell whether the reader has one of the groups of its field, which
    takes ten times as long as reading it: here that is asked once a column.
    """

    _name = "milestone.billing.columns.mixin"
    _description = "Columns of Milestone Billing"

    def _read_format(self, fnames, load="_classic_read"):
        # EXTENDS 'base'
        columns = [name for name in fnames if self._is_column(name)]
        # what is new is not saved, and has no row to read
        if not columns or not all(self._ids):
            return super()._read_format(fnames, load)
        others = [name for name in fnames if name not in columns]
        rows = super()._read_format(others, load)
        if len(rows) != len(self):
            # some were deleted meanwhile
            return super()._read_format(fnames, load)
        for name in columns:
            self._check_field_access(self._fields[name], "read")
            for row, value in zip(rows, self._read_column(name), strict=True):
                row[name] = value
        return rows

    @api.model
    def _is_column(self, name):
        """Whether a field is one of the addon's whose values are read as a column."""
        field = self._fields[name]
        return (
            field._module == "milestone_billing"
            and field.type in PLAIN_TYPES
            and not field.translate
        )

    def _read_column(self, name):
        """Return the values of a field of these records, in their order.

        Of a many2one they are ids. They are those of the cache, not copies: to be read
        alone. Whoever calls has seen to the rights.
        """
        field = self._fields[name]
        if not all(self._ids):
            # what is being edited: reading one may move the others
            values = [record[name] for record in self]
            return [value.id for value in values] if field.relational else values
        if field.compute and field.store:
            field.recompute(self)
        known = field._get_cache(self.env)
        missing = [id_ for id_ in self._ids if id_ not in known]
        if missing and not field.store:
            field.compute_value(self.browse(missing))
            known = field._get_cache(self.env)
        for id_ in self._ids:
            if id_ not in known:
                # fetches or computes those of all records at hand
                self.browse(id_).with_prefetch(self._prefetch_ids)[name]
                known = field._get_cache(self.env)
        none = PLAIN_TYPES.get(field.type, False)
        return [none if known[id_] is None else known[id_] for id_ in self._ids]

    def _fill_column(self, name, values):
        """Keep what was computed of a field that is not stored, one value a record.

        :param values: as the cache has them: None for none
        """
        self._fields[name]._insert_cache(self, values)
