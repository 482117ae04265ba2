from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import MilestoneBillingCommon


@tagged("post_install", "-at_install")
class TestTours(MilestoneBillingCommon, HttpCase):
    """The main job in a real browser."""

    _retry = True

    @property
    def dashboard_url(self):
        return f"/odoo/project/{self.project.id}/project-dashboard"

    def assertSchedule(self, state, drafted, billed, paid):
        self.env.invalidate_all()
        self.assertRecordValues(
            self.build,
            [
                {
                    "state": state,
                    "amount_planned": 2500.0,
                    "amount_drafted": drafted,
                    "amount_billed": billed,
                    "amount_paid": paid,
                }
            ],
        )

    def test_from_the_tick_to_the_payment(self):
        self.assertSchedule("upcoming", 0.0, 0.0, 0.0)
        self.start_tour(self.dashboard_url, "milestone_billing_mark_done", login="pm")
        self.assertSchedule("drafted", 2500.0, 0.0, 0.0)
        self.start_tour(
            "/odoo/customer-invoices",
            "milestone_billing_post_and_pay",
            login="accountant",
        )
        self.assertSchedule("paid", 0.0, 2500.0, 2500.0)
        self.assertEqual(self.contract.amount_to_bill, 7500.0)

    def test_refused_untick_says_why_and_leaves_the_row_usable(self):
        self.bill(self.build)
        with mute_logger("odoo.http"):  # the refusals, as warnings
            self.start_tour(
                self.dashboard_url, "milestone_billing_refused_untick", login="pm"
            )
        self.assertTrue(self.build.milestone_id.is_reached)

    def test_card_leads_to_the_contract_and_back(self):
        self.bill(self.build)
        self.start_tour(
            "/odoo/project", "milestone_billing_from_the_card", login="project_admin"
        )

    def test_queue_bills_the_selected_milestones(self):
        self.contract.automation = "manual"
        self.mark_done(self.designs | self.build)
        self.start_tour(
            "/odoo/milestones-to-bill", "milestone_billing_queue", login="accountant"
        )
        self.env.invalidate_all()
        self.assertEqual(
            (self.designs | self.build).mapped("state"), ["billed", "billed"]
        )

    def test_blocked_tick_is_cured_from_the_queue(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.assertTrue(self.contract.activity_ids)
        self.start_tour(
            "/odoo/milestones-to-bill", "milestone_billing_cure", login="accountant"
        )
        self.env.invalidate_all()
        self.assertEqual(self.contract.partner_id, self.customer)
        self.assertEqual(self.build.state, "drafted")
        self.assertFalse(self.contract.activity_ids)

    def test_open_amount_is_carried_taken_back_and_written_off(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.invoice_line_ids.price_unit = 2000
        self.post(move)
        self.start_tour(
            "/odoo/milestones-to-bill",
            "milestone_billing_carry_and_write_off",
            login="accountant",
        )
        self.assertEqual(self.build.amount_written_off, 500)
        self.assertEqual(self.contract.amount_to_date, 9500)

    @property
    def contract_url(self):
        return f"/odoo/project-billing/{self.contract.id}"

    def test_project_is_made_with_a_template(self):
        self.start_tour(
            "/odoo/project", "milestone_billing_create_project", login="project_admin"
        )
        contract = self.env["milestone.billing.contract"].search([], limit=1)
        self.assertEqual(contract.project_id.name, "New shop")
        self.assertEqual(contract.contract_sum, 12000)
        self.assertEqual(contract.line_ids.mapped("amount_planned"), [3600, 4800, 3600])

    def test_ten_projects_get_a_schedule_at_once(self):
        projects = self.env["project.project"].create(
            [{"name": f"Shop {n}", "partner_id": self.customer.id} for n in range(10)]
        )
        self.start_tour(
            "/odoo/project?view_type=list",
            "milestone_billing_apply_schedule",
            login="project_admin",
        )
        contracts = projects.billing_contract_ids
        self.assertEqual(len(contracts), 10)
        self.assertEqual(set(contracts.mapped("amount_to_date")), {12000})
        self.assertEqual(len(projects.milestone_ids), 30)

    def test_picture_marks_a_stage_done(self):
        self.start_tour(
            self.contract_url,
            "milestone_billing_timeline_mouse",
            login="project_admin",
        )
        self.assertSchedule("drafted", 2500.0, 0.0, 0.0)

    def test_picture_by_keyboard_alone(self):
        self.start_tour(
            self.contract_url,
            "milestone_billing_timeline_keyboard",
            login="project_admin",
        )
        self.assertEqual(self.designs.state, "drafted")

    def test_picture_without_amounts(self):
        self.start_tour(
            self.dashboard_url, "milestone_billing_timeline_without_amounts", login="pm"
        )
        self.assertEqual(
            (self.deposit | self.designs).mapped("state"), ["drafted", "drafted"]
        )

    def test_part_is_billed_then_the_rest(self):
        self.start_tour(
            self.contract_url, "milestone_billing_part_then_rest", login="accountant"
        )
        self.assertSchedule("billed", 0.0, 2500.0, 0.0)
        moves = self.get_invoices(self.build).sorted("id")
        self.assertEqual(moves.mapped("amount_untaxed"), [1000.0, 1500.0])
        self.assertEqual(
            [line.name.split("\n")[0] for line in moves.invoice_line_ids.sorted("id")],
            [
                "Milestone 2 — Build complete · part 1, 40% (40% to date)",
                "Milestone 2 — Build complete · part 2, 60% (100% to date)",
            ],
        )
