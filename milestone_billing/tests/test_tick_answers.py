import re
from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..models.refusal import BillingRefusal
from .common import MilestoneBillingCommon

ANSWER = "milestone_billing_answer"


class TestTickAnswers(MilestoneBillingCommon):
    """Who ticks, or takes a tick back, is told at once what that did."""

    def setUp(self):
        super().setUp()
        self.told = []

    @contextmanager
    def listening(self):
        """Collect what is sent to users: ``(user, type of message, payload)``."""
        told = self.told = []

        def send(users, *args, **kwargs):
            # others hear of their activities
            told.extend((user, *args) for user in users if args[0] == ANSWER)

        with patch.object(self.registry["res.users"], "_bus_send", send):
            yield told

    def tick(self, lines, done=True, user=None):
        """Tick as a user and return the answers."""
        with self.listening() as told:
            lines.milestone_id.with_user(user or self.project_user).is_reached = done
        for receiver, *_others in told:
            self.assertEqual(receiver, user or self.project_user)
        return [payload for *_others, payload in told]

    def assertAnswer(self, answers, kind, *texts):
        """There is one answer, without amounts, that says this."""
        self.assertEqual([answer["type"] for answer in answers], [kind])
        text = re.sub(r"<[^>]*>", "", answers[0]["message"])
        for expected in texts:
            self.assertIn(expected, text)
        self.assertNotRegex(text, r"\d|Client")
        return answers[0]

    # --- the tick ---

    def test_tick_says_that_the_draft_is_made(self):
        answer = self.assertAnswer(
            self.tick(self.build), "success", "Draft invoice made for Build complete."
        )
        self.assertEqual(answer["undo_ids"], self.build.milestone_id.ids)
        self.assertFalse(answer["move_ids"])

    def test_who_makes_invoices_may_open_the_draft(self):
        self.project_user.group_ids |= self.env.ref("account.group_account_invoice")
        answers = self.tick(self.build)
        self.assertEqual(answers[0]["move_ids"], self.get_invoices(self.build).ids)

    def test_several_ticks_are_summed_up(self):
        answer = self.assertAnswer(
            self.tick(self.designs | self.build),
            "success",
            "Draft invoices made for Designs approved, Build complete.",
        )
        milestones = (self.designs | self.build).milestone_id
        self.assertEqual(answer["undo_ids"], milestones.ids)

    def test_many_ticks_are_counted(self):
        answers = self.tick(self.contract.line_ids)
        self.assertEqual(len(answers), 1)
        self.assertIn("and 1 more", answers[0]["message"])

    def test_names_are_escaped(self):
        self.build.milestone_id.name = "<i>Build</i>"
        answers = self.tick(self.build)
        self.assertIn("<b>&lt;i&gt;Build&lt;/i&gt;</b>", answers[0]["message"])

    def test_tick_of_a_manual_contract_says_that_it_waits(self):
        self.contract.automation = "manual"
        self.assertAnswer(
            self.tick(self.build), "success", "waiting to be billed: Build complete"
        )

    def test_tick_of_an_automatic_contract_says_that_it_is_posted(self):
        self.contract.automation = "post"
        self.assertAnswer(self.tick(self.build), "success", "it is posted soon")

    def test_blocked_tick_says_why_and_who_was_told(self):
        self.contract.partner_id = False
        answer = self.assertAnswer(
            self.tick(self.build),
            "danger",
            "Build complete is done, but not invoiced: the contract has no customer.",
            "Anton Accountant was told.",
        )
        self.assertEqual(answer["undo_ids"], self.build.milestone_id.ids)
        self.assertEqual(self.build.milestone_id.billing_status, "blocked")
        self.assertEqual(self.contract.activity_ids.user_id, self.accountant)

    def test_reason_that_names_the_customer_is_not_told(self):
        self.customer.active = False
        self.assertAnswer(
            self.tick(self.build), "danger", "Build complete is done, but not invoiced."
        )

    def test_reason_is_told_to_who_reads_the_contract(self):
        self.customer.active = False
        answers = self.tick(self.build, user=self.project_admin)
        self.assertIn("Client &amp; Sons is archived", answers[0]["message"])

    def test_who_may_cure_is_led_to_the_cure(self):
        self.contract.partner_id = False
        (answer,) = self.tick(self.build, user=self.project_admin)
        self.assertEqual(
            answer["fix"], {"line_id": self.build.id, "label": "Set customer"}
        )
        self.tick(self.build, done=False)
        (answer,) = self.tick(self.build)
        self.assertFalse(answer["fix"])

    def test_blocked_tick_without_anybody_to_call_says_so(self):
        self.contract.partner_id = False
        self.accountant.active = False
        self.assertAnswer(self.tick(self.build), "danger", "Nobody is told")

    def test_ticks_with_both_outcomes_say_both(self):
        other = self.create_contract(
            "Other", [("Stage", "progress", "percent", 100)], partner_id=False
        )
        other.partner_id = False
        answers = self.tick(self.build | other.line_ids)
        self.assertEqual([a["type"] for a in answers], ["success", "danger"])
        self.assertIn("Build complete", answers[0]["message"])
        self.assertIn("Stage", answers[1]["message"])
        self.assertEqual(answers[1]["undo_ids"], other.line_ids.milestone_id.ids)

    def test_tick_by_any_road_is_answered(self):
        milestone = self.build.milestone_id.with_user(self.project_user)
        for road in (
            lambda: milestone.toggle_is_reached(True),
            lambda: milestone.web_save({"is_reached": True}, {"name": {}}),
            milestone.action_mark_done,
            lambda: (
                self.env.ref("milestone_billing.project_milestone_action_mark_done")
                .with_user(self.project_user)
                .with_context(active_model=milestone._name, active_ids=milestone.ids)
                .run()
            ),
        ):
            with self.undone(), self.listening() as told:
                road()
                self.assertEqual([kind for _u, kind, _p in told], [ANSWER])

    def test_template_and_what_is_not_billed_are_answered_by_nothing(self):
        free = self.env["project.milestone"].create(
            {"name": "Free", "project_id": self.project.id}
        )
        with self.listening() as told:
            free.with_user(self.project_user).is_reached = True
        self.assertFalse(told)
        self.project.is_template = True
        self.assertFalse(self.tick(self.build))
        self.assertFalse(self.tick(self.build, done=False))

    def test_system_is_not_told(self):
        with self.listening() as told:
            self.build.milestone_id.with_user(self.env.ref("base.user_root")).write(
                {"is_reached": True}
            )
        self.assertFalse(told)

    # --- taking it back ---

    def test_untick_says_and_logs_that_the_draft_is_removed(self):
        self.tick(self.build)
        self.assertAnswer(
            self.tick(self.build, done=False),
            "info",
            "Not done any more: Build complete. The draft invoice is removed.",
        )
        body = self.project.message_ids[0].body
        self.assertIn("the draft invoice is removed", body)

    def test_untick_of_what_waits_is_told_and_logged(self):
        self.contract.automation = "manual"
        self.tick(self.build)
        self.assertAnswer(
            self.tick(self.build, done=False), "info", "Nothing of it waits"
        )
        body = self.project.message_ids[0].body
        self.assertIn("Build complete marked not done by Petra Manager", body)

    def test_refused_untick_tells_nothing_but_the_refusal(self):
        self.bill(self.build)
        with self.assertRaises(BillingRefusal), self.listening() as told:
            self.build.milestone_id.with_user(self.project_user).is_reached = False
        self.assertFalse(told)
        self.assertTrue(issubclass(BillingRefusal, UserError))

    # --- the log ---

    def test_log_says_why_it_is_not_invoiced(self):
        self.contract.partner_id = False
        self.tick(self.build)
        self.assertIn(
            "Build complete marked done by Petra Manager, but not invoiced: the"
            " contract has no customer.",
            self.project.message_ids[0].body,
        )

    def test_log_tells_what_is_invoiced_from_what_is_not(self):
        second = self.create_second_contract([("Data", "progress", "percent", 100)])
        second.partner_id = False
        self.tick(self.build | second.line_ids)
        body = self.project.message_ids[0].body
        self.assertIn("Build complete marked done by Petra Manager: the invoice", body)
        self.assertIn("Data marked done by Petra Manager, but not invoiced", body)

    # --- what it costs ---

    def count_tick(self, lines):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.mark_done(lines)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_answer_costs_the_tick_one_row(self):
        contracts = [
            self.create_contract(f"P{n}", [("Stage", "progress", "percent", 100)])
            for n in range(4)
        ]
        # the first fill the registry's caches
        self.count_tick(contracts[0].line_ids)
        self.count_tick(contracts[3].line_ids)
        answering = self.count_tick(contracts[1].line_ids)
        with patch.object(type(self.env["project.milestone"]), "_answer"):
            silent = self.count_tick(contracts[2].line_ids)
        # the row is written with the transaction's other messages, when it ends
        self.assertEqual(answering, silent)


@tagged("post_install", "-at_install")
class TestTickAnswersTour(MilestoneBillingCommon, HttpCase):
    """In the browser."""

    _retry = True

    def test_tick_read_the_answer_and_undo(self):
        self.start_tour(
            f"/odoo/project/{self.project.id}/project-dashboard",
            "milestone_billing_tick_and_undo",
            login="pm",
        )
        self.env.invalidate_all()
        self.assertFalse(self.build.is_reached)
        self.assertFalse(self.build.move_line_ids)
