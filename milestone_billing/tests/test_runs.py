from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..models.batches import work_off
from ..models.runs.milestone_billing_line import MAX_AT_ONCE
from .common import MilestoneBillingCommon

CRON = "milestone_billing.ir_cron_work_off_runs"


class TestRuns(MilestoneBillingCommon):
    """What is too much for a request is worked off in the background, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.automation = "manual"
        cls.lines = cls.deposit | cls.designs | cls.build
        # everybody sees their own; the job is the superuser's
        cls.Run = cls.env["milestone.billing.run"].with_user(SUPERUSER_ID)

    def setUp(self):
        super().setUp()
        self.mark_done(self.lines)

    def by(self, records, user=None):
        return records.with_user(user or self.accountant)

    def ask(self, lines, act="action_draft_in_background"):
        """Ask as the accountant, and return the run."""
        action = getattr(self.by(lines), act)()
        self.assertEqual(action["tag"], "milestone_billing_result")
        return self.Run.search([], limit=1)

    def work(self, batch_size=None):
        """Work off what was asked for, as Odoo's scheduler does."""
        code = batch_size and f"model._cron_work_off({batch_size})"
        self.run_cron(CRON, code)

    def get_progress(self, user=None):
        return self.by(self.Run, user).get_progress()

    def assertItems(self, run, **counts):
        self.assertEqual(
            {
                state: len(items)
                for state, items in run.item_ids.grouped("state").items()
            },
            counts,
        )

    # --- drafting ---

    def test_drafts_are_made_as_by_the_one_who_asked(self):
        run = self.ask(self.lines)
        self.assertFalse(self.get_invoices(self.lines))
        self.assertEqual(self.build.to_do["text"], "Being drafted in the background.")
        self.work()
        self.assertItems(run, done=3)
        self.assertEqual(self.lines.mapped("state"), ["drafted"] * 3)
        for line in self.lines:
            log = self.get_invoices(line).message_ids.mapped("body")
            self.assertIn(self.accountant.name, " ".join(log))

    def test_each_is_drafted_once_however_often_it_is_asked_for(self):
        first = self.ask(self.lines)
        again = self.by(self.lines).action_draft_in_background()
        self.assertIn("already", again["params"]["message"])
        self.assertEqual(self.Run.search([]), first)
        self.work()
        with self.assertRaises(UserError):  # there is nothing left to draft
            self.by(self.lines).action_draft_in_background()
        second = self.Run._ask("draft", self.lines, self.accountant)
        self.work()
        self.work()
        self.assertItems(first, done=3)
        self.assertItems(second, skipped=3)
        self.assertEqual(len(self.get_invoices(self.lines)), 3)

    def test_what_was_done_meanwhile_is_left(self):
        run = self.ask(self.lines)
        self.by(self.build).action_create_draft_invoice()
        self.mark_done(self.designs, done=False)
        self.work()
        self.assertItems(run, done=1, skipped=2)
        self.assertEqual(self.designs.state, "upcoming")
        self.assertEqual(len(self.get_invoices(self.build)), 1)
        self.assertIn("meanwhile", run.item_ids.filtered("reason")[0].reason)

    def test_what_is_blocked_says_why(self):
        run = self.ask(self.lines)
        self.contract.partner_id = False
        self.work()
        self.assertItems(run, skipped=3)
        self.assertIn("customer", run.item_ids[0].reason)
        self.assertFalse(self.get_invoices(self.lines))

    def test_it_goes_on_where_it_stood(self):
        run = self.ask(self.lines)
        run._process(run.item_ids[:1])
        self.assertItems(run, done=1, waiting=2)
        self.work(batch_size=1)
        self.assertItems(run, done=3)
        self.assertEqual(len(self.get_invoices(self.lines)), 3)

    def test_one_draft_a_contract_is_whole_in_whatever_batches(self):
        other = self.create_contract("Other", [("Only", "progress", "percent", 100)])
        other.automation = "manual"
        self.mark_done(other.line_ids)
        both = self.lines | other.line_ids
        run = self.ask(both)
        run.act = "draft_per_contract"
        self.work(batch_size=1)
        self.assertItems(run, done=4)
        self.assertEqual(len(self.get_invoices(self.lines)), 1)
        self.assertEqual(len(self.get_invoices(other.line_ids)), 1)

    # --- confirming ---

    def test_drafts_are_confirmed(self):
        self.by(self.lines).action_make_drafts()
        self.get_invoices(self.designs).partner_id = False  # nobody is billed
        run = self.ask(self.lines | self.final, "action_confirm_in_background")
        self.work()
        # what has no draft is not asked for
        self.assertItems(run, done=2, skipped=1)
        self.assertEqual((self.deposit | self.build).mapped("state"), ["billed"] * 2)
        self.assertEqual(self.designs.state, "drafted")
        reason = run.item_ids.filtered(lambda i: i.line_id == self.designs).reason
        self.assertRegex(reason, "[Cc]ustomer")
        self.assertEqual(self.get_progress()[0]["message"], "2 confirmed, 1 not.")

    # --- rights ---

    def test_who_may_not_make_invoices_any_more_makes_none(self):
        run = self.ask(self.lines)
        group = self.env.ref("account.group_account_invoice")
        self.accountant.group_ids -= group
        self.work()
        self.assertItems(run, skipped=3)
        self.assertFalse(self.get_invoices(self.lines))

    def test_who_left_makes_none(self):
        run = self.ask(self.lines)
        self.accountant.active = False
        self.work()
        self.assertItems(run, skipped=3)
        self.assertFalse(self.get_invoices(self.lines))

    def test_only_who_may_make_invoices_asks(self):
        for user in (self.project_user, self.project_admin):
            with self.assertRaises(AccessError):
                self.by(self.lines, user).action_draft_in_background()
        self.assertFalse(self.Run.search([]))

    def test_it_is_seen_and_stopped_by_who_asked_alone(self):
        run = self.ask(self.lines)
        other = new_test_user(
            self.env, login="other", groups="account.group_account_invoice"
        )
        self.assertEqual(self.get_progress(other), [])
        for act in ("action_cancel", "action_dismiss", "action_show"):
            with self.assertRaises(AccessError):
                getattr(self.by(run, other), act)()
        with self.assertRaises(AccessError):
            self.by(run.item_ids, other).read(["reason"])
        with self.assertRaises(UserError):
            run.with_user(other).sudo().action_cancel()
        self.assertItems(run, waiting=3)

    def test_facts_of_a_run_are_nobodys_to_give(self):
        run = self.ask(self.lines)
        for records, vals in (
            (run, {"user_id": self.project_user.id}),
            (run.item_ids, {"state": "done"}),
        ):
            with self.assertRaises(AccessError):
                self.by(records).write(vals)
        with self.assertRaises(AccessError):
            self.by(self.Run).create({"act": "draft", "user_id": self.accountant.id})

    # --- what is told ---

    def test_progress(self):
        run = self.ask(self.lines)
        expected = {
            "id": run.id,
            "is_open": True,
            "message": "Creating drafts: 0 of 3",
            "share": 0,
            "stopped": False,
            "may_show": True,
        }
        self.assertEqual(self.get_progress(), [expected])
        self.contract.partner_id = False
        run._process(run.item_ids[:1])
        expected["share"] = 33
        self.assertEqual(self.get_progress(), [expected])
        self.contract.partner_id = self.customer
        self.work()
        expected.update(is_open=False, message="2 drafted, 1 not.", share=100)
        self.assertEqual(self.get_progress(), [expected])
        self.by(run).action_dismiss()
        self.assertEqual(self.get_progress(), [])

    def test_cancelled_run_keeps_what_is_done(self):
        run = self.ask(self.lines)
        run._process(run.item_ids[:1])
        self.by(run).action_cancel()
        self.assertItems(run, done=1, skipped=2)
        self.work()
        self.assertEqual(len(self.get_invoices(self.lines)), 1)
        self.assertEqual(self.get_progress()[0]["message"], "1 drafted, 2 not.")

    def test_job_that_is_switched_off_is_said(self):
        self.env.ref(CRON).active = False
        message = self.by(self.lines).action_draft_in_background()["params"]["message"]
        self.assertIn("switched off", message)
        self.assertIn("switched off", self.get_progress()[0]["stopped"])

    def test_it_is_shown_stage_by_stage(self):
        run = self.ask(self.lines)
        action = self.by(run).action_show()
        items = self.by(self.env[action["res_model"]]).search(action["domain"])
        self.assertEqual(items.line_id, self.by(self.lines))
        contract = self.by(items[0]).action_open_line()
        self.assertEqual(contract["res_id"], self.contract.id)

    def test_what_is_done_long_ago_is_cleared_away(self):
        done, waiting = self.ask(self.deposit), self.ask(self.build)
        done._process(done.item_ids)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE milestone_billing_run SET create_date = %s",
            [fields.Datetime.to_datetime("2020-01-01")],
        )
        self.env.invalidate_all()
        self.Run._gc_runs()
        self.assertEqual(self.Run.search([]), waiting)

    # --- many at once ---

    def create_many(self, **values):
        count = MAX_AT_ONCE + 1
        contract = self.create_contract(
            "Many", [(f"S{n}", "progress", "fixed", 10.0) for n in range(count)]
        )
        contract.write({"contract_sum": 0.0, **values})
        return contract.line_ids

    def test_very_many_ticks_hand_over_to_a_run(self):
        lines = self.create_many(automation="draft")
        self.mark_done(lines)
        self.assertFalse(self.get_invoices(lines))
        self.assertEqual(set(lines.mapped("state")), {"ready"})
        run = self.Run.search([])
        self.assertEqual((run.act, run.user_id), ("tick", self.project_user))
        # what is not done any more, or not to be drafted by itself, is not drafted
        self.mark_done(lines[0], done=False)
        run._process(run.item_ids[:2])
        self.assertItems(run, done=1, skipped=1, waiting=len(lines) - 2)
        lines.contract_id.automation = "manual"
        run._process(run.item_ids[2:4])
        self.assertEqual(
            lines[:5].mapped("state"), ["upcoming", "drafted"] + ["ready"] * 3
        )

    def test_very_many_are_drafted_in_the_background_by_whatever_button(self):
        lines = self.create_many(automation="manual")
        self.mark_done(lines)
        for act, expected in (
            ("action_make_drafts", "draft"),
            ("action_make_drafts_per_contract", "draft_per_contract"),
            ("action_create_draft_invoice", "draft"),
            ("action_create_draft_invoice_per_contract", "draft_per_contract"),
        ):
            with self.undone():
                action = getattr(self.by(lines), act)()
                self.assertIn("background", action["params"]["message"])
                self.assertEqual(self.Run.search([]).act, expected)
        with self.assertRaisesRegex(UserError, "None of these lines"):
            self.by(lines).action_confirm_drafts()
        run = self.Run._ask("draft", lines[:1], self.accountant)
        run._process(run.item_ids)
        self.by(lines).action_confirm_drafts()
        self.assertEqual(self.Run.search([], limit=1).act, "confirm")
        self.assertItems(self.Run.search([], limit=1), waiting=1)

    # --- batches ---

    def test_batch_that_fails_is_halved_until_the_culprit_stands_alone(self):
        done, failed, sizes = [], [], []

        def process(lines):
            sizes.append(len(lines))
            lines.name = "Touched"
            lines.flush_recordset()
            if self.designs.id in lines.ids:
                raise ValueError("No designs")
            done.extend(lines.ids)

        def give_up(line, error):
            failed.append((line.id, str(error)))

        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            work_off(list(self.lines.with_env(self.env(cr=cr))), process, give_up, 0)
        self.env.invalidate_all()
        self.assertEqual(failed, [(self.designs.id, "No designs")])
        self.assertEqual(done, (self.deposit | self.build).ids)
        self.assertEqual(sizes, [3, 1, 2, 1, 1])
        self.assertEqual(self.designs.name, "Designs approved")
        self.assertEqual(self.build.name, "Touched")
