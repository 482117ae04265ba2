from odoo import Command

from .common import MilestoneBillingCommon


class TestPerformance(MilestoneBillingCommon):
    """Many milestones cost little more than their invoices."""

    def create_lines(self, count):
        """Return ``count`` open lines, each of a project of its own."""
        lines = self.env["milestone.billing.line"]
        for index in range(count):
            project = self.create_project(
                f"P{index}", [("Stage", "progress", "percent", 100)]
            )
            lines |= project.billing_line_ids
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
