from itertools import pairwise

from lxml import html

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common_portal import PortalCommon


class TestPortal(PortalCommon):
    # -------------------------------------------------------------------------
    # What the customer sees
    # -------------------------------------------------------------------------

    def test_page_shows_stages_with_state_amount_and_documents(self):
        invoice = self.bill(self.deposit)
        self.pay(invoice)
        second = self.bill(self.designs)
        text = self.read_page()
        self.assertRegex(text, r"Contract sum \$ 10,000\.00 Invoiced \$ 5,000\.00")
        self.assertRegex(text, r"Paid \$ 2,500\.00 Still to be invoiced \$ 5,000\.00")
        self.assertIn("2 of 4 stages delivered.", text)
        self.assertIn("Next: Milestone 2 — Build complete", text)
        self.assertRegex(
            text,
            rf"Deposit — Project start .*{invoice.name} 03/31/2026 \$ 2,500\.00 Paid"
            rf" Milestone 1 — Designs approved .*{second.name} 03/31/2026"
            r" \$ 2,500\.00 Invoiced"
            r" Milestone 2 — Build complete \$ 2,500\.00 To come"
            r" Final — Launch / delivery \$ 2,500\.00 To come"
            r" Total without taxes \$ 10,000\.00",
        )

    def test_invoices_to_pay_show_what_is_due_with_taxes(self):
        paid = self.bill(self.deposit)
        self.pay(paid)
        due = self.bill(self.designs)
        self.pay(due, 875)
        text = self.read_page()
        to_pay = text[text.index("To pay") : text.index("Billing schedule 2 of")]
        self.assertNotIn(paid.name, to_pay)
        self.assertIn(f"{due.name} Milestone 1 — Designs approved", to_pay)
        self.assertIn("$ 2,000.00 including taxes", to_pay)

    def test_nothing_to_pay_is_not_mentioned(self):
        self.pay(self.bill(self.deposit))
        self.assertNotIn("To pay", self.read_page())

    def test_drafted_stage_reads_as_delivered_with_its_invoice_in_preparation(self):
        self.mark_done(self.build)
        draft = self.get_invoices(self.build)
        response = self.visit(self.page, "clara")
        text = self.read_page()
        self.assertIn("Delivered Invoice in preparation", text)
        self.assertIn("Invoiced $ 0.00", text)
        self.assertNotIn(f"/my/invoices/{draft.id}", response.text)
        self.assertNotIn("Draft", text)

    def test_credit_note_is_listed_as_such(self):
        invoice = self.bill(self.deposit)
        credit_note = self.credit(invoice)
        text = self.read_page()
        self.assertIn(f"{credit_note.name} (credit note)", text)
        self.assertIn("$ 2,500.00 Credited", text)

    def test_written_off_amounts_are_told(self):
        self.mark_done(self.build)
        invoice = self.get_invoices(self.build)
        invoice.invoice_line_ids.price_unit = 2000
        self.post(invoice)
        self.build._give_up_open("write_off", "Agreed")
        text = self.read_page()
        self.assertIn("Contract sum to date $ 9,500.00", text)
        self.assertIn("Of the agreed $ 10,000.00, $ 500.00 was cancelled.", text)

    def test_stages_and_their_total_are_those_of_the_downloaded_schedule(self):
        self.mark_done(self.build)
        self.get_invoices(self.build).invoice_line_ids.price_unit = 3000
        text = self.read_page()
        self.assertIn("$ 3,000.00 Delivered Invoice in preparation", text)
        self.assertIn("Launch / delivery $ 2,000.00 To come", text)
        self.assertIn("Total without taxes $ 10,000.00", text)

    def test_total_is_that_of_the_stages_where_they_are_not_the_contract(self):
        for contract_sum in (12000, 8000):
            contract = self.create_contract(
                f"Contract of {contract_sum}",
                [
                    ("One", "progress", "fixed", 5000),
                    ("Two", "progress", "fixed", 5000),
                ],
                contract_sum=contract_sum,
            )
            text = self.read_page(f"/my/billing/{contract.id}")
            self.assertIn(f"Contract sum $ {contract_sum:,}.00", text)
            self.assertIn("Total without taxes $ 10,000.00", text)

    def test_page_and_list_count_the_same_stages_as_delivered(self):
        self.deposit.amount_opening = 2500  # billed elsewhere, not marked done
        self.mark_done(self.designs)
        self.build._give_up_open("write_off", "Agreed")
        self.assertIn("1 of 4 stages delivered.", self.read_page())
        self.assertIn("1/4", self.read_page("/my/billing"))

    def test_invoice_that_the_accountant_made_out_to_another_is_not_shown(self):
        self.mark_done(self.deposit)
        invoice = self.get_invoices(self.deposit)
        invoice.partner_id = self.other_customer
        self.pay(self.post(invoice))
        text = self.read_page()
        self.assertNotIn(invoice.name, text)
        self.assertIn("Invoiced $ 0.00 Paid $ 0.00", text)
        self.assertIn("$ 2,500.00 was billed to another customer", text)
        self.assertSentAway(self.page, "otto")
        self.assertFalse(self.get_links(f"/my/invoices/{invoice.id}", "otto"))

    def test_schedule_is_downloaded_as_pdf(self):
        response = self.visit(f"{self.page}/schedule", "clara")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn("Website.pdf", response.headers["Content-Disposition"])
        # not made a PDF of while testing
        self.assertIn("Build complete", response.content.decode())

    def test_state_of_billing_is_downloaded_as_pdf(self):
        self.pay(self.bill(self.deposit))
        response = self.visit(f"{self.page}/state", "clara")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn("State", response.headers["Content-Disposition"])
        content = response.content.decode()
        self.assertIn("Project start", content)
        self.assertIn("2,500.00", content)
        self.assertSentAway(f"{self.page}/state", "otto")

    def test_list_shows_what_is_to_pay_with_taxes(self):
        self.assertNotIn("$ 2,875.00", self.read_page("/my/billing"))
        self.bill(self.deposit)
        self.pay(self.bill(self.designs), 875)
        self.assertIn("2/4 $ 4,875.00 $ 5,000.00", self.read_page("/my/billing"))

    def test_page_speaks_the_visitors_language(self):
        if "website" in self.env["ir.module.module"]._installed():
            self.skipTest("a website has languages of its own")
        self.env["res.lang"]._activate_lang("fr_FR")
        self.client_user.lang = "fr_FR"
        self.mark_done(self.build)
        self.assertIn("2 500,00", self.read_page().replace("\u202f", " "))

    def test_discount_is_told_from_money(self):
        move = self.bill(self.deposit)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "payment_date": move.date,
                    "amount": 2760.0,
                    "payment_difference_handling": "reconcile",
                    "writeoff_account_id": self.company_data[
                        "default_account_expense"
                    ].id,
                }
            )
        )
        wizard._create_payments()
        text = self.read_page()
        self.assertIn("Invoiced $ 2,500.00 Paid $ 2,400.00", text)
        self.assertIn(
            "Discounts and deductions settled $ 100.00 of what was invoiced.", text
        )
        self.assertIn("$ 2,500.00 Paid", text)
        self.assertNotIn("To pay", text)

    def test_invoice_without_due_date_is_to_pay(self):
        first, second = self.bill(self.deposit | self.designs)
        # as a request can leave it
        second.invoice_date_due = False
        text = self.read_page()
        to_pay = text[text.index("To pay") : text.index("Billing schedule 2 of")]
        self.assertIn(first.name, to_pay)
        self.assertIn(
            f"{second.name} Milestone 1 — Designs approved $ 2,875.00", to_pay
        )

    def test_names_and_texts_are_shown_as_text(self):
        attack = "<script>alert('x')</script><img src=x onerror=alert(1)>"
        self.project.name = self.contract.reference = attack
        self.build.write({"name": attack})
        self.build.milestone_id.acceptance_criteria = attack
        self.bill(self.deposit)
        for url in (self.page, "/my/billing"):
            page = self.visit(url, "clara").text
            self.assertIn("&lt;script&gt;alert", page)
            self.assertNotIn("<script>alert(", page)
            self.assertNotIn("<img src=x", page)

    # -------------------------------------------------------------------------
    # Where customers find it
    # -------------------------------------------------------------------------

    def get_links(self, url, login="clara"):
        """Return the links of a page to the billing of the project."""
        page = html.fromstring(self.visit(url, login).content)
        return page.xpath(f"//a[@href='{self.page}']")

    def test_my_account_has_an_entry_with_the_count(self):
        second = self.create_contract("Second", [("All", "final", "balance", 0)])
        self.assertIn("Project Billing (2)", self.read_page("/my"))
        text = self.read_page("/my/billing")
        self.assertIn("Website", text)
        second.show_on_portal = False
        self.assertIn("Project Billing (1)", self.read_page("/my"))
        self.assertNotIn("Second", self.read_page("/my/billing"))

    def test_count_of_the_entry_is_loaded_without_writing(self):
        self.authenticate("clara", "clara")
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["milestone_billing_count"]}
        )
        self.assertEqual(counters, {"milestone_billing_count": 1})

    def test_pages_of_project_and_invoice_lead_to_it(self):
        invoice = self.bill(self.deposit)
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(
            (self.client_user | self.other_user).partner_id.ids
        )
        for url in ("/my/projects", f"/my/projects/{self.project.id}"):
            self.assertTrue(self.get_links(url), url)
            self.assertFalse(self.get_links(url, "otto"), url)
        self.assertTrue(self.get_links(f"/my/invoices/{invoice.id}"))

    def test_collaborators_of_the_customer_reach_it_from_the_shared_project(self):
        self.project.privacy_visibility = "portal"
        for user in (self.client_user, self.other_user):
            self.project.message_subscribe(user.partner_id.ids)
            self.project._add_collaborators(user.partner_id)
        url = f"/my/projects/{self.project.id}"
        response = self.visit(url, "clara")
        self.assertTrue(response.url.endswith("/project_sharing"))
        self.assertIn(f'"milestone_billing_url": "{self.page}"', response.text)
        self.assertIn('"milestone_billing_url": false', self.visit(url, "otto").text)

    def test_project_of_two_contracts_leads_to_their_list(self):
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(self.client_user.partner_id.ids)
        theirs = self.add_contract(self.other_customer)
        urls = ("/my/projects", f"/my/projects/{self.project.id}")
        for url in urls:
            self.assertTrue(self.get_links(url), url)
        self.add_contract(self.customer)
        for url in urls:
            page = html.fromstring(self.visit(url, "clara").content)
            self.assertTrue(page.xpath("//main//a[@href='/my/billing']"), url)
        self.assertNotIn(theirs.reference, self.read_page("/my/billing"))

    # -------------------------------------------------------------------------
    # Who may see it
    # -------------------------------------------------------------------------

    def add_contract(self, customer):
        """Return another contract of the project, for a customer."""
        return self.contract.create(
            {
                "project_id": self.project.id,
                "partner_id": customer.id,
                "reference": f"Of {customer.name}",
                "contract_sum": 777.0,
                "product_id": self.product.id,
                "line_ids": [
                    Command.create({"name": "Hosting", "basis": "balance"}),
                ],
            }
        )

    def test_each_customer_of_a_project_sees_his_own_contract(self):
        theirs = self.add_contract(self.other_customer)
        invoice = self.bill(theirs.line_ids)
        page = f"/my/billing/{theirs.id}"
        text = self.read_page(page, "otto")
        self.assertIn("Hosting", text)
        self.assertIn(invoice.name, text)
        self.assertNotIn("Build complete", text)
        self.assertSentAway(page, "clara")
        self.assertSentAway(self.page, "otto")
        text = self.read_page()
        for secret in ("Hosting", "777", invoice.name, self.other_customer.name):
            self.assertNotIn(secret, text)

    def get_invoice_links(self, login):
        """Return the addresses of invoices that the page hands out."""
        page = html.fromstring(self.visit(self.page, login).content)
        return page.xpath("//main//a[contains(@href, '/my/invoices/')]/@href")

    def test_address_of_an_invoice_is_for_who_may_read_it(self):
        invoice = self.bill(self.deposit)
        self.assertTrue(self.get_invoice_links("clara"))
        self.assertTrue(self.get_invoice_links("accountant"))
        # he sees the schedule, but no invoices
        self.assertFalse(invoice.with_user(self.project_admin).has_access("read"))
        self.assertFalse(self.get_invoice_links("project_admin"))
        self.assertIn(invoice.name, self.read_page(login="project_admin"))
        page = self.visit(self.page, "project_admin").text
        self.assertNotIn("access_token", page)

    def test_rule_on_invoices_holds_for_the_customers_contacts_too(self):
        invoice = self.bill(self.deposit)
        colleague = self.create_portal_user("carl", "Carl", self.customer)
        self.env["ir.rule"].create(
            {
                "name": "Not Carl",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "domain_force": f"[('id', '!=', user.id == {colleague.id}"
                f" and {invoice.id})]",
            }
        )
        self.assertTrue(self.get_invoice_links("clara"))
        self.assertFalse(self.get_invoice_links("carl"))
        text = self.read_page(login="carl")
        self.assertIn(invoice.name, text)
        self.assertNotIn("Pay now", text)
        self.assertNotIn("access_token", self.visit(self.page, "carl").text)

    def test_all_of_the_commercial_entity_see_it_though_nothing_is_shared(self):
        self.project.privacy_visibility = "followers"
        branch = self.env["res.partner"].create(
            {"name": "Accounts payable", "parent_id": self.customer.id}
        )
        self.contract.partner_id = branch
        self.assertIn("Build complete", self.read_page())

    def test_others_are_sent_away(self):
        new_test_user(self.env, login="employee", groups="base.group_user")
        collaborator = self.other_user.partner_id
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(collaborator.ids)
        self.project._add_collaborators(collaborator)
        for url in (self.page, f"{self.page}/schedule"):
            self.assertSentAway(url, "otto")
            self.assertSentAway(url, "employee")
            self.assertSentAway(url, "pm")  # sees no amounts
            self.assertSentAway(url, None, to="/web/login")
        self.assertSentAway("/my/billing", None, to="/web/login")
        self.assertNotIn("Website", self.read_page("/my/billing", "otto"))

    def test_guessed_projects_are_as_unknown_as_missing_ones(self):
        contract = self.create_contract(
            "Theirs",
            [("All", "final", "balance", 0)],
            partner_id=self.other_customer.id,
        )
        self.assertSentAway(f"/my/billing/{contract.id}", "clara")
        self.assertSentAway("/my/billing/987654321", "clara")

    def test_no_token_opens_it(self):
        invoice = self.bill(self.deposit)
        for document in (self.project, invoice):
            token = document._portal_ensure_token()
            url = f"{self.page}?access_token={token}"
            self.assertSentAway(url, None, to="/web/login")
            self.assertSentAway(url, "otto")

    def test_token_of_an_invoice_shows_its_own_frozen_block_only(self):
        invoice = self.bill(self.deposit)
        second = self.bill(self.designs)
        url = invoice.get_portal_url()
        self.assertFalse(self.get_links(url, None))
        block = self.visit(f"{url}&report_type=html", None).content.decode()
        self.assertTrue("Deposit — Project start" in block)
        self.assertTrue(invoice.name in block)
        self.assertFalse(second.name in block)

    def test_customers_see_no_page_of_what_is_not_billed_or_not_shown(self):
        self.bill(self.deposit)
        for record, values in (
            (self.contract, {"show_on_portal": False}),
            (self.contract, {"active": False}),
            (self.project, {"active": False}),
            (self.project, {"is_template": True}),
        ):
            with self.subTest(values):
                before = {name: record[name] for name in values}
                record.write(values)
                self.assertSentAway(self.page, "clara")
                record.write(before)
        self.assertIn("Build complete", self.read_page())

    def test_former_customer_keeps_his_invoice_and_the_new_one_sees_his_own(self):
        former = self.bill(self.deposit)
        self.pay(former)
        self.contract.partner_id = self.other_customer
        own = self.bill(self.designs)
        self.assertSentAway(self.page, "clara")
        self.assertIn("Invoice", self.visit(f"/my/invoices/{former.id}", "clara").text)
        text = self.read_page(login="otto")
        self.assertIn(own.name, text)
        self.assertNotIn(former.name, text)
        self.assertIn("Invoiced $ 2,500.00 Paid $ 0.00", text)
        self.assertIn("$ 2,500.00 was billed to another customer", text)
        self.assertIn("Milestone 1 — Designs approved", text)
        self.assertRegex(text, r"Deposit — Project start [^P]*\$ 2,500\.00 Billed")

    def test_users_who_see_the_schedule_preview_the_page(self):
        self.assertIn("This is a preview", self.visit(self.page, "accountant").text)
        private = new_test_user(
            self.env,
            login="biller",
            groups="project.group_project_user,"
            "milestone_billing.group_milestone_billing_user",
        )
        self.assertIn("Build complete", self.read_page(login="biller"))
        self.project.privacy_visibility = "followers"
        self.project.message_unsubscribe(private.partner_id.ids)
        self.assertSentAway(self.page, "biller")

    def test_what_no_customer_can_see_is_not_previewed(self):
        contract = self.contract.with_user(self.accountant)
        self.assertEqual(contract.action_preview_billing()["url"], self.page)
        self.contract.partner_id = False
        with self.assertRaisesRegex(UserError, "no customer"):
            contract.action_preview_billing()
        self.contract.partner_id = self.customer
        self.contract.line_ids.unlink()
        with self.assertRaisesRegex(UserError, "no billing schedule"):
            contract.action_preview_billing()

    def test_page_of_another_companys_project_is_shown_to_its_customer(self):
        company = self._create_company(name="Second company")
        product = self.env["product.product"].create({"name": "Work"})
        contract = self.create_contract(
            "Abroad",
            [("All", "final", "balance", 0)],
            company_id=company.id,
            product_id=product.id,
            user_id=False,
        )
        self.assertNotIn(company, self.client_user.company_ids)
        url = f"/my/billing/{contract.id}"
        self.assertIn("Second company", self.read_page(url))

    def test_headings_follow_each_other(self):
        self.bill(self.deposit)
        page = html.fromstring(self.visit(self.page, "clara").content)
        levels = [
            int(node.tag[1])
            for node in page.xpath("//main//*[self::h1 or self::h2 or self::h3]")
        ]
        self.assertEqual(levels[0], 1)
        self.assertEqual(levels.count(1), 1)
        self.assertLessEqual(max(b - a for a, b in pairwise(levels)), 1)
