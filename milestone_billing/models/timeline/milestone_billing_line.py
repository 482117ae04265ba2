from odoo import models

from .picture import Part, split


class MilestoneBillingLine(models.Model):
    """The line in the picture of its schedule."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # BUSINESS: the picture
    # -------------------------------------------------------------------------

    def _get_timeline_parts(self):
        """Return the parts of this line in the bar, as :class:`Part` objects."""
        self.ensure_one()
        parts = split(
            self.status,
            paid=self.amount_paid,
            settled=self.amount_settled,
            unpaid=self.amount_unpaid,
            drafted=self.amount_drafted,
            to_decide=self.amount_to_decide,
            open_amount=self.amount_open,
        )
        currency = self._get_currency()
        return [
            Part(status, currency.round(amount), self.name or "")
            for status, amount in parts
        ]

    def _filtered_to_draft(self):
        """Return those of these lines that an accountant can invoice now."""
        return self.filtered(lambda line: line.state in ("ready", "to_decide"))

    def _filtered_to_decide(self):
        """Return those of these lines whose open amount can be carried or written off."""
        return self.filtered(
            lambda line: (
                line.state == "to_decide"
                or (line.state == "ready" and line.amount_billed)
            )
        )

    def _get_timeline_amounts(self):
        """Return what the stage of these lines takes of the contracts, by currency."""
        amounts = {}
        for line in self:
            currency = line._get_currency().id
            amount = line._get_scheduled_amount()
            amounts[currency] = amounts.get(currency, 0.0) + amount
        return [
            {"currency_id": currency, "value": value}
            for currency, value in amounts.items()
        ]

    def _get_timeline_title(self):
        """Return what documents call the stage before its name: *Milestone 2*."""
        self.ensure_one()
        if self.kind != "progress":
            kinds = dict(self._fields["kind"]._description_selection(self.env))
            return kinds[self.kind]
        # as it is being edited, too
        progress = self.contract_id._get_schedule(self).filtered(
            lambda line: line.kind == "progress"
        )
        number = self.number or list(progress).index(self) + 1
        return self.env._("Milestone %(number)s", number=number)

    def _read_timeline_invoices(self):
        """Return the documents of these lines that the reader may open.

        :return: a dictionary of line ids and lists of ``id`` and ``name``
        """
        move_lines = self.env["account.move.line"]
        invoices = {}
        if not self._origin or not move_lines.has_access("read"):
            return invoices
        for line, move in move_lines._read_group(
            [
                ("milestone_billing_line_id", "in", self._origin.ids),
                ("parent_state", "!=", "cancel"),
            ],
            ["milestone_billing_line_id", "move_id"],
        ):
            # a draft has no number yet
            name = move.name if move.state == "posted" else self.env._("Draft invoice")
            invoices.setdefault(line.id, []).append({"id": move.id, "name": name})
        return invoices

    def _get_timeline_consequence(self):
        """Return in a sentence what marking the line done will do."""
        self.ensure_one()
        contract = self.contract_id
        reason = contract._get_no_customer_reason()
        if reason:
            return self.env._("Makes no invoice yet. %(reason)s", reason=reason)
        values = {
            "amount": contract._format_contract_amount(self.amount_open),
            # sudo: who may read the line reads its customer's name on it
            "customer": contract.partner_id.sudo().display_name,
        }
        if contract._is_drafting_automatically():
            return self.env._(
                "Makes the draft invoice of %(amount)s for %(customer)s.", **values
            )
        return self.env._(
            "%(amount)s for %(customer)s then waits to be invoiced.", **values
        )
