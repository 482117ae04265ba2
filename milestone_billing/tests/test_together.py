from odoo.exceptions import ValidationError

from .common import MilestoneBillingCommon


class TestTogether(MilestoneBillingCommon):
    """What is refused one by one is refused of several documents at once."""

    def test_credit_note_and_replacement_are_not_reset_together(self):
        invoice = self.bill(self.build)
        replacement = self.post(self.credit(invoice, modify=True))
        credit_note = invoice.reversal_move_ids
        with self.assertRaisesRegex(ValidationError, replacement.name):
            (replacement | credit_note).button_draft()
        self.assertEqual(self.build.amount_billed, 2500)

    def test_credit_notes_of_two_invoices_are_not_reset_together(self):
        first = self.credit(self.bill(self.build))
        self.build.with_user(self.accountant).action_create_draft_invoice()
        second = self.credit(self.post(self.get_invoices(self.build)[-1]))
        with self.assertRaisesRegex(ValidationError, "Build complete"):
            (first | second).button_draft()
        self.assertEqual(self.build.amount_billed, 0)

    def test_cancelled_invoices_of_one_line_are_not_reset_together(self):
        first = self.bill(self.build)
        first.button_draft()
        first.button_cancel()
        self.build.with_user(self.accountant).action_create_draft_invoice()
        second = self.get_invoices(self.build)[-1]
        second.button_cancel()
        with self.assertRaisesRegex(ValidationError, "Build complete"):
            (first | second).button_draft()
        first.button_draft()
        self.assertEqual(self.build.amount_drafted, 2500)

    def test_invoices_of_several_lines_are_reset_together(self):
        moves = self.bill(self.designs) | self.bill(self.build)
        moves.button_draft()
        moves.button_cancel()
        moves.button_draft()
        self.assertEqual(self.contract.amount_drafted, 5000)
