import base64
from contextlib import closing
from io import BytesIO
from unittest.mock import patch

from PIL import Image

from odoo.exceptions import UserError

from .common import draw_signature
from .common_acceptance import NOTHING, AcceptanceCommon

# what a keyboard hardly makes, and nobody sees: zero width, blank Braille, fillers
INVISIBLE = ("\u200b", "\u2800", "\u3164", " \u00ad\u2060", "\ufe0f\u034f", "\u202e")


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
