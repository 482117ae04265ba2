from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import JsonRpcException, new_test_user
from odoo.tools import mute_logger

from .common import draw_signature
from .common_portal import PortalCommon
from .test_portal_acceptance import PIXEL


class TestChangeSigning(PortalCommon):
    """A change order is signed by the client for the figures that they read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(
            cls.env,
            login="boss",
            name="Berta Boss",
            groups="milestone_billing.group_milestone_billing_manager,"
            "account.group_account_invoice,project.group_project_user",
        )
        cls.client_user.partner_id.email = "clara@example.com"
        cls.contact = cls.client_user.partner_id
        cls.change = cls.create_change("Two more rooms", 2000.0)
        cls.url = f"{cls.page}/change/{cls.change.id}"

    @classmethod
    def create_change(cls, name, amount, spread="new", **values):
        return (
            cls.env["milestone.billing.change"]
            .with_user(cls.boss)
            .create(
                {
                    "contract_id": cls.contract.id,
                    "name": name,
                    "amount": amount,
                    "spread": spread,
                    "description": "To the south.",
                    **values,
                }
            )
        )

    def sign(self, login="clara", url=None, **answer):
        """Send what the signature form sends, and return what it is answered."""
        self.env.flush_all()
        self.authenticate(login, login)
        answer = {"name": "Clara C.", "signature": PIXEL, **answer}
        return self.make_jsonrpc_request(f"{url or self.url}/accept", answer)

    def by_client(self):
        """Return the change order as the controller has it for the client."""
        return self.change.with_user(self.client_user).sudo()

    def assertState(self, state, to_date):
        self.env.invalidate_all()
        self.assertEqual(
            (self.change.state, self.contract.amount_to_date), (state, to_date)
        )

    # --- asking ---

    def test_asking_keeps_the_figures_and_sends_an_e_mail(self):
        self.change.action_send()
        self.assertRecordValues(
            self.change,
            [
                {
                    "state": "sent",
                    "number": 1,
                    "acceptance_state": "asked",
                    "acceptance_user_id": self.boss.id,
                    "contract_before": 10000.0,
                    "contract_after": 12000.0,
                }
            ],
        )
        mail = self.env["mail.mail"].search(
            [("model", "=", "milestone.billing.change")], order="id desc", limit=1
        )
        self.assertEqual(mail.recipient_ids, self.contact)
        self.assertIn(f"/change/{self.change.id}", mail.body_html)
        self.assertIn("Two more rooms", mail.subject)
        self.assertState("sent", 10000)

    def test_who_cannot_reach_the_client_asks_nobody(self):
        self.contract.show_on_portal = False
        with self.assertRaisesRegex(UserError, "Customer Portal"):
            self.change.action_send()
        self.contract.show_on_portal = True
        self.contract.partner_id = self.partner_a
        with self.assertRaisesRegex(UserError, "No contact of the customer"):
            self.change.action_send()

    def test_what_does_not_fit_is_not_asked_for(self):
        self.change.write({"spread": "all", "amount": -10000.01})
        with self.assertRaisesRegex(UserError, "would exceed"):
            self.change.action_send()

    def test_any_edit_takes_the_question_back(self):
        for vals in (
            {"amount": 2500.0},
            {"description": "To the north."},
            {"stage_criteria": "Windows are in."},
        ):
            self.change.action_send()
            self.change.write(vals)
            self.assertRecordValues(
                self.change,
                [
                    {
                        "state": "draft",
                        "number": 1,
                        "acceptance_state": False,
                        "figures": False,
                    }
                ],
            )
        with self.assertRaises(UserError):
            self.by_client()._accept("Clara", draw_signature(), self.contact)

    # --- signing ---

    def test_signature_approves(self):
        self.change.action_send()
        text = self.read_page()
        self.assertIn("Change order 1 — Two more rooms Review and sign", text)
        self.assertIn("1 to sign", self.read_page("/my/billing"))
        text = self.read_page(self.url)
        self.assertIn("To the south.", text)
        self.assertRegex(text, r"Two more rooms — \$.2,000.00")
        answer = self.sign()
        self.assertIn("message=accepted", answer["redirect_url"])
        self.assertState("approved", 12000)
        self.assertRecordValues(
            self.change,
            [
                {
                    "acceptance_state": "accepted",
                    "acceptance_signed_by": "Clara C.",
                    "acceptance_partner_id": self.contact.id,
                    "approved_by": False,
                }
            ],
        )
        self.assertEqual(self.change.line_id.amount_planned, 2000)
        self.assertRegex(
            self.contract.change_log[0]["text"],
            r"Clara Client signed Change order 1 — Two more rooms, \+\$.2,000.00, as"
            r" “Clara C.”: contract",
        )
        activity = self.contract.activity_ids
        self.assertEqual(activity.user_id, self.boss)
        self.assertIn("signed by Clara Client", activity.summary)
        self.assertNotIn("to sign", self.read_page("/my/billing"))

    def test_signed_change_is_billed(self):
        self.change.action_send()
        self.sign()
        self.env.invalidate_all()
        line = self.change.line_id
        self.assertEqual(self.bill(line).amount_untaxed, 2000)
        with self.assertRaisesRegex(UserError, "bills Two more rooms"):
            self.change.action_cancel()

    def test_it_is_signed_once(self):
        self.change.action_send()
        self.sign()
        self.assertIn("accepted already", self.sign()["error"])
        self.assertState("approved", 12000)

    def test_nobody_signs_without_a_name_or_a_signature(self):
        self.change.action_send()
        self.assertIn("name", self.sign(name=" ")["error"])
        self.assertIn("Sign before", self.sign(signature="")["error"])
        self.assertState("sent", 10000)

    def test_figures_that_changed_since_are_not_signed(self):
        self.change.action_send()
        self.create_change("Another", 500.0).action_approve()
        self.assertTrue(self.change.is_outdated)
        self.assertIn("has changed since", self.sign()["error"])
        self.assertState("sent", 10500)
        self.change.action_send()
        self.assertIn("redirect_url", self.sign())
        self.assertState("approved", 12500)

    def test_sent_back_change_is_declined(self):
        self.change.action_send()
        self.env.flush_all()
        self.authenticate("clara", "clara")
        self.url_open(
            f"{self.url}/send_back",
            data={"reason": "Too dear.", "csrf_token": Request.csrf_token(self)},
        )
        self.assertState("declined", 10000)
        self.assertEqual(self.change.acceptance_return_reason, "Too dear.")
        self.assertIn("Too dear.", self.contract.change_log[0]["text"])
        self.assertIn("declined by Clara", self.contract.activity_ids.summary)
        self.assertIn("Too dear.", self.read_page(self.url))

    def test_approved_here_it_does_not_wait_for_a_signature(self):
        self.change.action_send()
        self.change.action_approve()
        self.assertRecordValues(
            self.change, [{"acceptance_state": False, "approved_by": self.boss.id}]
        )
        self.assertTrue(self.visit(self.url, "clara").url.endswith(self.page))

    def test_declined_or_cancelled_it_does_not_wait_either(self):
        for act in ("action_decline", "action_cancel"):
            change = self.create_change("Other", 100.0)
            change.action_send()
            getattr(change, act)()
            self.assertFalse(change.acceptance_state)
            self.assertNotIn("Other", self.read_page())

    # --- what is listed ---

    def test_all_that_is_agreed_is_listed(self):
        self.change.action_send()
        self.sign()
        self.create_change(
            "A gate", 500.0, client_reference="PO 7", description="Ours alone."
        ).action_approve()
        text = self.read_page()
        self.assertRegex(
            text,
            r"Change order 1 — Two more rooms \S+ · Signed by Clara C. \+\$.2,000.00"
            r" Approved Change order 2 — A gate \S+ · PO 7 · Approved by"
            rf" {self.company.name} \+\$.500.00 Approved",
        )
        self.assertNotIn("Berta", text)
        self.assertNotIn("Ours alone.", text)

    def test_what_is_not_agreed_is_not_listed(self):
        self.create_change("A draft", 500.0)
        self.create_change("Dropped", 500.0).action_cancel()
        taken_back = self.create_change("Taken back", 500.0)
        taken_back.action_approve()
        self.assertIn("Taken back", self.read_page())
        taken_back.action_cancel()
        other = self.create_second_contract([("Garden", "final", "percent", 100.0)])
        self.env["milestone.billing.change"].with_user(self.boss).create(
            {"contract_id": other.id, "name": "Hedge", "amount": 100.0}
        ).action_approve()
        text = self.read_page()
        for name in ("A draft", "Dropped", "Taken back", "Hedge", "Change order"):
            self.assertNotIn(name, text)

    def test_what_was_approved_here_has_no_page(self):
        change = self.create_change("A gate", 500.0)
        change.action_approve()
        self.assertIn("A gate", self.read_page())
        url = f"{self.page}/change/{change.id}"
        self.assertTrue(self.visit(url, "clara").url.endswith(self.page))
        self.assertSentAway(f"{url}/pdf", "clara")
        self.assertSentAway(self.page, "otto")

    # --- who ---

    def test_draft_is_not_shown(self):
        self.assertNotIn("Two more rooms", self.read_page())
        self.assertTrue(self.visit(self.url, "clara").url.endswith(self.page))

    def test_strangers_neither_see_nor_sign(self):
        self.change.action_send()
        self.assertSentAway(self.url, "otto")
        self.assertSentAway(f"{self.url}/pdf", "otto")
        self.assertEqual(
            self.sign(login="otto")["error"], "Only the customer can answer this."
        )
        other = self.create_second_contract([("Garden", "final", "percent", 100.0)])
        self.assertSentAway(f"/my/billing/{other.id}/change/{self.change.id}", "clara")
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self.sign(login=None)
        self.assertState("sent", 10000)

    def test_preview_shows_but_signs_not(self):
        self.change.action_send()
        self.assertIn("has not answered yet", self.read_page(self.url, login="boss"))
        self.assertIn("Only the customer", self.sign(login="boss")["error"])

    def test_client_downloads_the_document(self):
        self.change.action_send()
        response = self.visit(f"{self.url}/pdf", "clara")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")

    def test_signatures_are_given_by_no_request(self):
        for vals in (
            {"acceptance_state": "accepted"},
            {"acceptance_signed_by": "Clara"},
            {"acceptance_signature": PIXEL},
            {"acceptance_partner_id": self.contact.id},
        ):
            with self.assertRaises(AccessError):
                self.change.write(vals)
            with self.assertRaises(AccessError):
                self.create_change("Forged", 1.0, **vals)

    # --- in a real browser ---

    def test_tour_from_the_change_order_to_its_invoice(self):
        self.start_tour(
            f"/odoo/project-billing/{self.contract.id}",
            "milestone_billing_ask_to_sign_change",
            login="boss",
        )
        self.change.invalidate_model()
        change = self.contract.change_ids - self.change
        self.assertEqual(change.state, "sent")
        self.start_tour(
            self.page, "milestone_billing_customer_signs_change", login="clara"
        )
        self.env.invalidate_all()
        self.assertEqual(change.state, "approved")
        self.start_tour(
            f"/odoo/project-billing/{self.contract.id}",
            "milestone_billing_bill_signed_change",
            login="boss",
        )
        self.env.invalidate_all()
        self.assertRecordValues(
            change.line_id, [{"state": "billed", "amount_billed": 2000.0}]
        )
