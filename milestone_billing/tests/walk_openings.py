"""The acts of a random walk that are done to what was billed before."""

from odoo.fields import Command

from .walk_acts import act
from .walk_changes import ChangeActs
from .walk_documents import TODAY


class OpeningActs(ChangeActs):
    """What a walk can do to what was billed elsewhere, or by hand."""

    def _pick_opening(self, rng):
        openings = self.env["milestone.billing.opening"].search([], order="id")
        return self._pick(
            rng, openings, lambda item: f"{item.line_id.name} {item.amount:g}"
        )

    def _bill_by_hand(self, rng, line):
        """Post an invoice, or a credit note, that knows nothing of the stage."""
        contract = line.contract_id
        amount = self._amount(rng, line.amount_planned) or 1.0
        move = self._as(self.case.accountant, self.env["account.move"])
        move = move.with_company(contract.company_id).create(
            {
                "move_type": rng.choice(["out_invoice", "out_invoice", "out_refund"]),
                "company_id": contract.company_id.id,
                "currency_id": contract.currency_id.id,
                "partner_id": contract.partner_id.id,
                "invoice_date": TODAY,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": f"By hand for {line.name}",
                            "product_id": self.product.id,
                            "price_unit": amount,
                        }
                    )
                ],
            }
        )
        move.action_post()
        return move.invoice_line_ids

    @act(2)
    def link_document(self, rng):
        line = self._pick_lines(rng)
        items = self.env["account.move.line"].search(line._get_linkable_domain())
        if items and rng.random() < 0.5:
            item = self._pick(rng, items, lambda it: f"{it.name} {it.price_subtotal}")
        else:
            item = self._bill_by_hand(rng, line)
        self._note_edited(line)
        self._say(line.name, item.move_type, item.price_subtotal)
        openings = self.env["milestone.billing.opening"].with_user(self.case.accountant)
        openings.create({"line_id": line.id, "move_line_id": item.id})

    @act(1)
    def add_opening(self, rng):
        line = self._pick_lines(rng)
        amount = self._amount(rng, line.amount_open) or 1.0
        self._note_edited(line)
        self._say(line.name, amount)
        openings = self.env["milestone.billing.opening"].with_user(self.case.accountant)
        openings.create({"line_id": line.id, "amount": amount, "reference": "Old 1"})

    @act(1)
    def delete_opening(self, rng):
        opening = self._pick_opening(rng)
        self._note_edited(opening.line_id)
        self._say(opening.line_id.name, opening.amount, opening.move_line_id.name)
        self._as(self.case.accountant, opening).unlink()
