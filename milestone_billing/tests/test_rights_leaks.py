from contextlib import contextmanager, suppress

from odoo.exceptions import AccessError, UserError

from odoo.addons.mail.tools.discuss import Store

from .common_rights import CONTRACT, MILESTONE, OUTSIDERS, PROJECT, RightsCommon


class TestLeaks(RightsCommon):
    """Who may see no amount learns none from what others do, nor from a refusal."""

    def get_everything(self, user):
        """Return all that a user can read of the project and about it."""
        project = self.project
        found = [
            self.rpc(user, project, "get_panel_data"),
            self.rpc(user, project, "get_milestones"),
        ]
        # the payer's own record is no secret: its log is left out
        not_payer = [("model", "!=", "res.partner")]
        messages, activities, notifications = (
            self.env[model].browse(self.rpc(user, self.env[model], "search", domain))
            for model, domain in (
                ("mail.message", not_payer),
                ("mail.activity", []),
                ("mail.notification", []),
            )
        )
        for records in (project, self.milestones, messages, activities, notifications):
            found.append(self.read_all_fields(user, records))
        self.env.invalidate_all()
        found.append(Store().add(messages.with_user(user)).get_result())
        return found

    def read_all_fields(self, user, records):
        """Return what a user can read of records."""
        # core's own, shown to all who read a project with an analytic account
        core_only = {"analytic_account_balance"}
        fnames = [*(self.rpc(user, records, "fields_get").keys() - core_only)]
        with suppress(AccessError, KeyError):
            return self.rpc(user, records, "read", fnames)
        # some of core's own fields need rights or features that are missing
        found = []
        for fname in fnames:
            with suppress(AccessError, KeyError):
                found.append(self.rpc(user, records, "read", [fname]))
        return found

    @contextmanager
    def assertKeptFrom(self, user):
        """What happens within shows the user nothing secret, nor mails it to him."""
        with self.mock_mail_gateway():
            yield
            self.flush_tracking()
        self.assertNoSecret(self.get_everything(user))
        partner = user.partner_id
        for mail in self._new_mails.exists():
            if partner in mail.recipient_ids or user.email in (mail.email_to or ""):
                self.assertNoSecret([mail.subject, mail.body_html, mail.body])

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_amounts_are_no_oracle_through_other_models(self):
        roads = [
            (MILESTONE, "project_id.billing_contract_ids.contract_sum"),
            (MILESTONE, "billing_line_ids.amount_planned"),
            ("project.task", "project_id.billing_contract_ids.amount_billed"),
            ("project.task", "milestone_id.billing_line_ids.amount"),
            (PROJECT, "milestone_ids.billing_line_ids.percent"),
            (PROJECT, "message_ids.tracking_value_ids.new_value_float"),
            ("mail.message", "tracking_value_ids.new_value_float"),
            ("res.company", "project_ids.billing_contract_ids.contract_sum"),
        ]
        for kind in OUTSIDERS:
            for model, path in roads:
                if path.split(".")[0] not in self.env[model]._fields:
                    continue
                records, user = self.env[model], self.users[kind]
                with self.subTest(kind=kind, path=path):
                    self.assertRefused(user, records, "search", [(path, ">", 1)])

    def test_form_computes_no_amount_for_who_may_not_read_it(self):
        user = self.users["project_user"]
        for records, vals, fname in (
            (self.contract, {}, "contract_sum"),
            (self.contract, {}, "amount_to_date"),
            (self.contract, {}, "line_ids"),
            (self.env[CONTRACT], {"project_id": self.project.id}, "contract_sum"),
            (self.project, {}, "billing_amounts"),
            (self.project, {}, "billing_contract_ids"),
        ):
            with self.subTest(f"{records}: {fname}"), self.undone():
                try:
                    answer = self.rpc(user, records, "onchange", vals, [], {fname: {}})
                except AccessError as refusal:
                    answer = refusal
                self.assertNoSecret(answer)

    def test_sweep_would_find_what_it_looks_for(self):
        with self.assertRaisesRegex(AssertionError, "leaks"):
            self.assertNoSecret(self.get_everything(self.users["project_admin"]))

    def test_project_user_learns_no_figure_in_the_life_of_a_project(self):
        user, accountant = self.users["project_user"], self.users["accountant"]
        self.project.user_id = user
        self.project.message_subscribe(user.partner_id.ids)
        self.flush_tracking()
        with self.assertKeptFrom(user):
            self.contract.with_user(self.project_admin).contract_sum = 74319.58
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        move = self.get_invoices(self.build)
        self.assertEqual(move.partner_id, self.payer)
        with self.assertKeptFrom(user):
            move.with_user(accountant).partner_id = self.customer
            move.with_user(accountant).partner_id = self.payer
        with self.assertKeptFrom(user):
            self.post(move)
            move.with_user(accountant).message_post(
                body="Confidential: 18,579.89 is due",
                subtype_xmlid="mail.mt_comment",
            )
        with self.assertKeptFrom(user):
            self.pay(move)
        self.assertNotIn(user.partner_id, move.message_partner_ids)
        with self.assertKeptFrom(user):
            self.credit(move)

    def test_refusals_tell_the_project_user_no_figure(self):
        user = self.users["project_user"]
        self.bill(self.build)
        other = self.create_contract("Other", []).project_id
        for method, *args in (
            ("write", {"is_reached": False}),
            ("toggle_is_reached", False),
            ("unlink",),
            ("write", {"project_id": other.id}),
        ):
            with self.subTest(method=method, args=args):
                with self.assertRaises(UserError) as refusal:
                    self.rpc(user, self.milestone, method, *args)
                # in our own words
                self.assertIn(self.milestone.name, str(refusal.exception))
                self.assertNoSecret(str(refusal.exception))

    def test_blocked_tick_tells_the_project_user_no_figure(self):
        user = self.users["project_user"]
        self.designs.write({"basis": "fixed", "amount": 90000.0})
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        self.assertTrue(self.milestone.is_reached)
        self.assertTrue(self.build.blocking_reason)

    def test_draft_is_kept_from_the_project_user_beside_an_analytic_account(self):
        # once posted, core adds it to the balance that the project shows to everyone
        self.project._create_analytic_account()
        user = self.users["project_user"]
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        self.assertTrue(self.build.move_line_ids.analytic_distribution)

    def test_responsible_without_accounting_is_sent_no_activity(self):
        user = self.users["project_user"]
        self.contract.user_id = user
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        self.assertFalse(self.get_invoices(self.build).activity_ids)

    def test_failed_sending_tells_only_who_may_read_the_invoice(self):
        user = self.users["project_user"]
        self.project.user_id = user
        self.contract.user_id = False
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
            move = self.get_invoices(self.build)
            move._schedule_milestone_sending_failed("Confidential: no address")
        self.assertEqual(self.project.activity_ids.user_id, user)
        self.contract.user_id = self.accountant
        move._schedule_milestone_sending_failed("Confidential: no address")
        self.assertEqual(move.activity_ids.user_id, self.accountant)
        self.assertIn("no address", move.activity_ids.note)

    def test_acceptance_tells_the_project_user_no_figure(self):
        user = self.users["project_user"]
        self.project.user_id = user
        self.project.message_subscribe(user.partner_id.ids)
        self.flush_tracking()
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "action_ask_acceptance")
        with self.assertKeptFrom(user):
            self.accept()
        self.assertEqual(self.project.activity_ids.user_id, user)
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", False)
