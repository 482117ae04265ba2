from odoo import Command
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
"""How many each act took without the addon, as `make bench` prints them."""

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
        ours = self.count_marking_done(100) - self.count_marking_done(50)
        bare = self.count_bare_creation(100) - self.count_bare_creation(50)
        self.assertLessEqual(ours, bare)


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
