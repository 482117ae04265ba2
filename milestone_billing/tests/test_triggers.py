from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user

from ..models.triggers.project_task import ProjectTask
from .common import MilestoneBillingCommon


def write_without_triggers(tasks, vals):
    """Write tasks as if no milestone had a trigger."""
    return super(ProjectTask, tasks).write(vals)


class TriggersCommon(MilestoneBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.milestone = cls.build.milestone_id

    def create_tasks(self, count=2, milestone=None, **values):
        """Create open tasks of a milestone, by default of the trigger's."""
        milestone = milestone or self.milestone
        return self.env["project.task"].create(
            [
                {
                    "name": f"Task {number}",
                    "project_id": milestone.project_id.id,
                    "milestone_id": milestone.id,
                    **values,
                }
                for number in range(count)
            ]
        )

    def close(self, tasks, user=None, state="1_done"):
        tasks.with_user(user or self.project_user).state = state

    def get_log(self):
        """Return what the project's log says, the newest first."""
        return "\n".join(self.project.message_ids.mapped("body"))


class TestTaskTrigger(TriggersCommon):
    """The closing of the last open task marks the milestone done."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.milestone.done_trigger = "tasks"

    def test_the_last_task_marks_done_and_drafts_the_invoice(self):
        first, last = self.create_tasks()
        self.close(first)
        self.assertFalse(self.milestone.is_reached)
        self.close(last)
        self.assertTrue(self.milestone.is_reached)
        self.assertEqual(self.milestone.done_by_trigger, "tasks")
        self.assertEqual(self.build.state, "drafted")
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_the_log_says_why_and_who_without_amounts(self):
        self.close(self.create_tasks())
        log = self.get_log()
        self.assertIn("Build complete: all tasks are closed.", log)
        self.assertIn("Build complete marked done by Petra Manager", log)
        self.assertNotIn("2,500", log)
        self.assertNotIn(self.customer.name, log)

    def test_who_closes_the_last_task_is_told_as_who_ticks(self):
        answers = []
        with patch.object(
            self.registry["res.users"],
            "_bus_send",
            lambda users, *args, **kwargs: answers.append((users, *args)),
        ):
            self.close(self.create_tasks())
        (answer,) = [args for args in answers if args[1] == "milestone_billing_answer"]
        self.assertEqual(answer[0], self.project_user)
        self.assertIn("Draft invoice made for", answer[2]["message"])

    def test_by_hand_is_the_default(self):
        self.milestone.done_trigger = "manual"
        self.close(self.create_tasks())
        self.assertFalse(self.milestone.is_reached)

    def test_cancelled_tasks_count_as_closed(self):
        first, last = self.create_tasks()
        self.close(first, state="1_canceled")
        self.close(last)
        self.assertTrue(self.milestone.is_reached)

    def test_undone_by_hand_stays_so_until_a_task_is_closed_again(self):
        tasks = self.create_tasks()
        self.close(tasks)
        self.milestone.with_user(self.project_user).is_reached = False
        self.assertFalse(self.milestone.done_by_trigger)
        self.assertEqual(self.build.state, "upcoming")
        self.close(tasks)
        tasks[0].state = "1_canceled"
        tasks[0].name = "Another name"
        self.assertFalse(self.milestone.is_reached)
        tasks[0].state = "01_in_progress"
        self.close(tasks[0])
        self.assertTrue(self.milestone.is_reached)

    def test_only_the_closing_of_a_task_marks_done(self):
        for act in ("unlink", "archive", "move", "no_milestone"):
            with self.subTest(act), self.undone():
                closed, opened = self.create_tasks()
                self.close(closed)
                if act == "unlink":
                    opened.unlink()
                elif act == "archive":
                    opened.active = False
                elif act == "move":
                    opened.milestone_id = self.final.milestone_id
                else:
                    opened.milestone_id = False
                self.assertFalse(self.milestone.is_reached)

    def test_a_task_counts_where_it_is_when_it_is_closed(self):
        self.create_tasks(1)
        task = self.create_tasks(1, self.designs.milestone_id)
        self.designs.milestone_id.done_trigger = "tasks"
        task.write({"milestone_id": self.milestone.id, "state": "1_done"})
        self.assertFalse(self.milestone.is_reached)
        self.assertFalse(self.designs.is_reached)

    def test_subtasks_count_and_archived_tasks_do_not(self):
        task = self.create_tasks(1)
        subtask = self.create_tasks(1, parent_id=task.id)
        self.create_tasks(1).active = False
        self.close(task)
        self.assertFalse(self.milestone.is_reached)
        self.close(subtask)
        self.assertTrue(self.milestone.is_reached)

    def test_an_archived_task_marks_nothing_done(self):
        task = self.create_tasks(1)
        task.active = False
        self.close(task)
        self.assertFalse(self.milestone.is_reached)

    def test_a_recurring_task_that_goes_on_keeps_it_open(self):
        self.env.user.group_ids |= self.env.ref("project.group_project_recurring_tasks")
        task = self.create_tasks(
            1, recurring_task=True, repeat_interval=1, repeat_type="forever"
        )
        self.close(task, self.env.user)
        self.assertEqual(len(self.milestone.task_ids), 2)
        self.assertFalse(self.milestone.is_reached)

    def test_template_tasks_do_not_count(self):
        self.create_tasks(1, is_template=True)
        self.close(self.create_tasks(1))
        self.assertTrue(self.milestone.is_reached)

    def test_nothing_in_archived_projects_and_contracts(self):
        for record in (self.project, self.contract):
            with self.subTest(record), self.undone():
                task = self.create_tasks(1)
                record.active = False
                self.close(task, self.env.user)
                self.assertFalse(self.milestone.is_reached)

    def test_a_milestone_without_stage_is_marked_done_too(self):
        milestone = self.env["project.milestone"].create(
            {
                "name": "Kick-off",
                "project_id": self.project.id,
                "done_trigger": "tasks",
            }
        )
        self.close(self.create_tasks(1, milestone))
        self.assertTrue(milestone.is_reached)

    def test_a_blocked_stage_is_blocked_as_by_hand(self):
        self.contract.partner_id = False
        task = self.create_tasks(1)
        self.close(task)
        self.assertEqual(task.state, "1_done")
        self.assertEqual(self.build.state, "blocked")
        self.assertEqual(self.build.check_code, "no_customer")
        self.assertEqual(self.contract.activity_ids.user_id, self.accountant)

    def test_an_error_never_stops_the_closing(self):
        tasks = self.create_tasks(1) | self.create_tasks(1, self.designs.milestone_id)
        self.designs.milestone_id.done_trigger = "tasks"
        reached = type(self.milestone)._after_reached

        def fail(milestones):
            if self.milestone in milestones:
                raise ValueError("broken")
            return reached(milestones)

        with (
            patch.object(type(self.milestone), "_after_reached", fail),
            self.assertLogs("odoo.addons.milestone_billing", "ERROR") as logs,
        ):
            self.close(tasks)
        self.assertEqual(set(tasks.mapped("state")), {"1_done"})
        self.assertFalse(self.milestone.is_reached)
        self.assertFalse(self.milestone.done_by_trigger)
        self.assertTrue(self.designs.is_reached)
        self.assertEqual(len(logs.records), 1)

    def test_portal_collaborators_close_tasks_without_seeing_billing(self):
        user = new_test_user(self.env, "collaborator", groups="base.group_portal")
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(user.partner_id.ids)
        self.project._add_collaborators(user.partner_id)
        task = self.create_tasks(1)
        self.close(task, user)
        self.assertEqual(self.build.state, "drafted")
        with self.assertRaises(AccessError):
            self.milestone.with_user(user).read(["done_trigger"])

    # --- what it costs ---

    def count_queries(self, act):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_tasks_without_a_milestone_cost_no_query(self):
        tasks = self.create_tasks(6, milestone_id=False)
        # warm
        self.close(tasks[0])
        tasks[5].write({"name": "New"})
        with patch.object(ProjectTask, "write", write_without_triggers):
            without = self.count_queries(lambda: self.close(tasks[1]))
            renamed = self.count_queries(lambda: tasks[2].write({"name": "New"}))
        self.assertEqual(self.count_queries(lambda: self.close(tasks[3])), without)
        self.assertEqual(
            self.count_queries(lambda: tasks[4].write({"name": "New"})), renamed
        )

    def test_many_are_one_batch(self):
        contracts = [
            self.create_contract(f"Many {n}", [("Only", "final", "balance", 0)])
            for n in range(24)
        ]
        milestones = self.env["project.milestone"].union(
            *(contract.line_ids.milestone_id for contract in contracts)
        )
        milestones.done_trigger = "tasks"
        tasks = self.env["project.task"].union(
            *(self.create_tasks(1, milestone) for milestone in milestones)
        )
        self.close(tasks[:2])  # warm

        def count(tasks):
            return self.count_queries(lambda: self.close(tasks))

        few = count(tasks[2:8])
        many = count(tasks[8:])
        self.assertTrue(all(milestones.mapped("is_reached")))
        # core's own: a task closed is logged and told by itself
        self.assertLess((many - few) / 10, 14)


class TestDateTrigger(TriggersCommon):
    """A daily job marks done what is done on its date."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.milestone.write({"done_trigger": "date", "deadline": "2026-06-15"})

    def run_job(self, now="2026-06-15 00:05:00", code=None):
        """Let Odoo's scheduler run the daily job."""
        with freeze_time(now):
            self.run_cron("milestone_billing.ir_cron_mark_done_on_date", code)

    def test_done_on_its_date_not_before(self):
        self.run_job("2026-06-14 23:59:00")
        self.assertFalse(self.milestone.is_reached)
        self.run_job()
        self.assertTrue(self.milestone.is_reached)
        self.assertEqual(self.milestone.done_by_trigger, "date")
        self.assertEqual(self.build.state, "drafted")
        self.assertIn("Build complete: the date has come.", self.get_log())
        self.assertIn("marked done by Anton Accountant", self.get_log())

    def test_a_day_that_was_missed_is_made_up_for(self):
        self.run_job("2026-06-20 00:05:00")
        self.assertTrue(self.milestone.is_reached)

    def test_the_day_is_that_of_the_responsible(self):
        self.accountant.tz = "America/Los_Angeles"
        self.run_job("2026-06-15 00:05:00")
        self.assertFalse(self.milestone.is_reached)
        self.accountant.tz = "Pacific/Auckland"
        self.run_job("2026-06-14 23:00:00")
        self.assertTrue(self.milestone.is_reached)

    def test_without_a_date_nothing_happens(self):
        self.milestone.deadline = False
        self.run_job()
        self.assertFalse(self.milestone.is_reached)

    def test_undone_by_hand_stays_so_for_that_date(self):
        self.run_job()
        with freeze_time("2026-06-15 10:00:00"):
            self.milestone.with_user(self.project_user).is_reached = False
        self.run_job("2026-06-16 00:05:00")
        self.assertFalse(self.milestone.is_reached)
        self.milestone.deadline = "2026-06-20"
        self.run_job("2026-06-20 00:05:00")
        self.assertTrue(self.milestone.is_reached)

    def test_undone_before_its_date_it_is_done_on_it(self):
        with freeze_time("2026-06-10 10:00:00"):
            self.mark_done(self.build)
            self.mark_done(self.build, False)
        self.run_job()
        self.assertTrue(self.milestone.is_reached)

    def test_nothing_in_archived_projects_templates_and_contracts(self):
        for record, name, value in (
            (self.project, "active", False),
            (self.contract, "active", False),
            (self.project, "is_template", True),
        ):
            with self.subTest(f"{record} {name}"), self.undone():
                record[name] = value
                self.run_job()
                self.assertFalse(self.milestone.is_reached)

    def test_without_a_responsible_it_is_the_project_manager(self):
        self.contract.user_id = False
        self.run_job()
        self.assertIn("marked done by Petra Manager", self.get_log())

    def test_without_anybody_it_is_the_system(self):
        self.contract.user_id = False
        self.project.user_id = False
        self.run_job()
        self.assertTrue(self.milestone.is_reached)

    def test_a_bad_record_does_not_stop_the_others(self):
        self.designs.milestone_id.write(
            {"done_trigger": "date", "deadline": "2026-06-01"}
        )
        reached = type(self.milestone)._after_reached

        def fail(milestones):
            if self.designs.milestone_id in milestones:
                raise ValueError("broken")
            return reached(milestones)

        with (
            patch.object(type(self.milestone), "_after_reached", fail),
            self.assertLogs("odoo.addons.milestone_billing", "ERROR"),
        ):
            self.run_job(code="model._cron_mark_done_on_date(batch_size=1)")
        self.assertFalse(self.designs.is_reached)
        self.assertTrue(self.build.is_reached)


class TestTriggerShown(TriggersCommon):
    """What will mark a stage done is said where it is opened, and can be chosen."""

    def get_trigger(self, user=None):
        # as the next request reads it
        self.env.flush_all()
        self.env.invalidate_all()
        project = self.project.with_user(user or self.project_user)
        stages = project.get_billing_timeline()["stages"]
        return next(s for s in stages if s["id"] == self.milestone.id)["trigger"]

    def test_picture_says_what_marks_done(self):
        self.assertEqual(self.get_trigger(), "")
        self.milestone.done_trigger = "tasks"
        self.assertIn("none yet", self.get_trigger())
        self.create_tasks(5)
        self.assertEqual(self.get_trigger(), "Done when all 5 tasks are closed.")
        self.milestone.done_trigger = "date"
        self.assertIn("not set yet", self.get_trigger())
        self.milestone.deadline = "2026-06-15"
        self.assertEqual(self.get_trigger(), "Done by itself on 06/15/2026.")
        self.assertEqual(
            self.get_trigger(self.accountant), "Done by itself on 06/15/2026."
        )

    def test_project_users_choose_it_on_the_milestone(self):
        with Form(self.milestone.with_user(self.project_user)) as form:
            form.done_trigger = "tasks"
        self.assertEqual(self.build.done_trigger, "tasks")

    def test_managers_choose_it_on_the_stage(self):
        line = self.env["milestone.billing.line"].create(
            {
                "contract_id": self.contract.id,
                "name": "Extra",
                "basis": "fixed",
                "done_trigger": "date",
                "deadline": fields.Date.today(),
            }
        )
        self.assertEqual(line.milestone_id.done_trigger, "date")

    def test_new_row_without_one_leaves_the_milestone_its_own(self):
        self.milestone.done_trigger = "tasks"
        self.build.done_trigger = False
        self.assertEqual(self.milestone.done_trigger, "tasks")
        with Form(self.contract) as form, form.line_ids.new() as row:
            row.name = "Extra"
        self.assertEqual(
            self.contract.line_ids.milestone_id.sorted("id")[-1].done_trigger, "manual"
        )

    def test_facts_are_no_users_to_give(self):
        for name, value in (
            ("done_by_trigger", "tasks"),
            ("undone_deadline", "2026-06-15"),
        ):
            with self.assertRaises(AccessError):
                self.milestone.with_user(self.project_user).write({name: value})

    def test_copies_keep_the_trigger_not_what_it_did(self):
        self.milestone.done_trigger = "tasks"
        self.close(self.create_tasks(1))
        copy = self.project.copy().milestone_ids.filtered(
            lambda m: m.name == self.milestone.name
        )
        self.assertEqual(copy.done_trigger, "tasks")
        self.assertFalse(copy.done_by_trigger)
