from datetime import date

from freezegun import freeze_time

from odoo import fields

from .common import MilestoneBillingCommon


class TestAutomation(MilestoneBillingCommon):
    """Posting and sending are left to Odoo's own jobs, never done within the tick."""

    def run_posting(self):
        self.run_cron("account.ir_cron_auto_post_draft_entry")

    def run_sending(self):
        self.run_cron("account.ir_cron_account_move_send")

    def count_triggers(self, xml_id):
        return self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.env.ref(xml_id).id)]
        )

    def test_draft_is_neither_posted_nor_sent(self):
        self.mark_done(self.build)
        self.run_posting()
        self.assertEqual(self.get_invoices(self.build).state, "draft")

    def test_post_makes_a_draft_that_odoos_job_posts(self):
        self.contract.automation = "post"
        before = self.count_triggers("account.ir_cron_auto_post_draft_entry")
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.assertEqual((move.state, move.auto_post), ("draft", "at_date"))
        self.assertEqual(
            self.count_triggers("account.ir_cron_auto_post_draft_entry"), before + 1
        )
        self.run_posting()
        self.assertRecordValues(
            move,
            [{"state": "posted", "invoice_date": fields.Date.today(),
              "sending_data": False}],
        )  # fmt: skip
        self.assertEqual(self.build.state, "billed")

    def test_untouched_draft_to_be_posted_goes_with_the_tick(self):
        self.contract.automation = "post_send"
        self.mark_done(self.build)
        self.mark_done(self.build, done=False)
        self.assertEqual(self.build.state, "upcoming")

    def test_invoice_reset_to_draft_is_not_posted_again_by_itself(self):
        self.contract.automation = "post"
        self.mark_done(self.build)
        self.run_posting()
        move = self.get_invoices(self.build)
        self.assertEqual(move.state, "posted")
        move.with_user(self.accountant).button_draft()
        self.run_posting()
        self.assertEqual(move.state, "draft")

    def test_customer_of_manual_sending_leaves_an_activity(self):
        self.contract.automation = "post_send"
        self.customer.invoice_sending_method = "manual"
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.activity_ids.unlink()
        self.run_posting()
        self.run_sending()
        self.assertIn("is set to manual sending", move.activity_ids.note)

    def test_draft_made_by_hand_is_not_posted_by_itself(self):
        self.contract.automation = "post"
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.contract.partner_id = self.customer
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.get_invoices(self.build).auto_post, "no")

    def test_post_and_send_sends_what_was_posted(self):
        self.contract.automation = "post_send"
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        before = self.count_triggers("account.ir_cron_account_move_send")
        self.run_posting()
        self.assertEqual(
            self.count_triggers("account.ir_cron_account_move_send"), before + 1
        )
        self.assertFalse(move.is_move_sent)
        self.run_sending()
        self.assertTrue(move.is_move_sent)
        self.assertFalse(move.sending_data)
        message = move.message_ids.filtered("attachment_ids")
        self.assertIn(self.customer, message.partner_ids)

    def test_failure_to_send_leaves_the_posted_invoice_and_an_activity(self):
        self.contract.automation = "post_send"
        self.customer.email = False
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.activity_ids.unlink()
        self.run_posting()
        self.run_sending()
        self.assertEqual(move.state, "posted")
        self.assertRecordValues(
            move.activity_ids,
            [
                {
                    "user_id": self.accountant.id,
                    "summary": "The milestone invoice was not sent",
                }
            ],
        )
        self.assertIn("has no e-mail address", move.activity_ids.note)

    def test_invoice_posted_by_itself_bears_the_day_of_the_tick(self):
        # 31 December, 23:30 in New York
        tz = "America/New_York"
        users = self.project_user | self.env.ref("base.user_root")
        users.tz = self.company.partner_id.tz = tz
        self.contract.automation = "post"
        with freeze_time("2026-01-01 04:30:00"):
            self.mark_done(self.build)
            self.run_posting()
        move = self.get_invoices(self.build)
        self.assertRecordValues(
            move, [{"state": "posted", "invoice_date": date(2025, 12, 31)}]
        )

    def test_new_contracts_take_the_companys_default(self):
        self.company.milestone_billing_automation = "manual"
        contract = (
            self.env["milestone.billing.contract"]
            .with_user(self.project_admin)
            .create({"project_id": self.project.id})
        )
        self.assertEqual(contract.automation, "manual")
