from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from odoo.addons.account.models.account_move import AccountMove

from ..models.refusal import BillingRefusal
from .common_guards import GuardsCommon


class TestGuards(GuardsCommon):
    """Never more than the contract, never less than nothing of a line, on any road."""

    # --- per contract, on any road ---

    def test_write_off_below_what_is_drafted_is_refused(self):
        self.draft_less(self.build, 9000)
        with self.assertRaisesRegex(ValidationError, "1,500.00 more than"):
            self.decide(self.deposit, "write_off")
        self.assertEqual(self.contract.amount_to_date, 10000)

    def test_lines_written_off_together_below_what_is_billed_are_refused(self):
        contract = self.create_contract(
            "Over-scheduled",
            [
                ("A", "progress", "fixed", 7000),
                ("B", "progress", "fixed", 2000),
                ("C", "progress", "fixed", 2000),
            ],
        )
        first, second, third = contract.line_ids
        contract.contract_sum = 11000
        self.bill(first)
        contract.contract_sum = 10000
        self.assertEqual(contract.amount_over_scheduled, 1000)
        with self.assertRaisesRegex(ValidationError, "1,000.00 more than"):
            self.decide(second | third, "write_off")
        self.assertEqual(contract.amount_to_date, 10000)
        self.decide(second, "write_off")
        self.assertEqual(contract.amount_to_date, 8000)

    def test_write_off_below_what_is_billed_is_refused_by_rpc(self):
        self.post(self.draft_less(self.build, 9000))
        with self.assertRaisesRegex(ValidationError, "1,500.00 more than"):
            self.env["milestone.billing.decision"].with_user(self.accountant).create(
                {
                    "line_id": self.deposit.id,
                    "kind": "write_off",
                    "amount": 2500.0,
                    "reason": "Dropped",
                }
            )

    def test_carry_leaves_no_room_to_bill_it_twice(self):
        self.bill_less(self.build, 2000)
        self.decide(self.build, "carry")
        self.draft_less(self.final, 5000)  # the contract has room for it …
        with self.assertRaises(UserError):  # … and then none to undo the carrying
            self.build.decision_ids.with_user(self.accountant).action_undo()
        self.assertGuarded()

    def test_opening_beyond_the_contract_is_refused(self):
        self.bill(self.deposit | self.designs | self.build)
        with self.assertRaisesRegex(ValidationError, "0.01 more than"):
            self.final.amount_opening = 2500.01

    def test_fixed_sum_lowered_below_what_is_billed_is_refused(self):
        contract = self.create_contract(
            "Fixed",
            [("A", "progress", "fixed", 1000), ("B", "final", "fixed", 500)],
            contract_sum=0,
        )
        first, second = contract.line_ids
        self.bill(first)
        self.draft_less(second, 400)
        with self.assertRaises(UserError):
            second.unlink()
        self.post(self.get_invoices(second))
        with self.assertRaises(UserError):
            second.amount = 300

    def test_deleted_fixed_line_leaves_what_is_billed_covered(self):
        contract = self.create_contract(
            "Fixed",
            [("A", "progress", "fixed", 1000), ("B", "final", "fixed", 500)],
            contract_sum=0,
        )
        first, second = contract.line_ids
        self.bill_less(first, 1500)
        with self.assertRaisesRegex(ValidationError, "500.00 more than"):
            second.unlink()

    def test_draft_of_a_deleted_credit_notes_invoice_is_guarded(self):
        moves = self.bill(self.contract.line_ids)
        credit_note = self.credit(moves[0])
        self.deposit.with_user(self.accountant).action_create_draft_invoice()
        with self.assertRaises(ValidationError):
            credit_note.with_context(force_delete=True).unlink()
        self.assertGuarded()

    # --- how it is said ---

    def test_refusals_have_a_title_of_their_own(self):
        self.bill(self.deposit)
        euro = self.setup_other_currency("EUR")
        for refused in (
            self.deposit.unlink,
            lambda: self.deposit.write({"percent": 30}),
            lambda: self.contract.write({"currency_id": euro.id}),
            lambda: self.deposit.milestone_id.write({"is_reached": False}),
            lambda: self.deposit._give_up_open("write_off", "Nothing is open"),
        ):
            with self.assertRaises(BillingRefusal):
                refused()

    # --- guards of what is archived ---

    def test_guards_stay_while_the_project_is_archived(self):
        self.bill(self.deposit | self.designs)
        self.project.active = False
        self.assertGuardsStay()

    def test_guards_stay_while_the_contract_is_archived(self):
        self.bill(self.deposit | self.designs)
        self.contract.active = False
        self.assertGuardsStay()

    def test_guards_stay_while_the_project_is_a_template(self):
        self.bill(self.deposit | self.designs)
        self.project.is_template = True
        self.assertGuardsStay()

    def assertGuardsStay(self):
        move = self.get_invoices(self.deposit)
        with self.assertRaisesRegex(ValidationError, "1,000.00 more than"):
            self.contract.contract_sum = 4000
        with self.assertRaisesRegex(UserError, move.name):
            self.mark_done(self.deposit, done=False)
        with self.assertRaisesRegex(UserError, move.name):
            self.deposit.unlink()
        with self.assertRaisesRegex(UserError, move.name):
            self.contract.unlink()
        with self.assertRaises(UserError):
            self.deposit.percent = 30
        with self.assertRaises(UserError):
            self.contract.currency_id = self.setup_other_currency("EUR")
        credit_note = self.credit(move)
        with self.assertRaises(ValidationError):
            self.post(move._reverse_moves())
        self.assertEqual(credit_note.state, "posted")

    # --- live is a document, not an amount ---

    def test_draft_edited_to_nothing_is_drafted_and_never_a_second_one(self):
        self.draft_less(self.build, 0)
        self.assertLine(self.build, state="drafted", is_live=True, amount_drafted=0.0)
        with self.assertRaises(UserError):
            self.build.with_user(self.accountant).action_create_draft_invoice()
        self.build.action_mark_done()
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_draft_edited_to_nothing_keeps_the_plan_of_its_line(self):
        self.draft_less(self.build, 0)
        with self.assertRaisesRegex(UserError, "keeps the plan"):
            self.build.percent = 30
        self.contract.contract_sum = 12000
        self.assertEqual(self.build.amount_planned, 2500)

    def test_draft_edited_to_nothing_refuses_the_untick(self):
        self.draft_less(self.build, 0)
        with self.assertRaisesRegex(UserError, "was edited"):
            self.mark_done(self.build, done=False)

    def test_draft_edited_to_nothing_keeps_line_and_contract_from_deletion(self):
        move = self.draft_less(self.build, 0)
        for record in (self.build, self.build.milestone_id, self.contract):
            with self.assertRaises(UserError) as refusal:
                record.unlink()
            self.assertIn(f"(* {move.id})", str(refusal.exception))

    def reset_credited_invoice(self):
        """A posted invoice that was credited in full is a draft again: net 0.00."""
        move = self.bill(self.build)
        self.credit(move)
        move.button_draft()
        return move

    def test_credited_invoice_reset_to_draft_is_drafted_at_net_zero(self):
        self.reset_credited_invoice()
        self.assertLine(
            self.build,
            state="drafted",
            is_live=True,
            amount_drafted=2500.0,
            amount_billed=-2500.0,
        )

    def test_credited_invoice_reset_to_draft_refuses_the_untick(self):
        self.reset_credited_invoice()
        with self.assertRaises(UserError):
            self.mark_done(self.build, done=False)
        self.assertTrue(self.build.is_reached)

    def test_credited_invoice_reset_to_draft_keeps_the_plan_of_its_line(self):
        self.reset_credited_invoice()
        with self.assertRaisesRegex(UserError, "keeps the plan"):
            self.build.percent = 30

    def test_credited_invoice_reset_to_draft_gets_no_second_draft(self):
        self.reset_credited_invoice()
        with self.assertRaises(UserError):
            self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(len(self.get_invoices(self.build)), 2)

    def test_invoice_of_a_replaced_one_reset_to_draft_is_live(self):
        move = self.bill(self.build)
        replacement = self.post(self.credit(move, modify=True))
        self.credit(replacement)
        replacement.button_draft()
        self.assertLine(self.build, state="drafted", is_live=True)
        with self.assertRaises(UserError):
            self.mark_done(self.build, done=False)

    def test_line_credited_in_full_is_not_live(self):
        self.credit(self.bill(self.build))
        self.assertFalse(self.build.is_live)
        self.build.percent = 30
        self.assertEqual(self.build.amount_planned, 3000)

    def test_line_with_cancelled_documents_alone_is_not_live(self):
        self.mark_done(self.build)
        self.get_invoices(self.build).button_cancel()
        self.assertFalse(self.build.is_live)

    # --- documents keep their contract ---

    def test_company_of_a_draft_stays_the_contracts(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        other = self.setup_other_company()
        for values in (
            {"journal_id": other["default_journal_sale"].id},
            {"company_id": other["company"].id},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                move.write(values)
        self.assertEqual(move.company_id, self.company)

    def test_currency_of_a_draft_stays_by_its_journal_too(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        journal = self.company_data["default_journal_sale"].copy(
            {"currency_id": self.setup_other_currency("EUR").id}
        )
        with self.assertRaises(UserError):
            move.write(
                {"journal_id": journal.id, "currency_id": journal.currency_id.id}
            )
        self.assertEqual(move.currency_id, self.contract.currency_id)

    def test_document_to_a_vendor_bills_no_milestone(self):
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.partner_a.id}
        )
        with self.assertRaisesRegex(ValidationError, "no customer invoice"):
            bill.with_user(SUPERUSER_ID).invoice_line_ids = [
                self.prepare_linked_line(self.build, 10)
            ]

    # --- copies without the link ---

    def test_merging_leaves_out_the_drafts_of_milestones(self):
        """OCA's account_invoice_merge copies lines anew and cancels their sources."""
        self.mark_done(self.build | self.designs)
        drafts = self.get_invoices(self.build | self.designs)
        other = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create({"name": "X", "price_unit": 10})],
            }
        )
        # what it asks which drafts it may merge, where it is installed …
        with patch.object(
            AccountMove, "_get_draft_invoices", lambda moves: moves, create=True
        ):
            for user in (self.env.user, self.accountant):
                moves = (drafts | other).with_user(user)
                self.assertEqual(moves._get_draft_invoices(), other)
        # … and where it is not
        self.assertEqual((drafts | other)._get_draft_invoices(), other)

    # --- cash rounding ---

    def test_cash_rounding_leaves_the_net_of_the_contract_exact(self):
        lines = self.create_contract(
            "Rounded",
            [(f"T{n}", "progress", "percent", 33.333333) for n in range(3)],
            contract_sum=1000.01,
        ).line_ids
        for rounding in (self.cash_rounding_a, self.cash_rounding_b):
            with self.subTest(rounding.name), self.undone():
                self.mark_done(lines)
                moves = self.get_invoices(lines)
                moves.invoice_cash_rounding_id = rounding
                self.post(moves)
                self.assertEqual(
                    lines.mapped("amount_billed"), [333.34, 333.34, 333.33]
                )
                for move in moves:
                    self.assertEqual(round(move.amount_total * 20, 6) % 1, 0)
                    self.pay(move)
                self.assertEqual(lines.mapped("state"), ["paid"] * 3)
                self.assertEqual(lines.mapped("amount_paid"), [333.34, 333.34, 333.33])

    # --- currencies of 0, 2 and 3 decimals ---

    def test_guards_count_in_the_smallest_unit_of_the_currency(self):
        for code, rounding, total, third in (
            ("JPY", 1.0, 10000.0, 3333.0),
            ("EUR", 0.01, 10000.0, 3333.33),
            ("KWD", 0.001, 10000.0, 3333.333),
        ):
            with self.subTest(code), self.undone():
                currency = self.setup_other_currency(
                    code, rounding=rounding, rates=[("2020-01-01", 2.0)]
                )
                contract = self.create_contract(
                    code,
                    [(f"T{n}", "progress", "percent", 33.333333) for n in range(3)],
                    contract_sum=total,
                    currency_id=currency.id,
                )
                lines = contract.line_ids
                moves = self.bill(lines)
                self.assertEqual(lines[0].amount_billed, third)
                self.assertEqual(
                    currency.compare_amounts(contract.amount_billed, total), 0
                )
                with self.assertRaises(ValidationError):
                    contract.contract_sum = total - rounding
                credit_note = self.credit(moves[0], amount=2 * rounding)
                self.assertEqual(
                    currency.compare_amounts(lines[0].amount_to_decide, 2 * rounding),
                    0,
                )
                self.decide(lines[0], "write_off")
                self.assertEqual(
                    currency.compare_amounts(
                        contract.amount_to_date, total - 2 * rounding
                    ),
                    0,
                )
                with self.assertRaises(UserError):
                    credit_note.button_draft()
