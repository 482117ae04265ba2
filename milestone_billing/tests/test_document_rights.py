from contextlib import closing

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

from .common import MilestoneBillingCommon

SCHEDULE = "milestone_billing.report_contract_billing_schedule"
STATE = "milestone_billing.report_contract_billing_state"


@tagged("post_install", "-at_install")
class TestDocumentRights(MailCase, MilestoneBillingCommon, HttpCase):
    """Whoever asks for a document with amounts is judged, on every road of core's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env.ref("milestone_billing.mail_template_billing_schedule")
        cls.own_template = cls.env["mail.template"].create(
            {
                "name": "Figures",
                "model_id": cls.env["ir.model"]._get_id("milestone.billing.contract"),
                "subject": "{{ object.contract_sum }}",
                "body_html": "<p t-out='object.contract_sum'/>",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        company = cls.env["res.company"].create({"name": "Elsewhere"})
        billing_user = "milestone_billing.group_milestone_billing_user"
        cls.biller = new_test_user(
            cls.env,
            login="biller",
            groups=f"project.group_project_user,{billing_user}",
            email="biller@example.com",
        )
        cls.refused = [
            new_test_user(
                cls.env,
                login="employee",
                groups="base.group_user,base.group_partner_manager",
                email="employee@example.com",
            ),
            cls.project_user,
            new_test_user(
                cls.env,
                login="foreigner",
                groups=f"project.group_project_user,{billing_user}",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
                email="foreigner@example.com",
            ),
            new_test_user(
                cls.env,
                login="client",
                groups="base.group_portal",
                email="portal@example.com",
            ),
        ]
        cls.refused[-1].partner_id.parent_id = cls.customer
        cls.server_action = cls.env["ir.actions.server"].create(
            {
                "name": "Send the schedule",
                "model_id": cls.env["ir.model"]._get_id("milestone.billing.contract"),
                "state": "mail_post",
                "mail_post_method": "email",
                "template_id": cls.template.id,
            }
        )

    # --- the roads ---

    def compose(self, user, template=None, **values):
        return (
            self.env["mail.compose.message"]
            .with_user(user)
            .create(
                {
                    "model": "milestone.billing.contract",
                    "res_ids": str(self.contract.ids),
                    "template_id": (template or self.template).id,
                    "composition_mode": "comment",
                    **values,
                }
            )
        )

    def compose_with_own_template(self, user):
        return self.compose(user, self.own_template).read(["subject", "body"])

    def compose_with_telling_language(self, user):
        # where all else is given, core renders the language alone, in sudo, and names
        # the one that it does not know
        self.own_template.lang = "{{ object.contract_sum }}"
        return self.compose(
            user,
            self.own_template,
            subject="Hello",
            body="Hello",
            email_from=user.email,
            author_id=user.partner_id.id,
            reply_to=user.email,
            partner_ids=[Command.set(user.partner_id.ids)],
            lang="en_US",
            scheduled_date=False,
            email_layout_xmlid=False,
            email_add_signature=False,
            auto_delete=True,
            mail_server_id=False,
        ).read(["attachment_ids"])

    def compose_to_many(self, user):
        composer = self.compose(user, composition_mode="mass_mail")
        return composer.action_send_mail()

    def compose_to_many_in_sudo(self, user):
        composer = self.compose(user, composition_mode="mass_mail")
        return composer.sudo().action_send_mail()

    def schedule_message(self, user):
        composer = self.compose(user, scheduled_date="2030-01-01 10:00:00")
        return composer.action_schedule_message()

    def send_from_activity(self, user):
        return self.contract.with_user(user).activity_send_mail(self.template.id)

    def send_template_in_sudo(self, user):
        return self.template.with_user(user).sudo().send_mail(self.contract.id)

    def send_own_template_in_sudo(self, user):
        return self.own_template.with_user(user).sudo().send_mail(self.contract.id)

    def run_server_action(self, user):
        return (
            self.server_action.with_user(user)
            .sudo()
            .with_context(
                active_model="milestone.billing.contract", active_id=self.contract.id
            )
            .run()
        )

    def get_reports(self, user):
        return self.env["ir.actions.report"].with_user(user)

    def print_schedule(self, user):
        return self.get_reports(user)._render_qweb_pdf(SCHEDULE, self.contract.ids)

    def print_schedule_in_sudo(self, user):
        reports = self.get_reports(user).sudo()
        return reports._render_qweb_pdf(SCHEDULE, self.contract.ids)

    def print_state(self, user):
        return self.get_reports(user)._render_qweb_html(STATE, self.contract.ids)

    def print_state_in_sudo(self, user):
        reports = self.get_reports(user).sudo()
        return reports._render_qweb_html(STATE, self.contract.ids)

    def prepare_in_sudo(self, user):
        return self.contract.with_user(user).sudo()._prepare_billing_schedule()

    def get_roads(self):
        return (
            self.compose,
            self.compose_with_own_template,
            self.compose_with_telling_language,
            self.compose_to_many,
            self.compose_to_many_in_sudo,
            self.schedule_message,
            self.send_from_activity,
            self.send_template_in_sudo,
            self.send_own_template_in_sudo,
            self.run_server_action,
            self.print_schedule,
            self.print_schedule_in_sudo,
            self.print_state,
            self.print_state_in_sudo,
            self.prepare_in_sudo,
        )

    # --- who may ---

    def test_no_road_gives_amounts_to_who_may_not_see_them(self):
        for user in self.refused:
            for road in self.get_roads():
                with (
                    self.subTest(user=user.login, road=road.__name__),
                    self.mock_mail_gateway(),
                    self.assertRaises(AccessError),
                    closing(self.env.cr.savepoint()),
                ):
                    road(user)

    def test_who_sees_the_schedule_gets_it_on_every_road(self):
        for road in set(self.get_roads()) - {self.compose_with_telling_language}:
            with (
                self.subTest(road=road.__name__),
                self.mock_mail_gateway(),
                closing(self.env.cr.savepoint()),
            ):
                road(self.biller)

    def test_the_system_prints(self):
        for report in (SCHEDULE, STATE):
            content, _type = self.get_reports(SUPERUSER_ID)._render_qweb_html(
                report, self.contract.ids
            )
            self.assertIn(b"2,500.00", content)

    @mute_logger("odoo.http")
    def test_report_controller_judges_the_user(self):
        self.env.flush_all()
        for user in (*self.refused, self.biller):
            self.authenticate(user.login, user.login)
            for report in (SCHEDULE, STATE):
                for converter in ("html", "pdf"):
                    response = self.url_open(
                        f"/report/{converter}/{report}/{self.contract.id}"
                    )
                    with self.subTest(user.login, report=report, converter=converter):
                        is_shown = "2,500.00" in response.text
                        self.assertEqual(is_shown, user == self.biller)

    def test_private_project_is_printed_for_who_sees_it_only(self):
        self.project.privacy_visibility = "followers"
        self.project.message_unsubscribe(self.biller.partner_id.ids)
        with self.assertRaises(AccessError):
            self.print_schedule(self.biller)
        with self.assertRaises(AccessError):
            self.print_schedule_in_sudo(self.biller)
