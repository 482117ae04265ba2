from unittest.mock import patch

from lxml import html

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tools.translate import code_translations

from odoo.addons.mail.tests.common import MailCase

from .common import MilestoneBillingCommon, normalize

SCHEDULE = "milestone_billing.report_contract_billing_schedule"
STATE = "milestone_billing.report_contract_billing_state"


class TestDocument(MailCase, MilestoneBillingCommon):
    """The billing schedule as a document for the customer, and the e-mails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.write({"reference": "C-2026-014", "date": "2026-01-15"})

    def render(self, report, contract=None, user=None):
        """Return the text of a document."""
        reports = self.env["ir.actions.report"].with_user(user or self.accountant)
        content, _type = reports._render_qweb_html(
            report, (contract or self.contract).ids
        )
        page = html.fromstring(content).find_class("page")[0]
        return normalize(page.text_content())

    def render_pdf(self, report):
        """Return the text of a document's PDF."""
        return " ".join(self.render_pdf_pages(report, self.contract))

    def add_tax(self, amount, **values):
        """Return a new tax with a group of its own."""
        group = self.env["account.tax.group"].create({"name": f"VAT {amount}%"})
        return self.env["account.tax"].create(
            {
                "name": f"{amount}%",
                "amount": amount,
                "type_tax_use": "sale",
                "tax_group_id": group.id,
                **values,
            }
        )

    def pay_with_discount(self, move, discount):
        """Settle a posted invoice with money and, for the rest, a write-off."""
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "payment_date": move.date,
                    "amount": move.amount_residual - discount,
                    "payment_difference_handling": "reconcile",
                    "writeoff_account_id": self.company_data[
                        "default_account_expense"
                    ].id,
                }
            )
        )
        wizard._create_payments()
        self.assertEqual(move.amount_residual, 0.0)

    def compose(self, user=None):
        """Return the composer of the e-mail with the schedule, as the user sees it."""
        action = self.contract.with_user(
            user or self.accountant
        ).action_send_billing_schedule()
        composer = self.env[action["res_model"]].with_user(user or self.accountant)
        return Form(composer.with_context(**action["context"])).save()

    # -------------------------------------------------------------------------
    # THE SCHEDULE
    # -------------------------------------------------------------------------

    def test_pdf_shows_stages_totals_and_words(self):
        self.designs.milestone_id.acceptance_criteria = "Approved in writing.\nBy mail."
        text = self.render_pdf(SCHEDULE)
        for part in (
            "Client & Sons",
            "C-2026-014",
            "Milestone 1 — Designs approved",
            "Approved in writing. By mail.",
            "Final — Launch / delivery",
            "Estimated total with taxes $ 11,500.00",
            "Eleven thousand, five hundred dollars, zero cents",
            "Place, date and signature",
        ):
            self.assertIn(part, text)

    def test_pdf_of_the_state_shows_what_remains(self):
        self.pay(self.bill(self.deposit))
        self.bill(self.designs)
        text = self.render_pdf(STATE)
        self.assertIn("Total $ 10,000.00 $ 5,000.00 $ 2,500.00 $ 5,000.00", text)

    def test_schedule_shows_share_amount_and_expected_date(self):
        self.build.deadline = "2026-05-31"
        text = self.render(SCHEDULE)
        self.assertIn("Milestone 2 — Build complete 05/31/2026 25% $ 2,500.00", text)
        self.assertIn("Final — Launch / delivery — 25% $ 2,500.00", text)
        self.assertIn("Contract date 01/15/2026", text)

    def test_state_shows_what_is_billed_paid_and_remaining_of_each_stage(self):
        self.pay(self.bill(self.deposit), 1437.5)
        text = self.render(STATE)
        self.assertIn(
            "Deposit — Project start Invoiced $ 2,500.00 $ 2,500.00 $ 1,250.00 $ 0.00",
            text,
        )
        self.assertIn(
            "Milestone 1 — Designs approved To come $ 2,500.00 $ 0.00 $ 0.00 $ 2,500.00",
            text,
        )

    def test_state_tells_discounts_from_money(self):
        move = self.bill(self.deposit)
        self.pay_with_discount(move, 115.0)
        text = self.render(STATE)
        self.assertIn("Billed Paid Discounts and deductions Remaining", text)
        self.assertIn(
            "Project start Paid $ 2,500.00 $ 2,500.00 $ 2,400.00 $ 100.00 $ 0.00", text
        )
        self.assertIn(
            "Total $ 10,000.00 $ 2,500.00 $ 2,400.00 $ 100.00 $ 7,500.00", text
        )

    def test_state_does_not_tell_how_a_former_customer_paid(self):
        self.pay(self.bill(self.deposit))
        self.contract.partner_id = self.partner_a
        text = self.render(STATE)
        self.assertIn(
            "Project start Billed earlier $ 2,500.00 $ 2,500.00 $ 0.00 $ 0.00", text
        )
        self.assertIn("Total $ 10,000.00 $ 2,500.00 $ 0.00 $ 7,500.00", text)

    def test_state_without_customer_is_that_of_the_one_invoiced(self):
        self.pay(self.bill(self.deposit))
        self.contract.partner_id = False
        self.assertIn(
            "Project start Paid $ 2,500.00 $ 2,500.00 $ 2,500.00", self.render(STATE)
        )

    def test_long_schedule_is_printed_whole_and_repeats_its_header(self):
        contract = self.create_contract(
            "Tower", [(f"Part {n:02}", "progress", "percent", 2.5) for n in range(40)]
        )
        contract.line_ids.milestone_id.acceptance_criteria = "Built.\nAccepted.\nPaid."
        for report in (SCHEDULE, STATE):
            pages = self.render_pdf_pages(report, contract)
            self.assertGreater(len(pages), 1)
            text = " ".join(pages)
            for number in range(40):
                self.assertEqual(text.count(f"Part {number:02}"), 1)
            content, _type = self.env["ir.actions.report"]._render_qweb_html(
                report, contract.ids
            )
            rows = html.fromstring(content).xpath("//table[thead]/tbody/tr")
            self.assertEqual(
                {row.get("style") for row in rows}, {"page-break-inside: avoid"}
            )

    def test_nobody_signs_a_page_without_the_total(self):
        content, _type = self.env["ir.actions.report"]._render_qweb_html(
            SCHEDULE, self.contract.ids
        )
        [closing] = html.fromstring(content).xpath("//div[@name='closing']")
        self.assertIn("page-break-inside: avoid", closing.get("style"))
        for name in ("totals", "words", "signatures"):
            self.assertTrue(closing.xpath(f".//*[@name='{name}']"))

    def test_thirds_add_up_and_keep_their_share(self):
        third = 33.333333
        contract = self.create_contract(
            "Thirds", [(name, "progress", "percent", third) for name in "ABC"]
        )
        text = self.render(SCHEDULE, contract)
        self.assertIn("33.33% $ 3,333.33", text)
        self.assertIn("33.33% $ 3,333.34", text)
        self.assertIn("Total without taxes $ 10,000.00", text)

    def test_share_of_the_line_that_takes_the_rest_follows_its_amount(self):
        contract = self.create_contract(
            "Rest",
            [
                ("A", "progress", "percent", 50),
                ("B", "progress", "fixed", 2000),
                ("C", "final", "percent", 50),
            ],
        )
        text = self.render(SCHEDULE, contract)
        self.assertIn("Final — C — 30% $ 3,000.00", text)

    def test_written_off_stage_is_cancelled(self):
        self.designs._give_up_open("write_off", "Dropped")
        text = self.render(SCHEDULE)
        self.assertIn("Designs approved (cancelled)", text)
        self.assertIn("Final — Launch / delivery — 25% $ 2,500.00", text)
        self.assertIn("Total without taxes $ 7,500.00", text)

    def test_unscheduled_rest_is_not_hidden(self):
        contract = self.create_contract("Part", [("A", "progress", "percent", 40)])
        text = self.render(SCHEDULE, contract)
        self.assertIn(
            "Contract sum without taxes $ 10,000.00 Total without taxes $ 4,000.00",
            text,
        )

    def test_names_are_text(self):
        attack = "<script>alert(1)</script>"
        self.project.name = self.build.name = self.customer.name = attack
        self.build.milestone_id.acceptance_criteria = attack
        self.contract.reference = attack
        for report in (SCHEDULE, STATE):
            content, _type = self.env["ir.actions.report"]._render_qweb_html(
                report, self.contract.ids
            )
            self.assertNotIn(b"<script>alert", content)

    # -------------------------------------------------------------------------
    # TAXES
    # -------------------------------------------------------------------------

    def test_estimate_shows_each_tax_group(self):
        self.designs.tax_ids = self.add_tax(5)
        text = self.render(SCHEDULE)
        self.assertIn("VAT 5% (estimated) on a net of $ 2,500.00 $ 125.00", text)
        self.assertIn("on a net of $ 7,500.00 $ 1,125.00", text)
        self.assertIn("Estimated total with taxes $ 11,250.00", text)

    def test_estimate_follows_the_fiscal_position(self):
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        self.add_tax(
            7,
            fiscal_position_ids=[Command.set(position.ids)],
            original_tax_ids=[Command.set(self.tax.ids)],
        )
        self.customer.property_account_position_id = position
        self.assertIn("VAT 7% (estimated) $ 700.00", self.render(SCHEDULE))

    def test_included_tax_does_not_shrink_the_net(self):
        self.product.taxes_id = self.add_tax(20, price_include_override="tax_included")
        text = self.render(SCHEDULE)
        self.assertIn("Total without taxes $ 10,000.00", text)
        self.assertIn("Estimated total with taxes $ 12,000.00", text)

    def test_estimate_equals_the_invoices(self):
        estimate = self.contract._prepare_billing_schedule()["gross"]
        invoices = self.bill(self.contract.line_ids)
        self.assertEqual(sum(invoices.mapped("amount_total")), estimate)

    def test_estimated_tax_is_the_sum_of_the_stages_own_rounded_taxes(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.product.taxes_id = self.add_tax(19)
        contract = self.create_contract(
            "Sevenths",
            [(f"Part {n}", "progress", "percent", 14.285714) for n in range(7)],
            contract_sum=1000.0,
        )
        schedule = contract._prepare_billing_schedule()
        self.assertEqual(schedule["sums"].scheduled, 1000.0)
        self.assertEqual(schedule["gross"], 1189.98)
        self.assertIn("VAT 19% (estimated) $ 189.98", self.render(SCHEDULE, contract))
        invoices = self.bill(contract.line_ids)
        self.assertAlmostEqual(sum(invoices.mapped("amount_tax")), 189.98)

    def test_estimate_of_stages_that_share_a_milestone_is_that_of_their_invoice(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.product.taxes_id = self.add_tax(19)
        contract = self.create_contract("Shared", [], contract_sum=142.86 * 2)
        milestone = self.env["project.milestone"].create(
            {"name": "All", "project_id": contract.project_id.id}
        )
        lines = self.deposit.create(
            [
                {
                    "contract_id": contract.id,
                    "milestone_id": milestone.id,
                    "name": name,
                    "basis": "fixed",
                    "amount": 142.86,
                }
                for name in "AB"
            ]
        )
        estimate = contract._prepare_billing_schedule()["gross"]
        self.assertEqual(sum(self.bill(lines).mapped("amount_total")), estimate)

    def test_without_taxes_the_net_is_the_total(self):
        self.product.taxes_id = False
        text = self.render(SCHEDULE)
        self.assertNotIn("estimated", text.lower())
        self.assertIn("Total without taxes $ 10,000.00", text)
        self.assertIn("In words: Ten thousand dollars, zero cents", text)

    # -------------------------------------------------------------------------
    # LANGUAGES AND CURRENCIES
    # -------------------------------------------------------------------------

    def test_words_are_in_the_customers_language(self):
        for code, words in (
            ("fr_FR", "Onze mille cinq cents dollars et zéro cents"),
            ("de_DE", "Elftausendfünfhundert Dollar und null Cent"),
        ):
            self.env["res.lang"]._activate_lang(code)
            self.customer.lang = code
            self.assertIn(words, self.render(SCHEDULE))

    def test_dates_and_amounts_are_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        text = self.render(SCHEDULE)
        self.assertIn("15.01.2026", text)
        self.assertIn("10.000,00", text)

    def test_writing_goes_in_the_direction_of_the_customers_language(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.customer.lang = "ar_001"
        reports = self.env["ir.actions.report"]
        for report in (SCHEDULE, STATE):
            content, _type = reports._render_qweb_html(report, self.contract.ids)
            bodies = reports._prepare_html(content)[0]
            self.assertIn('dir="rtl"', bodies[0])

    def test_unknown_language_has_english_words(self):
        self.env["res.lang"]._activate_lang("et_EE")
        self.customer.lang = "et_EE"
        self.assertIn("Eleven thousand, five hundred dollars", self.render(SCHEDULE))

    def test_every_language_has_words_for_currencies_of_all_decimals(self):
        currencies = self.env["res.currency"].browse(
            self.env.ref(f"base.{name}").id for name in ("EUR", "USD", "JPY", "KWD")
        )
        langs = self.env["res.lang"].with_context(active_test=False).search([])
        langs.active = True
        # without reading core's translations, which are no words of numbers
        with patch.object(
            code_translations, "get_python_translations", return_value={}
        ):
            for lang in langs:
                for currency in currencies.with_context(lang=lang.code):
                    for amount in (0, 1, 1234.567):
                        self.assertTrue(currency._get_amount_in_words(amount))

    def test_language_that_knows_only_its_own_currency_is_not_trusted(self):
        self.env["res.lang"]._activate_lang("ar_001")
        euro = self.env.ref("base.EUR").with_context(lang="ar_001")
        self.assertNotIn("ريال", euro._get_amount_in_words(1200.5))

    def test_yen_have_no_decimals(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        contract = self.create_contract(
            "Tokyo",
            [("A", "progress", "percent", 50), ("B", "final", "balance", 0)],
            contract_sum=100001,
            currency_id=yen.id,
        )
        text = self.render(SCHEDULE, contract)
        self.assertIn("¥ 100,001", text)
        self.assertIn("In words: One Hundred And Fifteen Thousand And One Yen", text)

    def test_dinars_have_three_decimals(self):
        dinar = self.env.ref("base.KWD")
        dinar.active = True
        self.product.taxes_id = False
        contract = self.create_contract(
            "Kuwait",
            [("A", "progress", "percent", 100)],
            contract_sum=1200.125,
            currency_id=dinar.id,
        )
        text = self.render(SCHEDULE, contract)
        self.assertIn("1,200.125", text)
        self.assertIn("Dinar and One Hundred And Twenty-Five Fils", text)

    # -------------------------------------------------------------------------
    # RIGHTS: see also TestDocumentRights
    # -------------------------------------------------------------------------

    def test_documents_need_the_right_to_see_amounts(self):
        for report in (SCHEDULE, STATE):
            with self.assertRaises(AccessError):
                self.render(report, user=self.project_user)

    def test_sending_needs_the_right_to_see_amounts(self):
        with self.assertRaises(AccessError):
            self.compose(self.project_user)

    def test_milestone_billing_user_without_accounting_prints(self):
        self.project_user.group_ids += self.quick_ref(
            "milestone_billing.group_milestone_billing_user"
        )
        text = self.render(SCHEDULE, user=self.project_user)
        self.assertIn("Estimated total with taxes $ 11,500.00", text)

    def test_project_without_schedule_is_not_printed(self):
        contract = self.create_contract("Empty", [])
        with self.assertRaisesRegex(UserError, "Empty has no billing schedule"):
            self.render(SCHEDULE, contract)

    # -------------------------------------------------------------------------
    # E-MAILS
    # -------------------------------------------------------------------------

    def test_schedule_is_sent_to_the_customer(self):
        with self.mock_mail_gateway():
            composer = self.compose()
            self.assertRecordValues(
                composer,
                [
                    {
                        "subject": "Billing schedule of Website",
                        "partner_ids": self.customer.ids,
                    }
                ],
            )
            self.assertIn("Billing schedule - Website", composer.attachment_ids.name)
            composer.action_send_mail()
        self.assertEqual(len(self._mails), 1)
        self.assertEqual(
            self._mails[0]["email_to"], ['"Client & Sons" <client@example.com>']
        )
        self.assertEqual(len(self._mails[0]["attachments"]), 1)

    def test_schedule_is_not_sent_to_the_projects_readers(self):
        with self.mock_mail_gateway():
            composer = self.compose()
            composer.action_send_mail()
        message = self.contract.message_ids[0]
        self.assertEqual(message.author_id, self.accountant.partner_id)
        self.assertTrue(message.attachment_ids)
        self.assertFalse(self.project.message_ids.attachment_ids)
        for records in (message, message.attachment_ids):
            self.assertTrue(records.with_user(self.accountant).has_access("read"))
            self.assertFalse(records.with_user(self.project_user).has_access("read"))

    def test_schedule_of_one_of_several_contracts_bears_its_reference(self):
        self.contract.create({"project_id": self.project.id})
        self.assertEqual(
            self.contract._get_billing_document_name(),
            "Billing schedule - Website · C-2026-014",
        )

    def test_schedule_email_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        template = self.env.ref("milestone_billing.mail_template_billing_schedule")
        template.with_context(
            lang="fr_FR"
        ).subject = "Échéancier de {{ object.project_name }}"
        composer = self.compose()
        self.assertEqual(composer.subject, "Échéancier de Website")

    def test_milestone_invoice_is_sent_with_its_own_template(self):
        move = self.bill(self.designs)
        wizard = self.env["account.move.send.wizard"].create({"move_id": move.id})
        self.assertEqual(
            wizard.subject,
            f"Milestone 1 — Designs approved · Website: invoice {move.name}",
        )
        body = normalize(html.fromstring(wizard.body).text_content())
        self.assertIn(
            "of $ 2,875.00 for Milestone 1 — Designs approved of Website", body
        )
        self.assertIn("After it, $ 7,500.00 without taxes remain to be billed.", body)

    def test_last_invoice_says_that_nothing_remains(self):
        self.bill(self.deposit | self.designs | self.build)
        last = self.bill(self.final)
        wizard = self.env["account.move.send.wizard"].create({"move_id": last.id})
        self.assertIn("billed in full", wizard.body)

    def test_template_picked_for_an_ordinary_invoice_reads_well(self):
        invoice = self.init_invoice("out_invoice", amounts=[100], post=True)
        wizard = self.env["account.move.send.wizard"].create({"move_id": invoice.id})
        wizard.template_id = self.env.ref(
            "milestone_billing.mail_template_milestone_invoice"
        )
        self.assertEqual(wizard.subject, f"{self.company.name}: invoice {invoice.name}")
        body = normalize(html.fromstring(wizard.body).text_content())
        self.assertEqual(
            body, f"Dear partner_a, Attached is the invoice {invoice.name} of $ 100.00."
        )

    def test_milestone_invoice_email_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        template = self.env.ref("milestone_billing.mail_template_milestone_invoice")
        template.with_context(lang="de_DE").subject = template.subject.replace(
            "invoice", "Rechnung"
        )
        move = self.bill(self.designs)
        wizard = self.env["account.move.send.wizard"].create({"move_id": move.id})
        self.assertRegex(wizard.subject, f"· Website: Rechnung {move.name}$")
        self.assertIn("2.875,00", wizard.body)

    def send(self, moves, **settings):
        """Send documents together by e-mail and return the subject each went with."""
        moves.partner_id.email = "client@example.com"
        with self.mock_mail_gateway():
            self.env["account.move.send"]._generate_and_send_invoices(
                moves, sending_methods=["email"], **settings
            )
        return [
            move.message_ids.filtered(lambda m: m.message_type == "comment").subject
            for move in moves
        ]

    def test_documents_sent_together_each_have_their_template(self):
        other = self.init_invoice("out_invoice", amounts=[100], post=True)
        first, second = self.bill(self.deposit), self.bill(self.designs)
        credit = self.credit(first)
        self.assertEqual(
            self.send(first | other | second | credit),
            [
                f"Deposit — Project start · Website: invoice {first.name}",
                f"{self.company.name} Invoice (Ref {other.name})",
                f"Milestone 1 — Designs approved · Website: invoice {second.name}",
                f"{self.company.name} Credit Note (Ref {credit.name})",
            ],
        )

    def test_template_chosen_for_documents_sent_together_is_kept(self):
        moves = self.bill(self.deposit | self.designs)
        core = self.env.ref("account.email_template_edi_invoice")
        self.assertEqual(
            self.send(moves, mail_template=core),
            [f"{self.company.name} Invoice (Ref {move.name})" for move in moves],
        )

    def test_template_chosen_for_one_document_is_kept(self):
        move = self.bill(self.designs)
        wizard = self.env["account.move.send.wizard"].create({"move_id": move.id})
        wizard.template_id = self.env.ref("account.email_template_edi_invoice")
        wizard.sending_methods = ["email"]
        with self.mock_mail_gateway():
            wizard.action_send_and_print()
        self.assertEqual(
            self._mails[0]["subject"], f"{self.company.name} Invoice (Ref {move.name})"
        )

    def test_other_documents_keep_cores_templates(self):
        move = self.bill(self.designs)
        other = self.init_invoice("out_invoice", amounts=[100], post=True)
        for document, template in (
            (other, "account.email_template_edi_invoice"),
            (move | other, "account.email_template_edi_invoice"),
            (self.credit(move), "account.email_template_edi_credit_note"),
        ):
            self.assertEqual(document._get_mail_template(), self.env.ref(template))
