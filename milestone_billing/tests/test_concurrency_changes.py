from odoo import SUPERUSER_ID
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import draw_signature
from .common_concurrency import Act, ConcurrencyCommon


@tagged("post_install", "-at_install")
class TestConcurrencyOfChanges(ConcurrencyCommon):
    """A change order is agreed once, for the stages as they are by then."""

    def create_change(self, lines, amount=1000.0, line=None, **values):
        """Make a change order of one stage, or else of all that are open."""
        with self.environment() as env:
            return env["milestone.billing.change"].create(
                {
                    "contract_id": lines.with_env(env).contract_id.id,
                    "name": "Extra room",
                    "amount": amount,
                    "spread": "line" if line else "all",
                    "line_id": line and line.id,
                    **values,
                }
            )

    def approve(self, change, by=0):
        return Act(self.boss_ids[by], change, "action_approve", ())

    def take_back(self, change, by=0):
        return Act(self.boss_ids[by], change, "action_cancel", ())

    def sign(self, change):
        """Ask the client, and return the act of signing."""
        with self.environment() as env:
            asked = change.with_env(env)
            asked._ask(env["res.users"].browse(self.boss_ids[0]))
        args = ("C. Client", draw_signature(), self.contact)
        return Act(SUPERUSER_ID, change, "_accept", args)

    def assertRefused(self, error, words):
        """Assert that who lost was told so in a sentence."""
        self.assertIsInstance(error, UserError)
        self.assertRegex(str(error), words)

    def assertOneWins(self, acts, words):
        """Perform acts at once: one succeeds, the others are told why not.

        :return: the one that succeeded
        """
        errors = self.perform_at_once(*acts)
        self.assertEqual(errors.count(None), 1, errors)
        for error in filter(None, errors):
            self.assertRefused(error, words)
        return acts[errors.index(None)]

    def assertAgreed(self, lines, changes, planned):
        """Assert what the contract and its stages are worth by now."""
        self.assertSound(lines)
        self.assertEqual(
            self.fetch(lines, "contract_id.amount_to_date"), [10000.0 + changes]
        )
        self.assertEqual(self.fetch(lines, "amount_planned"), planned)

    # -------------------------------------------------------------------------
    # TWO WHO AGREE
    # -------------------------------------------------------------------------

    def test_of_two_who_approve_at_once_one_does(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines)
        winner = self.assertOneWins(
            [self.approve(change, by) for by in (0, 1)], "has the status “Approved”"
        )
        self.assertEqual(self.fetch(change, "approved_by.id"), [winner.user_id])
        self.assertEqual(self.fetch(change, "number"), [1])
        self.assertAgreed(lines, 1000.0, [3300.0, 7700.0])

    def test_two_change_orders_approved_at_once_both_count(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        changes = [self.create_change(lines), self.create_change(lines, 500.0)]
        self.assertAllSucceed(
            *(self.approve(change, by) for by, change in enumerate(changes))
        )
        numbers = [self.fetch(change, "number")[0] for change in changes]
        self.assertEqual(sorted(numbers), [1, 2])
        after = {self.fetch(change, "contract_after")[0] for change in changes}
        self.assertIn(11500.0, after)
        self.assertAgreed(lines, 1500.0, [3450.0, 8050.0])

    def test_a_signature_beside_an_approval_agrees_once(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines)
        sign = self.sign(change)
        winner = self.assertOneWins(
            [sign, self.approve(change)], "has the status “Approved”|does not wait"
        )
        is_signed = winner is sign
        self.assertEqual(
            self.fetch(change, "acceptance_state"), ["accepted" if is_signed else False]
        )
        self.assertEqual(bool(self.fetch(change, "approved_by")), not is_signed)
        self.assertAgreed(lines, 1000.0, [3300.0, 7700.0])

    def test_a_signature_that_an_approval_overtook_is_refused(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines)
        with self.assertRaisesRegex(UserError, "does not wait for your acceptance"):
            self.perform_overtaken(self.sign(change), self.approve(change))
        self.assertFalse(self.fetch(change, "acceptance_signature")[0])
        self.assertAgreed(lines, 1000.0, [3300.0, 7700.0])

    def test_an_approval_that_a_signature_overtook_is_refused(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines)
        with self.assertRaisesRegex(UserError, "has the status “Approved”"):
            self.perform_overtaken(self.approve(change), self.sign(change))
        self.assertEqual(self.fetch(change, "acceptance_signed_by"), ["C. Client"])
        self.assertFalse(self.fetch(change, "approved_by"))
        self.assertAgreed(lines, 1000.0, [3300.0, 7700.0])

    def test_a_signature_for_figures_that_a_share_overtook_is_refused(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines)
        edit = self.by_manager(lines[0], "write", {"percent": 40.0})
        with self.assertRaisesRegex(UserError, "has changed since"):
            self.perform_overtaken(self.sign(change), edit)
        self.assertEqual(self.fetch(change, "state"), ["sent"])
        self.assertAgreed(lines, 0.0, [4000.0, 6000.0])

    # -------------------------------------------------------------------------
    # THE STAGE THAT IT MOVES
    # -------------------------------------------------------------------------

    def test_an_approval_that_the_draft_of_its_stage_overtook_is_refused(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines, line=lines[0])
        with self.assertRaisesRegex(UserError, "is invoiced and keeps its amount"):
            self.perform_overtaken(self.approve(change), self.tick(lines[0]))
        self.assertEachBilledOnce(lines[0])
        self.assertAgreed(lines, 0.0, [3000.0, 7000.0])

    def test_a_draft_that_an_approval_overtook_bills_what_was_agreed(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines, line=lines[0])
        self.perform_overtaken(self.tick(lines[0]), self.approve(change))
        self.assertEachBilledOnce(lines[0])
        self.assertEqual(self.fetch(lines[0], "amount_drafted"), [4000.0])
        self.assertAgreed(lines, 1000.0, [4000.0, 7000.0])

    def test_an_approval_during_the_draft_of_its_stage(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines, line=lines[0])
        error, no_error = self.perform_at_once(
            self.approve(change), self.tick(lines[0])
        )
        self.assertIsNone(no_error)
        if error:
            self.assertRefused(error, "is invoiced and keeps its amount")
        self.assertEachBilledOnce(lines[0])
        extra = 0.0 if error else 1000.0
        self.assertAgreed(lines, extra, [3000.0 + extra, 7000.0])

    def test_a_change_of_all_moves_no_stage_that_was_just_drafted(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines)
        self.perform_overtaken(self.approve(change), self.tick(lines[0]))
        self.assertEachBilledOnce(lines[0])
        self.assertAgreed(lines, 1000.0, [3000.0, 8000.0])

    def test_an_approval_during_an_edit_of_its_stage(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines, line=lines[0])
        edit = self.by_manager(lines[0], "write", {"percent": 40.0})
        self.assertAllSucceed(self.approve(change), edit)
        self.assertAgreed(lines, 1000.0, [5000.0, 6000.0])

    def test_a_smaller_contract_is_not_agreed_while_a_draft_is_raised(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        self.perform(self.tick(lines[0]))
        change = self.create_change(lines, amount=-7000.0)
        with self.assertRaisesRegex(UserError, "would exceed"):
            self.perform_overtaken(
                self.approve(change), self.set_price(lines[0], 3100.0)
            )
        self.assertAgreed(lines, 0.0, [3000.0, 6900.0])

    # -------------------------------------------------------------------------
    # TAKING BACK
    # -------------------------------------------------------------------------

    def test_what_gave_a_stage_its_amount_is_not_taken_back_below_its_draft(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines, line=lines[0])
        self.perform(self.approve(change))
        with self.assertRaisesRegex(UserError, "bills Stage 1 with it"):
            self.perform_overtaken(self.take_back(change), self.tick(lines[0]))
        self.assertEqual(self.fetch(lines[0], "amount_drafted"), [4000.0])
        self.assertAgreed(lines, 1000.0, [4000.0, 7000.0])

    def test_a_draft_that_a_taking_back_overtook_bills_what_is_left(self):
        lines = self.create_schedule(("percent", 30.0), ("balance", 0.0))
        change = self.create_change(lines, line=lines[0])
        self.perform(self.approve(change))
        self.perform_overtaken(self.tick(lines[0]), self.take_back(change))
        self.assertEachBilledOnce(lines[0])
        self.assertAgreed(lines, 0.0, [3000.0, 7000.0])
