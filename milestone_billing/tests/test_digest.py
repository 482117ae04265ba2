from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from .common import MilestoneBillingCommon

TODAY = "2026-06-15"


class DigestCommon(MilestoneBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.milestone_billing_reminder_days = 7
        cls.project_user.tz = cls.accountant.tz = "UTC"

    def run_job(self, day=TODAY, time="03:00:00"):
        """Let Odoo's scheduler run the daily job."""
        with freeze_time(f"{day} {time}"):
            self.run_cron("milestone_billing.ir_cron_remind")

    def get_digest(self, user):
        # sudo: a page is its person's own
        digests = self.env["milestone.billing.digest"].sudo()
        return digests.search([("user_id", "=", user.id)])

    def get_activities(self, user):
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "milestone.billing.digest"),
                    ("user_id", "=", user.id),
                ]
            )
        )

    def make_late(self, *lines, day="2026-06-01"):
        for line in lines or self.build:
            line.deadline = day

    def make_ready(self, line=None, day="2026-06-01"):
        self.contract.automation = "manual"
        with freeze_time(day):
            self.mark_done(line or self.build)
            # the day on which it is done
            self.env.flush_all()

    def assertTold(self, user, *texts):
        """The person has one activity, which says this; it is returned."""
        activity = self.get_activities(user)
        self.assertEqual(len(activity), 1)
        for text in texts:
            self.assertIn(text, f"{activity.summary} {activity.note}")
        return activity


class TestDigest(DigestCommon):
    """One activity a person says all that waits for them, as long as it does."""

    def test_late_stages_are_told_to_the_project_manager_in_one_activity(self):
        self.make_late(self.build, self.final)
        self.run_job()
        activity = self.assertTold(
            self.project_user,
            "2 stages wait for you",
            "Past its date (2)",
            "Build complete",
            "Launch / delivery",
            "Website",
            "06/01/2026",
        )
        self.assertIn(f'data-oe-id="{self.build.milestone_id.id}"', activity.note)
        self.assertFalse(self.get_activities(self.accountant))

    def test_no_amount_and_no_customer_for_the_project_manager(self):
        self.make_late(self.build)
        self.make_ready(self.designs)
        self.run_job()
        note = self.assertTold(self.project_user).note
        self.assertNotIn("2,500", note)
        self.assertNotIn("Designs", note)
        self.assertNotIn("Client", note)

    def test_ready_is_told_to_who_is_called_after_the_days(self):
        self.make_ready()
        self.run_job("2026-06-08")
        self.assertFalse(self.get_activities(self.accountant))
        self.run_job("2026-06-09")
        self.assertTold(
            self.accountant,
            "1 stage waits for you",
            "Ready, but not invoiced (1)",
            "2,500.00",
        )
        self.assertFalse(self.get_activities(self.project_user))

    def test_drafts_are_told_after_the_days(self):
        self.mark_done(self.build)
        created = fields.Datetime.now()
        self.run_job(fields.Date.to_string(created + timedelta(days=2)))
        self.assertFalse(self.get_activities(self.accountant))
        self.run_job(fields.Date.to_string(created + timedelta(days=9)))
        self.assertTold(self.accountant, "A draft that waits (1)")

    def test_blocked_is_told_at_once(self):
        self.contract.partner_id = False
        with freeze_time(TODAY):
            self.mark_done(self.build)
        self.run_job()
        self.assertTold(self.accountant, "Blocked (1)")

    def test_unpaid_is_told_once_it_is_overdue(self):
        move = self.bill(self.build)
        due = move.invoice_date_due
        self.run_job(fields.Date.to_string(due))
        self.assertFalse(self.get_activities(self.accountant))
        self.run_job(fields.Date.to_string(due + timedelta(days=1)))
        self.assertTold(self.accountant, "Overdue for payment (1)", move.name)
        self.pay(move)
        self.run_job(fields.Date.to_string(due + timedelta(days=2)))
        self.assertFalse(self.get_activities(self.accountant))

    def test_sent_back_is_told_to_the_project_manager(self):
        self.contract.allow_acceptance = True
        contact = new_test_user(self.env, "contact", groups="base.group_portal")
        contact.partner_id.write({"parent_id": self.customer.id, "email": "c@x.com"})
        milestone = self.build.milestone_id
        milestone.action_ask_acceptance()
        milestone.with_user(contact).sudo()._send_back("No", contact.partner_id)
        self.run_job()
        self.assertTold(self.project_user, "Sent back by the client (1)")

    def test_ten_runs_tell_it_once_and_write_nothing(self):
        self.make_late()
        self.make_ready(self.designs)
        self.run_job()
        activities = self.get_activities(self.project_user)
        before = activities.read(["write_date", "note", "summary", "date_deadline"])
        digest = self.get_digest(self.project_user).sudo()
        messages = digest.message_ids
        activity = type(activities)
        with patch.object(activity, "write", side_effect=AssertionError):
            for _run in range(10):
                self.run_job()
        self.assertEqual(
            activities.read(["write_date", "note", "summary", "date_deadline"]), before
        )
        self.assertEqual(self.get_activities(self.project_user), activities)
        self.assertEqual(digest.message_ids, messages)

    def test_it_is_renewed_and_goes_away(self):
        self.make_late(self.build)
        self.run_job()
        activity = self.assertTold(self.project_user, "1 stage waits")
        self.make_late(self.final)
        self.run_job("2026-06-16")
        self.assertEqual(self.assertTold(self.project_user, "2 stages"), activity)
        self.assertEqual(activity.date_deadline, fields.Date.to_date("2026-06-16"))
        self.mark_done(self.build | self.final)
        self.run_job("2026-06-17")
        self.assertFalse(activity.exists())

    def test_who_marked_it_done_has_it_back_the_next_day(self):
        self.make_late()
        self.run_job()
        activity = self.assertTold(self.project_user)
        activity.with_user(self.project_user).action_done()
        self.run_job()
        self.assertFalse(self.get_activities(self.project_user))
        self.run_job("2026-06-16")
        self.assertTold(self.project_user)

    def test_zero_days_remind_nobody(self):
        self.make_late()
        self.run_job()
        self.company.milestone_billing_reminder_days = 0
        self.run_job()
        self.assertFalse(self.get_activities(self.project_user))

    def test_nothing_of_archived_and_template_projects_and_contracts(self):
        self.make_late()
        for record, name, value in (
            (self.project, "active", False),
            (self.contract, "active", False),
            (self.project, "is_template", True),
        ):
            with self.subTest(f"{record} {name}"), self.undone():
                record[name] = value
                self.run_job()
                self.assertFalse(self.get_activities(self.project_user))

    def test_who_cannot_open_the_project_is_not_told_of_it(self):
        self.make_late()
        self.project.privacy_visibility = "followers"
        self.project.message_unsubscribe(self.project_user.partner_id.ids)
        self.project_user.group_ids = self.env.ref("base.group_user")
        self.run_job()
        self.assertFalse(self.get_activities(self.project_user))

    def test_who_left_is_not_told(self):
        self.make_late()
        self.run_job()
        self.project_user.active = False
        self.run_job()
        self.assertFalse(self.get_activities(self.project_user))

    def test_the_language_and_the_day_are_the_persons(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.project_user.write({"lang": "de_DE", "tz": "Pacific/Auckland"})
        self.make_late(day="2026-06-15")
        self.run_job("2026-06-14")
        self.assertFalse(self.get_activities(self.project_user))
        self.run_job("2026-06-15", "13:00:00")
        self.assertTold(self.project_user, "15.06.2026")

    def test_many_are_named_in_short(self):
        stages = [(f"Stage {n}", "progress", "percent", 5) for n in range(12)]
        self.make_late(*self.create_contract("Long", stages).line_ids)
        self.run_job()
        self.assertTold(self.project_user, "12 stages", "And 2 more.")

    def test_a_bad_record_does_not_stop_the_others(self):
        self.make_late()
        self.make_ready(self.designs)
        digests = type(self.env["milestone.billing.digest"])
        prepare = digests._prepare_note

        def fail(digest, milestones, lines):
            if digest.env.user == self.project_user:
                raise ValueError("broken")
            return prepare(digest, milestones, lines)

        with (
            patch.object(digests, "_prepare_note", fail),
            self.assertLogs("odoo.addons.milestone_billing", "ERROR"),
        ):
            self.run_job()
        self.assertFalse(self.get_activities(self.project_user))
        self.assertTold(self.accountant)

    def test_a_bad_contract_does_not_stop_the_others(self):
        self.make_ready()
        other = self.create_contract("Other", [("Only", "final", "balance", 0)])
        other.automation = "manual"
        with freeze_time("2026-06-01"):
            self.mark_done(other.line_ids)
            self.env.flush_all()
        called = type(other)._get_called_user

        def fail(contract):
            if contract == other:
                raise ValueError("broken")
            return called(contract)

        with (
            patch.object(type(other), "_get_called_user", fail),
            self.assertLogs("odoo.addons.milestone_billing", "ERROR"),
        ):
            self.run_job()
        self.assertTold(self.accountant, "1 stage waits for you")


class TestDigestPage(DigestCommon):
    """The activity opens a page of what waits, which is one's own."""

    def test_page_shows_what_waits_now(self):
        self.make_late(self.build)
        self.make_ready(self.designs)
        self.run_job()
        with freeze_time(f"{TODAY} 10:00:00"):
            page = self.get_digest(self.project_user).with_user(self.project_user)
            self.assertEqual(page.milestone_ids, self.build.milestone_id)
            self.assertEqual(page.milestone_ids.waits_because, "late")
            self.assertFalse(page.line_ids)
            page = self.get_digest(self.accountant).with_user(self.accountant)
            self.assertEqual(page.line_ids, self.designs)
            self.assertFalse(page.milestone_ids)
            self.mark_done(self.build)
            page = self.get_digest(self.project_user).with_user(self.project_user)
            page.invalidate_recordset()
            self.assertFalse(page.milestone_ids)

    def test_page_is_ones_own(self):
        self.make_late()
        self.run_job()
        digest = self.get_digest(self.project_user)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            digest.with_user(self.accountant).read(["user_id"])
        with self.assertRaises(AccessError):
            digest.with_user(self.project_user).write({"told": "Forged"})
        with self.assertRaises(AccessError):
            digest.with_user(self.project_user).unlink()


class TestPostpone(DigestCommon):
    """A stage's date is moved with the reason, which the contract's log keeps."""

    def postpone(self, line, user, day="2026-07-01"):
        action = line.milestone_id.with_user(user).action_postpone()
        form = Form(
            self.env[action["res_model"]]
            .with_user(user)
            .with_context(**action["context"])
        )
        form.new_deadline = day
        form.reason = "Texts arrive later"
        form.save().action_confirm()

    def test_date_and_reason_are_logged_on_the_contract(self):
        self.make_late()
        self.postpone(self.build, self.project_user)
        self.assertEqual(self.build.deadline, fields.Date.to_date("2026-07-01"))
        log = self.contract.message_ids[0].body
        for text in ("Petra Manager", "2026-06-01", "2026-07-01", "Texts arrive later"):
            self.assertIn(text, log)

    def test_a_milestone_without_stage_keeps_the_reason_itself(self):
        milestone = self.env["project.milestone"].create(
            {"name": "Kick-off", "project_id": self.project.id}
        )
        action = milestone.action_postpone()
        wizard = self.env[action["res_model"]].create(
            {
                "milestone_id": milestone.id,
                "new_deadline": "2026-07-01",
                "reason": "Later",
            }
        )
        wizard.action_confirm()
        self.assertIn("Later", "".join(milestone.message_ids.mapped("body")))

    def test_refused_when_done_or_not_moved(self):
        self.make_late()
        with self.assertRaises(UserError):
            self.postpone(self.build, self.project_user, "2026-06-01")
        self.mark_done(self.build)
        with self.assertRaises(UserError):
            self.postpone(self.build, self.project_user)

    def test_who_may_not_edit_the_milestone_may_not_postpone_it(self):
        with self.assertRaises(AccessError):
            self.postpone(self.build, self.accountant)

    def test_picture_offers_it_to_who_may(self):
        def get_acts(user):
            self.env.flush_all()
            self.env.invalidate_all()
            stages = self.project.with_user(user).get_billing_timeline()["stages"]
            return stages[0]["acts"]

        self.assertIn("postpone", get_acts(self.project_user))
        self.mark_done(self.deposit)
        self.assertNotIn("postpone", get_acts(self.project_user))
