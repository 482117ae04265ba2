from .common import MilestoneBillingCommon


class GuardsCommon(MilestoneBillingCommon):
    """Credits, and what the guards promise."""

    def reverse(self, move, **values):
        """Press Reverse: a draft credit note of a posted invoice."""
        wizard = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": move.date, **values})
        )
        wizard.reverse_moves()
        return wizard.new_move_ids.with_env(self.env)

    def assertGuarded(self):
        """What the guards promise holds."""
        contract = self.contract
        used = contract.amount_drafted + contract.amount_billed
        self.assertLessEqual(used, contract.amount_to_date)
        for line in contract.line_ids:
            self.assertGreaterEqual(line.amount_drafted + line.amount_billed, 0.0)

    def assertLine(self, line, **values):
        self.assertRecordValues(line, [values])
