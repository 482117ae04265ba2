from odoo import SUPERUSER_ID, Command
from odoo.exceptions import UserError, ValidationError

from .common import MilestoneBillingCommon


class TestLineLife(MilestoneBillingCommon):
    """Statuses and amounts follow the documents that bill and credit a line."""

    def assertLine(self, line, state, **amounts):
        names = ("planned", "drafted", "billed", "paid", "open")
        self.assertRecordValues(
            line,
            [{"state": state}
             | {f"amount_{name}": amounts[name] for name in names if name in amounts}],
        )  # fmt: skip

    def test_from_upcoming_to_paid(self):
        self.assertLine(self.build, "upcoming", planned=2500, open=2500, billed=0)
        self.mark_done(self.build)
        self.assertLine(self.build, "drafted", drafted=2500, open=0, billed=0)
        move = self.post(self.get_invoices(self.build))
        self.assertLine(self.build, "billed", drafted=0, billed=2500, paid=0)
        self.pay(move)
        self.assertLine(self.build, "paid", billed=2500, paid=2500)

    def test_totals_of_the_contract_follow(self):
        self.pay(self.bill(self.deposit))
        self.bill(self.designs)
        self.mark_done(self.build)
        self.assertRecordValues(
            self.contract,
            [
                {
                    "amount_original": 10000.0,
                    "amount_to_date": 10000.0,
                    "amount_drafted": 2500.0,
                    "amount_billed": 5000.0,
                    "amount_settled": 2500.0,
                    "amount_paid": 2500.0,
                    "amount_unpaid": 2500.0,
                    "amount_to_bill": 5000.0,
                    "state": "drafted",
                }
            ],
        )
        self.assertEqual(self.project.billing_state, "drafted")
        self.assertEqual(self.designs.milestone_id.billing_state, "billed")

    def test_deleted_draft_makes_the_line_ready_again(self):
        self.mark_done(self.build)
        self.get_invoices(self.build).with_user(self.accountant).unlink()
        self.assertLine(self.build, "ready", drafted=0, open=2500)

    def test_cancelled_draft_makes_the_line_ready_again(self):
        self.mark_done(self.build)
        self.get_invoices(self.build).with_user(self.accountant).button_cancel()
        self.assertLine(self.build, "ready", drafted=0, open=2500)

    def test_linked_line_removed_from_a_draft_makes_the_line_ready_again(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.with_user(self.accountant).invoice_line_ids = [
            Command.delete(move.invoice_line_ids.id)
        ]
        self.assertLine(self.build, "ready", drafted=0, open=2500)

    def test_reset_to_draft_makes_the_line_drafted_again(self):
        self.bill(self.build).with_user(self.accountant).button_draft()
        self.assertLine(self.build, "drafted", drafted=2500, billed=0)

    def test_edited_draft_is_respected_and_the_balance_takes_the_rest(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.with_user(self.accountant).invoice_line_ids.price_unit = 2600
        self.assertLine(self.build, "drafted", planned=2500, drafted=2600, open=-100)
        self.assertEqual(self.final.amount_planned, 2400)

    def test_billed_for_less_than_planned_stays_open(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.invoice_line_ids.price_unit = 2000
        self.post(move)
        self.assertLine(self.build, "ready", billed=2000, open=500)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertLine(self.build, "drafted", drafted=500, billed=2000, open=0)
        self.assertEqual(self.contract.amount_over_scheduled, 0)

    # --- credits ---

    def test_credited_in_full_is_to_decide(self):
        self.credit(self.bill(self.build))
        self.assertLine(self.build, "to_decide", billed=0, paid=0, open=2500)
        self.assertEqual(self.build.amount_to_decide, 2500)

    def test_credited_in_part_leaves_exactly_that_part_to_decide(self):
        self.credit(self.bill(self.build), amount=400)
        self.assertLine(self.build, "to_decide", billed=2100, open=400)
        self.assertEqual(self.build.amount_to_decide, 400)

    def test_draft_credit_note_counts_nowhere(self):
        move = self.bill(self.build)
        move._reverse_moves()
        self.assertLine(self.build, "billed", drafted=0, billed=2500)

    def test_modified_invoice_is_counted_once(self):
        replacement = self.credit(self.bill(self.build), modify=True)
        self.assertEqual(replacement.state, "draft")
        self.assertLine(self.build, "drafted", drafted=2500, billed=0, open=0)
        self.post(replacement)
        self.assertLine(self.build, "billed", drafted=0, billed=2500, open=0)

    def test_credited_amount_is_billed_again_on_the_accountants_word_only(self):
        self.credit(self.bill(self.build))
        with self.assertRaises(UserError):  # several lines: bulk never re-bills
            lines = self.build | self.final
            lines.with_user(self.accountant).action_create_draft_invoice()
        self.build.milestone_id.is_reached = False
        self.mark_done(self.build)
        self.assertLine(self.build, "to_decide", drafted=0)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertLine(self.build, "drafted", drafted=2500, open=0)

    def test_credit_note_cancelled_after_rebilling_is_refused(self):
        move = self.bill(self.contract.line_ids)
        credit_note = self.credit(
            move.filtered(lambda m: self.build.move_line_ids & m.line_ids)
        )
        self.build.action_create_draft_invoice()
        newer = self.get_invoices(self.build)[-1]
        for refused in (credit_note.button_draft, credit_note.button_cancel):
            with self.assertRaises(ValidationError) as error, self.env.cr.savepoint():
                refused()
            self.assertIn(f"(* {newer.id})", str(error.exception))
        self.assertEqual(credit_note.state, "posted")

    def test_credit_note_taken_back_after_rebilling_is_refused_in_an_open_contract(
        self,
    ):
        credit_note = self.credit(self.bill(self.build))
        self.build.action_create_draft_invoice()
        newer = self.get_invoices(self.build)[-1]
        for refused in (credit_note.button_draft, credit_note.button_cancel):
            with self.assertRaises(ValidationError) as error, self.env.cr.savepoint():
                refused()
            self.assertIn(
                f"billed again by Draft Invoice (* {newer.id})", str(error.exception)
            )
        newer.unlink()
        credit_note.button_draft()
        self.assertRecordValues(
            self.build, [{"amount_billed": 2500.0, "amount_open": 0.0}]
        )

    def test_cancelled_invoice_reset_after_rebilling_is_refused_in_an_open_contract(
        self,
    ):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.button_cancel()
        self.build.action_create_draft_invoice()
        with self.assertRaisesRegex(ValidationError, "billed again by"):
            move.button_draft()

    def test_lines_of_one_draft_are_edited_together(self):
        self.bill(self.contract.line_ids - self.designs - self.build)
        self.contract.automation = "manual"
        self.mark_done(self.designs | self.build)
        (self.designs | self.build).action_create_draft_invoice_per_contract()
        move = self.get_invoices(self.build)
        first, second = move.invoice_line_ids
        move.invoice_line_ids = [
            Command.update(first.id, {"price_unit": 3000}),
            Command.update(second.id, {"price_unit": 2000}),
        ]
        self.assertEqual(self.contract.amount_to_bill, 5000)

    # --- issued again ---

    def test_invoice_issued_again_keeps_its_place(self):
        first, second, third = self.bill(self.deposit | self.designs | self.build)
        self.assertEqual(
            (first | second | third).mapped("milestone_billing_ordinal"), [1, 2, 3]
        )
        first.button_draft()
        self.post(first)
        self.assertEqual(first.milestone_billing_ordinal, 1)
        for move, previously in ((first, 0), (second, 2500), (third, 5000)):
            self.assertEqual(move._get_milestone_statement()["previously"], previously)
        second.button_draft()
        self.post(second)
        self.assertEqual(second._get_milestone_statement()["previously"], 2500)

    def test_draft_that_was_issued_keeps_its_place(self):
        first, second = self.bill(self.deposit | self.designs)
        first.button_draft()
        self.assertEqual(first._get_milestone_statement()["previously"], 0)
        self.mark_done(self.build)
        new = self.get_invoices(self.build)
        self.assertEqual(new.milestone_billing_ordinal, 0)
        self.assertEqual(new._get_milestone_statement()["previously"], 2500)
        self.post(first)
        self.assertEqual(second.milestone_billing_ordinal, 2)
        self.post(new)
        self.assertEqual(new.milestone_billing_ordinal, 3)

    def test_copy_of_an_issued_invoice_has_no_place(self):
        move = self.bill(self.deposit)
        self.assertEqual(move.copy().milestone_billing_ordinal, 0)

    def test_line_drafted_above_its_plan_is_named(self):
        self.draft_less(self.build, 5000)
        self.assertIn("Build complete", self.get_sentences(self.contract))
        self.assertIn("2,500.00", self.get_sentences(self.contract))

    # --- payments ---

    def test_part_payment_is_paid_in_part(self):
        self.pay(self.bill(self.build), amount=1150)  # 1,000 net and 15 %
        self.assertLine(self.build, "billed", billed=2500, paid=1000)

    def test_bounced_payment_is_unpaid_again(self):
        move = self.bill(self.build)
        self.pay(move)
        move.line_ids.remove_move_reconcile()
        self.assertLine(self.build, "billed", billed=2500, paid=0)

    def test_reconciled_credit_note_is_no_payment(self):
        move = self.bill(self.build)
        credit_note = self.credit(move)
        (move | credit_note).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).filtered(lambda line: not line.reconciled).reconcile()
        self.assertLine(self.build, "to_decide", billed=0, paid=0)

    def test_paid_shares_of_one_invoice_add_up_to_the_cent(self):
        thirds = [
            self.env["milestone.billing.line"].create(
                {
                    "milestone_id": self.designs.milestone_id.id,
                    "name": f"Part {index}",
                    "basis": "fixed",
                    "amount": 333.33,
                }
            )
            for index in range(3)
        ]
        lines = self.designs.union(*thirds)
        move = self.bill(lines)
        self.pay(move, amount=1000.0)
        paid = sum(lines.mapped("amount_paid"))
        self.assertAlmostEqual(
            paid, move.amount_untaxed - round(
                move.amount_untaxed * move.amount_residual / move.amount_total, 2
            ),
        )  # fmt: skip

    # --- what carries a line ---

    def test_plain_duplicate_carries_no_line(self):
        copy = self.bill(self.build).copy()
        self.assertFalse(copy.line_ids.milestone_billing_line_id)
        self.assertLine(self.build, "billed", billed=2500, drafted=0)

    def test_debit_note_carries_no_line(self):
        if "debit_origin_id" not in self.env["account.move"]._fields:
            self.skipTest("account_debit_note is not installed")
        move = self.bill(self.build)
        wizard = self.env["account.debit.note"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"copy_lines": True})  # fmt: skip
        wizard.create_debit()
        self.assertFalse(
            wizard.move_ids.debit_note_ids.line_ids.milestone_billing_line_id
        )

    # --- refusals ---

    def test_drafted_line_milestone_contract_and_project_cannot_be_deleted(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        for record in (
            self.build,
            self.build.milestone_id,
            self.contract,
            self.project,
        ):
            with self.subTest(record._name), self.assertRaises(UserError) as refused:
                record.unlink()
            self.assertIn(f"Draft Invoice (* {move.id})", str(refused.exception))
            self.assertTrue(record.exists())

    def test_line_with_only_cancelled_invoices_can_be_deleted(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.button_cancel()
        self.build.unlink()
        self.assertFalse(move.invoice_line_ids.milestone_billing_line_id)

    def test_project_with_only_cancelled_invoices_can_be_deleted(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.button_cancel()
        self.env["project.task"].search([("project_id", "=", self.project.id)]).unlink()
        self.project.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.contract.exists())
        self.assertFalse(move.invoice_line_ids.milestone_billing_line_id)
        self.assertFalse(move.milestone_billing_contract_id)

    def test_contract_with_only_cancelled_invoices_can_be_deleted(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.button_cancel()
        self.contract.with_user(self.project_admin).unlink()
        self.env.invalidate_all()
        self.assertFalse(self.build.exists())
        self.assertFalse(move.invoice_line_ids.milestone_billing_line_id)

    def test_project_is_not_deleted_by_cascade_under_an_invoice(self):
        move = self.bill(self.build)
        for records in (
            self.contract.line_ids,
            self.project.milestone_ids,
            self.contract,
            self.project,
        ):
            with (
                self.subTest(records._name),
                self.assertRaisesRegex(UserError, move.name),
            ):
                records.unlink()

    def test_what_was_billed_elsewhere_or_decided_is_not_lost_with_its_line(self):
        self.deposit.amount_opening = 2500
        self.build._give_up_open("write_off", "Dropped")
        other = self.create_second_contract()
        for line in (self.deposit, self.build):
            for refused in (line.unlink, line.milestone_id.unlink):
                with self.assertRaisesRegex(UserError, "cannot be deleted or moved"):
                    refused()
            with self.assertRaisesRegex(UserError, "cannot be deleted or moved"):
                line.contract_id = other

    def test_moved_line_takes_a_number_of_its_new_schedule(self):
        other = self.create_second_contract(
            [
                ("Analysis", "progress", "percent", 50),
                ("Data", "progress", "percent", 50),
            ]
        )
        self.mark_done(self.designs | other.line_ids[0])
        self.build.contract_id = other
        self.assertEqual(self.build.number, 3)

    def test_line_moved_within_its_contract_keeps_its_number(self):
        self.mark_done(self.designs)
        self.build.write(
            {
                "contract_id": self.contract.id,
                "milestone_id": self.final.milestone_id.id,
            }
        )
        self.assertEqual(self.build.number, 2)

    def test_billed_line_cannot_be_moved_to_another_contract(self):
        other = self.create_second_contract()
        move = self.bill(self.build)
        with self.assertRaisesRegex(UserError, move.name):
            self.build.contract_id = other
        self.designs.contract_id = other
        self.assertIn(self.designs, other.line_ids)

    def test_drafted_line_keeps_its_plan(self):
        self.mark_done(self.build)
        with self.assertRaisesRegex(UserError, "keeps the plan"):
            self.build.percent = 30
        self.build.write({"percent": 25, "name": "Build finished"})
        self.assertEqual(self.build.name, "Build finished")

    def test_currency_and_company_of_a_billed_contract_stay(self):
        currency = self.setup_other_currency("EUR")
        company = self.setup_other_company()["company"]
        move = self.bill(self.build)
        for values in (
            {"currency_id": currency.id},
            {"company_id": company.id},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, move.name):
                self.contract.write(values)
        with self.assertRaises(UserError):
            self.project.company_id = company
        self.assertEqual(self.contract.company_id, self.company)

    def test_currency_of_a_draft_stays_the_contracts(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        with self.assertRaisesRegex(ValidationError, "whose contract is in USD"):
            move.currency_id = self.setup_other_currency("EUR")

    def test_changed_customer_of_a_draft_is_logged_on_the_contract(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.with_user(self.accountant).partner_id = self.partner_a
        message = self.contract.message_ids[0].body
        self.assertIn("was changed by Anton Accountant", message)
        for message in self.project.message_ids:
            self.assertNotIn(self.partner_a.name, message.body)

    def test_later_invoices_go_to_the_contracts_new_customer(self):
        self.mark_done(self.designs)
        self.contract.with_user(self.accountant).partner_id = self.partner_a
        self.mark_done(self.build)
        self.assertEqual(self.get_invoices(self.designs).partner_id, self.customer)
        self.assertEqual(self.get_invoices(self.build).partner_id, self.partner_a)

    def test_one_contract_an_invoice(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build).with_user(SUPERUSER_ID)
        stages = [("Stage", "progress", "percent", 100)]
        for other in (
            self.create_contract("Other", stages),
            self.create_second_contract(stages),
        ):
            with self.assertRaisesRegex(ValidationError, "more than one contract"):
                move.invoice_line_ids = [
                    self.prepare_linked_line(other.line_ids, 10, name="Stage")
                ]
