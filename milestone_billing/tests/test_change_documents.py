from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import draw_signature
from .common_changes import ChangesCommon


class TestChangeDocuments(ChangesCommon):
    """Original, changes and to date, wherever the customer reads the contract sum."""

    def test_invoice_says_what_was_changed(self):
        self.approve(2000)
        move = self.bill(self.start)
        statement = move._get_milestone_statement()
        self.assertEqual(
            (statement["original"], statement["changes"], statement["to_date"]),
            (10000, 2000, 12000),
        )
        pages = " ".join(self.render_pdf_pages("account.account_invoices", move))
        self.assertRegex(
            pages,
            r"Original contract sum \$ 10,000.00 Changes \$ 2,000.00"
            r" Contract sum to date \$ 12,000.00",
        )

    def test_frozen_invoice_keeps_what_it_said(self):
        move = self.bill(self.start)
        self.approve(2000)
        statement = move._get_milestone_statement()
        self.assertEqual((statement["changes"], statement["to_date"]), (0, 10000))

    def test_schedule_and_state_say_what_was_changed(self):
        self.approve(2000)
        (page,) = self.render_pdf_pages(
            "milestone_billing.report_billing_schedule", self.house
        )
        self.assertIn("Original contract sum $ 10,000.00 Changes $ 2,000.00", page)
        (page,) = self.render_pdf_pages(
            "milestone_billing.report_billing_state", self.house
        )
        self.assertIn("changes amount to $ 2,000.00", page)

    def test_unchanged_contract_says_nothing_of_changes(self):
        for report in ("schedule", "state"):
            (page,) = self.render_pdf_pages(
                f"milestone_billing.report_billing_{report}", self.house
            )
            self.assertNotIn("hanges", page)

    def test_log_lists_the_changes(self):
        self.approve(2000, client_reference="CR-7")
        self.approve(-500, self.walls, name="Thinner walls")
        self.create_change(900, name="Secret draft")
        (page,) = self.render_pdf_pages(
            "milestone_billing.report_billing_changes", self.house
        )
        self.assertRegex(page, r"1 .*Extra room ?CR-7 Approved Berta Boss")
        self.assertRegex(page, r"\$ 2,000.00 \$ 12,000.00")
        self.assertRegex(page, r"\$ -500.00 \$ 11,500.00")
        self.assertIn("Approved changes $ 1,500.00", page)
        self.assertNotIn("Secret draft", page)

    def test_change_order_is_printed(self):
        change = self.approve(2000, description="A room to the south.")
        (page,) = self.render_pdf_pages(
            "milestone_billing.report_change_order_action", change
        )
        self.assertIn("Change Order 1", page)
        self.assertIn("A room to the south.", page)
        self.assertIn("Walls $ 4,000.00 $ 4,800.00", page)
        self.assertIn("Contract sum to date $ 10,000.00 $ 12,000.00", page)

    def test_signature_is_printed(self):
        client = new_test_user(
            self.env,
            login="clara",
            name="Clara Client",
            email="clara@example.com",
            groups="base.group_portal",
        )
        client.partner_id.parent_id = self.customer
        change = self.create_change(2000)
        change.action_send()
        change.with_user(client).sudo()._accept(
            "Clara C.", draw_signature(), client.partner_id
        )
        (page,) = self.render_pdf_pages(
            "milestone_billing.report_change_order_action", change
        )
        self.assertIn("Signed on", page)
        self.assertIn("Clara C., Client & Sons", page)
        (page,) = self.render_pdf_pages(
            "milestone_billing.report_billing_changes", self.house
        )
        self.assertIn("Approved Clara C.", page)

    def test_who_sees_no_amounts_prints_nothing(self):
        change = self.approve(2000)
        with self.assertRaises(AccessError):
            self.house.with_user(self.project_user).sudo()._prepare_change_log()
        with self.assertRaises(AccessError):
            change.with_user(self.project_user).sudo()._prepare_document()

    def test_no_log_without_changes(self):
        with self.assertRaisesRegex(UserError, "has no change orders"):
            self.house.with_user(self.accountant).action_print_changes()
