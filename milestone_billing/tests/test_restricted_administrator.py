from odoo.tests import new_test_user

from .common_seals import SealsCommon


class TestRestrictedAdministrator(SealsCommon):
    """Where administrators see no more projects than others, nor do they contracts.

    Core grants them all projects by a rule of its own, which may be taken away.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("project.project_project_manager_rule").active = False
        cls.project.privacy_visibility = "followers"
        cls.build._give_up_open("carry", "Agreed")
        cls.decision = cls.build.decision_ids
        cls.records = (cls.contract, cls.lines, cls.decision)

    def test_restricted_administrator_keeps_off_a_private_project(self):
        user = self.users["project_admin"]
        self.assertRefused(user, self.project, "read", ["name"])
        for records in self.records:
            with self.subTest(records._name):
                self.assertFalse(self.rpc(user, records, "search", []))
                self.assertFalse(self.rpc(user, records, "search_count", []))
                self.assertRefused(user, records, "read", ["currency_id"])
                self.assertRefused(user, records, "unlink")
        calls = (
            (self.contract, "write", {"contract_sum": 1.0}),
            (self.contract, "create", {"project_id": self.project.id}),
            (self.build, "write", {"percent": 1.0}),
            (self.lines, "create", {"name": "x", "contract_id": self.contract.id}),
            (self.contract, "message_post"),
            (self.contract, "copy"),
        )
        for records, method, *args in calls:
            with self.subTest(records._name, method=method), self.undone():
                self.assertRefused(user, records, method, *args)

    def test_restricted_administrator_sees_what_he_is_invited_to(self):
        user = self.users["project_admin"]
        self.project.sudo().message_subscribe(user.partner_id.ids)
        for records in self.records:
            with self.subTest(records._name):
                ids = self.rpc(user, records, "search", [])
                self.assertEqual(sorted(ids), sorted(records.ids))
        self.rpc(user, self.contract, "write", {"contract_sum": 74319.58})

    def test_administrator_who_is_an_accountant_too_sees_all(self):
        user = new_test_user(
            self.env,
            login="administrator_and_accountant",
            groups="project.group_project_manager,account.group_account_invoice",
        )
        for records in self.records:
            with self.subTest(records._name):
                self.assertTrue(self.rpc(user, records, "read", ["currency_id"]))

    def test_accounting_sees_contracts_of_private_projects(self):
        for kind in ("accountant", "auditor", "invoicing_project_user"):
            for records in self.records:
                with self.subTest(kind=kind, model=records._name):
                    self.assertTrue(
                        self.rpc(self.users[kind], records, "read", ["currency_id"])
                    )

    def test_administrator_sees_all_where_core_grants_it(self):
        self.env.ref("project.project_project_manager_rule").active = True
        for records in self.records:
            with self.subTest(records._name):
                self.assertTrue(
                    self.rpc(
                        self.users["project_admin"], records, "read", ["currency_id"]
                    )
                )
