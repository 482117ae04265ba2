from unittest.mock import patch

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import draw_signature
from .common_concurrency import (
    Act,
    ConcurrencyCommon,
    pause_after_the_invoice_is_created,
    pause_before_the_commit,
    pause_before_the_tick_is_flushed,
    perform_counted,
)


@tagged("post_install", "-at_install")
class TestConcurrency(ConcurrencyCommon):
    """Whatever happens at once, each milestone is billed once."""

    # -------------------------------------------------------------------------
    # TICKS
    # -------------------------------------------------------------------------

    def test_a_milestone_ticked_by_eight_at_once_is_billed_once(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.assertAllSucceed(*[self.tick(line)] * 8)
        self.assertEachBilledOnce(line)

    def test_of_eight_milestones_ticked_at_once_none_is_lost(self):
        lines = self.create_schedule(
            *[("percent", 12.345678)] * 7, ("balance", 0.0), contract_sum=9999.99
        )
        self.assertAllSucceed(*[self.tick(line) for line in lines])
        self.assertEachBilledOnce(lines)
        drafted = self.fetch(lines, "contract_id.amount_drafted")
        self.assertEqual(drafted, [9999.99])

    def test_a_tick_that_began_before_another_was_committed_bills_nothing_more(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.tick(line), self.tick(line))
        self.assertEachBilledOnce(line)

    def test_lines_ticked_and_undone_at_once_keep_at_most_one_invoice(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(line))
        self.assertAllSucceed(*[self.untick(line), self.tick(line)] * 2)
        self.assertSound(line)
        reached = self.fetch(line, "is_reached")
        self.assertEqual(len(self.fetch_invoices(line)), int(reached[0]))

    # -------------------------------------------------------------------------
    # TASKS
    # -------------------------------------------------------------------------

    def close_tasks(self, line, count):
        """Return the acts of closing each of the tasks that mark a line done."""
        milestone = self.fetch(line, "milestone_id")
        with self.environment() as env:
            milestone = milestone.with_env(env)
            milestone.done_trigger = "tasks"
            tasks = env["project.task"].create(
                [
                    {
                        "name": f"Task {number}",
                        "project_id": milestone.project_id.id,
                        "milestone_id": milestone.id,
                    }
                    for number in range(count)
                ]
            )
        return [
            self.by_project_user(task, "write", {"state": "1_done"}) for task in tasks
        ]

    def test_of_the_last_tasks_closed_at_once_one_marks_done(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.assertAllSucceed(*self.close_tasks(line, 4))
        self.assertEachBilledOnce(line)

    def test_a_task_closed_before_another_was_committed_marks_done(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(*self.close_tasks(line, 2))
        self.assertEachBilledOnce(line)

    # -------------------------------------------------------------------------
    # THE CLIENT
    # -------------------------------------------------------------------------

    def accept(self, line):
        """Ask for a milestone and return the act of signing for it."""
        milestone = self.fetch(line, "milestone_id")
        contract = self.fetch(line, "contract_id")
        with self.environment() as env:
            milestone.with_env(env).write(
                {"acceptance_state": "asked", "acceptance_contract_id": contract.id}
            )
        args = ("C. Client", draw_signature(), self.customer)
        return Act(SUPERUSER_ID, milestone, "_accept", args)

    def test_a_milestone_accepted_by_two_at_once_is_billed_once(self):
        line, _final = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), allow_acceptance=True
        )
        accept = self.accept(line)
        errors = self.perform_at_once(accept, accept)
        self.assertEqual({type(error) for error in errors}, {type(None), UserError})
        self.assertEachBilledOnce(line)

    def test_a_milestone_accepted_and_ticked_at_once_is_billed_once(self):
        line, _final = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), allow_acceptance=True
        )
        accept = self.accept(line)
        self.assertAllSucceed(accept, self.tick(line))
        self.assertEqual(self.fetch(accept.records, "acceptance_state"), ["accepted"])
        self.assertEachBilledOnce(line)

    # -------------------------------------------------------------------------
    # A TICK AGAINST THE ACCOUNTANT
    # -------------------------------------------------------------------------

    def test_a_tick_while_another_draft_is_edited(self):
        first, second, final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        self.perform(self.tick(first))
        self.assertAllSucceed(self.set_price(first, 2900.0), self.tick(second))
        self.assertEachBilledOnce(second)
        self.assertEqual(self.fetch(first, "amount_drafted"), [2900.0])
        self.assertEqual(self.fetch(final, "amount_planned"), [4000.0])

    def test_a_tick_while_another_draft_is_deleted(self):
        first, second, _final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        self.perform(self.tick(first))
        draft = self.fetch_invoices(first)
        self.assertAllSucceed(self.by_accountant(draft, "unlink"), self.tick(second))
        self.assertEachBilledOnce(second)
        self.assertEqual(self.fetch(first, "state"), ["ready"])

    def test_a_tick_while_another_draft_is_posted(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(lines[0]))
        post = self.by_accountant(self.fetch_invoices(lines[0]), "action_post")
        self.assertAllSucceed(post, self.tick(lines[1]))
        self.assertEachBilledOnce(lines)
        self.assertEqual(self.fetch(lines, "state"), ["billed", "drafted"])

    def test_a_tick_while_another_invoice_is_credited(self):
        first, second = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        invoice = self.bill(first)
        with self.environment(self.accountant_id) as env:
            credit_note = invoice.with_env(env)._reverse_moves()
        post = self.by_accountant(credit_note, "action_post")
        self.assertAllSucceed(post, self.tick(second))
        self.assertEachBilledOnce(second)
        self.assertEqual(self.fetch(first, "state"), ["to_decide"])
        self.assertEqual(self.fetch(first, "amount_billed"), [0.0])

    def test_a_draft_raised_during_a_tick_never_exceeds_the_contract(self):
        first, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(first))
        errors = self.perform_at_once(self.set_price(first, 3100.0), self.tick(final))
        self.assertIsNone(errors[1])
        self.assertIsInstance(errors[0], ValidationError | None)
        self.assertSound(first)
        self.assertEqual(len(self.fetch_invoices(final)), 1)
        drafted = self.fetch(first, "contract_id.amount_drafted")
        self.assertEqual(drafted, [10000.0])

    def test_a_raised_draft_that_a_tick_overtook_is_refused(self):
        first, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(first))
        with self.assertRaises(ValidationError):
            self.perform_overtaken(self.set_price(first, 3100.0), self.tick(final))
        self.assertEachBilledOnce(first | final)

    def test_a_tick_that_a_raised_draft_overtook_bills_the_smaller_rest(self):
        first, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(first))
        self.perform_overtaken(self.tick(final), self.set_price(first, 3100.0))
        self.assertSound(first)
        self.assertEqual(self.fetch(final, "amount_drafted"), [6900.0])

    def test_a_contract_sum_lowered_below_a_tick_that_overtook_is_refused(self):
        line, _final = self.create_schedule(("percent", 90.0), ("balance", 0.0))
        lower = self.by_manager(
            self.fetch(line, "contract_id"), "write", {"contract_sum": 8000.0}
        )
        with self.assertRaises(ValidationError):
            self.perform_overtaken(lower, self.tick(line))
        self.assertEachBilledOnce(line)

    def test_a_milestone_is_not_undone_while_its_draft_is_posted(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(line))
        post = self.by_accountant(self.fetch_invoices(line), "action_post")
        with self.assertRaises(UserError):
            self.perform_overtaken(self.untick(line), post)
        self.assertEachBilledOnce(line)

    # -------------------------------------------------------------------------
    # CREATING DRAFTS
    # -------------------------------------------------------------------------

    def test_drafts_created_by_two_at_once_are_made_once(self):
        lines = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform(self.tick(lines))
        create = self.by_accountant(lines, "action_create_draft_invoice")
        errors = self.perform_at_once(create, create)
        self.assertIn(None, errors)
        self.assertTrue(any(isinstance(error, UserError) for error in errors))
        self.assertEachBilledOnce(lines)

    def test_drafts_created_while_the_milestone_is_ticked_are_made_once(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        create = self.by_accountant(lines[0], "action_create_draft_invoice")
        errors = self.perform_at_once(create, self.tick(lines[0]))
        self.assertIsInstance(errors[0], UserError)
        self.assertIsNone(errors[1])
        self.assertEachBilledOnce(lines[0])

    # -------------------------------------------------------------------------
    # A TICK AGAINST THE SCHEDULE
    # -------------------------------------------------------------------------

    def test_a_line_added_to_a_milestone_that_a_tick_overtook_is_ready(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.add_line(line), self.tick(line))
        self.assertSound(line)
        with self.environment() as env:
            lines = line.with_env(env).milestone_id.billing_line_ids
            self.assertEqual(lines.mapped("state"), ["drafted", "ready"])
            self.assertEqual(lines.mapped("number"), [1, 2])

    def test_a_tick_that_an_added_line_overtook_bills_that_line_too(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.tick(line), self.add_line(line))
        self.assertSound(line)
        with self.environment() as env:
            lines = line.with_env(env).milestone_id.billing_line_ids
            self.assertEqual(lines.mapped("state"), ["drafted", "drafted"])
            self.assertEqual(len(lines.move_line_ids.move_id), 1)

    def test_a_tick_that_an_added_line_overtook_makes_that_line_ready_too(self):
        line, _final = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.tick(line), self.add_line(line))
        self.assertSound(line)
        states = self.fetch(line, "milestone_id.billing_line_ids.state")
        self.assertEqual(states, ["ready", "ready"])

    def test_a_line_moved_to_a_milestone_that_a_tick_overtook_is_ready(self):
        line, moved = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.move_line(moved, line), self.tick(line))
        self.assertSound(line)
        self.assertEqual(self.fetch(moved, "state"), ["ready"])

    def test_a_tick_that_a_moved_line_overtook_makes_that_line_ready_too(self):
        line, moved = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.tick(line), self.move_line(moved, line))
        self.assertSound(line)
        self.assertEqual(self.fetch(moved, "state"), ["ready"])

    def test_the_last_two_milestones_ticked_at_once_make_the_project_ready(self):
        lines = self.create_schedule(
            ("percent", 30.0), ("balance", 0.0), automation="manual"
        )
        self.perform_overtaken(self.tick(lines[0]), self.tick(lines[1]))
        self.assertSound(lines)
        state = self.fetch(lines, "project_id.billing_state")
        self.assertEqual(state, ["ready"])

    def move_line(self, line, other):
        """Move a line to the milestone of another."""
        vals = {"milestone_id": self.fetch(other, "milestone_id").id}
        return self.by_manager(line, "write", vals)

    def add_line(self, line, contract=None):
        """Add a line to the milestone of ``line``, of its contract or of another."""
        vals = {
            "name": "Extra",
            "percent": 10.0,
            "milestone_id": self.fetch(line, "milestone_id").id,
            "contract_id": (contract or self.fetch(line, "contract_id")).id,
        }
        return self.by_manager(line.browse(), "create", [vals])

    # -------------------------------------------------------------------------
    # A TICK AGAINST ANOTHER CONTRACT
    # -------------------------------------------------------------------------

    def create_other_contract(self, line):
        """Create a second contract on the project of ``line``, without lines."""
        with self.environment() as env:
            return env["milestone.billing.contract"].create(
                {
                    "project_id": line.with_env(env).project_id.id,
                    "reference": "Other",
                    "contract_sum": 5000.0,
                    "product_id": self.product.id,
                }
            )

    def assertNoneIsForgotten(self, milestone, states):
        """Assert that no line of a reached milestone waits for a tick to come."""
        self.assertEqual(self.fetch(milestone, "is_reached"), [True])
        lines = self.fetch(milestone, "billing_line_ids")
        self.assertSound(lines)
        self.assertEqual(sorted(self.fetch(lines, "state")), states)
        for line in lines:
            drafts = self.fetch_invoices(line)
            is_drafted = self.fetch(line, "state") == ["drafted"]
            self.assertEqual(len(drafts), int(is_drafted))

    def test_a_first_line_of_another_contract_that_a_tick_overtook_is_ready(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.perform_overtaken(self.add_line(line, other), self.tick(line))
        milestone = self.fetch(line, "milestone_id")
        self.assertNoneIsForgotten(milestone, ["drafted", "ready"])

    def test_a_tick_that_another_contracts_first_line_overtook_bills_both(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.perform_overtaken(self.tick(line), self.add_line(line, other))
        milestone = self.fetch(line, "milestone_id")
        self.assertNoneIsForgotten(milestone, ["drafted", "drafted"])
        invoices = self.fetch(milestone, "billing_line_ids.move_line_ids.move_id")
        self.assertEqual(len(invoices), 2)

    def test_a_first_line_of_another_contract_made_during_a_tick_is_never_forgotten(
        self,
    ):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.assertAllSucceed(self.tick(line), self.add_line(line, other))
        milestone = self.fetch(line, "milestone_id")
        [state] = self.fetch(other, "line_ids.state")
        self.assertIn(state, ("drafted", "ready"))
        self.assertNoneIsForgotten(milestone, ["drafted", state])

    def create_bare_milestone(self, line):
        """Create a milestone that no line bills yet, in the project of ``line``."""
        with self.environment() as env:
            return env["project.milestone"].create(
                {"name": "Bare", "project_id": line.with_env(env).project_id.id}
            )

    def get_acts_on_a_bare_milestone(self):
        """Return a milestone without lines, its tick, and the act of adding a line."""
        [line] = self.create_schedule(("percent", 30.0))
        milestone = self.create_bare_milestone(line)
        vals = {
            "name": "First",
            "percent": 10.0,
            "milestone_id": milestone.id,
            "contract_id": self.fetch(line, "contract_id").id,
        }
        return (
            milestone,
            self.by_project_user(milestone, "write", {"is_reached": True}),
            self.by_manager(line.browse(), "create", [vals]),
        )

    def test_a_first_line_at_all_that_a_tick_overtook_is_ready(self):
        milestone, tick, add_line = self.get_acts_on_a_bare_milestone()
        self.perform_overtaken(add_line, tick)
        self.assertNoneIsForgotten(milestone, ["ready"])

    def test_a_tick_that_the_first_line_at_all_overtook_bills_it(self):
        milestone, tick, add_line = self.get_acts_on_a_bare_milestone()
        self.perform_overtaken(tick, add_line)
        self.assertNoneIsForgotten(milestone, ["drafted"])

    def test_a_milestone_of_two_contracts_ticked_by_four_at_once_is_billed_once(self):
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        other = self.create_other_contract(line)
        self.perform(self.add_line(line, other))
        self.assertAllSucceed(*[self.tick(line)] * 4)
        lines = self.fetch(line, "milestone_id.billing_line_ids")
        self.assertEqual(len(lines), 2)
        self.assertEachBilledOnce(lines)

    # -------------------------------------------------------------------------
    # DECISIONS
    # -------------------------------------------------------------------------

    def carry(self, line):
        return self.by_accountant(line, "_give_up_open", "carry", "Agreed")

    def test_a_carried_stage_is_drafted_with_the_balance_that_it_overtook(self):
        stage, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform_overtaken(self.tick(final), self.carry(stage))
        self.assertEachBilledOnce(final)
        self.assertEqual(self.fetch(final, "amount_drafted"), [10000.0])
        self.assertEqual(self.fetch(stage, "amount_carried"), [3000.0])

    def test_a_stage_is_not_carried_to_a_balance_that_was_just_drafted(self):
        stage, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        with self.assertRaises(ValidationError):
            self.perform_overtaken(self.carry(stage), self.tick(final))
        self.assertEachBilledOnce(final)
        self.assertEqual(self.fetch(final, "amount_drafted"), [7000.0])
        self.assertEqual(self.fetch(stage, "amount_carried"), [0.0])

    def test_a_stage_carried_while_the_balance_is_ticked_is_billed_once(self):
        stage, final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        errors = self.perform_at_once(self.carry(stage), self.tick(final))
        self.assertIsNone(errors[1])
        self.assertIsInstance(errors[0], ValidationError | None)
        self.assertEachBilledOnce(final)
        carried = self.fetch(stage, "amount_carried")[0]
        self.assertEqual(self.fetch(final, "amount_drafted"), [7000.0 + carried])
        self.assertEqual(carried, 0.0 if errors[0] else 3000.0)

    # -------------------------------------------------------------------------
    # EDITS
    # -------------------------------------------------------------------------

    def shift(self, lines, net):
        """Move a net amount between two lines of one draft: its total stays."""
        commands = [
            Command.update(id_, {"price_unit": price + delta})
            for (id_, price), delta in zip(
                self.fetch_prices(lines), (-net, net), strict=True
            )
        ]
        [invoice] = self.fetch_invoices(lines)
        return self.by_accountant(invoice, "write", {"invoice_line_ids": commands})

    def create_drafts_of_two(self):
        """Return the lines of two drafts of one contract, two lines in each."""
        lines = self.create_schedule(
            *[("percent", 20.0)] * 4, ("balance", 0.0), automation="manual"
        )
        for pair in (lines[:2], lines[2:4]):
            vals = {"milestone_id": self.fetch(pair[0], "milestone_id").id}
            self.perform(self.by_manager(pair[1], "write", vals))
            self.perform(self.tick(pair[0]))
            self.perform(self.by_accountant(pair, "action_create_draft_invoice"))
        return lines

    def test_edits_of_two_drafts_that_leave_the_totals_equal(self):
        lines = self.create_drafts_of_two()
        first, second, final = lines[:2], lines[2:4], lines[4]
        for net in (500.0, -1000.0):
            self.assertAllSucceed(self.shift(first, 500.0), self.shift(second, net))
            self.assertSound(lines)
        self.assertEqual(
            self.fetch(lines[:4], "amount_drafted"), [1000.0, 3000.0, 2500.0, 1500.0]
        )
        self.assertEqual(self.fetch(final, "contract_id.amount_drafted"), [8000.0])
        # the stages drafted above their plan take that from the balance
        self.assertEqual(self.fetch(final, "amount_planned"), [500.0])

    def test_an_edit_that_another_overtook_is_tried_again_though_no_total_changed(self):
        lines = self.create_drafts_of_two()
        tries = []
        act = self.shift(lines[:2], 500.0)
        overtaken = act._replace(
            method="_perform_counted", args=(tries, act.method, act.args)
        )
        model = self.registry["account.move"]
        with patch.object(model, "_perform_counted", perform_counted, create=True):
            self.perform_overtaken(overtaken, self.shift(lines[2:4], 500.0))
        self.assertEqual(len(tries), 2)
        self.assertSound(lines)

    # -------------------------------------------------------------------------
    # WHAT MAKES TWO ACTS CONFLICT
    # -------------------------------------------------------------------------

    def fetch_version(self, records):
        """Return what changes of a row each time that a transaction writes it."""
        with self.environment() as env:
            rows = env.execute_query(
                SQL(
                    "SELECT xmin::text FROM %s WHERE id IN %s ORDER BY id",
                    SQL.identifier(records._table),
                    tuple(records.ids),
                )
            )
        return [version for [version] in rows]

    def assertWrites(self, act, *others):
        """Perform an act that writes the rows of these records."""
        before = [self.fetch_version(records) for records in others]
        self.perform(act)
        for records, versions in zip(others, before, strict=True):
            for old, new in zip(versions, self.fetch_version(records), strict=True):
                self.assertNotEqual(old, new, f"{act} does not write {records}")

    def test_every_act_on_a_contract_writes_its_row(self):
        line, second, _final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        contract = self.fetch(line, "contract_id")
        milestone = self.fetch(line, "milestone_id")

        def by_accountant(records, method, *args):
            self.assertWrites(self.by_accountant(records, method, *args), contract)

        self.assertWrites(self.tick(line), contract, milestone)
        self.assertWrites(self.untick(line), contract, milestone)
        self.assertWrites(self.tick(line), contract, milestone)
        self.assertWrites(self.set_price(line, 2900.0), contract)
        invoice = self.fetch_invoices(line)
        by_accountant(invoice, "action_post")
        by_accountant(invoice, "button_draft")
        by_accountant(invoice, "button_cancel")
        by_accountant(line, "action_create_draft_invoice")
        draft = self.fetch_invoices(line) - invoice
        by_accountant(draft, "action_post")
        with self.environment(self.accountant_id) as env:
            credit_note = draft.with_env(env)._reverse_moves()
        by_accountant(credit_note, "action_post")
        by_accountant(credit_note, "button_draft")
        by_accountant(credit_note, "unlink")
        self.assertWrites(self.carry(second), contract)
        decision = self.fetch(second, "decision_ids")
        by_accountant(decision, "action_undo")

    def test_every_change_of_a_schedule_writes_its_rows(self):
        line, other, final = self.create_schedule(
            ("percent", 30.0), ("percent", 30.0), ("balance", 0.0)
        )
        contract = self.fetch(line, "contract_id")
        milestone = self.fetch(line, "milestone_id")
        self.assertWrites(self.add_line(line), contract, milestone)
        added = self.fetch(milestone, "billing_line_ids") - line
        vals = {"milestone_id": self.fetch(other, "milestone_id").id}
        self.assertWrites(
            self.by_manager(added, "write", vals),
            contract,
            milestone,
            self.fetch(other, "milestone_id"),
        )
        self.assertWrites(
            self.by_manager(added, "unlink"),
            contract,
            self.fetch(other, "milestone_id"),
        )
        for records, vals in (
            (line, {"percent": 31.0}),
            (line, {"basis": "fixed", "amount": 3100.0}),
            (final, {"basis": "percent", "percent": 0.0}),
            (contract, {"contract_sum": 10001.0}),
        ):
            with self.subTest(vals):
                self.assertWrites(self.by_manager(records, "write", vals), contract)

    # -------------------------------------------------------------------------
    # A PROCESS THAT IS KILLED
    # -------------------------------------------------------------------------

    def test_killed_before_the_tick_is_flushed_leaves_nothing(self):
        self.check_killed(pause_before_the_tick_is_flushed)

    def test_killed_after_the_invoice_is_created_leaves_nothing(self):
        self.check_killed(pause_after_the_invoice_is_created)

    def test_killed_before_the_commit_leaves_nothing(self):
        self.check_killed(pause_before_the_commit)

    def check_killed(self, pause_at):
        """Kill a ticking process at a point, then tick as usual."""
        line, _final = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        tick = self.tick(line)
        self.tick_and_kill(tick.records, pause_at)
        self.assertNothingHappened([tick])
        self.assertAllSucceed(tick)
        self.assertEachBilledOnce(line)
