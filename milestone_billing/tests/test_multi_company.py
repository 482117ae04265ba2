from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common_rights import CONTRACT, DECISION, RightsCommon


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
        cls.shared = cls.create_contract(
            "Shared",
            [
                ("Start", "deposit", "percent", 25.0),
                ("Middle", "progress", "percent", 25.0),
                ("End", "final", "balance", 0.0),
            ],
            contract_sum=74319.57,
            company_id=cls.other.id,
            user_id=cls.other_accountant.id,
        ).with_env(cls.env)
        cls.shared_project = cls.shared.project_id
        cls.start, cls.middle, cls.end = cls.shared.line_ids

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
        self.assertFalse(self.shared_project.company_id)

    # --- what one company sees of another ---

    def test_schedule_is_seen_by_users_of_the_billing_company_only(self):
        lines = self.shared.line_ids
        domain = [("contract_id", "=", self.shared.id)]
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
                self.assertRefused(user, self.shared, "read", ["contract_sum"])
                self.assertNotIn(
                    self.shared.id, self.rpc(user, self.shared, "search", [])
                )
                shown = self.rpc(
                    user,
                    self.shared_project,
                    "read",
                    ["billing_contract_ids", "billing_amounts"],
                )
                self.assertNoSecret(shown)
        for user in (self.other_accountant, self.other_manager):
            with self.subTest(user=user.login):
                self.assertEqual(len(self.rpc(user, lines, "search", domain)), 3)
                ids = self.rpc(user, self.shared, "search", [])
                self.assertEqual(ids, self.shared.ids)

    def test_company_that_is_switched_off_hides_its_schedules(self):
        user = self.users["accountant"]
        user.company_ids += self.other
        lines = self.shared.line_ids
        active = {"allowed_company_ids": user.company_id.ids}
        for records in (self.shared, lines):
            fnames = ["currency_id"]
            self.assertRefused(user, records, "read", fnames, context=active)
            self.assertTrue(self.rpc(user, records, "read", fnames))

    def test_manager_of_another_company_changes_no_schedule(self):
        for kind in ("manager", "project_admin"):
            user = self.users[kind]
            for method, *args in (
                ("write", {"percent": 1.0}),
                ("unlink",),
                ("create", {"name": "Mine", "contract_id": self.shared.id}),
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

    def test_accountant_of_another_company_writes_no_contract(self):
        for vals in (
            {"partner_id": self.customer.id},
            {"automation": "manual"},
            {"user_id": self.users["accountant"].id},
        ):
            with self.subTest(vals):
                self.assertRefused(self.users["accountant"], self.shared, "write", vals)

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
        ids = self.rpc(
            self.users["accountant"], self.env["account.move"], "create", vals
        )
        move = self.env["account.move"].browse(ids)
        self.assertFalse(move.line_ids.milestone_billing_line_id)
        self.assertFalse(self.middle.move_line_ids)

    def test_manager_bills_by_no_company_but_his_own(self):
        company = {"company_id": self.other.id}
        project = self.env["project.project"].create({"name": "Anybody's"})
        for kind in ("manager", "project_admin"):
            user = self.users[kind]
            with self.subTest(kind=kind), self.undone():
                self.assertRefused(user, self.contract, "write", company)
                self.assertRefused(
                    user, self.contract, "create", {"project_id": project.id, **company}
                )
            with self.subTest(kind=kind, road="context"), suppress(AccessError):
                ids = self.rpc(
                    user,
                    self.contract,
                    "create",
                    {"project_id": project.id},
                    context={"default_company_id": self.other.id},
                )
                contract = self.contract.browse(ids)
                self.assertEqual(contract.company_id, self.company)

    def test_manager_of_another_company_keeps_off_the_contract(self):
        for kind in ("manager", "project_admin"):
            for vals in (
                {"contract_sum": 1.0},
                {"reference": "Mine"},
                {"active": False},
                {"company_id": self.company.id},
            ):
                with self.subTest(kind=kind, vals=vals), self.undone():
                    self.assertRefused(self.users[kind], self.shared, "write", vals)
            with self.subTest(kind=kind), self.undone():
                self.assertRefused(self.users[kind], self.shared, "unlink")

    def test_manager_of_another_company_takes_no_copy_of_the_contract(self):
        user = self.users["project_admin"]
        self.assertRefused(user, self.shared, "copy")
        self.assertRefused(user, self.shared_project, "copy")
        user.company_ids += self.other
        ids = self.rpc(user, self.shared_project, "copy")
        copy = self.shared_project.browse(ids).billing_contract_ids
        self.assertEqual(copy.company_id, self.other)
        self.assertEqual(len(copy.line_ids), 3)

    # --- the company of a contract, and that of its project ---

    def assertContractUntouched(self):
        """The shared contract is what it was made as."""
        self.assertRecordValues(
            self.shared,
            [
                {
                    "company_id": self.other.id,
                    "currency_id": self.other.currency_id.id,
                    "contract_sum": 74319.57,
                    "amount_to_date": 74319.57,
                }
            ],
        )

    def test_project_with_a_company_has_contracts_of_it_only(self):
        self.shared_project.company_id = self.other
        vals = {"project_id": self.shared_project.id, "company_id": self.company.id}
        with self.assertRaises(UserError), self.undone():
            self.env[CONTRACT].create(vals)
        with self.assertRaises(UserError), self.undone():
            self.shared.company_id = self.company
        self.assertContractUntouched()

    def test_contract_is_by_default_of_its_projects_company(self):
        self.shared_project.company_id = self.other
        contract = self.env[CONTRACT].create({"project_id": self.shared_project.id})
        self.assertEqual(contract.company_id, self.other)
        self.assertEqual(contract.currency_id, self.other.currency_id)

    def test_project_takes_no_company_that_a_contract_of_it_has_not(self):
        own = self.env[CONTRACT].create(
            {"project_id": self.shared_project.id, "company_id": self.company.id}
        )
        for company in (self.company, self.other):
            with self.subTest(company.name), self.assertRaises(UserError):
                self.shared_project.company_id = company
        own.unlink()
        with self.assertRaises(UserError), self.undone():
            self.shared_project.company_id = self.company
        self.shared_project.company_id = self.other
        self.assertContractUntouched()
        self.shared_project.company_id = False
        self.assertContractUntouched()

    def test_refused_company_of_a_project_tells_no_secret(self):
        with self.assertRaises(UserError) as refusal:
            self.rpc(
                self.users["project_admin"],
                self.shared_project,
                "write",
                {"company_id": self.company.id},
            )
        self.assertNotIsInstance(refusal.exception, AccessError)
        self.assertNoSecret(str(refusal.exception))

    def test_company_that_core_gives_the_project_is_checked_too(self):
        """Core takes it from the customer and from the analytic account."""
        if "allow_billable" in self.shared_project._fields:
            # else sale_project takes the customer from the project instead
            self.shared_project.allow_billable = True
        self.env.flush_all()
        account = self.env["account.analytic.account"].create(
            {
                "name": "Of company A",
                "plan_id": self.env["account.analytic.plan"].search([], limit=1).id,
                "company_id": self.company.id,
            }
        )
        partner = self.env["res.partner"].create(
            {"name": "Of company A", "company_id": self.company.id}
        )
        for vals in ({"account_id": account.id}, {"partner_id": partner.id}):
            with self.subTest(vals), self.assertRaises(UserError):
                self.shared_project.write(vals)
                self.env.flush_all()
            self.assertContractUntouched()
        with self.assertRaises(UserError), self.undone():
            self.shared_project.partner_id.company_id = self.company
            self.env.flush_all()
        self.assertContractUntouched()

    def test_company_claimed_by_a_request_is_not_believed(self):
        claim = {"allowed_company_ids": self.other.ids}
        lines = self.shared.line_ids
        for kind in ("manager", "accountant"):
            user = self.users[kind]
            with self.subTest(kind=kind):
                for records in (self.shared, lines):
                    self.assertRefused(
                        user, records, "read", ["currency_id"], context=claim
                    )
                    self.assertRefused(user, records, "search", [], context=claim)

    def test_project_is_still_edited_by_who_has_another_company(self):
        user = self.users["project_admin"]
        self.rpc(user, self.shared_project, "write", {"name": "Renamed", "color": 3})
        self.assertEqual(self.shared_project.name, "Renamed")

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
        self.shared.automation = "manual"
        self.rpc(
            self.users["project_user"], self.middle.milestone_id, "action_mark_done"
        )
        self.assertEqual(self.middle.state, "ready")
        self.rpc(self.other_accountant, self.middle, "action_create_draft_invoice")
        self.assertBilledByOther(self.middle)

    def test_project_of_the_other_company_is_out_of_reach(self):
        self.shared_project.company_id = self.other
        for kind in ("project_user", "project_admin"):
            user = self.users[kind]
            self.assertRefused(
                user, self.middle.milestone_id, "toggle_is_reached", True
            )
            self.assertRefused(user, self.shared_project, "read", ["name"])
