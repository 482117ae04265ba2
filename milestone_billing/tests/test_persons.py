from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import MilestoneBillingCommon

INVOICING = "account.group_account_invoice"


class TestPersons(MilestoneBillingCommon):
    """Called is the first who is active, of the company, and has Invoicing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env, "seller", f"base.group_user,{INVOICING}", name="Sara Seller"
        )
        cls.customer.user_id = cls.seller
        cls.project.user_id = cls.chief = new_test_user(
            cls.env,
            "chief",
            f"project.group_project_user,{INVOICING}",
            name="Charles Chief",
        )

    def assertCalled(self, user, line=None):
        line = line or self.build
        self.mark_done(line)
        activities = self.get_invoices(line).activity_ids
        self.assertEqual(activities.user_id, user)
        return activities

    def test_billing_responsible_is_called_first(self):
        self.assertCalled(self.accountant)

    def test_salesperson_is_called_when_the_responsible_has_left(self):
        self.accountant.active = False
        self.assertCalled(self.seller)

    def test_salesperson_is_called_when_nobody_is_responsible(self):
        self.contract.user_id = False
        self.assertCalled(self.seller)

    def test_responsible_without_invoicing_is_not_called(self):
        self.accountant.group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        self.assertCalled(self.seller)

    def test_responsible_of_another_company_is_not_called(self):
        other = self.setup_other_company()["company"]
        self.accountant.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        self.assertCalled(self.seller)

    def test_project_manager_is_called_when_the_salesperson_has_left(self):
        (self.accountant | self.seller).active = False
        self.assertCalled(self.chief)

    def test_project_manager_without_invoicing_is_not_called(self):
        (self.accountant | self.seller).active = False
        self.project.user_id = self.project_user
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "drafted")
        self.assertFalse(self.get_invoices(self.build).activity_ids)

    def test_contract_says_that_nobody_is_called(self):
        self.assertNotIn("Nobody", self.get_sentences(self.contract))
        (self.accountant | self.seller | self.chief).active = False
        self.env.invalidate_all()
        self.assertIn("Nobody", self.get_sentences(self.contract))

    def test_called_user_reads_the_draft(self):
        activity = self.assertCalled(self.accountant)
        self.env.invalidate_all()
        move = self.get_invoices(self.build).with_user(activity.user_id)
        self.assertTrue(move.has_access("read"))

    def test_blocked_tick_calls_who_can_cure_it(self):
        self.accountant.active = False
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "blocked")
        activities = self.contract.activity_ids
        # no customer, so no salesperson of his
        self.assertEqual(activities.user_id, self.chief)
        self.assertIn("customer", f"{activities.summary} {activities.note}")

    def test_cured_line_calls_nobody_any_more(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.assertEqual(self.contract.activity_ids.user_id, self.accountant)
        self.contract.partner_id = self.customer
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertFalse(self.contract.activity_ids)

    def test_blocked_tick_is_told_at_once_without_amount_or_customer(self):
        for code, block in (
            ("no_customer", lambda: self.contract.write({"partner_id": False})),
            ("archived", lambda: self.customer.write({"active": False})),
            (
                "over_scheduled",
                lambda: self.designs.write({"basis": "fixed", "amount": 9000.0}),
            ),
        ):
            with (
                self.subTest(code),
                self.undone(),
                patch.object(self.registry["res.users"], "_bus_send") as send,
            ):
                block()
                self.mark_done(self.build)
                self.assertEqual(self.build.check_code, code)
                told = [call.args for call in send.call_args_list]
                told = [args for args in told if args[0] == "milestone_billing_answer"]
                self.assertEqual(len(told), 1)
                text = told[0][1]["message"]
                self.assertIn("Build complete", text)
                self.assertNotIn("Client", text)
                self.assertNotRegex(text, r"\d")

    def test_billed_tick_tells_of_no_trouble(self):
        with patch.object(self.registry["res.users"], "_bus_send") as send:
            self.mark_done(self.build)
        self.assertNotIn(
            "danger", [call.args[1].get("type") for call in send.call_args_list]
        )

    def test_tick_of_a_template_calls_nobody(self):
        self.project.is_template = True
        with patch.object(self.registry["res.users"], "_bus_send") as send:
            self.mark_done(self.build)
        self.assertFalse(send.call_args_list)
        self.assertFalse(self.contract.activity_ids)

    def test_untick_calls_nobody_any_more(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.mark_done(self.build, done=False)
        self.assertFalse(self.contract.activity_ids)

    def test_several_blocked_lines_are_one_activity(self):
        self.contract.partner_id = False
        self.mark_done(self.deposit | self.build)
        self.assertEqual(len(self.contract.activity_ids), 1)

    # --- posting by itself fails ---

    @mute_logger("odoo.addons.base.models.ir_cron")
    def run_posting(self):
        """Let the job try; core warns of a job that gets nothing done."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(
                "account.ir_cron_auto_post_draft_entry"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def fail_posting(self):
        """Have the job find an account archived."""
        self.contract.automation = "post"
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.assertIn("posted by itself", move.activity_ids.summary)
        account = move.invoice_line_ids.account_id
        account.active = False
        self.run_posting()
        self.assertEqual(move.state, "draft")
        return move

    def test_failed_posting_calls_the_responsible_with_the_reason(self):
        move = self.fail_posting()
        self.assertEqual(move.activity_ids.user_id, self.accountant)
        self.assertEqual(len(move.activity_ids), 1)
        self.assertIn("not posted", move.activity_ids.summary)
        self.assertTrue(move.activity_ids.note)

    def test_failed_posting_leaves_no_word_that_it_is_posted_by_itself(self):
        move = self.fail_posting()
        self.assertNotIn("by itself", "".join(move.activity_ids.mapped("summary")))

    def test_failed_posting_calls_who_is_left(self):
        self.contract.automation = "post"
        self.mark_done(self.build)
        self.accountant.active = False
        move = self.get_invoices(self.build)
        move.invoice_line_ids.account_id.active = False
        self.run_posting()
        self.assertIn(self.seller, move.activity_ids.user_id)

    def test_failed_posting_is_not_called_again_each_hour(self):
        move = self.fail_posting()
        self.run_posting()
        self.assertEqual(len(move.activity_ids), 1)

    def test_sending_that_fails_calls_who_is_left(self):
        self.contract.automation = "post_send"
        self.customer.email = False
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.accountant.active = False
        move.activity_ids.unlink()
        for xml_id in (
            "account.ir_cron_auto_post_draft_entry",
            "account.ir_cron_account_move_send",
        ):
            with self.enter_registry_test_mode():
                self.env.ref(xml_id).method_direct_trigger()
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.activity_ids.user_id, self.seller)
