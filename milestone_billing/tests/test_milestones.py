from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .common import THIRDS, MilestoneBillingCommon

LINE = "milestone.billing.line"


class TestMilestones(MilestoneBillingCommon):
    """Milestones with lines: who moves and deletes them, and what they bill."""

    # --- milestones and lines on the move ---

    def test_milestone_with_lines_does_not_change_project(self):
        other = self.env["project.project"].create({"name": "Other"})
        for user in (
            self.project_user,
            self.project_admin,
            self.env.ref("base.user_root"),
        ):
            with self.subTest(user=user.login), self.assertRaises(UserError):
                self.build.milestone_id.with_user(user).project_id = other
        self.assertEqual(self.build.milestone_id.project_id, self.project)
        self.assertEqual(self.build.contract_id, self.contract)

    def test_milestone_is_not_moved_into_a_project_its_mover_cannot_read(self):
        other = self.setup_other_company()["company"]
        theirs = self.env["project.project"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        with self.assertRaises(UserError):
            self.build.milestone_id.with_user(self.project_user).project_id = theirs.id
        self.assertEqual(self.contract.line_ids.mapped("amount_planned"), [2500.0] * 4)

    def test_milestone_without_lines_changes_project(self):
        milestone = self.env["project.milestone"].create(
            {"name": "Party", "project_id": self.project.id}
        )
        other = self.env["project.project"].create({"name": "Other"})
        milestone.with_user(self.project_user).project_id = other
        self.assertEqual(milestone.project_id, other)

    def test_line_goes_to_no_other_project_by_any_values(self):
        other = self.create_contract("Other", THIRDS)
        self.decide(self.designs, "write_off")
        for line in (self.build, self.designs):
            for vals in (
                {"contract_id": other.id},
                {
                    "contract_id": other.id,
                    "milestone_id": other.line_ids[0].milestone_id.id,
                },
            ):
                with self.subTest(vals), self.assertRaises(UserError):
                    line.write(vals)
        self.assertEqual(self.contract.amount_to_date, 7500)
        self.assertEqual(other.amount_to_date, 10000)

    def test_line_changes_contract_within_its_project(self):
        other = self.create_second_contract([("Rest", "final", "balance", 0)])
        self.build.contract_id = other
        self.assertEqual(other.line_ids.mapped("amount_planned"), [3000, 1000])
        self.assertEqual(
            self.contract.line_ids.mapped("amount_planned"), [2500, 2500, 5000]
        )

    def test_line_with_something_recorded_stays_in_its_contract(self):
        other = self.create_second_contract()
        self.credit(self.bill(self.deposit))
        self.decide(self.designs, "write_off")
        self.build.amount_opening = 100
        self.mark_done(self.final)
        self.get_invoices(self.final).button_cancel()
        for line in self.contract.line_ids:
            with self.subTest(line.name), self.assertRaises(UserError):
                line.contract_id = other
        self.assertFalse(other.line_ids)

    def test_milestone_with_lines_is_deleted_by_schedule_managers_only(self):
        milestone = self.build.milestone_id
        with self.assertRaises(UserError) as refusal:
            milestone.with_user(self.project_user).unlink()
        self.assertNotRegex(str(refusal.exception), "2,500")
        self.assertTrue(self.build.exists())
        manager = new_test_user(
            self.env,
            "manager",
            "project.group_project_user,"
            "milestone_billing.group_milestone_billing_manager",
        )
        milestone.with_user(manager).unlink()
        self.assertFalse(self.build.exists())
        self.assertEqual(self.final.amount_planned, 5000)

    def test_milestone_without_lines_is_deleted_by_project_users(self):
        milestone = self.env["project.milestone"].create(
            {"name": "Party", "project_id": self.project.id}
        )
        milestone.with_user(self.project_user).unlink()
        self.assertFalse(milestone.exists())

    # --- a line and the milestone it made ---

    def test_deleted_line_takes_the_milestone_it_made_along(self):
        milestone = self.build.milestone_id
        self.build.with_user(self.project_admin).unlink()
        self.assertFalse(milestone.exists())

    def test_deleted_line_leaves_the_milestone_it_did_not_make(self):
        milestone = self.env["project.milestone"].create(
            {"name": "Beta", "project_id": self.project.id}
        )
        self.env[LINE].create({"milestone_id": milestone.id}).unlink()
        self.assertTrue(milestone.exists())

    def assertMilestoneStays(self):
        milestone = self.build.milestone_id
        self.build.unlink()
        self.assertTrue(milestone.exists())

    def test_deleted_line_leaves_its_milestone_when_it_is_done(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.assertMilestoneStays()

    def test_deleted_line_leaves_its_milestone_when_it_has_a_task(self):
        self.env["project.task"].create(
            {
                "name": "Build",
                "project_id": self.project.id,
                "milestone_id": self.build.milestone_id.id,
            }
        )
        self.assertMilestoneStays()

    def test_deleted_line_leaves_its_milestone_when_it_has_a_message(self):
        self.build.milestone_id.message_post(
            body="Late by a week", message_type="comment", subtype_xmlid="mail.mt_note"
        )
        self.assertMilestoneStays()

    def test_deleted_line_leaves_its_milestone_when_it_has_another_line(self):
        self.create_second_contract(
            [(self.build.milestone_id, "progress", "percent", 100)]
        )
        self.assertMilestoneStays()

    # --- two contracts on one milestone ---

    def share_build(self):
        """Give a second customer's contract a line on the milestone Build complete."""
        other = self.create_second_contract(
            [
                (self.build.milestone_id, "progress", "percent", 60),
                ("Rest", "final", "balance", 0),
            ]
        )
        return other.line_ids[0]

    def test_one_tick_makes_one_draft_a_contract(self):
        shared = self.share_build()
        self.mark_done(self.build)
        own, others = self.get_invoices(self.build), self.get_invoices(shared)
        self.assertRecordValues(
            own | others,
            [
                {
                    "partner_id": self.customer.id,
                    "amount_untaxed": 2500.0,
                    "milestone_billing_contract_id": self.contract.id,
                },
                {
                    "partner_id": self.partner_a.id,
                    "amount_untaxed": 2400.0,
                    "milestone_billing_contract_id": shared.contract_id.id,
                },
            ],
        )

    def test_untick_with_one_document_in_the_way_removes_none(self):
        shared = self.share_build()
        self.mark_done(self.build)
        drafts = self.get_invoices(self.build | shared)
        for posted in drafts:
            with self.subTest(posted.partner_id.name), self.undone():
                self.post(posted)
                with self.assertRaisesRegex(UserError, posted.name):
                    self.mark_done(self.build, done=False)
                self.assertEqual(len(drafts.exists()), 2)
                self.assertTrue(self.build.milestone_id.is_reached)

    def test_untick_removes_the_drafts_of_all_contracts(self):
        shared = self.share_build()
        self.mark_done(self.build)
        self.mark_done(self.build, done=False)
        self.assertFalse(self.get_invoices(self.build | shared))
        self.assertEqual(shared.state, "upcoming")

    def test_blocked_contract_does_not_keep_the_others_from_billing(self):
        shared = self.share_build()
        shared.contract_id.partner_id = False
        self.mark_done(self.build)
        self.assertEqual((self.build.state, shared.state), ("drafted", "blocked"))

    def test_shared_milestone_shows_what_needs_doing_first(self):
        shared = self.share_build()
        self.bill(self.build)
        self.get_invoices(shared).unlink()
        milestone = self.build.milestone_id
        self.assertEqual(self.build.state, "billed")
        self.assertEqual(shared.state, "ready")
        self.assertEqual(milestone.billing_state, "ready")
