from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from .common_guards import GuardsCommon


class TestCreditGuards(GuardsCommon):
    """Of a line is credited what was invoiced, once, and taken back where it fits."""

    # --- identity is no id ---

    def rebill_in_an_older_draft(self):
        """Bill 2,000 of 2,500, draft the rest, credit the first, raise the draft."""
        first = self.bill_less(self.build, 2000)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        draft = self.get_invoices(self.build)[-1]
        credit_note = self.credit(first)
        draft.invoice_line_ids.price_unit = 2500
        self.assertLess(draft.id, credit_note.id)
        return draft, credit_note

    def assertCreditStays(self, credit_note, draft):
        """The credit is not taken back by any road; the other document is named."""
        for take_back in (
            credit_note.button_draft,
            credit_note.button_cancel,
            credit_note.with_context(force_delete=True).unlink,
        ):
            with (
                self.subTest(take_back.__name__),
                self.assertRaises(UserError) as refusal,
            ):
                take_back()
            self.assertIn(f"(* {draft.id})", str(refusal.exception))
        for empty in (
            credit_note.invoice_line_ids.with_context(force_delete=True).unlink,
            lambda: credit_note.write({"invoice_line_ids": [Command.clear()]}),
            lambda: credit_note.invoice_line_ids.write({"price_unit": 1}),
        ):
            with self.assertRaises(UserError):  # by Odoo itself, or as above
                empty()
        self.assertEqual(credit_note.state, "posted")
        self.assertEqual(self.build.amount_credited, 2000)

    def test_credit_stays_when_an_older_draft_was_raised_since(self):
        draft, credit_note = self.rebill_in_an_older_draft()
        self.assertCreditStays(credit_note, draft)
        self.assertLine(self.build, amount_drafted=2500.0, amount_billed=0.0)

    def test_credit_is_taken_back_when_the_draft_is_lowered_again(self):
        draft, credit_note = self.rebill_in_an_older_draft()
        draft.invoice_line_ids.price_unit = 500
        credit_note.button_draft()
        self.assertLine(self.build, amount_drafted=500.0, amount_billed=2000.0)

    def test_credit_is_taken_back_when_nothing_else_bills_the_line(self):
        credit_note = self.credit(self.bill(self.build))
        credit_note.button_draft()
        credit_note.button_cancel()
        self.assertLine(self.build, amount_billed=2500.0, amount_credited=0.0)

    def test_credit_of_a_rebilled_line_is_taken_back_within_its_plan(self):
        credit_note = self.credit(self.bill(self.build), amount=400)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        draft = self.get_invoices(self.build)[-1]
        with self.assertRaises(ValidationError):
            credit_note.button_draft()
        draft.unlink()
        credit_note.button_draft()
        self.assertLine(self.build, amount_billed=2500.0, amount_drafted=0.0)

    # --- per line: credited is at most what was invoiced ---

    def test_second_credit_of_one_invoice_is_refused(self):
        move = self.bill(self.build)
        first, second = self.reverse(move), self.reverse(move)
        self.post(first)
        with self.assertRaisesRegex(ValidationError, "Build complete"):
            self.post(second)
        self.assertLine(
            self.build,
            amount_billed=0.0,
            amount_to_decide=2500.0,
            amount_open=2500.0,
        )
        self.assertEqual(self.contract.amount_to_bill, 10000)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.build.amount_drafted, 2500)

    def test_second_credit_is_refused_while_the_line_is_drafted_again(self):
        move = self.bill(self.build)
        first, second = self.reverse(move), self.reverse(move)
        self.post(first)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        with self.assertRaisesRegex(ValidationError, "Build complete"):
            self.post(second)
        self.assertLine(self.build, amount_drafted=2500.0, amount_billed=0.0)

    def test_modify_pressed_twice_is_refused(self):
        move = self.bill(self.build)
        wizards = [
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": move.date})
            for _pressed in range(2)
        ]
        wizards[0].modify_moves()
        with self.assertRaises(UserError):
            wizards[1].modify_moves()
        self.assertLine(self.build, amount_drafted=2500.0, amount_billed=0.0)
        self.assertEqual(len(self.get_invoices(self.build)), 3)

    def test_reverse_of_a_credit_note_bills_the_line_again(self):
        credit_note = self.credit(self.bill(self.build))
        move = self.reverse(credit_note)
        self.assertLine(self.build, state="drafted", amount_drafted=2500.0)
        with self.assertRaises(UserError):
            self.build.with_user(self.accountant).action_create_draft_invoice()
        self.post(move)
        self.assertLine(self.build, state="billed", amount_billed=2500.0)
        self.assertEqual(self.contract.amount_to_bill, 7500)

    def test_reverse_of_a_credit_note_after_rebilling_is_refused(self):
        credit_note = self.credit(self.bill(self.build))
        self.build.with_user(self.accountant).action_create_draft_invoice()
        draft = self.get_invoices(self.build)[-1]
        with self.assertRaises(ValidationError) as refusal:
            self.reverse(credit_note)
        self.assertIn(f"(* {draft.id})", str(refusal.exception))
        self.assertLine(self.build, amount_drafted=2500.0, amount_billed=0.0)

    def test_credit_stays_while_its_own_reverse_bills_the_line(self):
        credit_note = self.credit(self.bill(self.build))
        move = self.reverse(credit_note)
        for state in ("draft", "posted"):
            if state == "posted":
                self.post(move)
            with self.subTest(state), self.assertRaises(ValidationError) as refusal:
                credit_note.button_draft()
            self.assertIn(move._get_milestone_display_name(), str(refusal.exception))
        self.assertLine(self.build, state="billed", amount_billed=2500.0)

    def test_reverse_of_a_credit_note_bills_above_the_plan_what_was_above_it(self):
        credit_note = self.credit(self.bill_less(self.build, 3000))
        self.post(self.reverse(credit_note))
        self.assertLine(self.build, state="billed", amount_billed=3000.0)

    def test_credit_note_is_not_raised_when_it_is_posted_again(self):
        credit_note = self.credit(self.bill(self.build), amount=400)
        credit_note.button_draft()
        credit_note.invoice_line_ids.price_unit = 2600
        with self.assertRaises(ValidationError):
            self.post(credit_note)
        credit_note.invoice_line_ids.price_unit = 500
        self.post(credit_note)
        self.assertLine(self.build, amount_billed=2000.0, amount_to_decide=500.0)

    def test_credit_of_two_stages_is_bound_by_each(self):
        self.contract.automation = "manual"
        lines = self.designs | self.build
        self.mark_done(lines)
        lines.with_user(self.accountant).action_create_draft_invoice_per_contract()
        credit_note = self.reverse(self.post(self.get_invoices(lines)))
        first, second = credit_note.invoice_line_ids
        credit_note.invoice_line_ids = [
            Command.update(first.id, {"price_unit": 2600}),
            Command.update(second.id, {"price_unit": 2400}),
        ]
        with self.assertRaisesRegex(ValidationError, "Designs approved"):
            self.post(credit_note)

    def test_two_credits_posted_together_are_refused(self):
        move = self.bill(self.build)
        both = self.reverse(move) | self.reverse(move)
        with self.assertRaises(ValidationError):
            self.post(both)
        self.assertEqual(self.build.amount_credited, 0)

    def test_credit_above_what_is_posted_is_refused(self):
        credit_note = self.reverse(self.bill(self.build))
        credit_note.invoice_line_ids.price_unit = 2500.01
        with self.assertRaises(ValidationError):
            self.post(credit_note)
        credit_note.invoice_line_ids.price_unit = 2500
        self.post(credit_note)
        self.assertEqual(self.build.amount_billed, 0)

    def test_credits_in_parts_go_up_to_what_is_posted(self):
        move = self.bill(self.build)
        self.credit(move, amount=1500)
        self.credit(move, amount=1000)
        with self.assertRaises(ValidationError):
            self.credit(move, amount=0.01)
        self.assertEqual(self.build.amount_to_decide, 2500)

    def test_draft_is_nothing_to_credit(self):
        move = self.bill_less(self.build, 2000)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        credit_note = self.reverse(move)
        credit_note.invoice_line_ids.price_unit = 2300
        with self.assertRaises(ValidationError):
            self.post(credit_note)

    def test_write_off_after_two_credits_halves_no_contract(self):
        move = self.bill(self.build)
        self.credit(move)
        self.decide(self.build, "write_off")
        self.assertEqual(self.contract.amount_to_date, 7500)
        self.assertEqual(self.contract.amount_to_bill, 7500)
        self.assertEqual(self.build.state, "written_off")

    def test_credited_invoice_is_not_cancelled(self):
        move = self.bill(self.build)
        credit_note = self.credit(move)
        move.button_draft()
        with self.assertRaisesRegex(ValidationError, credit_note.name):
            move.button_cancel()
        self.assertEqual(move.state, "draft")
        self.assertGuarded()

    def test_credited_invoice_is_not_cancelled_at_once(self):
        move = self.bill(self.build)
        self.credit(move)
        with self.assertRaises(ValidationError):
            move.button_cancel()
        self.assertEqual(move.state, "posted")

    def test_credited_invoice_is_not_deleted(self):
        move = self.bill(self.build)
        credit_note = self.credit(move)
        move.button_draft()
        with self.assertRaisesRegex(ValidationError, credit_note.name):
            move.with_context(force_delete=True).unlink()
        self.assertTrue(move.exists())

    def test_credited_invoice_is_not_emptied(self):
        move = self.bill(self.build)
        self.credit(move)
        move.button_draft()
        for command in (
            Command.delete(move.invoice_line_ids.id),
            Command.clear(),
        ):
            with self.assertRaises(ValidationError):
                move.invoice_line_ids = [command]
        self.assertTrue(move.invoice_line_ids)

    def test_credited_invoice_is_not_posted_for_less_than_its_credits(self):
        move = self.bill(self.build)
        self.credit(move)
        move.button_draft()
        with self.assertRaises(ValidationError):
            move.invoice_line_ids.price_unit = 2000
            self.post(move)

    def test_credited_invoice_is_posted_again_as_it_was(self):
        move = self.bill(self.build)
        self.credit(move)
        move.button_draft()
        self.post(move)
        self.assertLine(self.build, state="to_decide", amount_to_decide=2500.0)

    def test_cancelled_invoice_is_cancelled_after_its_credit_is_taken_back(self):
        move = self.bill(self.build)
        credit_note = self.credit(move)
        move.button_draft()
        credit_note.button_draft()
        move.button_cancel()
        self.assertLine(self.build, state="ready", amount_billed=0.0)

    def test_line_is_not_drafted_below_zero(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        with self.assertRaises(ValidationError):
            move.invoice_line_ids.price_unit = -100
        with self.assertRaises(ValidationError):
            move.write(
                {
                    "invoice_line_ids": [
                        Command.update(move.invoice_line_ids.id, {"quantity": -1})
                    ]
                }
            )
        self.assertEqual(self.build.amount_drafted, 2500)

    def test_linked_draft_is_not_switched_to_a_credit_note(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        with self.assertRaises(UserError):
            move.with_user(self.accountant).action_switch_move_type()
        self.assertEqual(move.move_type, "out_invoice")
        self.assertEqual(self.build.amount_drafted, 2500)

    # --- modify ---

    def test_modify_dated_in_the_future_is_refused_saying_how(self):
        move = self.bill(self.build)
        wizard = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "journal_id": move.journal_id.id,
                    "date": fields.Date.today() + timedelta(days=30),
                }
            )
        )
        for modify in (wizard.modify_moves, lambda: wizard.reverse_moves(True)):
            with self.assertRaisesRegex(UserError, "today|date"):
                modify()
        self.assertEqual(self.get_invoices(self.build), move)
        self.assertLine(self.build, amount_drafted=0.0, amount_billed=2500.0)
        self.assertEqual(self.final.amount_planned, 2500)

    def test_reverse_dated_in_the_future_frees_nothing_before_its_day(self):
        move = self.bill(self.build)
        self.reverse(move, date=fields.Date.today() + timedelta(days=30))
        self.assertLine(self.build, state="billed", amount_billed=2500.0)

    def test_modify_of_another_document_in_the_future_is_cores_own(self):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create({"name": "X", "price_unit": 10})],
            }
        )
        self.post(move)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "journal_id": move.journal_id.id,
                    "date": fields.Date.today() + timedelta(days=30),
                }
            )
        )
        wizard.modify_moves()
        self.assertTrue(wizard.new_move_ids)
