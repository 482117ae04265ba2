"""The acts of a random walk that are done to change orders."""

from .walk_acts import act
from .walk_documents import DocumentActs


class ChangeActs(DocumentActs):
    """What a walk can do to what was agreed."""

    def _pick_change(self, rng, *states):
        changes = self.env["milestone.billing.change"].search(
            [("state", "in", states)], order="id"
        )
        return self._pick(rng, changes, lambda change: change.name)

    @act(2)
    def new_change(self, rng):
        contract = self._pick_contract(rng)
        spread = rng.choice(["all", "line", "new"])
        line = self.env["milestone.billing.line"]
        if spread == "line":
            line = self._pick(rng, contract.line_ids, lambda li: li.name)
        part = rng.choice([0.1, 0.25, 1, -0.1, -0.3])
        rounding = contract.currency_id.rounding
        values = {
            "contract_id": contract.id,
            "name": f"{contract.reference}c{rng.randrange(10**4)}",
            "amount": (contract.amount_to_date or 1000.0) * part or rounding,
            "spread": spread,
            "line_id": line.id,
        }
        self._say(values)
        self._as(self.case.boss, self.env["milestone.billing.change"]).create(values)

    @act(3)
    def approve_change(self, rng):
        change = self._pick_change(rng, "draft")
        self._say(change.name, change.amount, change.spread, change.line_id.name)
        self._as(self.case.boss, change).action_approve()

    @act(0.5)
    def edit_change(self, rng):
        change = self._pick_change(rng, "draft", "approved", "cancelled")
        amount = self._amount(rng, change.amount)
        self._say(change.name, change.amount, amount)
        self._as(self.case.boss, change).amount = amount

    @act(1.5)
    def take_back_change(self, rng):
        change = self._pick_change(rng, "draft", "approved", "approved")
        self._say(change.name, change.state, change.amount)
        self._as(self.case.boss, change).action_cancel()
