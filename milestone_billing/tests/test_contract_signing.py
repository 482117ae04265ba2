from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import MilestoneBillingCommon, draw_signature, normalize
from .common_portal import PortalCommon


class SigningCommon(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(
            cls.env,
            login="boss",
            name="Berta Boss",
            groups="milestone_billing.group_milestone_billing_manager,"
            "project.group_project_user",
        )
        cls.client_user.partner_id.email = "clara@example.com"
        cls.contact = cls.client_user.partner_id
        cls.url = f"{cls.page}/sign"

    def ask(self):
        self.contract.with_user(self.boss).action_ask_signature()

    def by_client(self):
        """Return the contract as the controller has it for the client."""
        return self.contract.with_user(self.client_user).sudo()

    def sign(self):
        self.by_client()._accept("Clara C.", draw_signature(), self.contact)

    def get_log(self):
        return "\n".join(self.contract.message_ids.mapped("body"))

    def assertAnswer(self, state, is_outdated=False):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(
            (self.contract.acceptance_state, self.contract.is_signature_outdated),
            (state, is_outdated),
        )


class TestContractSigning(SigningCommon):
    """The client signs the schedule as they read it; an edit makes it another one."""

    # --- asking ---

    def test_asking_keeps_the_schedule_and_sends_an_e_mail(self):
        self.ask()
        self.assertAnswer("asked")
        stages = self.contract.signed_schedule["stages"]
        self.assertEqual([stage["amount"] for stage in stages], [2500.0] * 4)
        self.assertEqual(self.contract.signed_schedule["sum"], 10000.0)
        mail = self.env["mail.mail"].search(
            [("model", "=", "milestone.billing.contract")], order="id desc", limit=1
        )
        self.assertEqual(mail.recipient_ids, self.contact)
        self.assertIn(self.url, mail.body_html)
        self.assertIn("Berta Boss asked the client to sign", self.get_log())

    def test_what_cannot_be_signed_is_not_asked_for(self):
        self.contract.show_on_portal = False
        with self.assertRaisesRegex(UserError, "Customer Portal"):
            self.ask()
        self.contract.show_on_portal = True
        self.contract.partner_id = self.partner_a
        with self.assertRaisesRegex(UserError, "No contact of the customer"):
            self.ask()
        self.contract.partner_id = self.customer
        self.final.unlink()
        with self.assertRaisesRegex(UserError, "do not add up"):
            self.ask()

    def test_who_edits_no_schedule_asks_nobody(self):
        for user in (self.project_user, self.accountant, self.client_user):
            with self.assertRaises(AccessError):
                self.contract.with_user(user).action_ask_signature()

    def test_the_question_can_be_taken_back(self):
        self.ask()
        self.contract.with_user(self.boss).action_withdraw_signature()
        self.assertAnswer(False)
        self.assertFalse(self.contract.signed_schedule)

    # --- edits ---

    def test_any_edit_takes_an_open_question_back(self):
        edits = {
            "sum": lambda: self.contract.write({"contract_sum": 12000.0}),
            "share": lambda: self.designs.write({"percent": 20.0}),
            "name": lambda: self.designs.write({"name": "Sketches"}),
            "date": lambda: self.designs.write({"deadline": "2030-01-01"}),
            "stage": self.build.unlink,
            "agreed": lambda: self.build.milestone_id.write(
                {"acceptance_criteria": "All of it"}
            ),
            "customer": lambda: self.contract.write({"partner_id": self.partner_a.id}),
        }
        for name, edit in edits.items():
            with self.subTest(name), self.undone():
                self.ask()
                edit()
                self.assertAnswer(False)
                self.assertIn("no longer asks the client", self.get_log())

    def test_what_is_no_edit_leaves_it_open(self):
        self.ask()
        self.contract.write({"reference": "C-1", "user_id": False})
        self.mark_done(self.deposit)
        self.assertAnswer("asked")

    def test_any_later_edit_makes_it_an_earlier_version(self):
        self.ask()
        self.sign()
        self.assertAnswer("accepted")
        self.assertIn("Signed by Clara C.", self.contract.signature_notice)
        self.assertNotIn("changed since", self.contract.signature_notice)
        self.contract.contract_sum = 12000.0
        self.assertAnswer("accepted", is_outdated=True)
        self.assertIn("changed since", self.contract.signature_notice)
        self.assertEqual(self.contract.signed_schedule["sum"], 10000.0)
        self.contract.contract_sum = 10000.0
        self.assertAnswer("accepted")

    def test_a_change_order_makes_it_an_earlier_version_too(self):
        self.ask()
        self.sign()
        change = self.env["milestone.billing.change"].create(
            {"contract_id": self.contract.id, "name": "More", "amount": 500.0}
        )
        change.action_approve()
        self.assertAnswer("accepted", is_outdated=True)

    def test_billing_does_not_make_it_an_earlier_version(self):
        self.ask()
        self.sign()
        self.pay(self.bill(self.deposit))
        self.assertAnswer("accepted")

    def test_nobody_signs_what_changed_unseen(self):
        self.ask()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE project_milestone SET acceptance_criteria = 'More' WHERE id = %s",
            [self.build.milestone_id.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "has changed since"):
            self.sign()

    # --- the answer ---

    def test_signing_is_logged_and_told_to_who_asked(self):
        self.ask()
        self.sign()
        self.assertIn("Clara Client signed the schedule", self.get_log())
        self.assertEqual(self.contract.activity_ids.user_id, self.boss)
        self.assertIn("signed by Clara Client", self.contract.activity_ids.summary)
        with self.assertRaisesRegex(UserError, "accepted already"):
            self.sign()

    def test_sending_back_says_why(self):
        self.ask()
        self.by_client()._send_back("Later, please", self.contact)
        self.assertAnswer("returned")
        self.assertIn("Later, please", self.contract.signature_notice)
        self.assertIn("Later, please", self.get_log())

    def test_facts_are_no_users_to_give(self):
        for name, value in (
            ("acceptance_state", "accepted"),
            ("signed_schedule", {"sum": 1.0}),
            ("acceptance_signed_by", "Forged"),
        ):
            for user in (self.boss, self.accountant):
                with self.assertRaises(AccessError):
                    self.contract.with_user(user).write({name: value})

    def test_copies_are_not_signed(self):
        self.ask()
        self.sign()
        copy = self.project.copy().billing_contract_ids
        self.assertFalse(copy.acceptance_state or copy.signed_schedule)

    # --- the page ---

    def test_page_shows_what_is_to_sign(self):
        self.ask()
        self.assertIn("Review and sign", self.read_page())
        page = self.read_page(self.url)
        self.assertIn("Accept and sign", page)
        self.assertIn("2,500.00", page)
        self.assertIn("Contract sum without taxes", page)
        self.assertNotIn("right away", page)

    def test_page_is_for_the_customer_alone(self):
        response = self.visit(self.url, "clara")
        self.assertTrue(response.url.endswith(self.page))
        self.ask()
        self.assertSentAway(self.url, "otto")

    def test_others_cannot_sign(self):
        self.ask()
        self.authenticate("otto", "otto")
        answer = self.make_jsonrpc_request(
            f"{self.url}/accept", {"name": "Otto", "signature": draw_signature()}
        )
        self.assertIn("error", answer)
        self.assertAnswer("asked")

    def test_page_says_which_version_was_signed(self):
        self.ask()
        self.authenticate("clara", "clara")
        answer = self.make_jsonrpc_request(
            f"{self.url}/accept", {"name": "Clara C.", "signature": draw_signature()}
        )
        self.assertIn("message=accepted", answer["redirect_url"])
        self.assertIn("Schedule signed by Clara C.", self.read_page())
        self.contract.contract_sum = 12000.0
        self.assertIn("has changed since", self.read_page())
        page = self.read_page(self.url)
        self.assertIn("10,000.00", page)
        self.assertNotIn("12,000.00", page)


class TestSignedDeposit(SigningCommon):
    """The signature bills the deposit, which the client pays right away."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.with_user(cls.accountant).bill_deposit_when_signed = True

    def test_invoicing_users_alone_set_it(self):
        with self.assertRaises(AccessError):
            self.contract.with_user(self.boss).bill_deposit_when_signed = False
        with self.assertRaises(AccessError):
            self.env["milestone.billing.contract"].with_user(self.boss).create(
                {
                    "project_id": self.project.id,
                    "bill_deposit_when_signed": True,
                }
            )
        self.contract.with_user(self.accountant).bill_deposit_when_signed = False

    def test_signing_posts_the_deposit_whatever_happens_by_itself(self):
        for automation in ("manual", "draft", "post", "post_send"):
            with self.subTest(automation), self.undone():
                self.contract.automation = automation
                self.ask()
                self.sign()
                self.assertTrue(self.deposit.is_reached)
                invoice = self.get_invoices(self.deposit)
                self.assertEqual(invoice.state, "posted")
                self.assertEqual(self.deposit.state, "billed")
                self.assertFalse(self.designs.is_reached)

    def test_sending_back_bills_nothing(self):
        self.ask()
        self.by_client()._send_back("No", self.contact)
        self.assertFalse(self.deposit.is_reached)

    def test_a_deposit_that_is_billed_already_is_left_alone(self):
        self.bill(self.deposit)
        self.ask()
        self.sign()
        self.assertEqual(len(self.get_invoices(self.deposit)), 1)

    def test_a_signature_stands_where_nothing_can_be_invoiced_or_posted(self):
        journal = self.contract.effective_journal_id
        with self.undone():
            self.customer.active = True
            self.contract.journal_id = journal
            journal.active = False
            self.ask()
            self.sign()
            self.assertAnswer("accepted")
            self.assertEqual(self.deposit.state, "blocked")
        self.ask()
        with patch.object(
            type(self.env["account.move"]), "action_post", side_effect=UserError("Shut")
        ):
            self.sign()
        self.assertAnswer("accepted")
        invoice = self.get_invoices(self.deposit)
        self.assertEqual(invoice.state, "draft")
        self.assertIn("Shut", invoice.activity_ids.note)
        self.assertEqual(invoice.activity_ids.user_id, self.accountant)

    def test_page_says_what_can_be_paid(self):
        self.ask()
        self.assertIn("you can pay the deposit of $ 2,500.00", self.read_page(self.url))

    def test_client_signs_and_pays_the_deposit_in_one_sitting(self):
        if "payment_demo" not in self.env["ir.module.module"]._installed():
            self.skipTest("payment_demo is not installed")
        provider = self.env.ref("payment.payment_provider_demo").sudo()
        if provider.company_id != self.company:
            provider = provider.copy({"company_id": self.company.id})
        provider.write({"state": "test", "is_published": True})
        self.ask()
        self.start_tour(
            self.page, "milestone_billing_customer_signs_and_pays", login="clara"
        )
        self.env.invalidate_all()
        self.assertAnswer("accepted")
        self.assertEqual(self.deposit.state, "paid")
        self.assertEqual(self.get_invoices(self.deposit).amount_residual, 0)


class TestSignedDocument(MilestoneBillingCommon):
    """The schedule is printed with the signature, and with the version it is for."""

    def test_document_bears_the_signature(self):
        report = "milestone_billing.report_billing_schedule"
        client = new_test_user(
            self.env,
            login="clara",
            name="Clara Client",
            email="clara@example.com",
            groups="base.group_portal",
        )
        client.partner_id.parent_id = self.customer
        self.contract.action_ask_signature()
        self.contract.with_user(client).sudo()._accept(
            "Clara C.", draw_signature(), client.partner_id
        )
        text = normalize(" ".join(self.render_pdf_pages(report, self.contract)))
        self.assertIn("Signed by Clara C. on", text)
        self.assertNotIn("earlier version", text)
        self.contract.contract_sum = 12000.0
        self.env.flush_all()
        self.env.invalidate_all()
        text = normalize(" ".join(self.render_pdf_pages(report, self.contract)))
        self.assertIn("earlier version", text)
        self.assertIn("12,000.00", text)
        self.assertIn("10,000.00", text)
