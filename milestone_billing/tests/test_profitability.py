import json

from .common import MilestoneBillingCommon


class TestProfitability(MilestoneBillingCommon):
    """Milestones are revenue of the project once, with or without sales beside them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        plan = cls.env["account.analytic.plan"].create({"name": "Projects"})
        cls.project.account_id = cls.env["account.analytic.account"].create(
            {"name": "Website", "plan_id": plan.id}
        )
        if "allow_billable" in cls.project._fields:
            cls.project.allow_billable = True

    def get_revenues(self, user=None):
        """Return the project's revenues, as its panel shows them to a user."""
        project = self.project.with_user(user or self.env.user)
        return project._get_profitability_items()["revenues"]

    def assertRevenues(self, invoiced, to_invoice):
        revenues = self.get_revenues()
        self.assertEqual(
            revenues["total"], {"invoiced": invoiced, "to_invoice": to_invoice}
        )
        # nothing of it in another section, too
        self.assertEqual([row["id"] for row in revenues["data"]], ["milestone_billing"])

    def test_posted_is_invoiced_drafted_and_ready_are_to_invoice(self):
        self.bill(self.deposit)
        self.assertRevenues(2500, 0)
        self.mark_done(self.designs)
        self.assertRevenues(2500, 2500)
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.assertRevenues(2500, 5000)

    def test_without_anything_done_there_is_no_section(self):
        self.assertFalse(self.get_revenues()["data"])

    def test_credit_takes_away(self):
        self.credit(self.bill(self.deposit), amount=500)
        self.assertRevenues(2000, 500)

    def test_other_revenue_is_beside_it(self):
        self.bill(self.deposit)
        self.env["account.analytic.line"].create(
            {"name": "Grant", "account_id": self.project.account_id.id, "amount": 300}
        )
        total = self.get_revenues()["total"]
        self.assertEqual(total["invoiced"], 2800)

    def test_analytic_items_are_made_once(self):
        self.bill(self.deposit)
        items = self.env["account.analytic.line"].search(
            [("move_line_id.milestone_billing_line_id", "=", self.deposit.id)]
        )
        self.assertEqual(items.mapped("amount"), [2500])

    def test_foreign_contract_is_converted_as_of_the_day_of_its_invoice(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2020-01-01", 0.5), ("2026-04-01", 0.8)]
        )
        contract = self.create_contract(
            "Abroad", [("Start", "deposit", "fixed", 1000)], currency_id=currency.id
        )
        self.project = contract.project_id
        if "allow_billable" in self.project._fields:
            self.project.allow_billable = True
        move = self.bill(contract.line_ids)  # on 31 March
        self.assertEqual(move.invoice_line_ids.balance, -2000)
        self.assertRevenues(2000, 0)

    def test_archived_contract_keeps_what_it_brought_in(self):
        self.bill(self.contract.line_ids)
        self.contract.active = False
        for active_test in (True, False):
            self.project = self.project.with_context(active_test=active_test)
            self.assertRevenues(10000, 0)

    def test_who_sees_no_amounts_sees_none_here(self):
        self.bill(self.deposit)
        self.assertFalse(self.get_revenues(self.project_user)["data"])
        panel = self.project.with_user(self.project_user).get_panel_data()
        self.assertNotIn("profitability_items", panel)

    def test_accountant_opens_the_invoices(self):
        move = self.bill(self.deposit)
        [section] = self.get_revenues(self.accountant)["data"]
        name, domain, *res_id = json.loads(section["action"]["args"])
        action = self.project.with_user(self.accountant).action_profitability_items(
            name, domain, *res_id
        )
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("account.move", move.id)
        )

    def test_reader_without_invoices_opens_none(self):
        self.bill(self.deposit)
        [section] = self.get_revenues(self.project_admin)["data"]
        self.assertNotIn("action", section)
