import base64
from contextlib import closing
from io import BytesIO
from unittest.mock import patch

from PIL import Image

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from .common import MilestoneBillingCommon

# what a keyboard hardly makes, and nobody sees: zero width, blank Braille, fillers
INVISIBLE = ("\u200b", "\u2800", "\u3164", " \u00ad\u2060", "\ufe0f\u034f", "\u202e")
UNANSWERED = {
    "acceptance_partner_id": False,
    "acceptance_signed_by": False,
    "acceptance_signed_on": False,
    "acceptance_signature": False,
    "acceptance_return_reason": False,
}
NOTHING = {
    **UNANSWERED,
    "acceptance_state": False,
    "acceptance_contract_id": False,
    "acceptance_asked_on": False,
    "acceptance_user_id": False,
}


def draw_signature(image_format="PNG", size=(60, 20)):
    """Return an image as the dialog sends it, base64 encoded."""
    image = BytesIO()
    Image.new("RGB", size, "white").save(image, image_format)
    return base64.b64encode(image.getvalue()).decode()


class AcceptanceCommon(MilestoneBillingCommon):
    """A project whose client is asked; the client answers as the portal lets him."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # as in a database in use: tracking and subscriptions are on
        cls.env = cls.env(context={})
        cls.contract = cls.contract.with_env(cls.env)
        cls.project = cls.contract.project_id
        cls.contract.allow_acceptance = True
        cls.project.message_subscribe(cls.project_user.partner_id.ids)
        cls.customer.is_company = True
        cls.client = cls.create_portal_user("Carla Client", cls.customer)
        cls.contact = cls.client.partner_id
        cls.milestone = cls.build.milestone_id.with_env(cls.env)
        cls.milestones = cls.project.milestone_ids
        cls.signature = draw_signature()

    @classmethod
    def create_portal_user(cls, name, company, **values):
        user = new_test_user(
            cls.env,
            login=name,
            name=name,
            groups="base.group_portal",
            email=f"{name.split()[0].lower()}@example.com",
            **values,
        )
        user.partner_id.parent_id = company
        return user

    def ask(self, milestones=None):
        """Ask as the project manager, without accounting rights."""
        milestones = self.milestone if milestones is None else milestones
        milestones.with_user(self.project_user).action_ask_acceptance()

    def by_client(self, milestone=None, user=None):
        """Return the milestone as the controller has it for the client."""
        milestone = self.milestone if milestone is None else milestone
        return milestone.with_user(user or self.client).sudo()

    def accept(self, milestone=None, name="C. Client"):
        self.by_client(milestone)._accept(name, self.signature, self.contact)

    def send_back(self, reason="The menu is missing"):
        self.by_client()._send_back(reason, self.contact)

    def get_log(self):
        """Return the texts of the project's chatter, the newest first."""
        return [message.preview for message in self.project.message_ids]

    def get_mails(self):
        return self.env["mail.mail"].search(
            [
                ("model", "=", "project.milestone"),
                ("res_id", "in", self.project.milestone_ids.ids),
            ]
        )


class TestAcceptanceAsked(AcceptanceCommon):
    """The project manager asks."""

    def assertNotAsked(self, reason, milestones=None):
        with (
            self.assertRaisesRegex(UserError, reason) as refusal,
            closing(self.env.cr.savepoint()),
        ):
            self.ask(milestones)
        self.assertFalse(any(self.milestones.mapped("acceptance_state")))
        self.assertFalse(self.get_mails())
        return str(refusal.exception)

    def test_option_is_off_by_default_and_copied(self):
        project = self.env["project.project"].create({"name": "New"})
        contract = self.contract.create({"project_id": project.id})
        self.assertFalse(contract.allow_acceptance)
        copied = self.project.copy().billing_contract_ids
        self.assertTrue(copied.allow_acceptance)

    def test_option_comes_along_with_a_template(self):
        template = self.project.copy({"is_template": True})
        made = template.action_create_from_template({"name": "Made from it"})
        self.assertTrue(made.billing_contract_ids.allow_acceptance)

    def test_project_user_asks(self):
        self.ask()
        self.assertRecordValues(
            self.milestone,
            [
                {
                    **UNANSWERED,
                    "acceptance_state": "asked",
                    "acceptance_contract_id": self.contract.id,
                    "acceptance_user_id": self.project_user.id,
                }
            ],
        )
        self.assertTrue(self.milestone.acceptance_asked_on)
        self.assertEqual(
            self.get_log()[0],
            "Petra Manager asked the client to accept Build complete.",
        )

    def test_several_are_asked_for_with_one_line_of_log(self):
        messages = self.project.message_ids
        self.ask(self.milestones)
        self.assertEqual(set(self.milestones.mapped("acceptance_state")), {"asked"})
        self.assertEqual(len(self.get_mails()), 4)
        self.assertEqual(len(self.project.message_ids - messages), 1)

    def test_one_that_cannot_be_accepted_refuses_all(self):
        self.mark_done(self.designs)
        message = self.assertNotAsked("done already", self.milestones)
        self.assertIn("Designs approved", message)
        self.assertNotIn("Build complete", message)

    def test_not_while_the_option_is_off(self):
        self.contract.allow_acceptance = False
        self.assertNotAsked("acceptance is switched off")

    def test_not_while_the_contract_is_archived(self):
        self.contract.active = False
        self.assertNotAsked("contract is archived")

    def test_not_for_a_template(self):
        self.project.is_template = True
        self.assertNotAsked("template is not billed")

    def test_not_for_what_is_no_stage(self):
        milestone = self.milestone.create(
            {"name": "Internal", "project_id": self.project.id}
        )
        self.assertNotAsked("no milestone line", milestone)

    def test_not_without_a_customer(self):
        self.contract.partner_id = False
        self.assertNotAsked("no customer")

    def test_not_without_a_portal_login(self):
        self.client.active = False
        message = self.assertNotAsked("has a portal login: grant one access first")
        self.assertNotIn("Carla", message)

    def test_login_of_another_customer_is_none(self):
        self.contact.parent_id = self.partner_a
        self.assertNotAsked("has a portal login")

    def test_not_without_an_address(self):
        self.contact.email = False
        message = self.assertNotAsked("has an e-mail address")
        self.assertNotIn("Carla", message)

    def test_not_by_who_may_not_edit_the_milestone(self):
        for user in (self.accountant, self.client):
            with self.assertRaises(AccessError):
                self.milestone.with_user(user).action_ask_acceptance()
            with self.assertRaises(AccessError):
                self.milestone.with_user(user).action_withdraw_acceptance()

    def test_screens_offer_it_for_stages_not_done(self):
        milestones = self.milestones.with_user(self.project_user)
        self.assertTrue(all(milestones.mapped("can_ask_acceptance")))
        self.milestone.is_reached = True
        self.assertFalse(self.milestone.with_user(self.project_user).can_ask_acceptance)
        for option in ("allow_acceptance", "show_on_portal"):
            self.contract[option] = False
            self.assertFalse(any(milestones.mapped("can_ask_acceptance")))
            self.contract[option] = True
            self.assertTrue(any(milestones.mapped("can_ask_acceptance")))

    def test_accountant_sees_the_answer_on_the_schedule(self):
        self.ask()
        line = self.build.with_user(self.accountant)
        self.assertEqual(line.acceptance_state, "asked")

    def test_manager_asks_from_the_schedule(self):
        self.build.with_user(self.project_admin).action_ask_acceptance()
        self.assertEqual(self.milestone.acceptance_state, "asked")

    # --- the e-mail ---

    def test_mail_goes_to_the_contact_with_a_login_and_waits_in_the_queue(self):
        self.milestone.acceptance_criteria = "Every page is built."
        self.ask()
        mail = self.get_mails()
        self.assertRecordValues(
            mail,
            [
                {
                    "state": "outgoing",
                    "recipient_ids": self.contact.ids,
                    "email_from": self.project_user.email_formatted,
                    "reply_to": self.project_user.email_formatted,
                    "subject": "Website: please accept “Build complete”",
                }
            ],
        )
        url = (
            f"{self.project.get_base_url()}/my/billing/{self.contract.id}"
            f"/milestone/{self.milestone.id}"
        )
        self.assertEqual(self.milestone._get_acceptance_url(), url)
        self.assertIn(url, mail.body_html)
        self.assertIn("Every page is built.", mail.body_html)

    def test_mail_goes_to_all_contacts_with_a_login(self):
        other = self.create_portal_user("Carl Client", self.customer)
        self.create_portal_user("Somebody Else", self.partner_a)
        self.ask()
        self.assertEqual(
            self.get_mails().recipient_ids, self.contact | other.partner_id
        )

    def test_mail_goes_to_the_contracts_own_contact_alone_if_he_has_a_login(self):
        other = self.create_portal_user("Carl Client", self.customer)
        self.contract.partner_id = other.partner_id
        self.ask()
        self.assertEqual(self.get_mails().recipient_ids, other.partner_id)

    def test_mail_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.env.ref(
            "milestone_billing.mail_template_milestone_acceptance"
        ).with_context(lang="fr_FR").subject = "Veuillez accepter {{ object.name }}"
        self.ask()
        self.assertEqual(self.get_mails().subject, "Veuillez accepter Build complete")

    def test_mail_and_log_carry_no_amount(self):
        self.ask()
        for text in (*self.get_log(), self.get_mails().body_html):
            self.assertNotRegex(text, r"2,?500|10,?000")

    def test_mail_bears_the_company_that_bills(self):
        company = self.env["res.company"].create({"name": "Billing & Co"})
        contract = self.contract.create(
            {
                "project_id": self.project.id,
                "company_id": company.id,
                "allow_acceptance": True,
            }
        )
        line = self.build.create({"contract_id": contract.id, "name": "Abroad"})
        self.ask(line.milestone_id)
        self.assertIn("Billing &amp; Co", self.get_mails().body_html)

    # --- once more ---

    def test_asking_again_reminds(self):
        self.ask()
        self.ask()
        self.assertEqual(len(self.get_mails()), 2)
        self.assertEqual(
            self.get_log()[0],
            "Petra Manager reminded the client to accept Build complete.",
        )

    def test_asking_again_clears_what_was_sent_back(self):
        self.ask()
        self.send_back()
        self.ask()
        self.assertRecordValues(
            self.milestone, [{**UNANSWERED, "acceptance_state": "asked"}]
        )

    def test_question_is_withdrawn(self):
        for answer in (lambda: None, self.send_back):
            self.ask()
            answer()
            milestone = self.milestone.with_user(self.project_user)
            milestone.action_withdraw_acceptance()
            self.assertRecordValues(self.milestone, [NOTHING])
            self.assertEqual(
                self.get_log()[0],
                "Petra Manager no longer asks the client to accept Build complete.",
            )

    def test_acceptance_is_not_withdrawn_like_a_question(self):
        self.ask()
        self.accept()
        log = self.get_log()
        self.milestone.with_user(self.project_user).action_withdraw_acceptance()
        self.assertEqual(self.milestone.acceptance_state, "accepted")
        self.assertEqual(self.get_log(), log)

    def test_question_stays_behind_when_the_milestone_moves(self):
        milestone = self.milestone.create(
            {"name": "Training", "project_id": self.project.id}
        )
        line = self.build.create(
            {"contract_id": self.contract.id, "milestone_id": milestone.id}
        )
        self.ask(milestone)
        line.unlink()
        other = self.create_contract("Other", []).project_id
        milestone.with_user(self.project_user).project_id = other
        self.assertRecordValues(milestone, [NOTHING])

    def test_question_stays_when_the_project_is_written_as_it_is(self):
        self.ask()
        self.milestone.with_user(self.project_user).project_id = self.project
        self.assertEqual(self.milestone.acceptance_state, "asked")

    # --- one contract ---

    def add_contract(self, customer=None):
        """Return a second contract of the project, for another customer."""
        return self.contract.create(
            {
                "project_id": self.project.id,
                "partner_id": (customer or self.partner_a).id,
                "allow_acceptance": True,
            }
        )

    def test_stage_of_two_contracts_is_not_asked_for(self):
        second = self.add_contract()
        self.build.create({"contract_id": second.id, "milestone_id": self.milestone.id})
        message = self.assertNotAsked("a stage of more than one contract")
        self.assertNotIn(self.partner_a.name, message)
        self.assertFalse(self.milestone.with_user(self.project_user).can_ask_acceptance)

    def test_line_of_another_contract_is_refused_where_a_customer_was_asked(self):
        second = self.add_contract()
        vals = {"contract_id": second.id, "milestone_id": self.milestone.id}
        self.ask()
        with self.assertRaisesRegex(ValidationError, "withdraw the question"):
            self.build.create(vals)
        self.accept()
        with self.assertRaisesRegex(ValidationError, "was accepted by the customer"):
            self.build.create(vals)

    def test_asked_stage_does_not_change_contract(self):
        second = self.add_contract()
        self.ask()
        with self.assertRaisesRegex(ValidationError, "withdraw the question"):
            self.build.contract_id = second
        self.milestone.with_user(self.project_user).action_withdraw_acceptance()
        self.build.contract_id = second
        self.assertEqual(self.build.contract_id, second)

    def test_line_of_another_contract_is_not_moved_onto_an_asked_milestone(self):
        second = self.add_contract()
        line = self.build.create({"contract_id": second.id, "name": "Theirs"})
        self.ask()
        with self.assertRaisesRegex(ValidationError, "withdraw the question"):
            line.milestone_id = self.milestone

    def test_each_contract_asks_its_own_customer(self):
        other = self.create_portal_user("Otto Other", self.partner_a)
        second = self.add_contract()
        line = self.build.create({"contract_id": second.id, "name": "Theirs"})
        self.ask(self.milestone | line.milestone_id)
        mails = {mail.res_id: mail.recipient_ids for mail in self.get_mails()}
        self.assertEqual(
            mails,
            {self.milestone.id: self.contact, line.milestone_id.id: other.partner_id},
        )

    def test_actions_say_that_they_are_done(self):
        milestone = self.milestone.with_user(self.project_user)
        self.assertIs(milestone.action_ask_acceptance(), True)
        self.assertIs(milestone.action_withdraw_acceptance(), True)

    def test_client_need_not_accept_what_the_manager_marks_done(self):
        self.ask()
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "drafted")


class TestAcceptanceAnswered(AcceptanceCommon):
    """The client signs, or sends it back."""

    def assertRefused(self, reason, method, *args):
        # from the database: what is refused is undone, and read from there, too
        self.env.flush_all()
        self.env.invalidate_all()
        values = self.milestone.read()[0]
        log = self.get_log()
        with self.assertRaisesRegex(UserError, reason):
            getattr(self.by_client(), method)(*args, self.contact)
        self.assertEqual(self.milestone.read()[0], values)
        self.assertEqual(self.get_log(), log)

    # --- signing ---

    def test_accepting_records_who_signed(self):
        self.ask()
        self.accept(name="  C. Client ")
        self.assertRecordValues(
            self.milestone,
            [
                {
                    "acceptance_state": "accepted",
                    "acceptance_user_id": self.project_user.id,
                    "acceptance_partner_id": self.contact.id,
                    "acceptance_signed_by": "C. Client",
                    "acceptance_return_reason": False,
                    "is_reached": True,
                }
            ],
        )
        self.assertTrue(self.milestone.acceptance_signed_on)
        stored = Image.open(
            BytesIO(base64.b64decode(self.milestone.acceptance_signature))
        )
        self.assertEqual(stored.size, (60, 20))

    def test_accepting_bills(self):
        self.ask()
        self.accept()
        self.assertRecordValues(
            self.get_invoices(self.build),
            [{"state": "draft", "amount_untaxed": 2500.0}],
        )

    def test_invoice_is_as_with_any_tick(self):
        fnames = ["invoice_user_id", "message_partner_ids", "partner_id", "user_id"]
        self.mark_done(self.designs)
        self.ask()
        self.accept()
        plain, accepted = (
            self.get_invoices(line).read(fnames, load=None)[0]
            for line in (self.designs, self.build)
        )
        self.assertEqual({**plain, "id": 0}, {**accepted, "id": 0})
        self.assertEqual(accepted["invoice_user_id"], self.project_user.id)
        activities = self.get_invoices(self.build).activity_ids
        self.assertEqual(activities.user_id, self.accountant)

    def test_salesperson_is_never_the_client(self):
        self.ask()
        self.project.user_id = False
        self.accept()
        self.assertFalse(self.get_invoices(self.build).invoice_user_id)

    def test_client_follows_nothing(self):
        self.ask()
        followers = self.project.message_partner_ids
        self.accept()
        self.assertEqual(self.project.message_partner_ids, followers)
        invoice = self.get_invoices(self.build)
        for record in (self.project, self.milestone, invoice):
            self.assertNotIn(self.contact, record.message_partner_ids)

    def test_client_of_another_company_is_billed_by_the_projects(self):
        company = self.env["res.company"].create({"name": "The client's"})
        self.client.write(
            {"company_ids": [(6, 0, company.ids)], "company_id": company.id}
        )
        self.ask()
        self.by_client().with_context(allowed_company_ids=company.ids)._accept(
            "C. Client", self.signature, self.contact
        )
        self.assertEqual(self.get_invoices(self.build).company_id, self.company)
        self.assertEqual(self.project.activity_ids.user_id, self.project_user)

    def test_log_keeps_what_the_client_signed_for(self):
        self.milestone.acceptance_criteria = "All <b>pages</b> work\nand the footer"
        self.ask()
        self.accept()
        self.milestone.acceptance_criteria = "Half of the pages work"
        body = self.project.message_ids[0].body
        self.assertIn("All &lt;b&gt;pages&lt;/b&gt; work<br>and the footer", body)

    def test_name_that_cannot_be_stored_is_cleaned(self):
        self.ask()
        for name in ("\0", "\ud800"):
            with self.subTest(name):
                self.assertRefused("your name", "_accept", name, self.signature)
        self.accept(name="C. \0Client\ud800")
        self.assertEqual(self.milestone.acceptance_signed_by, "C. Client")

    def test_accepting_is_logged_in_the_contacts_name(self):
        self.ask()
        self.accept()
        message = self.project.message_ids[0]
        self.assertEqual(
            message.preview,
            "Build complete accepted by Carla Client, signed as “C. Client”.",
        )
        self.assertRecordValues(
            message,
            [{"author_id": self.contact.id, "is_internal": True, "attachment_ids": []}],
        )
        for text in self.get_log():
            self.assertNotRegex(text, r"2,?500|10,?000")

    def test_everybody_is_told_in_his_own_language(self):
        """The log speaks the project manager's, the activity that of who asked."""
        for lang in ("fr_FR", "nl_NL", "es_ES"):
            self.env["res.lang"]._activate_lang(lang)
        self.project_user.lang = "fr_FR"
        self.project_admin.lang = "es_ES"
        self.milestones.with_user(self.project_admin).action_ask_acceptance()
        langs = []

        def get_message(milestone, *args):
            langs.append(milestone.env.lang)
            return ""

        milestone_class = type(self.milestone)
        with (
            patch.object(milestone_class, "_get_accepted_message", get_message),
            patch.object(milestone_class, "_get_returned_message", get_message),
            patch.object(milestone_class, "_get_answer_summary", get_message),
            patch.object(milestone_class, "_get_reached_message", get_message),
        ):
            self.by_client().with_context(lang="nl_NL")._accept(
                "C. Client", self.signature, self.contact
            )
            self.assertEqual(langs, ["fr_FR", "fr_FR", "es_ES"])
            self.by_client(self.final.milestone_id).with_context(
                lang="nl_NL"
            )._send_back("No", self.contact)
        self.assertEqual(langs[3:], ["fr_FR", "es_ES"])

    def test_answer_is_the_contacts_whoever_brings_it(self):
        self.ask()
        self.milestone.sudo()._accept("C. Client", self.signature, self.contact)
        self.assertEqual(self.project.message_ids[0].author_id, self.contact)

    def test_accepting_calls_who_asked(self):
        self.milestone.with_user(self.project_admin).action_ask_acceptance()
        self.accept()
        self.assertRecordValues(
            self.project.activity_ids,
            [
                {
                    "user_id": self.project_admin.id,
                    "summary": "Build complete accepted by Carla Client",
                    "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                }
            ],
        )
        self.assertFalse(self.project.activity_ids.note)

    def test_project_manager_is_called_when_who_asked_is_gone(self):
        self.milestone.with_user(self.project_admin).action_ask_acceptance()
        self.project_admin.active = False
        self.accept()
        self.assertEqual(self.project.activity_ids.user_id, self.project_user)

    def test_nobody_is_called_who_cannot_read_the_project(self):
        self.ask()
        self.project.privacy_visibility = "followers"
        self.project.message_unsubscribe(self.project_user.partner_id.ids)
        self.accept()
        self.assertFalse(self.project.activity_ids)
        self.assertEqual(self.build.state, "drafted")

    def test_what_is_done_meanwhile_is_accepted_and_billed_once(self):
        self.ask()
        self.mark_done(self.build)
        self.accept()
        self.assertEqual(self.milestone.acceptance_state, "accepted")
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_blocked_invoice_does_not_refuse_the_signature(self):
        self.designs.write({"basis": "fixed", "amount": 90000.0})
        self.ask()
        self.accept()
        self.assertEqual(self.milestone.acceptance_state, "accepted")
        self.assertFalse(self.get_invoices(self.build))

    def test_second_signature_is_refused(self):
        self.ask()
        self.accept()
        self.assertRefused("accepted already", "_accept", "Carl", self.signature)
        self.assertRefused("accepted already", "_send_back", "Too late")
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_answer_nobody_asked_for_is_refused(self):
        for method, *args in (("_accept", "C", self.signature), ("_send_back", "No")):
            with self.subTest(method):
                self.assertRefused("does not wait", method, *args)
                self.ask()
                self.contract.allow_acceptance = False
                self.assertRefused("does not wait", method, *args)
                self.contract.allow_acceptance = True
                self.milestone.action_withdraw_acceptance()
                self.assertRefused("does not wait", method, *args)
        self.ask()
        self.send_back()
        self.assertRefused("does not wait", "_accept", "C", self.signature)

    def test_signature_needs_a_name(self):
        self.ask()
        for name in ("", "  ", None, False, ["C"], *INVISIBLE):
            with self.subTest(name):
                self.assertRefused("your name", "_accept", name, self.signature)

    def test_name_with_invisible_signs_is_a_name(self):
        self.ask()
        self.accept(name="نور\u200c الدین")
        self.assertEqual(self.milestone.acceptance_signed_by, "نور\u200c الدین")

    def test_signature_is_an_image(self):
        self.ask()
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
        for signature in ("", None, False):
            with self.subTest(signature):
                self.assertRefused("Sign before", "_accept", "C", signature)
        for signature in (
            "no base64",
            "é",
            ["list"],
            12,
            base64.b64encode(b"no image"),
            base64.b64encode(svg),
            base64.b64encode(b" " + svg),
            base64.b64encode(b"RIFF\0\0\0\0WEBPVP8 "),
            base64.b64encode(base64.b64decode(self.signature)[:20]),
        ):
            with self.subTest(signature):
                self.assertRefused("no valid image", "_accept", "C", signature)

    def test_large_signature_is_made_smaller(self):
        self.ask()
        self.signature = draw_signature(size=(2048, 512))
        self.accept()
        stored = base64.b64decode(self.milestone.acceptance_signature)
        self.assertEqual(Image.open(BytesIO(stored)).size, (1024, 256))

    # --- sending back ---

    def test_sending_back_records_why(self):
        self.ask()
        self.send_back("  The <b>menu</b> is missing\nand the footer  ")
        reason = "The <b>menu</b> is missing\nand the footer"
        self.assertRecordValues(
            self.milestone,
            [
                {
                    "acceptance_state": "returned",
                    "acceptance_partner_id": self.contact.id,
                    "acceptance_return_reason": reason,
                    "acceptance_signed_by": False,
                    "is_reached": False,
                }
            ],
        )
        self.assertFalse(self.get_invoices(self.build))

    def test_sending_back_tells_the_project_manager_why(self):
        self.ask()
        followers = self.project.message_partner_ids
        self.send_back("The <b>menu</b> is missing")
        message = self.project.message_ids[0]
        self.assertIn("Build complete sent back by Carla Client", message.body)
        self.assertIn("The &lt;b&gt;menu&lt;/b&gt; is missing", message.body)
        self.assertRecordValues(
            message, [{"author_id": self.contact.id, "is_internal": True}]
        )
        activity = self.project.activity_ids
        self.assertRecordValues(
            activity,
            [
                {
                    "user_id": self.project_user.id,
                    "summary": "Build complete sent back by Carla Client",
                }
            ],
        )
        self.assertIn("The &lt;b&gt;menu&lt;/b&gt; is missing", activity.note)
        self.assertEqual(self.project.message_partner_ids, followers)

    def test_sending_back_needs_a_reason(self):
        self.ask()
        for reason in ("", " \n", None, False, {"a": 1}, *INVISIBLE):
            with self.subTest(reason):
                self.assertRefused("what is missing", "_send_back", reason)

    def test_long_reason_is_cut(self):
        self.ask()
        self.send_back("x" * 5000)
        self.assertEqual(len(self.milestone.acceptance_return_reason), 2000)

    # --- the end of an acceptance ---

    def test_acceptance_ends_with_the_milestone_being_done(self):
        self.ask()
        self.accept()
        signed_on = self.milestone.acceptance_signed_on.strftime("%m/%d/%Y")
        self.mark_done(self.build, done=False)
        self.assertRecordValues(self.milestone, [NOTHING])
        self.assertEqual(
            self.get_log()[0],
            "Petra Manager marked Build complete as not done: the acceptance by Carla"
            f" Client of {signed_on} was withdrawn with it.",
        )

    def test_acceptance_of_what_is_billed_stays(self):
        self.ask()
        self.accept()
        self.post(self.get_invoices(self.build))
        log = self.get_log()
        with self.assertRaises(UserError), closing(self.env.cr.savepoint()):
            self.mark_done(self.build, done=False)
        self.assertEqual(self.milestone.acceptance_state, "accepted")
        self.assertEqual(self.get_log(), log)

    def test_question_survives_a_tick_taken_back(self):
        self.ask()
        self.mark_done(self.build)
        self.mark_done(self.build, done=False)
        self.assertEqual(self.milestone.acceptance_state, "asked")

    def test_acceptance_is_copied_with_nothing(self):
        self.ask()
        self.accept()
        copies = self.milestone.copy() | self.project.copy().milestone_ids
        for milestone in copies:
            self.assertRecordValues(milestone, [NOTHING])

    def test_acceptance_goes_with_the_milestone(self):
        self.contract.automation = "manual"
        self.ask()
        self.accept()
        self.milestone.with_user(self.project_admin).unlink()
        self.assertFalse(self.milestone.exists())

    def test_deleted_contact_leaves_the_name(self):
        self.ask()
        self.accept()
        self.client.unlink()
        self.contact.unlink()
        self.milestone.invalidate_recordset()
        self.assertEqual(self.milestone.acceptance_signed_by, "C. Client")
        self.mark_done(self.build, done=False)
        self.assertIn("acceptance by C. Client", self.get_log()[0])
