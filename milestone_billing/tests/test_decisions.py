from odoo.exceptions import AccessError, UserError, ValidationError

from .common import MilestoneBillingCommon, normalize


class TestDecisions(MilestoneBillingCommon):
    """What is open can be carried to the balance or written off, and taken back."""

    def assertPlanned(self, *planned):
        self.assertEqual(self.contract.line_ids.mapped("amount_planned"), list(planned))

    # --- carry ---

    def test_carried_amount_goes_to_the_balance(self):
        self.bill_less(self.build, 2000)
        decision = self.decide(self.build, "carry")
        self.assertRecordValues(
            decision,
            [{"amount": 500.0, "reason": "Agreed by telephone",
              "create_uid": self.accountant.id}],
        )  # fmt: skip
        self.assertPlanned(2500, 2500, 2000, 3000)
        self.assertEqual((self.build.state, self.build.amount_open), ("billed", 0))
        self.assertEqual(self.contract.amount_to_date, 10000)

    def test_carry_is_undone(self):
        self.bill_less(self.build, 2000)
        self.decide(self.build, "carry").with_user(self.accountant).action_undo()
        self.assertPlanned(2500, 2500, 2500, 2500)
        self.assertEqual(self.build.state, "ready")

    def test_carry_needs_an_open_balance(self):
        self.bill_less(self.build, 2000)
        self.bill(self.final)
        with self.assertRaisesRegex(ValidationError, "no open balance"):
            self.decide(self.build, "carry")

    def test_balance_itself_cannot_be_carried(self):
        with self.assertRaisesRegex(ValidationError, "no open balance"):
            self.decide(self.final, "carry")

    def test_carry_is_not_undone_once_the_balance_is_invoiced(self):
        self.bill_less(self.build, 2000)
        decision = self.decide(self.build, "carry")
        self.bill(self.final)
        with self.assertRaisesRegex(UserError, "cannot be undone"):
            decision.with_user(self.accountant).action_undo()

    def test_credit_after_a_carry_reopens_exactly_what_it_credits(self):
        move = self.bill_less(self.build, 2000)
        self.decide(self.build, "carry")
        self.credit(move, amount=300)
        self.assertRecordValues(
            self.build,
            [{"state": "to_decide", "amount_open": 300.0, "amount_to_decide": 300.0}],
        )
        self.assertEqual(self.final.amount_planned, 3000)

    # --- write off ---

    def test_written_off_amount_leaves_the_contract(self):
        self.bill_less(self.build, 2000)
        self.decide(self.build, "write_off")
        self.assertEqual(self.contract.amount_to_date, 9500)
        self.assertPlanned(2500, 2500, 2000, 2500)
        self.assertEqual(self.build.state, "billed")
        self.bill(self.deposit | self.designs | self.final)
        self.assertTrue(self.contract.is_fully_billed)
        self.assertEqual(self.contract.amount_to_bill, 0)

    def test_dropped_stage_is_written_off_and_changes_no_other(self):
        self.decide(self.build, "write_off")
        self.assertPlanned(2500, 2500, 0, 2500)
        self.assertEqual(self.build.state, "written_off")

    def test_dropped_stage_of_a_whole_percent_set_changes_no_other(self):
        contract = self.create_contract(
            "Quarters", [(f"Q{n}", "progress", "percent", 25) for n in range(1, 5)]
        )
        self.decide(contract.line_ids[1], "write_off")
        self.assertEqual(
            contract.line_ids.mapped("amount_planned"), [2500, 0, 2500, 2500]
        )

    def test_balance_is_written_off(self):
        self.decide(self.final, "write_off")
        self.assertPlanned(2500, 2500, 2500, 0)
        self.assertEqual(self.final.state, "written_off")
        self.assertEqual(self.contract.amount_to_date, 7500)

    def test_write_off_is_undone(self):
        self.decide(self.build, "write_off").with_user(self.accountant).action_undo()
        self.assertPlanned(2500, 2500, 2500, 2500)
        self.assertEqual(self.contract.amount_to_date, 10000)

    def test_credited_amount_is_written_off(self):
        self.credit(self.bill(self.build), amount=400)
        self.decide(self.build, "write_off")
        self.assertEqual((self.build.state, self.build.amount_billed), ("billed", 2100))
        self.assertEqual(self.contract.amount_to_date, 9600)

    def test_credit_after_a_write_off_reopens_exactly_what_it_credits(self):
        move = self.bill_less(self.build, 2000)
        self.decide(self.build, "write_off")
        self.credit(move, amount=300)
        self.assertEqual(self.build.amount_to_decide, 300)
        self.assertEqual(self.contract.amount_to_date, 9500)

    def test_line_billed_again_after_a_write_off_keeps_its_plan(self):
        self.credit(self.bill_less(self.build, 2000))
        self.decide(self.build, "write_off")
        self.assertEqual(self.build.state, "written_off")
        self.build.decision_ids.action_undo()
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.build.amount_drafted, 2500)

    def test_fixed_lines_without_a_contract_sum(self):
        contract = self.create_contract(
            "Fixed",
            [("A", "progress", "fixed", 1000), ("B", "final", "fixed", 500)],
            contract_sum=0,
        )
        self.decide(contract.line_ids[0], "write_off")
        self.assertEqual(contract.amount_to_date, 500)
        self.assertEqual(contract.line_ids.mapped("amount_planned"), [0, 500])
        self.assertFalse(contract._get_schedule_notices())

    # --- closed ---

    def test_stage_given_up_does_not_come_back_with_a_raised_sum(self):
        contract = self.create_contract(
            "Quarters", [(f"Q{n}", "progress", "percent", 25) for n in range(1, 5)]
        )
        stage = contract.line_ids[1]
        self.decide(stage, "write_off")
        contract.contract_sum = 12000
        self.assertEqual(
            contract.line_ids.mapped("amount_planned"), [3000, 0, 3000, 3500]
        )
        self.mark_done(stage)
        self.assertRecordValues(
            stage, [{"state": "written_off", "amount_open": 0.0, "is_closed": True}]
        )
        self.assertFalse(stage.move_line_ids)
        with self.assertRaises(UserError):
            stage.with_user(self.accountant).action_create_draft_invoice()

    def test_stage_closed_in_part_keeps_what_is_billed_of_it(self):
        for kind, planned in (
            ("carry", [3000, 3000, 2000, 4000]),  # of 12,000
            ("write_off", [3000, 3000, 2000, 3500]),  # of 11,500
        ):
            with self.subTest(kind), self.undone():
                self.bill_less(self.build, 2000)
                self.decide(self.build, kind)
                self.contract.contract_sum = 12000
                self.assertPlanned(*planned)
                self.assertRecordValues(
                    self.build, [{"state": "billed", "amount_open": 0.0}]
                )

    def test_closed_balance_takes_no_raised_sum(self):
        self.decide(self.final, "write_off")
        self.contract.contract_sum = 12000
        self.assertPlanned(3000, 3000, 3000, 0)
        self.assertEqual(self.contract.amount_unscheduled, 500)  # of 9,500

    def test_closed_draft_stays_as_it_is(self):
        self.draft_less(self.build, 2000)
        self.decide(self.build, "write_off")
        self.contract.contract_sum = 12000
        self.assertRecordValues(
            self.build,
            [{"state": "drafted", "amount_planned": 2000.0, "amount_open": 0.0}],
        )
        self.post(self.get_invoices(self.build))
        self.assertRecordValues(
            self.build,
            [{"state": "billed", "amount_planned": 2000.0, "amount_open": 0.0}],
        )

    def test_deleted_draft_of_a_closed_stage_is_ready_again(self):
        move = self.draft_less(self.build, 2000)
        self.decide(self.build, "write_off")
        self.contract.contract_sum = 12000
        move.with_user(self.accountant).unlink()
        self.assertRecordValues(self.build, [{"state": "ready", "amount_open": 2000.0}])
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertRecordValues(
            self.build, [{"state": "drafted", "amount_drafted": 2000.0}]
        )

    def test_cancelled_draft_of_a_stage_given_up_since_stays_cancelled(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build).with_user(self.accountant)
        for kind in ("carry", "write_off"):
            move.button_cancel()
            decision = self.decide(self.build, kind)
            with self.assertRaisesRegex(ValidationError, "Take that decision"):
                move.button_draft()
            self.assertEqual((move.state, self.build.amount_drafted), ("cancel", 0))
            decision.with_user(self.accountant).action_undo()
            move.button_draft()
            self.assertEqual(
                (self.build.state, self.build.amount_drafted), ("drafted", 2500)
            )

    def test_cancelled_draft_of_a_closed_stage_comes_back_as_it_was(self):
        move = self.draft_less(self.build, 2000).with_user(self.accountant)
        self.decide(self.build, "write_off")
        move.button_cancel()
        move.button_draft()
        self.assertRecordValues(
            self.build, [{"state": "drafted", "amount_drafted": 2000.0}]
        )

    def test_undoing_opens_a_closed_stage_at_its_share_of_the_raised_sum(self):
        self.decide(self.build, "write_off")
        self.contract.contract_sum = 12000
        self.build.decision_ids.with_user(self.accountant).action_undo()
        self.assertPlanned(3000, 3000, 3000, 3000)
        self.assertRecordValues(
            self.build,
            [{"state": "upcoming", "amount_open": 3000.0, "is_closed": False}],
        )

    def test_credit_of_a_closed_stage_reopens_exactly_that_also_with_a_raised_sum(self):
        for kind in ("carry", "write_off"):
            with self.subTest(kind), self.undone():
                move = self.bill_less(self.build, 2000)
                self.decide(self.build, kind)
                self.contract.contract_sum = 12000
                self.credit(move, amount=300)
                self.assertRecordValues(
                    self.build,
                    [
                        {
                            "state": "to_decide",
                            "amount_billed": 1700.0,
                            "amount_open": 300.0,
                            "amount_to_decide": 300.0,
                        }
                    ],
                )
                self.build.with_user(self.accountant).action_create_draft_invoice()
                self.assertEqual(self.build.amount_drafted, 300)

    def test_credit_in_full_of_a_closed_stage_reopens_what_was_billed(self):
        move = self.bill_less(self.build, 2000)
        self.decide(self.build, "write_off")
        self.credit(move)
        self.assertRecordValues(
            self.build,
            [{"state": "to_decide", "amount_open": 2000.0, "amount_to_decide": 2000.0}],
        )
        self.assertEqual(self.contract.amount_to_date, 9500)

    def test_reopened_stage_is_given_up_again(self):
        move = self.bill_less(self.build, 2000)
        self.decide(self.build, "write_off")
        self.credit(move, amount=300)
        self.decide(self.build, "write_off")
        self.assertRecordValues(
            self.build,
            [{"state": "billed", "amount_open": 0.0, "amount_written_off": 800.0}],
        )
        self.assertEqual(self.contract.amount_to_date, 9200)

    def test_lowered_sum_leaves_a_closed_stage_closed(self):
        self.decide(self.build, "write_off")
        self.contract.contract_sum = 8000
        self.assertPlanned(2000, 2000, 0, 1500)
        self.assertEqual(self.build.state, "written_off")

    def test_at_most_what_is_open_and_planned_is_written_off(self):
        self.draft_less(self.build, 9000)
        with self.assertRaises(UserError):
            self.decide(self.final, "write_off")  # the balance plans nothing

    def test_part_of_what_is_open_does_not_close(self):
        self.env["milestone.billing.decision"].with_user(self.accountant).create(
            {
                "line_id": self.build.id,
                "kind": "write_off",
                "amount": 500.0,
                "reason": "Less work",
            }
        )
        self.assertFalse(self.build.is_closed)
        self.assertPlanned(2500, 2500, 2000, 2500)
        self.contract.contract_sum = 12000
        self.assertPlanned(3000, 3000, 2500, 3000)

    def test_write_off_is_undone_after_the_others_are_billed(self):
        decision = self.decide(self.build, "write_off")
        self.bill(self.deposit | self.designs | self.final)
        self.assertTrue(self.contract.is_fully_billed)
        decision.with_user(self.accountant).action_undo()
        self.assertEqual(self.contract.amount_to_date, 10000)
        self.assertFalse(self.contract.is_fully_billed)

    def test_who_undid_what_returns_true(self):
        decision = self.decide(self.build, "write_off")
        self.assertIs(decision.with_user(self.accountant).action_undo(), True)

    # --- what is refused ---

    def test_nothing_open_is_nothing_to_decide(self):
        self.bill(self.build)
        with self.assertRaisesRegex(UserError, "nothing to decide"):
            self.decide(self.build, "write_off")

    def test_more_than_is_open_is_refused(self):
        with self.assertRaisesRegex(
            ValidationError, "only .*2,500.00 is open, less than .*3,000.00"
        ):
            self.env["milestone.billing.decision"].with_user(self.accountant).create(
                {
                    "line_id": self.build.id,
                    "kind": "write_off",
                    "amount": 3000,
                    "reason": "Too much",
                }
            )

    def test_only_invoicing_users_decide(self):
        with self.assertRaises(AccessError):
            self.decide(self.build, "write_off", user=self.project_admin)

    def test_decisions_are_logged_on_the_contract_with_amounts(self):
        self.decide(self.build, "write_off").with_user(self.accountant).action_undo()
        undone, decided = (
            normalize(message.preview) for message in self.contract.message_ids[:2]
        )
        for text in ("Anton Accountant", "undid writing off", "Build complete"):
            self.assertIn(text, undone)
        for text in ("Anton Accountant", "wrote off", "Build complete"):
            self.assertIn(text, decided)
        self.assertIn("2,500.00", undone)
        self.assertIn("2,500.00", decided)

    def test_decisions_are_not_logged_on_the_project(self):
        before = self.project.message_ids
        self.decide(self.build, "write_off").with_user(self.accountant).action_undo()
        self.assertEqual(self.project.message_ids, before)

    def test_amount_of_a_decision_is_one_of_the_currency(self):
        yen = self.setup_other_currency("JPY", rounding=1.0)
        contract = self.create_contract(
            "Tokyo",
            [("A", "progress", "percent", 25), ("B", "final", "balance", 0)],
            contract_sum=100,
            currency_id=yen.id,
        )
        first, rest = contract.line_ids
        decision = self.env["milestone.billing.decision"].with_user(self.accountant)
        decision.create(
            {"line_id": first.id, "kind": "write_off", "amount": 12.5, "reason": "Half"}
        )
        self.assertEqual(first.decision_ids.amount, 13)
        self.assertEqual((first.amount_planned, rest.amount_planned), (12, 75))
        self.assertEqual(contract.amount_to_date, 87)

    # --- opening entries ---

    def test_stage_billed_elsewhere_counts_as_billed(self):
        self.deposit.amount_opening = 2500
        self.deposit.milestone_id.is_reached = True
        self.assertRecordValues(
            self.deposit,
            [{"state": "paid", "amount_billed": 2500.0, "amount_paid": 2500.0}],
        )
        self.assertFalse(self.deposit.move_line_ids)
        self.assertEqual(self.contract.amount_billed, 2500)

    def test_stage_billed_elsewhere_in_part_is_billed_for_the_rest(self):
        self.deposit.amount_opening = 1000
        self.mark_done(self.deposit)
        self.assertEqual(self.get_invoices(self.deposit).amount_untaxed, 1500)
        self.assertEqual(self.deposit.amount_open, 0)

    def test_more_billed_elsewhere_than_agreed_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "1.00 more than"):
            self.deposit.amount_opening = 10001
