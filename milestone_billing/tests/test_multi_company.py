from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user

from .test_rights import DECISION, RightsCommon


class TestMultiCompany(RightsCommon):
    """A project without company that company B bills, seen from company A."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.setup_other_company(name="Company B")["company"]
        cls.env = cls.env(context={})
        cls.other_accountant = cls.create_user_of_other("account.group_account_invoice")
        cls.other_manager = cls.create_user_of_other(
            "milestone_billing.group_milestone_billing_manager"
        )
        cls.shared = cls.create_project(
            "Shared",
            [
                ("Start", "deposit", "percent", 25.0),
                ("Middle", "progress", "percent", 25.0),
                ("End", "final", "balance", 0.0),
            ],
            contract_sum=74319.57,
            billing_company_id=cls.other.id,
            billing_user_id=cls.other_accountant.id,
        ).with_env(cls.env)
        cls.start, cls.middle, cls.end = cls.shared.billing_line_ids

    @classmethod
    def create_user_of_other(cls, group):
        return new_test_user(
            cls.env,
            login=f"other_{group}",
            groups=group,
            company_id=cls.other.id,
            company_ids=[Command.set(cls.other.ids)],
        )

    def setUp(self):
        super().setUp()
        self.assertFalse(self.shared.company_id)

    # --- what one company sees of another ---

    def test_schedule_is_seen_by_users_of_the_billing_company_only(self):
        lines = self.shared.billing_line_ids
        domain = [("project_id", "=", self.shared.id)]
        for kind in (
            "billing_user",
            "manager",
            "project_admin",
            "accountant",
            "auditor",
        ):
            user = self.users[kind]
            with self.subTest(kind=kind):
                self.assertRefused(user, lines, "read", ["amount_planned"])
                self.assertFalse(self.rpc(user, lines, "search", domain))
                self.assertRefused(user, lines, "action_create_draft_invoice")
        for user in (self.other_accountant, self.other_manager):
            with self.subTest(user=user.login):
                self.assertEqual(len(self.rpc(user, lines, "search", domain)), 3)

    def test_company_that_is_switched_off_hides_its_schedules(self):
        user = self.users["accountant"]
        user.company_ids += self.other
        lines = self.shared.billing_line_ids
        active = {"allowed_company_ids": user.company_id.ids}
        self.assertRefused(user, lines, "read", ["name"], context=active)
        self.assertTrue(self.rpc(user, lines, "read", ["name"]))

    def test_manager_of_another_company_changes_no_schedule(self):
        for kind in ("manager", "project_admin"):
            user = self.users[kind]
            for method, *args in (
                ("write", {"percent": 1.0}),
                ("unlink",),
                ("create", {"name": "Mine", "project_id": self.shared.id}),
            ):
                with self.subTest(kind=kind, method=method), self.undone():
                    self.assertRefused(user, self.middle, method, *args)

    def test_accountant_of_another_company_decides_nothing(self):
        vals = {
            "line_id": self.middle.id,
            "kind": "write_off",
            "amount": 1000000.0,
            "reason": "Mine",
        }
        self.assertRefused(self.users["accountant"], self.env[DECISION], "create", vals)

    def test_accountant_links_no_line_of_another_company(self):
        vals = {
            "move_type": "out_invoice",
            "partner_id": self.customer.id,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": "Mine",
                        "price_unit": 10,
                        "milestone_billing_line_id": self.middle.id,
                    }
                )
            ],
        }
        with self.assertRaises(UserError) as refusal:
            self.rpc(self.users["accountant"], self.env["account.move"], "create", vals)
        self.assertNoSecret(str(refusal.exception))

    def test_manager_bills_by_no_company_but_his_own(self):
        for kind in ("manager", "project_admin"):
            with self.subTest(kind=kind), self.undone():
                self.assertRefused(
                    self.users[kind],
                    self.project,
                    "write",
                    {"billing_company_id": self.other.id},
                )
        self.assertRefused(
            self.users["project_admin"],
            self.project,
            "create",
            {
                "name": "Mine",
                "allow_milestone_billing": True,
                "billing_company_id": self.other.id,
            },
        )

    def test_manager_of_another_company_keeps_off_the_contract(self):
        for kind in ("manager", "project_admin"):
            for vals in (
                {"contract_sum": 1.0},
                {"contract_reference": "Mine"},
                {"allow_milestone_billing": False},
                {"company_id": self.company.id},
                {"billing_company_id": self.company.id},
            ):
                with self.subTest(kind=kind, vals=vals), self.undone():
                    self.assertRefused(self.users[kind], self.shared, "write", vals)

    def test_manager_of_another_company_takes_no_copy_of_the_contract(self):
        user = self.users["project_admin"]
        self.assertRefused(user, self.shared, "copy")
        user.company_ids += self.other
        ids = self.rpc(user, self.shared, "copy")
        copy = self.shared.browse(ids)
        self.assertEqual(copy.billing_company_id, self.other)
        self.assertEqual(len(copy.billing_line_ids), 3)

    def test_company_claimed_by_a_request_is_not_believed(self):
        claim = {"allowed_company_ids": self.other.ids}
        lines = self.shared.billing_line_ids
        for kind in ("manager", "accountant"):
            user = self.users[kind]
            with self.subTest(kind=kind):
                self.assertRefused(user, lines, "read", ["name"], context=claim)
                self.assertRefused(user, lines, "search", [], context=claim)

    def test_project_is_still_edited_by_who_has_another_company(self):
        user = self.users["project_admin"]
        self.rpc(user, self.shared, "write", {"name": "Renamed", "color": 3})
        self.assertEqual(self.shared.name, "Renamed")

    # --- the tick ---

    def assertBilledByOther(self, line):
        """A correct invoice was made in the billing company."""
        move = self.get_invoices(line)
        self.assertRecordValues(
            move,
            [
                {
                    "company_id": self.other.id,
                    "currency_id": self.other.currency_id.id,
                    "state": "draft",
                    "partner_id": self.payer.id,
                    "amount_untaxed": line.amount_planned,
                }
            ],
        )
        self.assertEqual(move.journal_id.company_id, self.other)
        self.assertLessEqual(move.line_ids.account_id.company_ids, self.other)
        self.assertLessEqual(move.line_ids.tax_ids.company_id, self.other)
        return move

    def test_tick_from_another_company_bills_in_the_billing_company(self):
        user = self.users["project_user"]
        self.assertEqual(user.company_ids, self.company)
        self.rpc(user, self.middle.milestone_id, "toggle_is_reached", True)
        move = self.assertBilledByOther(self.middle)
        self.assertEqual(move.activity_ids.user_id, self.other_accountant)
        self.rpc(user, self.middle.milestone_id, "toggle_is_reached", False)
        self.assertFalse(move.exists())

    def test_tick_from_another_company_with_a_posted_invoice_is_refused_plainly(self):
        user = self.users["project_user"]
        self.rpc(user, self.middle.milestone_id, "toggle_is_reached", True)
        move = self.get_invoices(self.middle)
        move.invoice_date = "2026-03-31"
        self.rpc(self.other_accountant, move, "action_post")
        with self.assertRaises(UserError) as refusal:
            self.rpc(user, self.middle.milestone_id, "toggle_is_reached", False)
        self.assertNotIsInstance(refusal.exception, AccessError)
        self.assertIn(move.name, str(refusal.exception))

    def test_one_tick_for_projects_of_two_companies(self):
        lines = self.middle + self.build
        self.rpc(self.users["project_user"], lines.milestone_id, "action_mark_done")
        self.assertBilledByOther(self.middle)
        self.assertEqual(self.get_invoices(self.build).company_id, self.company)

    def test_accountant_of_the_billing_company_makes_the_draft(self):
        self.shared.billing_automation = "manual"
        self.rpc(
            self.users["project_user"], self.middle.milestone_id, "action_mark_done"
        )
        self.assertEqual(self.middle.state, "ready")
        self.rpc(self.other_accountant, self.middle, "action_create_draft_invoice")
        self.assertBilledByOther(self.middle)

    def test_project_of_the_other_company_is_out_of_reach(self):
        self.shared.company_id = self.other
        for kind in ("project_user", "project_admin"):
            user = self.users[kind]
            self.assertRefused(
                user, self.middle.milestone_id, "toggle_is_reached", True
            )
            self.assertRefused(user, self.shared, "read", ["name"])
