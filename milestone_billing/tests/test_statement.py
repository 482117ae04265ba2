from lxml import html

from .common import MilestoneBillingCommon


class TestStatement(MilestoneBillingCommon):
    """The billing schedule that a milestone invoice carries."""

    def render(self, move):
        """Return the printed billing schedule of a document as text."""
        content, _type = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", move.ids
        )
        blocks = html.fromstring(content).xpath("//div[@name='milestone_statement']")
        text = blocks[0].text_content().replace("\ufeff", "") if blocks else ""
        return " ".join(text.split())

    def test_invoice_shows_every_stage_and_what_remains(self):
        self.designs.milestone_id.acceptance_criteria = "Approved in writing.\nBy mail."
        self.pay(self.bill(self.deposit))
        move = self.bill(self.designs)
        text = self.render(move)
        for part in (
            "Deposit — Project start Paid INV/2026/00001 03/31/2026",
            "Milestone 1 — Designs approved Approved in writing. Invoiced INV/2026/00002",
            "Milestone 2 — Build complete To come",
            "Contract sum $ 10,000.00 Previously billed $ 2,500.00",
            "This invoice $ 2,500.00 Remaining to bill $ 5,000.00",
            "Paid to date $ 2,500.00",
        ):
            self.assertIn(part, text)
        self.assertNotIn("By mail", text)

    def test_reprint_shows_what_was_issued(self):
        second = self.bill(self.designs)
        issued = self.render(second)
        self.pay(self.bill(self.build))
        self.project.contract_sum = 12000
        self.designs.name = "Renamed"
        self.assertEqual(self.render(second), issued)

    def test_invoices_posted_together_are_billed_one_after_the_other(self):
        first, second = self.bill(self.designs | self.build)
        self.assertIn("Previously billed $ 0.00", self.render(first))
        self.assertIn("Previously billed $ 2,500.00", self.render(second))

    def test_draft_shows_the_schedule_as_it_stands(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.assertIn("Previously billed $ 0.00", self.render(move))
        self.bill(self.deposit)
        self.assertIn("Previously billed $ 2,500.00", self.render(move))

    def test_invoice_posted_again_shows_the_schedule_anew(self):
        move = self.bill(self.build)
        self.bill(self.deposit)
        move.button_draft()
        self.post(move)
        self.assertIn("Previously billed $ 2,500.00", self.render(move))

    def test_final_says_what_has_been_paid(self):
        self.pay(self.bill(self.deposit | self.designs | self.build)[0])
        text = self.render(self.bill(self.final))
        self.assertIn(
            "You have already paid $ 2,500.00 of the contract sum, which is $ 2,875.00"
            " including taxes",
            text,
        )

    def test_credit_note_says_what_it_credits(self):
        credit_note = self.credit(self.bill(self.build), amount=500)
        text = self.render(credit_note)
        self.assertIn("Credits Milestone 2 — Build complete", text)
        self.assertIn("This credit note $ -500.00 Remaining to bill $ 8,000.00", text)

    def test_written_off_amount_is_shown(self):
        self.designs._decide("write_off", "Dropped")
        text = self.render(self.bill(self.build))
        self.assertIn(
            "Contract sum $ 10,000.00 Cancelled $ -2,500.00 Contract sum to date"
            " $ 7,500.00",
            text,
        )

    def test_drafts_of_other_stages_are_not_shown(self):
        self.mark_done(self.build)
        text = self.render(self.bill(self.deposit))
        self.assertIn("Milestone 2 — Build complete Delivered", text)
        self.assertNotIn("Draft", text)

    def test_invoices_of_an_earlier_customer_are_not_named(self):
        earlier = self.bill(self.deposit)
        self.project.partner_id = self.partner_a
        text = self.render(self.bill(self.final))
        self.assertNotIn(earlier.name, text)
        self.assertNotIn("You have already paid", text)

    def test_names_are_text(self):
        self.build.name = "<script>alert(1)</script>"
        content, _type = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", self.bill(self.build).ids
        )
        self.assertNotIn(b"<script>alert(1)", content)

    def test_other_invoices_carry_no_schedule(self):
        move = self.init_invoice("out_invoice", amounts=[100], post=True)
        self.assertFalse(self.render(move))
