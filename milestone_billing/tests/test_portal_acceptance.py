from odoo.http import Request
from odoo.tests import JsonRpcException
from odoo.tools import mute_logger

from .common_portal import PortalCommon

# the smallest image
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAA"
    "AABJRU5ErkJggg=="
)


class TestPortalAcceptance(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client_user.partner_id.email = "clara@example.com"
        cls.milestone = cls.build.milestone_id
        cls.milestone.acceptance_criteria = "All pages work."
        cls.contract.allow_acceptance = True
        cls.milestone.with_user(cls.project_user).action_ask_acceptance()
        cls.url = f"{cls.page}/milestone/{cls.milestone.id}"

    def sign(self, login="clara", url=None, **answer):
        """Send what the signature form sends, and return what it is answered."""
        self.env.flush_all()
        self.authenticate(login, login)
        answer = {"name": "Clara C.", "signature": PIXEL, **answer}
        return self.make_jsonrpc_request(f"{url or self.url}/accept", answer)

    def send_back(self, reason, login="clara"):
        """Submit the form that sends the milestone back."""
        self.env.flush_all()
        self.authenticate(login, login)
        return self.url_open(
            f"{self.url}/send_back",
            data={"reason": reason, "csrf_token": Request.csrf_token(self)},
        )

    def assertAcceptance(self, state, is_reached=False):
        self.env.invalidate_all()
        self.assertRecordValues(
            self.milestone, [{"acceptance_state": state, "is_reached": is_reached}]
        )

    def test_home_and_list_say_how_many_wait_for_a_signature(self):
        self.assertIn("Project Billing (1) 1 to sign", self.read_page("/my"))
        self.assertIn("Website 1 to sign", self.read_page("/my/billing"))
        self.sign()
        self.assertNotIn("to sign", self.read_page("/my"))
        self.assertNotIn("to sign", self.read_page("/my/billing"))

    def test_page_leads_to_what_waits_for_acceptance(self):
        text = self.read_page()
        self.assertIn(
            "Waiting for your acceptance Build complete Review and sign", text
        )
        text = self.read_page(self.url)
        self.assertIn("All pages work.", text)
        self.assertIn("Milestone 2 — Build complete: $ 2,500.00 without taxes", text)
        self.assertIn("Accept and sign Send back", text)

    def test_signing_marks_done_and_drafts_the_invoice(self):
        answer = self.sign()
        self.assertEqual(answer["redirect_url"], f"{self.page}?message=accepted")
        self.assertAcceptance("accepted", is_reached=True)
        invoice = self.get_invoices(self.build)
        self.assertEqual(len(invoice), 1)
        self.assertEqual(invoice.invoice_user_id, self.project_user)
        text = self.read_page()
        self.assertIn("Accepted by Clara C. on", text)
        self.assertIn("Invoice in preparation", text)
        self.assertIn("Accepted by Clara C. on", self.read_page(self.url))

    def test_signing_again_is_refused_with_the_reason(self):
        self.sign()
        self.assertIn("accepted already", self.sign()["error"])
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_signature_is_needed(self):
        for answer in (
            {"name": " "},
            {"name": "\u200b"},
            {"signature": ""},
            {"signature": "no image"},
        ):
            self.assertTrue(self.sign(**answer)["error"])
        self.assertAcceptance("asked")

    def test_sending_back_stores_the_reason(self):
        response = self.send_back("The logo is missing.")
        self.assertTrue(response.url.endswith("?message=returned"))
        self.assertAcceptance("returned")
        self.assertEqual(
            self.milestone.acceptance_return_reason, "The logo is missing."
        )
        self.assertIn("The logo is missing.", self.read_page(self.url))
        self.assertNotIn("Accept and sign", self.read_page(self.url))

    def test_sending_back_without_reason_says_what_to_do(self):
        response = self.send_back("  ")
        self.assertIn("Say what is missing", response.text)
        self.assertAcceptance("asked")

    def test_sending_back_needs_the_forms_token(self):
        self.authenticate("clara", "clara")
        with mute_logger("odoo.http"):
            response = self.url_open(f"{self.url}/send_back", data={"reason": "No"})
        self.assertEqual(response.status_code, 400)
        self.assertAcceptance("asked")

    def test_others_cannot_answer(self):
        collaborator = self.other_user.partner_id
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(collaborator.ids)
        self.project._add_collaborators(collaborator)
        for login in ("otto", "pm", "accountant"):
            self.assertEqual(
                self.sign(login), {"error": "Only the customer can answer this."}
            )
            self.send_back("No", login)
            self.assertAcceptance("asked")
        self.assertSentAway(self.url, "otto")
        self.assertSentAway(self.url, None, to="/web/login")
        self.assertNotIn(
            "Accept and sign", self.read_page(self.url, login="accountant")
        )

    def test_public_cannot_answer(self):
        self.authenticate(None, None)
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self.make_jsonrpc_request(
                f"{self.url}/accept", {"name": "X", "signature": PIXEL}
            )
        self.assertAcceptance("asked")

    def test_milestones_of_other_projects_are_not_answered(self):
        theirs = self.create_contract(
            "Theirs",
            [("Secret stage", "final", "balance", 0)],
            partner_id=self.other_customer.id,
            allow_acceptance=True,
        )
        self.other_user.partner_id.email = "otto@example.com"
        theirs.line_ids.milestone_id.action_ask_acceptance()
        milestone = theirs.line_ids.milestone_id
        for contract in (theirs, self.contract):
            url = f"/my/billing/{contract.id}/milestone/{milestone.id}"
            self.assertIn("error", self.sign(url=url))
            self.assertNotIn("Secret stage", self.visit(url, "clara").text)
        self.assertFalse(milestone.is_reached)

    def test_withdrawn_question_leads_back_to_the_project(self):
        self.milestone.with_user(self.project_user).action_withdraw_acceptance()
        self.assertTrue(self.visit(self.url, "clara").url.endswith(self.page))
        answer = {"error": "This does not wait for your acceptance any more."}
        self.assertEqual(self.sign(), answer)
        self.assertIn(answer["error"], self.send_back("The logo is missing.").text)

    def test_acceptance_switched_off_is_not_offered(self):
        self.contract.allow_acceptance = False
        self.assertNotIn("Waiting for your acceptance", self.read_page())
        self.assertIn("error", self.sign())

    def test_new_customer_does_not_see_the_former_ones_signature(self):
        self.sign()
        self.contract.partner_id = self.other_customer
        self.assertNotIn("Clara", self.visit(self.page, "otto").text)
        self.assertNotIn("Clara", self.visit(self.url, "otto").text)

    def test_names_and_reasons_are_shown_as_text(self):
        attack = "<script>alert('x')</script>"
        self.milestone.write({"name": attack, "acceptance_criteria": attack})
        self.assertNotIn("<script>alert(", self.visit(self.url, "clara").text)
        response = self.send_back(attack)
        for page in (response.text, self.visit(self.url, "clara").text):
            self.assertIn("&lt;script&gt;alert", page)
            self.assertNotIn("<script>alert(", page)
