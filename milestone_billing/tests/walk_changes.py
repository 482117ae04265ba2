"""The acts of a random walk that are done to change orders."""

from .common import draw_signature
from .walk_acts import Skipped, act
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
        change = self._pick_change(rng, "draft", "sent")
        self._say(change.name, change.amount, change.spread, change.line_id.name)
        self._as(self.case.boss, change).action_approve()

    @act(0.5)
    def edit_change(self, rng):
        change = self._pick_change(rng, "draft", "sent", "approved", "cancelled")
        amount = self._amount(rng, change.amount)
        self._say(change.name, change.amount, amount)
        self._as(self.case.boss, change).amount = amount

    @act(1.5)
    def take_back_change(self, rng):
        change = self._pick_change(rng, "draft", "sent", "approved")
        self._say(change.name, change.state, change.amount)
        self._as(self.case.boss, change).action_cancel()

    # -------------------------------------------------------------------------
    # ACTS: with the client
    # -------------------------------------------------------------------------

    def _pick_asked(self, rng):
        """Return a change order that waits for the client, as the client has it."""
        change = self._pick_change(rng, "sent")
        customer = change.contract_id.partner_id.commercial_partner_id
        user = self.clients.filtered(
            lambda user: user.partner_id.commercial_partner_id == customer
        )
        if not user:
            raise Skipped
        # as the controller calls what a portal user answers
        return change.with_user(user[0]).sudo(), user[0].partner_id

    @act(3)
    def send_change(self, rng):
        change = self._pick_change(rng, "draft", "sent")
        self._say(change.name, change.state, change.amount)
        self._as(self.case.boss, change).action_send()

    @act(3)
    def sign_change(self, rng):
        change, contact = self._pick_asked(rng)
        self._say(change.name, change.amount, contact.name)
        change._accept("A. Client", draw_signature(), contact)

    @act(0.7)
    def send_change_back(self, rng):
        change, contact = self._pick_asked(rng)
        self._say(change.name, contact.name)
        change._send_back("Too dear.", contact)

    @act(0.5)
    def drop_change(self, rng):
        change = self._pick_change(rng, "draft", "sent")
        name = rng.choice(["action_decline", "action_withdraw"])
        self._say(name, change.name, change.state)
        getattr(self._as(self.case.boss, change), name)()
