import json
from datetime import timedelta

from odoo import fields

from .common import MilestoneBillingCommon
from .common_acceptance import AcceptanceCommon


class TestCards(MilestoneBillingCommon):
    """Project card, panel, invoice list and dashboard: how far, what next, by right."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.automation = "manual"

    def get_badge(self, user=None):
        self.env.invalidate_all()
        badge = self.project.with_user(user or self.project_admin).billing_badge
        return badge and badge["label"]

    # --- the card's badge ---

    def test_badge_is_the_most_urgent_fact(self):
        self.assertFalse(self.get_badge())
        self.build.deadline = fields.Date.today() - timedelta(days=1)
        self.assertEqual(self.get_badge(), "Overdue")
        self.mark_done(self.designs)
        self.assertEqual(self.get_badge(), "Ready 2,500")
        self.designs.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.get_badge(), "Draft waits")
        move = self.post(self.get_invoices(self.designs))
        self.assertEqual(self.get_badge(), "Overdue")
        self.credit(move, amount=500)
        self.assertEqual(self.get_badge(), "To Decide")
        self.contract.partner_id = False
        self.mark_done(self.final)
        self.assertEqual(self.get_badge(), "Blocked")

    def test_ready_amount_is_for_who_sees_amounts(self):
        self.mark_done(self.designs)
        self.assertEqual(self.get_badge(self.project_user), "Ready")
        self.assertEqual(self.get_badge(self.accountant), "Ready 2,500")

    def test_cents_are_shown_where_there_are_any(self):
        self.contract.contract_sum = 10000.5
        self.mark_done(self.designs)
        self.assertEqual(self.get_badge(), "Ready 2,500.13")

    def test_unpaid_invoice_is_a_fact_beside_the_status(self):
        self.mark_done(self.designs)
        self.designs.with_user(self.accountant).action_create_draft_invoice()
        move = self.get_invoices(self.designs)
        move.invoice_date_due = fields.Date.today() - timedelta(days=12)
        move.invoice_payment_term_id = False
        self.post(move, fields.Date.to_string(move.invoice_date_due))
        self.assertEqual(self.get_badge(self.project_user), "Unpaid since 12 d")
        self.pay(move)
        self.assertFalse(self.get_badge())

    def test_what_is_not_billed_has_no_badge(self):
        project = self.env["project.project"].create({"name": "Free"})
        self.assertFalse(project.with_user(self.project_user).billing_badge)
        self.project.is_template = True
        self.assertFalse(self.get_badge())

    def test_badges_cost_one_query_however_many_projects(self):
        projects = self.project
        for number in range(20):
            projects |= self.create_contract(
                f"P{number}", [("Stage", "progress", "percent", 100)]
            ).project_id
        counts = []
        for some in (projects[:5], projects[:5], projects):
            self.env.flush_all()
            self.env.invalidate_all()
            some = some.with_user(self.project_user)
            some.mapped("billing_status")
            before = self.env.cr.sql_log_count
            some.mapped("billing_badge")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1:], [1, 1])

    def test_card_is_the_same_while_the_project_is_edited(self):
        self.mark_done(self.designs)
        names = ["billing_bar", "billing_badge", "billing_stage_count"]
        seen = {
            self.project_user: names,
            self.project_admin: [*names, "billing_amounts"],
        }
        for user, fnames in seen.items():
            project = self.project.with_user(user)
            edited = project.new({"name": "Another name"}, origin=project)
            for fname in fnames:
                self.assertEqual(edited[fname], project[fname])
        spec = {name: {} for name in ("name", *seen[self.project_admin])}
        project.onchange({"name": "Another name"}, ["name"], spec)

    # --- stat button and panel ---

    def get_panel(self, user):
        self.env.invalidate_all()
        return self.project.with_user(user).get_panel_data()

    def get_panel_row(self, user):
        rows = self.get_panel(user)["milestones"]["data"]
        return next(row for row in rows if row["id"] == self.build.milestone_id.id)

    def test_stat_button_says_billed_of_agreed(self):
        self.mark_done(self.designs)
        self.designs.with_user(self.accountant).action_create_draft_invoice()
        self.post(self.get_invoices(self.designs))
        buttons = {
            b["action"]: b for b in self.get_panel(self.project_admin)["buttons"]
        }
        self.assertEqual(buttons["action_open_billing"]["number"], "2,500 / 10,000")
        actions = [b["action"] for b in self.get_panel(self.project_user)["buttons"]]
        self.assertNotIn("action_open_billing", actions)

    def test_panel_says_the_amount_to_who_sees_amounts(self):
        self.assertEqual(
            self.get_panel_row(self.project_admin)["billing_amount"],
            self.contract.currency_id.format(2500),
        )
        self.assertFalse(self.get_panel_row(self.project_user)["billing_amount"])

    def test_panel_says_what_blocks_in_what_the_reader_may_know(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        for user, reason in (
            (self.project_admin, "The contract has no customer: set one"),
            (self.project_user, "Not invoiced: the contract has no customer."),
        ):
            row = self.get_panel_row(user)
            self.assertTrue(row["billing_reason"].startswith(reason))
        self.contract.partner_id = self.customer
        self.designs.write({"basis": "fixed", "amount": 9000.0})
        row = self.get_panel_row(self.project_user)
        self.assertEqual(
            row["billing_reason"], "Not invoiced. The accountant sees why."
        )
        self.assertNotRegex(repr(self.get_panel(self.project_user)), r"\d,\d{3}")

    # --- invoices ---

    def test_list_of_invoices_names_stage_and_project(self):
        self.mark_done(self.designs | self.build)
        (self.designs | self.build).with_user(
            self.accountant
        ).action_create_draft_invoice_per_contract()
        move = self.get_invoices(self.build).with_user(self.accountant)
        self.project.privacy_visibility = "followers"
        self.env.invalidate_all()
        self.assertRecordValues(
            move,
            [
                {
                    "milestone_billing_project": "Website",
                    "milestone_billing_stages": "Designs approved, Build complete",
                }
            ],
        )

    def test_names_of_other_documents_cost_nothing(self):
        moves = self.env["account.move"].create(
            [{"move_type": "out_invoice", "partner_id": self.customer.id}] * 2
        )
        self.env.flush_all()
        self.env.invalidate_all()
        moves.with_user(self.accountant).read(["milestone_billing_contract_id"])
        with self.assertQueryCount(0):
            moves.with_user(self.accountant).mapped("milestone_billing_stages")

    def test_credit_note_leads_to_the_decision(self):
        self.mark_done(self.designs)
        self.designs.with_user(self.accountant).action_create_draft_invoice()
        move = self.post(self.get_invoices(self.designs))
        self.assertFalse(move.milestone_billing_to_decide)
        note = self.credit(move, amount=500).with_user(self.accountant)
        self.env.invalidate_all()
        self.assertTrue(note.milestone_billing_to_decide)
        action = note.action_decide_milestones()
        self.assertEqual(action["context"]["default_line_ids"], self.designs.ids)
        self.decide(self.designs, "carry")
        self.env.invalidate_all()
        self.assertFalse(note.milestone_billing_to_decide)

    # --- Invoicing's dashboard ---

    def get_waiting(self, user):
        journal = self.company_data["default_journal_sale"].with_user(user)
        data = json.loads(journal.kanban_dashboard)
        return [part["text"] for part in data.get("milestones", ())]

    def test_dashboard_of_invoicing_says_what_waits(self):
        self.assertEqual(self.get_waiting(self.accountant), [])
        self.mark_done(self.designs | self.build | self.deposit)
        self.deposit.with_user(self.accountant).action_create_draft_invoice()
        other = self.create_contract("X", [("Y", "progress", "percent", 100)])
        other.partner_id = False
        self.mark_done(other.line_ids)
        self.env.invalidate_all()
        ready, *others = self.get_waiting(self.accountant)
        self.assertRegex(ready, r"^2 ready .*5,000.00")
        self.assertEqual(others, ["1 blocked", "1 draft"])


class TestCardOfAcceptance(AcceptanceCommon):
    """What the client sent back is seen on the card."""

    def test_stage_that_was_sent_back_is_seen_on_the_card(self):
        self.ask()
        self.milestone.sudo()._send_back("The logo is missing.", self.contact)
        self.env.invalidate_all()
        badge = self.project.with_user(self.project_user).billing_badge
        self.assertEqual(badge["label"], "Sent back")
