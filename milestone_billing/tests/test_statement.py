import doctest
import re
from unittest.mock import patch

from lxml import html

from odoo.fields import Command

from ..models import statement
from .common import MilestoneBillingCommon, normalize

INVOICES = "account.account_invoices"


class TestStatement(MilestoneBillingCommon):
    """The billing schedule that a milestone invoice carries."""

    def render_html(self, move):
        """Return the printed document as a tree."""
        content, _type = self.env["ir.actions.report"]._render_qweb_html(
            INVOICES, move.ids
        )
        return html.fromstring(content)

    def render(self, move, name="milestone_statement"):
        """Return the billing schedule, or another part, of a document as text."""
        blocks = self.render_html(move).xpath(f"//div[@name='{name}']")
        return normalize(blocks[0].text_content()) if blocks else ""

    def add_line(self, move, price=100.0):
        """Bill something else on a document too."""
        move.invoice_line_ids = [
            Command.create(
                {
                    "name": "Travel",
                    "price_unit": price,
                    "tax_ids": [Command.set(self.tax.ids)],
                }
            )
        ]

    def test_doctests(self):
        self.assertEqual(doctest.testmod(statement).failed, 0)

    def test_invoice_shows_every_stage_and_what_remains(self):
        self.designs.milestone_id.acceptance_criteria = "Approved in writing.\nBy mail."
        first = self.bill(self.deposit)
        self.pay(first)
        move = self.bill(self.designs)
        text = self.render(move)
        for part in (
            f"Deposit — Project start Paid {first.name} 03/31/2026",
            f"Milestone 1 — Designs approved Approved in writing. Invoiced {move.name}",
            "Milestone 2 — Build complete To come",
            "Without taxes Including taxes Contract sum $ 10,000.00",
            "Previously billed $ 2,500.00 $ 2,875.00",
            "This invoice $ 2,500.00 $ 2,875.00 Remaining to bill $ 5,000.00",
            "Paid to date $ 2,500.00 $ 2,875.00",
        ):
            self.assertIn(part, text)
        self.assertNotIn("By mail", text)

    def test_reprint_shows_what_was_issued(self):
        second = self.bill(self.designs)
        issued = self.render(second)
        self.pay(self.bill(self.build))
        self.contract.contract_sum = 12000
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
        self.pay(self.bill(self.deposit))
        move.button_draft()
        self.post(move)
        self.assertIn("Deposit — Project start Paid", self.render(move))

    def test_previously_billed_is_as_on_the_day_the_invoice_was_issued(self):
        first = self.bill(self.deposit)
        second, third = self.bill(self.designs), self.bill(self.build)
        first.button_draft()
        self.post(first)
        second.button_draft()
        self.assertIn("Previously billed $ 2,500.00", self.render(second))
        self.post(second)
        for move, previously, remaining in (
            (first, "0.00", "7,500.00"),
            (second, "2,500.00", "5,000.00"),
            (third, "5,000.00", "2,500.00"),
        ):
            text = self.render(move)
            self.assertIn(f"Previously billed $ {previously}", text)
            self.assertIn(f"Remaining to bill $ {remaining}", text)

    def test_credit_note_of_a_first_invoice_comes_after_all(self):
        first = self.bill(self.deposit)
        self.bill(self.designs)
        credit_note = self.credit(first)
        text = self.render(credit_note)
        self.assertIn("Previously billed $ 5,000.00", text)
        self.assertIn("Remaining to bill $ 7,500.00", text)

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
        self.assertIn(
            "This credit note $ -500.00 $ -575.00 Remaining to bill $ 8,000.00", text
        )

    def test_written_off_amount_is_shown(self):
        self.designs._give_up_open("write_off", "Dropped")
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

    # EACH FACT ONCE
    # -------------------------------------------------------------------------

    def test_project_stands_on_the_invoice_once(self):
        self.contract.reference = "C-2026-014"
        move = self.bill(self.build)
        self.assertEqual(move.invoice_origin, "Website — Build complete")
        [page] = self.render_pdf_pages(INVOICES, move)
        for fact in ("Website", "C-2026-014"):
            self.assertEqual(page.count(fact), 1)
        self.assertNotIn("Source", page)

    def test_source_is_printed_where_no_label_names_the_project(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.invoice_line_ids.name = "Build, as agreed"
        [origin] = self.render_html(move).xpath("//div[@name='origin']/div")
        self.assertEqual(normalize(origin.text_content()), "Website — Build complete")

    def test_what_was_agreed_is_said_of_the_stages_billed_alone(self):
        self.contract.line_ids.milestone_id.acceptance_criteria = "Approved in writing."
        text = self.render(self.bill(self.designs))
        self.assertIn("Designs approved Approved in writing. Invoiced", text)
        self.assertEqual(text.count("Approved in writing."), 1)

    def test_schedule_without_invoices_has_no_column_for_them(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.assertIn("Stage Status Net Amount Deposit", self.render(move))
        self.post(move)
        self.assertIn("Stage Status Invoice Net Amount Deposit", self.render(move))

    # -------------------------------------------------------------------------
    # -------------------------------------------------------------------------
    # AMOUNTS
    # -------------------------------------------------------------------------

    def bill_together(self, lines):
        """Bill several milestones on one invoice."""
        self.contract.automation = "manual"
        self.mark_done(lines)
        lines.with_user(self.accountant).action_create_draft_invoice_per_contract()
        return self.post(self.get_invoices(lines))

    def test_each_stage_of_the_invoice_stands_out(self):
        move = self.bill_together(self.designs | self.build)
        rows = self.render_html(move).xpath("//table[@name='milestone_stages']//tr")
        bold = [
            normalize(row.xpath("td[1]/span")[0].text_content())
            for row in rows
            if "fw-bold" in row.get("class", "")
        ]
        self.assertEqual(
            bold, ["Milestone 1 — Designs approved", "Milestone 2 — Build complete"]
        )
        self.assertIn("This invoice $ 5,000.00 $ 5,750.00", self.render(move))

    def test_without_taxes_no_amount_is_shown_twice(self):
        self.product.taxes_id = False
        text = self.render(self.bill(self.build))
        self.assertNotIn("Including taxes", text)
        self.assertIn("This invoice $ 2,500.00 Remaining to bill", text)

    def test_included_tax_is_part_of_what_the_customer_pays(self):
        self.product.taxes_id = self.tax.copy(
            {"name": "15 % incl.", "price_include_override": "tax_included"}
        )
        text = self.render(self.bill(self.build))
        self.assertIn("This invoice $ 2,500.00 $ 2,875.00", text)

    def test_part_payment_is_paid_in_net_and_gross(self):
        self.pay(self.bill(self.deposit), 1437.5)
        text = self.render(self.bill(self.build))
        self.assertIn("Paid to date $ 1,250.00 $ 1,437.50", text)

    def test_gross_of_what_was_billed_elsewhere_is_not_known(self):
        self.deposit.amount_opening = 2500
        text = self.render(self.bill(self.final))
        self.assertIn("Previously billed $ 2,500.00 This invoice", text)
        self.assertIn(
            "You have already paid $ 2,500.00 of the contract sum. Thank you.", text
        )

    def test_final_says_that_nothing_has_been_paid(self):
        self.bill(self.deposit)
        text = self.render(self.bill(self.final))
        self.assertIn("No payment has been received yet.", text)

    def test_other_items_are_told_apart(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.add_line(move)
        self.post(move)
        text = self.render(move)
        self.assertIn("This invoice $ 2,500.00 $ 2,875.00", text)
        self.assertIn(
            "This invoice also bills other items. Its total including taxes is"
            " $ 2,990.00",
            text,
        )

    def test_paying_other_items_pays_nothing_of_the_contract(self):
        self.mark_done(self.deposit)
        move = self.get_invoices(self.deposit)
        self.add_line(move)
        self.pay(self.post(move))
        text = self.render(self.bill(self.build))
        self.assertIn("Paid to date $ 2,500.00 $ 2,875.00", text)

    def test_reconciled_credit_is_no_payment(self):
        self.credit(self.bill(self.deposit))
        text = self.render(self.bill(self.build))
        self.assertIn("Previously billed $ 0.00 $ 0.00", text)
        self.assertIn("Paid to date $ 0.00 $ 0.00", text)

    def test_replacement_of_an_invoice_is_counted_once(self):
        replacement = self.credit(self.bill(self.build), modify=True)
        self.post(replacement)
        text = self.render(replacement)
        self.assertIn("Previously billed $ 0.00 $ 0.00", text)
        self.assertIn("Remaining to bill $ 7,500.00", text)

    def test_decimals_follow_the_currency(self):
        for name, contract_sum, amount in (
            ("JPY", 100001, "25,000"),
            ("KWD", 1200.125, "300.031"),
        ):
            currency = self.env.ref(f"base.{name}")
            currency.active = True
            contract = self.project.copy().billing_contract_ids
            contract.write({"currency_id": currency.id, "contract_sum": contract_sum})
            text = self.render(self.bill(contract.line_ids[0]))
            [figure] = re.findall(r"This invoice \D*([\d.,]+)", text)
            self.assertEqual(figure, amount)

    # -------------------------------------------------------------------------
    # PAID IS RECEIVED
    # -------------------------------------------------------------------------

    def settle_with_early_payment_discount(self, lines):
        """Bill at 2 % discount for early payment, and pay early."""
        self.contract.payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    )
                ],
            }
        )
        move = self.bill(lines)
        payment = self.pay(move)
        self.assertEqual(payment.amount, move.amount_total * 0.98)
        self.assertEqual(move.amount_residual, 0.0)
        return move

    def test_early_payment_discount_is_no_money_received(self):
        self.contract.contract_sum = 20000.0
        self.settle_with_early_payment_discount(self.deposit)  # 5,000, gross 5,750
        move = self.bill(self.final)
        text = self.render(move)
        self.assertIn(
            "Paid to date $ 4,900.00 $ 5,635.00"
            " Discounts and deductions $ 100.00 $ 115.00",
            text,
        )
        self.assertIn(
            "You have already paid $ 4,900.00 of the contract sum, which is $ 5,635.00"
            " including taxes",
            text,
        )
        self.assertIn("Deposit — Project start Paid", text)

    def test_without_deductions_no_row_tells_of_them(self):
        self.pay(self.bill(self.deposit))
        self.assertNotIn("deductions", self.render(self.bill(self.build)))

    def test_credit_note_made_by_hand_is_a_deduction(self):
        move = self.bill(self.deposit)
        credit = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": move.invoice_date,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Goodwill",
                            "price_unit": 500.0,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                ],
            }
        )
        credit.action_post()
        receivable = (move | credit).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        receivable.reconcile()
        self.pay(move)
        text = self.render(self.bill(self.final))
        self.assertIn(
            "Paid to date $ 2,000.00 $ 2,300.00"
            " Discounts and deductions $ 500.00 $ 575.00",
            text,
        )

    def test_credit_and_payment_of_two_stages_on_one_invoice(self):
        """Stages of 4,000 at 20 % and 2,000 at 0 %, 1,000 of the first credited."""
        twenty = self.tax.copy({"name": "20 %", "amount": 20.0})
        contract = self.create_contract(
            "Two",
            [
                ("A", "progress", "fixed", 4000.0),
                ("B", "progress", "fixed", 2000.0),
                ("C", "final", "balance", 0.0),
            ],
            automation="manual",
        )
        first, second, final = contract.line_ids
        first.tax_ids = twenty
        second.tax_ids = self.tax.copy({"name": "0 %", "amount": 0.0})
        self.mark_done(first | second)
        (first | second).action_create_draft_invoice_per_contract()
        move = self.post(self.get_invoices(first))
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": move.date})
        )
        wizard.reverse_moves()
        credit = wizard.new_move_ids
        credit.invoice_line_ids[1].unlink()
        credit.invoice_line_ids.price_unit = 1000.0
        credit.action_post()
        (move | credit).line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
            )
        ).reconcile()
        self.assertEqual(first._get_settled_and_paid(self.customer), (0.0, 0.0))
        self.assertEqual(second._get_settled_and_paid(self.customer), (0.0, 0.0))
        self.pay(move, 2300.0)
        self.assertEqual(self.read_stage(first, self.customer).paid, 1232.14)
        self.assertEqual(self.read_stage(second, self.customer).paid, 821.43)
        contract.automation = "draft"
        text = self.render(self.bill(final))
        self.assertIn("Paid to date $ 2,053.57 $ 2,300.00", text)
        self.assertNotIn("deductions", text)

    def read_stage(self, line, customer):
        """Return the :class:`Stage` of a line as a customer reads it."""
        contract = line.contract_id
        stages, _sums = contract._read_schedule(customer)
        return stages[list(contract._get_schedule()).index(line)]

    # -------------------------------------------------------------------------
    # FROZEN
    # -------------------------------------------------------------------------

    def test_cancelled_invoice_carries_no_schedule(self):
        move = self.bill(self.build)
        move.button_draft()
        move.button_cancel()
        self.assertFalse(self.render(move))

    def test_schedule_frozen_before_gross_was_kept_prints(self):
        move = self.bill(self.final)
        frozen = dict(move.milestone_statement)
        for key in ("this_document_gross", "previously_gross"):
            del frozen[key]
        move.sudo().milestone_statement = {
            **frozen,
            "paid": 2500.0,
            "paid_gross": 2875.0,
        }
        text = self.render(move)
        self.assertNotIn("Including taxes", text)
        self.assertIn("This invoice $ 2,500.00 Remaining to bill", text)
        self.assertIn("which is $ 2,875.00 including taxes", text)

    def test_statement_of_any_shape_prints_mails_and_exports(self):
        move = self.bill(self.final)
        whole = dict(move.milestone_statement)
        shapes = [
            {key: value for key, value in whole.items() if key != left_out}
            for left_out in whole
        ]
        shapes += [dict.fromkeys(whole, garbage) for garbage in ("?", [1], 1, None)]
        shapes += [
            {**whole, "stages": [{"title": "A", "invoices": [{"date": "?"}, 1]}, 2]},
            {"project": "Website"},
            {"stages": {}},
            ["garbage"],
            "garbage",
            12,
        ]
        template = self.env.ref("milestone_billing.mail_template_milestone_invoice")
        for shape in shapes:
            move.sudo().milestone_statement = shape
            with self.subTest(shape):
                self.render_html(move)
                template._generate_template(move.ids, ("subject", "body_html"))
                for edi_format in ("ubl_bis3", "cii"):
                    self.env[f"account.edi.xml.{edi_format}"]._export_invoice(move)
                move._get_milestone_titles()

    def test_statement_that_cannot_be_made_is_logged_and_left_out(self):
        self.mark_done(self.build)
        draft = self.get_invoices(self.build)
        with (
            patch.object(
                self.registry["account.move"],
                "_prepare_milestone_statement",
                side_effect=ValueError("broken"),
            ),
            self.assertLogs(
                "odoo.addons.milestone_billing.models.documents.account_move", "ERROR"
            ) as log,
        ):
            self.assertFalse(self.render(draft))
            self.post(draft)
            self.assertFalse(self.render(draft))
        self.assertIn("broken", log.output[0])
        self.assertEqual(draft.state, "posted")
        self.assertIn("Build complete", self.render(draft))

    def test_pdf_printed_again_is_the_same_text_for_text(self):
        second = self.bill(self.designs)
        issued = self.render_pdf_pages(INVOICES, second)
        self.pay(self.bill(self.build))
        self.build.milestone_id.acceptance_criteria = "Built."
        self.assertEqual(self.render_pdf_pages(INVOICES, second), issued)

    # -------------------------------------------------------------------------
    # A NEW CUSTOMER
    # -------------------------------------------------------------------------

    def test_former_customers_documents_count_as_billed_only(self):
        earlier = self.bill(self.deposit)
        self.pay(earlier)
        self.contract.partner_id = self.partner_a
        text = self.render(self.bill(self.final))
        self.assertNotIn(earlier.name, text)
        self.assertIn("Deposit — Project start Billed earlier $ 2,500.00", text)
        self.assertIn("Previously billed $ 2,500.00 $ 2,875.00", text)
        self.assertIn("Paid to date $ 0.00 $ 0.00", text)
        self.assertIn("No payment has been received yet.", text)

    def test_new_customer_does_not_learn_of_the_formers_credit(self):
        self.credit(self.bill(self.build))
        self.contract.partner_id = self.partner_a
        text = self.render(self.bill(self.deposit))
        self.assertIn("Milestone 2 — Build complete Delivered $ 2,500.00", text)
        self.assertNotIn("Credited", text)

    def test_each_customer_sees_the_state_of_his_own_documents(self):
        former, present = self.customer, self.partner_a
        self.bill(self.build)
        self.contract.partner_id = present
        self.pay(self.bill(self.deposit))
        for line, customer, state in (
            (self.build, former, "Invoiced"),
            (self.build, present, "Billed earlier"),
            (self.deposit, former, "Billed earlier"),
            (self.deposit, present, "Paid"),
        ):
            stage = self.read_stage(line, customer)
            label = self.contract._get_customer_label(stage.status)
            self.assertEqual(label, state)
            self.assertEqual(bool(stage.invoices), state != "Billed earlier")

    def test_stage_billed_to_both_shows_each_his_own_part(self):
        former, present = self.customer, self.partner_a
        self.mark_done(self.build)
        draft = self.get_invoices(self.build)
        draft.invoice_line_ids.price_unit = 1000
        self.pay(self.post(draft))
        self.contract.partner_id = present
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.post(self.get_invoices(self.build)[-1])
        for customer, state, paid in ((former, "Paid", 1000), (present, "Invoiced", 0)):
            stage = self.read_stage(self.build, customer)
            label = self.contract._get_customer_label(stage.status)
            self.assertEqual((label, stage.paid), (state, paid))

    def test_contact_of_the_customer_is_the_same_customer(self):
        first = self.bill(self.deposit)
        self.pay(first)
        self.contract.partner_id = self.env["res.partner"].create(
            {"name": "Payables", "type": "invoice", "parent_id": self.customer.id}
        )
        text = self.render(self.bill(self.build))
        self.assertIn(f"Deposit — Project start Paid {first.name}", text)
        self.assertIn("Paid to date $ 2,500.00 $ 2,875.00", text)

    # -------------------------------------------------------------------------
    # PRINT
    # -------------------------------------------------------------------------

    def test_names_are_text(self):
        attack = "<script>alert(1)</script>"
        self.build.name = self.project.name = attack
        self.build.milestone_id.acceptance_criteria = attack
        self.contract.reference = attack
        move = self.bill(self.build)
        content, _type = self.env["ir.actions.report"]._render_qweb_html(
            INVOICES, move.ids
        )
        self.assertNotIn(b"<script>alert(1)", content)
        self.assertEqual(self.render(move).count(attack), 2)

    def test_short_schedule_is_kept_together(self):
        [block] = self.render_html(self.bill(self.build)).xpath(
            "//div[@name='milestone_statement']"
        )
        self.assertEqual(block.get("style"), "page-break-inside: avoid")

    def test_eight_stages_stay_on_the_first_page(self):
        contract = self.create_contract(
            "Tower", [(f"Part {n}", "progress", "percent", 12.5) for n in range(8)]
        )
        contract.line_ids.milestone_id.acceptance_criteria = "Accepted in writing."
        contract.payment_term_id = self.env.ref("account.account_payment_term_30days")
        lines = contract.line_ids
        self.pay(self.bill(lines[:7])[0])
        [page] = self.render_pdf_pages(INVOICES, self.bill(lines[7]))
        self.assertIn("Paid to date", page.split("Part 7", 2)[2])

    def test_long_schedule_starts_a_page_and_is_printed_whole(self):
        contract = self.create_contract(
            "Tower", [(f"Part {n:02}", "progress", "percent", 2.5) for n in range(40)]
        )
        contract.line_ids.milestone_id.acceptance_criteria = "Accepted in writing."
        first, *others = self.render_pdf_pages(
            INVOICES, self.bill(contract.line_ids[20])
        )
        self.assertNotIn("Billing Schedule", first)
        self.assertTrue(others[0].split("Billing Schedule", 1)[1])
        text = " ".join(others)
        for number in range(40):
            self.assertIn(f"Part {number:02}", text)
        self.assertIn("Remaining to bill $ 9,750.00", others[-1])

    def test_other_invoices_carry_no_schedule(self):
        move = self.init_invoice("out_invoice", amounts=[100], post=True)
        self.assertFalse(self.render(move))
