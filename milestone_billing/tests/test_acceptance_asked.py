from contextlib import closing

from odoo.exceptions import AccessError, UserError, ValidationError

from .common_acceptance import NOTHING, UNANSWERED, AcceptanceCommon


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
