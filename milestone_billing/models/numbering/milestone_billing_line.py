from odoo import api, fields, models


class MilestoneBillingLine(models.Model):
    """The number of a progress line, and the title in which documents name the line."""

    _inherit = "milestone.billing.line"

    number = fields.Integer(
        help="The number on the invoice label, kept once something of the schedule was"
        " drafted; it is never given to another line.",
        copy=False,
        readonly=True,
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._give_late_numbers()
        return lines

    def write(self, vals):
        leaving = self._get_leaving(vals)
        res = super().write(vals)
        # sudo: the number was one of the other schedule's
        leaving.sudo().number = 0
        if leaving or vals.get("kind") == "progress":
            self._give_late_numbers()
        return res

    # -------------------------------------------------------------------------
    # BUSINESS: numbers and labels
    # -------------------------------------------------------------------------

    def _give_late_numbers(self):
        """Give new progress lines of schedules whose numbers stand the next free one."""
        for line in self.filtered(lambda li: li.kind == "progress" and not li.number):
            # sudo: a line's number is given whoever adds the line
            contract = line.contract_id.sudo()
            if contract.last_number:
                contract.last_number += 1
                line.sudo().number = contract.last_number

    def _get_number(self):
        """Return the number of a progress line: the one kept, else its place."""
        self.ensure_one()
        if self.number:
            return self.number
        progress = self.contract_id.line_ids.filtered(
            lambda line: line.kind == "progress"
        )
        return list(progress.sorted()).index(self) + 1

    def _get_label(self):
        """Return the line's title on documents, in the language of the context."""
        self.ensure_one()
        if self.kind == "deposit":
            label = self.env._("Deposit — %(name)s", name=self.name)
        elif self.kind == "final":
            label = self.env._("Final — %(name)s", name=self.name)
        else:
            label = self.env._(
                "Milestone %(number)s — %(name)s",
                number=self._get_number(),
                name=self.name,
            )
        return self.contract_id._adapt_to_e_invoice(label)
