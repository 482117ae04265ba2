from odoo import Command, api, models


class MilestoneBillingRowsMixin(models.AbstractModel):
    """What one row of a schedule moves of the others is true as soon as it is left."""

    _name = "milestone.billing.rows.mixin"
    _description = "Rows of a Schedule That Is Being Edited"

    def onchange(self, values, field_names, fields_spec):
        # EXTENDS 'web': core takes the computed values of a list's rows as they were
        # before the change, and compares the list with itself after it, so that what
        # one line moves of the others would reach the form with the save only
        if (
            "line_ids" not in fields_spec
            or not values.get("line_ids")
            or self._get_row_makers().intersection(field_names)
        ):
            return super().onchange(values, field_names, fields_spec)
        computed = self._get_computed_line_spec(fields_spec["line_ids"])
        commands = [
            self._without_names(command, computed) for command in values["line_ids"]
        ]
        values = {**values, "line_ids": commands}
        result = super().onchange(dict(values), field_names, fields_spec)
        result["value"].setdefault("line_ids", []).extend(
            self._read_computed_of_lines(values, computed)
        )
        return result

    @api.model
    def _get_row_makers(self):
        """Hook: return the names of fields that make all rows anew."""
        return frozenset()

    @api.model
    def _get_computed_line_spec(self, list_spec):
        """Return what a form shows of its lines that no user writes.

        :param dict list_spec: what the form shows of the lines, as in ``web_read``
        """
        line_fields = self.env[self._fields["line_ids"].comodel_name]._fields
        return {
            name: spec
            for name, spec in list_spec.get("fields", {}).items()
            if line_fields[name].compute and line_fields[name].readonly
        }

    @api.model
    def _without_names(self, command, names):
        """Return the command of a form's list without the values of some fields."""
        *head, vals = command
        if not isinstance(vals, dict):
            return command
        return [*head, {k: value for k, value in vals.items() if k not in names}]

    def _read_computed_of_lines(self, values, spec):
        """Return what is computed of the lines of a form, one command a line.

        :param dict values: the values of the form, as ``onchange`` is given them
        :param dict spec: what is read of the lines, as in ``web_read``
        """
        lines = self.new(values, origin=self or None).line_ids
        computed = lines.web_read(spec)
        for line, vals in zip(lines, computed, strict=True):
            vals["id"] = line.id.origin or line.id.ref or 0
        return [Command.update(vals.pop("id"), vals) for vals in computed]
