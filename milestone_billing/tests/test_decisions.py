from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from .common import MilestoneBillingCommon


class TestDecisions(MilestoneBillingCommon):
    """What is open can be carried to the balance or written off, and taken back."""

    def decide(self, lines, kind, user=None):
        """Decide through the wizard, as the accountant does."""
        wizard = Form(
            self.env["milestone.billing.decide"]
            .with_user(user or self.accountant)
            .with_context(active_model="milestone.billing.line", active_ids=lines.ids)
        )
        wizard.kind = kind
        wizard.reason = "Agreed by telephone"
        wizard.save().action_confirm()
        return lines.decision_ids

    def bill_less(self, line, net):
        self.mark_done(line)
        move = self.get_invoices(line)
        move.invoice_line_ids.price_unit = net
        return self.post(move)

    def assertPlanned(self, *planned):
        self.assertEqual(
            self.project.billing_line_ids.mapped("amount_planned"), list(planned)
        )

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
        self.assertEqual(self.project.contract_to_date, 10000)

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
        self.assertEqual(self.project.contract_to_date, 9500)
        self.assertPlanned(2500, 2500, 2000, 2500)
        self.assertEqual(self.build.state, "billed")
        self.bill(self.deposit | self.designs | self.final)
        self.assertTrue(self.project.is_fully_billed)
        self.assertEqual(self.project.contract_to_bill, 0)

    def test_dropped_stage_is_written_off_and_changes_no_other(self):
        self.decide(self.build, "write_off")
        self.assertPlanned(2500, 2500, 0, 2500)
        self.assertEqual(self.build.state, "written_off")

    def test_dropped_stage_of_a_whole_percent_set_changes_no_other(self):
        project = self.create_project(
            "Quarters", [(f"Q{n}", "progress", "percent", 25) for n in range(1, 5)]
        )
        self.decide(project.billing_line_ids[1], "write_off")
        self.assertEqual(
            project.billing_line_ids.mapped("amount_planned"), [2500, 0, 2500, 2500]
        )

    def test_balance_is_written_off(self):
        self.decide(self.final, "write_off")
        self.assertPlanned(2500, 2500, 2500, 0)
        self.assertEqual(self.final.state, "written_off")
        self.assertEqual(self.project.contract_to_date, 7500)

    def test_write_off_is_undone(self):
        self.decide(self.build, "write_off").with_user(self.accountant).action_undo()
        self.assertPlanned(2500, 2500, 2500, 2500)
        self.assertEqual(self.project.contract_to_date, 10000)

    def test_credited_amount_is_written_off(self):
        self.credit(self.bill(self.build), amount=400)
        self.decide(self.build, "write_off")
        self.assertEqual((self.build.state, self.build.amount_billed), ("billed", 2100))
        self.assertEqual(self.project.contract_to_date, 9600)

    def test_credit_after_a_write_off_reopens_exactly_what_it_credits(self):
        move = self.bill_less(self.build, 2000)
        self.decide(self.build, "write_off")
        self.credit(move, amount=300)
        self.assertEqual(self.build.amount_to_decide, 300)
        self.assertEqual(self.project.contract_to_date, 9500)

    def test_line_billed_again_after_a_write_off_keeps_its_plan(self):
        self.credit(self.bill_less(self.build, 2000))
        self.decide(self.build, "write_off")
        self.assertEqual(self.build.state, "written_off")
        self.build.decision_ids.action_undo()
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.build.amount_drafted, 2500)

    def test_fixed_lines_without_a_contract_sum(self):
        project = self.create_project(
            "Fixed",
            [("A", "progress", "fixed", 1000), ("B", "final", "fixed", 500)],
            contract_sum=0,
        )
        self.decide(project.billing_line_ids[0], "write_off")
        self.assertEqual(project.contract_to_date, 500)
        self.assertEqual(project.billing_line_ids.mapped("amount_planned"), [0, 500])
        self.assertFalse(project.schedule_notice)

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

    def test_decisions_are_logged_without_amounts(self):
        self.decide(self.build, "write_off").with_user(self.accountant).action_undo()
        bodies = self.project.message_ids.mapped("body")
        self.assertIn("Anton Accountant undid writing off Build complete", bodies[0])
        self.assertIn(
            "Anton Accountant wrote off what was open of Build complete", bodies[1]
        )
        self.assertNotIn("2,500", "".join(bodies))

    # --- opening entries ---

    def test_stage_billed_elsewhere_counts_as_billed(self):
        self.deposit.amount_opening = 2500
        self.deposit.milestone_id.is_reached = True
        self.assertRecordValues(
            self.deposit,
            [{"state": "paid", "amount_billed": 2500.0, "amount_paid": 2500.0}],
        )
        self.assertFalse(self.deposit.move_line_ids)
        self.assertEqual(self.project.contract_billed, 2500)

    def test_stage_billed_elsewhere_in_part_is_billed_for_the_rest(self):
        self.deposit.amount_opening = 1000
        self.mark_done(self.deposit)
        self.assertEqual(self.get_invoices(self.deposit).amount_untaxed, 1500)
        self.assertEqual(self.deposit.amount_open, 0)

    def test_more_billed_elsewhere_than_agreed_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "1.00 more than"):
            self.deposit.amount_opening = 10001
