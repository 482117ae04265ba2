from odoo import Command, models
from odoo.tests import TransactionCase, tagged

from .bystander import Bystanders
from .common import MilestoneBillingCommon

APPLICATIONS = {"account", "mail", "milestone_billing", "project", "project_todo"}
"""What is installed, with what it needs, where the queries were counted."""

QUERIES = {
    "create an invoice": 74,
    "create 10 invoices": 155,
    "edit a draft": 41,
    "post an invoice": 41,
    "post 10 invoices": 80,
    "pay an invoice": 153,
    "reset an invoice to draft": 33,
    "credit an invoice": 116,
    "open the list of invoices": 7,
    "open an invoice": 36,
    "open the projects": 14,
    "open the projects as administrator": 12,
    "open the list of projects": 11,
    "open a project": 10,
    "open a project as administrator": 10,
    "open a project's dashboard": 9,
    "open the milestones": 5,
    "tick a milestone": 5,
    "tick 10 milestones": 5,
    "create a project": 15,
}
"""How many each act took without the addon; `make bench` prints them as well, with what
a history of invoices adds."""

MORE_QUERIES = {
    "create a project": 1,
    "credit an invoice": 1,
    "tick 10 milestones": 1,
    "tick a milestone": 1,
}
"""How many the addon may add where nothing is billed by milestones."""


class TestPerformance(MilestoneBillingCommon):
    """Many milestones cost little more than their invoices."""

    def create_lines(self, count):
        """Return ``count`` open lines, each of a contract of its own."""
        lines = self.env["milestone.billing.line"]
        for index in range(count):
            contract = self.create_contract(
                f"P{index}", [("Stage", "progress", "percent", 100)]
            )
            lines |= contract.line_ids
        self.env.flush_all()
        self.env.invalidate_all()
        # or PostgreSQL plans for the empty tables that they were
        self.env.cr.execute("ANALYZE account_move, account_move_line")
        return lines

    def count_queries(self, function):
        before = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def count_marking_done(self, count):
        lines = self.create_lines(count)
        queries = self.count_queries(lambda: self.mark_done(lines))
        self.assertEqual(len(lines.move_line_ids.move_id), count)
        return queries

    def count_bare_creation(self, count):
        """Create the same invoices without the addon, analytic accounts included."""
        vals_list = [
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_user_id": self.project_user.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "name": line.name,
                            "price_unit": 10000.0,
                            "analytic_distribution": (
                                line.project_id._get_analytic_distribution()
                            ),
                        }
                    )
                ],
            }
            for line in self.create_lines(count)
        ]
        self.env.flush_all()
        self.env.invalidate_all()
        # as on a tick: without the tests' context, which switches log and tracking off
        moves = self.env(user=self.project_user, su=True, context={})["account.move"]
        return self.count_queries(lambda: moves.create(vals_list))

    def test_queries_of_marking_done_grow_no_faster_than_bare_invoices(self):
        self.count_marking_done(2)  # fills the registry's caches
        self.count_bare_creation(2)
        ours = self.count_marking_done(60) - self.count_marking_done(30)
        bare = self.count_bare_creation(60) - self.count_bare_creation(30)
        self.assertLessEqual(ours, bare)


class TestLikeness(MilestoneBillingCommon):
    """What is skipped for speed leaves no trace in the documents."""

    def read_document(self, move):
        """Return what a document and its journal items store, but when and by whom."""
        return [
            {
                name: record[name]
                for name, field in record._fields.items()
                if field.store
                and field.type not in ("one2many", "many2many")
                and field._module != "milestone_billing"
                and name not in models.MAGIC_COLUMNS
                and name not in ("move_id", "parent_id", "access_token")
            }
            for record in (move, *move.line_ids.sorted("display_type"))
        ]

    def assert_draft_as_core_makes_it(self, line):
        """Assert that a draft is what core makes of the same values, all computed."""
        # the superuser, as a tick; not in the tests' context, which switches the log off
        system = line._as_system()
        nets = {system: system.amount_open}
        vals = system.contract_id._prepare_invoice_vals(system, nets)
        self.mark_done(line)
        draft = line.move_line_ids.move_id
        for _command, _id, line_vals in vals["invoice_line_ids"]:
            for name in (
                "balance",
                "amount_currency",
                "milestone_billing_line_id",
                "milestone_billing_planned",
            ):
                line_vals.pop(name, None)
            line_vals["price_unit"] = draft.invoice_line_ids.price_unit
        moves = system.env["account.move"].with_context(mail_create_nosubscribe=True)
        plain = moves.create(vals).with_env(draft.env)
        (draft | plain).flush_recordset()
        for ours, core in zip(
            self.read_document(draft), self.read_document(plain), strict=True
        ):
            self.assertEqual(ours, core)
        # besides, who is called follows
        called = draft.activity_ids.user_id.partner_id
        self.assertEqual(draft.message_partner_ids - called, plain.message_partner_ids)
        self.assertEqual(len(draft.message_ids), len(plain.message_ids))

    def create_line(self, **values):
        stages = [("A third", "progress", "percent", 100 / 3)]
        return self.create_contract("Like", stages, **values).line_ids

    def test_draft_is_as_core_makes_it(self):
        self.assert_draft_as_core_makes_it(self.create_line())

    def test_draft_without_taxes_is_as_core_makes_it(self):
        self.product.taxes_id = False
        self.company.account_sale_tax_id = False
        self.assert_draft_as_core_makes_it(self.create_line())

    def test_draft_with_included_taxes_is_as_core_makes_it(self):
        self.tax.price_include_override = "tax_included"
        self.assert_draft_as_core_makes_it(self.create_line())

    def test_draft_in_another_currency_is_as_core_makes_it(self):
        currency = self.setup_other_currency("EUR")
        line = self.create_line(currency_id=currency.id)
        self.assert_draft_as_core_makes_it(line)


@tagged("post_install", "-at_install")
class TestBystanders(TransactionCase):
    """Who bills nothing by milestones pays nothing for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # as where the queries were counted; tests that commit may have switched it on
        cls.env.ref("base.group_user")._remove_group(
            cls.env.ref("project.group_project_milestone")
        )
        cls.bystanders = Bystanders(cls.env)

    def test_acts_take_no_more_queries_than_without_the_addon(self):
        if self.get_other_applications():
            self.skipTest("other applications add queries of their own")
        self.assertFalse(self.env["milestone.billing.contract"].search_count([]))
        self.assertEqual(self.bystanders.acts.keys(), QUERIES.keys())
        for name, queries in QUERIES.items():
            with self.subTest(name):
                # the least of some: now and then a cache is filled anew
                counts = [
                    self.bystanders.measure(name, self.count_queries)
                    for _round in range(2)
                ]
                self.assertLessEqual(min(counts), queries + MORE_QUERIES.get(name, 0))

    def get_other_applications(self):
        """Return what is installed besides what the queries were counted with."""
        installed = self.env["ir.module.module"].search(
            [("state", "=", "installed"), ("application", "=", True)]
        )
        return installed.filtered(lambda module: module.name not in APPLICATIONS)

    def count_queries(self, act):
        before = self.env.cr.sql_log_count
        act()
        return self.env.cr.sql_log_count - before
