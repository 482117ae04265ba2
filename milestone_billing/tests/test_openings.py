from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import html2plaintext, mute_logger

from .common import MilestoneBillingCommon


class TestOpenings(MilestoneBillingCommon):
    """What was billed before the schedule was kept here is entered by accountants."""

    def test_accountant_enters_what_was_billed_elsewhere(self):
        self.deposit.with_user(self.accountant).amount_opening = 2500
        self.assertEqual(self.contract.amount_billed, 2500)
        log = html2plaintext(self.contract.message_ids[:1].body)
        self.assertIn("Project start billed elsewhere", log)
        self.assertIn("2,500.00", log)

    def test_accountant_writes_nothing_else_of_a_line(self):
        line = self.deposit.with_user(self.accountant)
        for fname in ("name", "kind", "basis", "percent", "amount", "deadline"):
            with self.subTest(fname), self.assertRaises(AccessError):
                line.write({fname: line[fname]})
        self.assertTrue(line.fields_get(["percent"])["percent"]["readonly"])
        self.assertFalse(
            line.fields_get(["amount_opening"])["amount_opening"]["readonly"]
        )

    def test_accountant_adds_and_deletes_no_line(self):
        with self.assertRaises(AccessError):
            self.deposit.with_user(self.accountant).unlink()
        with self.assertRaises(AccessError):
            self.env["milestone.billing.line"].with_user(self.accountant).create(
                {"contract_id": self.contract.id, "name": "More", "amount": 1}
            )

    def test_who_makes_no_invoices_enters_none(self):
        with self.assertRaises(AccessError):
            self.deposit.with_user(self.project_user).amount_opening = 2500

    def test_negative_contract_sum_is_refused_with_what_to_do(self):
        with self.assertRaisesRegex(ValidationError, r"Raise the contract sum\.$"):
            self.contract.contract_sum = -5

    # -------------------------------------------------------------------------
    # SEVERAL, WITH THEIR PAPERS
    # -------------------------------------------------------------------------

    def enter(self, line, **vals):
        """Enter what was billed elsewhere of a stage, as the accountant."""
        openings = self.env["milestone.billing.opening"].with_user(self.accountant)
        return openings.create({"line_id": line.id, **vals})

    def test_openings_add_up_with_number_and_date(self):
        self.enter(self.build, amount=1000, reference="2025-17", date="2025-11-02")
        second = self.enter(self.build, amount=500.004, reference="2025-21")
        self.assertEqual(self.build.amount_opening, 1500)
        self.assertEqual(self.build.amount_billed, 1500)
        self.assertEqual(second.create_uid, self.accountant)
        second.unlink()
        self.assertEqual(
            (self.build.amount_opening, self.build.amount_open), (1000, 1500)
        )

    def test_sum_that_is_given_is_one_opening(self):
        self.build.amount_opening = 1000
        self.build.amount_opening = 1500
        self.assertEqual(self.build.opening_ids.mapped("amount"), [1500])
        self.build.amount_opening = 0
        self.assertFalse(self.build.opening_ids)

    def test_sum_of_several_is_not_given_at_once(self):
        self.enter(self.build, amount=1000)
        self.enter(self.build, amount=500)
        with self.assertRaisesRegex(UserError, "entered as several amounts"):
            self.build.amount_opening = 2000

    def test_more_than_the_contract_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "more than its contract sum"):
            self.enter(self.final, amount=10000.01)
        self.assertFalse(self.final.opening_ids)

    def test_nothing_and_less_are_refused(self):
        for amount in (0, -5):
            with (
                self.subTest(amount),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, "amount_positive"),
            ):
                self.enter(self.final, amount=amount)

    def test_each_is_logged_with_old_and_new(self):
        self.enter(self.build, amount=1000)
        opening = self.enter(self.build, amount=500)
        opening.amount = 700
        log = html2plaintext(self.contract.message_ids[:1].body)
        self.assertIn("Build complete billed elsewhere", log)
        self.assertIn("1,500.00", log)
        self.assertIn("1,700.00", log)

    def test_who_makes_no_invoices_enters_no_record(self):
        for user in (self.project_user, self.project_admin):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["milestone.billing.opening"].with_user(user).create(
                    {"line_id": self.build.id, "amount": 5}
                )

    def test_project_user_reads_none(self):
        opening = self.enter(self.build, amount=1000)
        with self.assertRaises(AccessError):
            opening.with_user(self.project_user).read(["amount"])

    def test_stage_and_document_of_an_opening_stay(self):
        opening = self.enter(self.build, amount=1000)
        with self.assertRaisesRegex(UserError, "Delete it and enter it anew"):
            opening.line_id = self.final

    # -------------------------------------------------------------------------
    # DOCUMENTS OF THIS LEDGER
    # -------------------------------------------------------------------------

    def invoice_by_hand(self, amount=2500, move_type="out_invoice", **vals):
        """Post a document that the schedule did not make."""
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": self.customer.id,
                "invoice_date": "2026-03-31",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Build",
                            "price_unit": amount,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                ],
                **vals,
            }
        )
        move.action_post()
        return move

    def link(self, line, move):
        return self.enter(line, move_line_id=move.invoice_line_ids.id)

    def test_linked_invoice_is_billed_and_its_payment_paid(self):
        move = self.invoice_by_hand()
        opening = self.link(self.build, move)
        self.assertRecordValues(
            opening,
            [{"amount": 2500, "reference": move.name, "date": move.invoice_date}],
        )
        self.assertRecordValues(
            self.build,
            [{"amount_billed": 2500, "amount_opening": 0, "amount_paid": 0}],
        )
        self.assertEqual(move.milestone_billing_contract_id, self.contract)
        self.pay(move)
        self.assertEqual((self.build.amount_paid, self.build.state), (2500, "paid"))

    def test_stage_keeps_its_plan_and_its_rest_is_open(self):
        self.link(self.build, self.invoice_by_hand(1000))
        self.assertRecordValues(
            self.build, [{"amount_planned": 2500, "amount_open": 1500}]
        )
        self.mark_done(self.build)
        self.assertEqual(self.build.amount_drafted, 1500)

    def test_credit_note_made_by_hand_is_repaired(self):
        self.bill(self.build)
        credit = self.invoice_by_hand(500, "out_refund")
        self.assertEqual(self.build.amount_billed, 2500)
        opening = self.link(self.build, credit)
        self.assertEqual(opening.amount, -500)
        self.assertRecordValues(
            self.build,
            [{"amount_billed": 2000, "amount_to_decide": 500, "state": "to_decide"}],
        )

    def test_link_is_taken_away_again(self):
        move = self.invoice_by_hand()
        self.link(self.build, move).with_user(self.accountant).unlink()
        self.assertEqual((self.build.amount_billed, self.build.is_live), (0, False))
        self.assertFalse(move.milestone_billing_contract_id)

    def test_credited_invoice_stays_linked(self):
        move = self.invoice_by_hand()
        opening = self.link(self.build, move)
        self.credit(move, amount=500)
        with self.assertRaisesRegex(ValidationError, "credited with more than"):
            opening.unlink()
        self.assertEqual(self.build.amount_billed, 2000)

    def test_link_in_a_locked_period(self):
        move = self.invoice_by_hand()
        move.journal_id.restrict_mode_hash_table = True
        self.company.hard_lock_date = "2026-04-30"
        self.link(self.build, move)
        self.assertEqual(self.build.amount_billed, 2500)

    def test_what_cannot_be_linked(self):
        other = self.env["res.partner"].create({"name": "Somebody else"})
        draft = self.invoice_by_hand()
        draft.button_draft()
        euro = self.env.ref("base.EUR")
        euro.active = True
        for title, move in (
            ("another customer", self.invoice_by_hand(partner_id=other.id)),
            ("a draft", draft),
            ("another currency", self.invoice_by_hand(currency_id=euro.id)),
            ("a bill", self.invoice_by_hand(move_type="in_invoice")),
            ("a stage's", self.bill(self.deposit)),
        ):
            with (
                self.subTest(title),
                self.assertRaisesRegex(ValidationError, "cannot be linked"),
            ):
                self.link(self.build, move)

    def test_credit_beyond_what_is_invoiced_is_refused(self):
        self.bill(self.build)
        with self.assertRaisesRegex(ValidationError, "would credit more of"):
            self.link(self.build, self.invoice_by_hand(2600, "out_refund"))

    def test_both_are_logged(self):
        move = self.invoice_by_hand()
        self.link(self.build, move).unlink()
        logs = [html2plaintext(m.body) for m in self.contract.message_ids[:2]]
        self.assertIn(f"took {move.name}", logs[0])
        self.assertIn(f"linked {move.name}", logs[1])
