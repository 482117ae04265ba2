from odoo import Command, api, fields, models

from ..allocation import exceeds


class MilestoneBillingContract(models.Model):
    """What the page of a contract says of its schedule, as soon as a cell is left."""

    _inherit = "milestone.billing.contract"

    differs_from_project = fields.Boolean(
        help="Whether the project names another customer.",
        compute="_compute_differs_from_project",
        compute_sudo=True,
        export_string_translation=False,
    )

    schedule_notice = fields.Text(
        help="What the schedule leaves over or exceeds, and which line takes the rest.",
        compute="_compute_schedule_notice",
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("partner_id", "project_id.partner_id")
    def _compute_differs_from_project(self):
        for contract in self:
            partner = contract.project_id.partner_id
            contract.differs_from_project = bool(
                partner
                and contract.partner_id.commercial_partner_id
                != partner.commercial_partner_id
            )

    @api.depends(
        "amount_unscheduled",
        "amount_over_scheduled",
        "line_ids.blocking_reason",
        "user_id",
    )
    def _compute_schedule_notice(self):
        for contract in self:
            contract.schedule_notice = "\n".join(contract._get_schedule_notices())

    # -------------------------------------------------------------------------
    # CRUD: the form
    # -------------------------------------------------------------------------

    def onchange(self, values, field_names, fields_spec):
        # EXTENDS 'web': core takes the computed values of a list's rows as they were
        # before the change, and compares the list with itself after it, so that what
        # one line moves of the others would reach the form with the save only
        if "line_ids" not in fields_spec or not values.get("line_ids"):
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
    def _get_computed_line_spec(self, list_spec):
        """Return what a form shows of its lines that no user writes.

        :param dict list_spec: what the form shows of the lines, as in ``web_read``
        """
        line_fields = self.env["milestone.billing.line"]._fields
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

    # -------------------------------------------------------------------------
    # BUSINESS: the notice above the schedule
    # -------------------------------------------------------------------------

    def _get_schedule_notices(self):
        """Return the sentences of the banner above the schedule."""
        self.ensure_one()
        lines = self._get_schedule()
        if not lines:
            return []
        allocation = self._allocate(lines)
        notices = self._get_gap_notices(allocation)
        # a rounding difference is what the last line is for
        if abs(allocation.rest_shift) >= len(lines) * self._get_contract_rounding():
            rest_line = lines[allocation.rest_index]
            notices.append(self._get_rest_notice(rest_line, allocation.rest_shift))
        notices += filter(None, map(self._get_excess_notice, lines))
        if not allocation.over_scheduled:
            notices += [
                self.env._(
                    "%(line)s is not invoiced. %(reason)s",
                    line=line.name,
                    reason=line.blocking_reason,
                )
                for line in lines
                if line.blocking_reason
            ]
        if self._origin and not self._get_called_user():
            notices.append(
                self.env._(
                    "Nobody is told of drafts: choose a billing responsible with the"
                    " Invoicing right."
                )
            )
        return notices

    def _get_gap_notices(self, allocation):
        """Return what the schedule exceeds of the contract sum, or leaves over."""
        if allocation.over_scheduled:
            return [
                self.env._(
                    "Over-scheduled by %(amount)s: nothing more is billed until you"
                    " lower the lines or raise the contract sum.",
                    amount=self._format_contract_amount(allocation.over_scheduled),
                )
            ]
        if allocation.unscheduled:
            return [
                self.env._(
                    "%(amount)s of the contract sum is unscheduled: add a line for it,"
                    " or give one line the balance.",
                    amount=self._format_contract_amount(allocation.unscheduled),
                )
            ]
        return []

    def _get_rest_notice(self, line, shift):
        """Return how much ``line`` gets beyond its percentage, or short of it."""
        values = {
            "line": line.name,
            "amount": self._format_contract_amount(abs(shift)),
        }
        if shift > 0:
            return self.env._(
                "%(line)s takes the rest: %(amount)s more than its percentage.",
                **values,
            )
        return self.env._(
            "%(line)s takes the rest: %(amount)s less than its percentage.", **values
        )

    def _get_excess_notice(self, line):
        """Return that ``line`` is drafted and billed above its plan, False if not."""
        excess = line.amount_drafted + line.amount_billed - line.amount_planned
        if not exceeds(excess, 0.0, self._get_contract_rounding()):
            return False
        return self.env._(
            "%(line)s is drafted or billed with %(excess)s more than its plan of"
            " %(planned)s.",
            line=line.name,
            excess=self._format_contract_amount(excess),
            planned=self._format_contract_amount(line.amount_planned),
        )
