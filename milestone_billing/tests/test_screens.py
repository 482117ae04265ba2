from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from .common import MilestoneBillingCommon


class TestScreens(MilestoneBillingCommon):
    """Where people meet the billing: the queue, lists, cards and invoices."""

    def create_queue(self):
        """Return a ready, a blocked, a credited and a drafted line."""
        self.project.billing_automation = "manual"
        self.mark_done(self.build)
        blocked = self.create_project(
            "Nobody's", [("Stage", "progress", "percent", 100)]
        )
        blocked.partner_id = False
        other = self.create_project(
            "Other", [(f"T{n}", "progress", "percent", 50) for n in range(2)]
        )
        credited, drafted = other.billing_line_ids
        self.credit(self.bill(credited))
        self.mark_done(drafted | blocked.billing_line_ids)
        return self.build, blocked.billing_line_ids, credited, drafted

    # --- the queue ---

    def test_queue_groups_by_what_lines_wait_for(self):
        lines = self.create_queue()
        queue = self.env["milestone.billing.line"].with_user(self.accountant)
        self.assertEqual(
            [line.queue for line in lines],
            ["ready", "blocked", "to_decide", "drafted"],
        )
        self.assertFalse(self.deposit.queue)
        domain = [("project_id", "in", [line.project_id.id for line in lines])]
        groups = queue.formatted_read_group(
            [*domain, ("queue", "in", ["ready", "blocked", "to_decide", "drafted"])],
            ["queue"],
            ["__count", "amount_open:sum"],
        )
        self.assertEqual(
            {group["queue"]: group["__count"] for group in groups},
            {"ready": 1, "blocked": 1, "to_decide": 1, "drafted": 1},
        )
        for line in lines:
            found = queue.search([*domain, ("queue", "=", line.queue)])
            self.assertEqual(found, line)

    def test_queue_bills_what_it_can_and_says_why_the_rest_is_left(self):
        lines = self.build.union(*self.create_queue())
        action = lines.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.build.state, "drafted")
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("Stage: The project has no customer", action["params"]["message"])
        self.assertEqual(
            action["params"]["next"]["res_id"], self.get_invoices(self.build).id
        )

    def test_queue_says_that_credited_lines_are_decided_one_by_one(self):
        _ready, _blocked, credited, _drafted = self.create_queue()
        lines = credited | self.deposit
        with self.assertRaisesRegex(UserError, "T0: it was credited"):
            lines.with_user(self.accountant).action_create_draft_invoice()

    def test_queue_bills_one_invoice_each_or_one_a_project(self):
        self.project.billing_automation = "manual"
        self.mark_done(self.project.billing_line_ids)
        (self.deposit | self.designs).with_user(
            self.accountant
        ).action_create_draft_invoice()
        self.assertEqual(len(self.get_invoices(self.deposit | self.designs)), 2)
        (self.build | self.final).with_user(
            self.accountant
        ).action_create_draft_invoice_per_project()
        move = self.get_invoices(self.build | self.final)
        self.assertEqual(move.mapped("amount_untaxed"), [5000.0])
        self.assertEqual(
            move.invoice_origin, "Website — Build complete, Launch / delivery"
        )

    # --- projects ---

    def test_project_filters_and_badges(self):
        ready, _blocked, credited, _drafted = self.create_queue()
        Project = self.env["project.project"].with_user(self.project_user)
        self.assertIn(
            ready.project_id, Project.search([("is_ready_to_bill", "=", True)])
        )
        self.assertEqual(
            ready.project_id.with_user(self.project_user).billing_progress, "1/4"
        )
        found = self.env["project.project"].search([("contract_to_decide", ">", 0)])
        self.assertEqual(found, credited.project_id)
        self.assertEqual(ready.project_id.contract_ready, 2500)

    def test_fully_billed_project(self):
        self.bill(self.project.billing_line_ids - self.final)
        self.assertFalse(self.project.is_fully_billed)
        self.bill(self.final)
        self.assertTrue(self.project.is_fully_billed)

    def assertConstantQueries(self, model, names, records):
        """Assert that reading 40 records takes no more queries than reading 10."""
        specification = {name: {} for name in names}
        counts = []
        for number in (10, 10, 40):  # the first fills the registry's caches
            self.env.invalidate_all()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            model.with_user(self.project_admin).web_search_read(
                [("id", "in", records[:number].ids)], specification
            )
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def create_many(self):
        stages = [(f"T{n}", "progress", "percent", 25) for n in range(4)]
        projects = self.env["project.project"]
        for number in range(40):
            projects |= self.create_project(f"P{number}", stages)
        self.mark_done(projects.billing_line_ids.filtered(lambda li: li.name == "T0"))
        return projects

    def test_cards_and_lists_need_a_constant_number_of_queries(self):
        projects = self.create_many()
        self.assertConstantQueries(
            self.env["project.project"],
            ["billing_progress", "billing_state", "is_ready_to_bill", "contract_ready"],
            projects,
        )
        self.assertConstantQueries(
            self.env["project.milestone"],
            ["name", "billing_state"],
            projects.milestone_ids,
        )
        self.assertConstantQueries(
            self.env["milestone.billing.line"],
            ["project_name", "amount_open", "state", "queue", "blocking_reason",
             "has_documents"],
            projects.billing_line_ids,
        )  # fmt: skip

    # --- invoices ---

    def test_invoice_leads_to_the_schedule_and_its_milestones(self):
        move = self.bill(self.build).with_user(self.accountant)
        action = move.action_open_milestone_billing()
        self.assertEqual(action["res_id"], self.project.id)
        self.assertEqual(move.action_open_milestones()["res_id"], self.build.id)

    def test_accountant_without_the_project_gets_its_lines(self):
        move = self.bill(self.build)
        self.project.privacy_visibility = "followers"
        action = move.with_user(self.accountant).action_open_milestone_billing()
        self.assertEqual(action["res_model"], "milestone.billing.line")
        self.assertEqual(
            action["domain"], [("id", "in", self.project.billing_line_ids.ids)]
        )

    def test_invoice_form_opens_for_every_accountant(self):
        move = self.bill(self.build)
        self.project.privacy_visibility = "followers"
        with Form(move.with_user(self.accountant)) as form:
            self.assertEqual(form.milestone_billing_project_id, self.project)

    # --- sales orders ---

    def test_milestone_is_billed_by_sales_order_or_by_line(self):
        if "sale_line_id" not in self.env["project.milestone"]._fields:
            self.skipTest("sale_project is not installed")
        product = self.env["product.product"].create(
            {
                "name": "Stage",
                "type": "service",
                "service_policy": "delivered_milestones",
            }
        )
        # sudo: who sells is not the matter here
        order = (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [Command.create({"product_id": product.id})],
                }
            )
        )
        with self.assertRaisesRegex(ValidationError, "billed by the sales order"):
            self.build.milestone_id.sale_line_id = order.order_line
        milestone = self.env["project.milestone"].create(
            {
                "name": "By order",
                "project_id": self.project.id,
                "sale_line_id": order.order_line.id,
            }
        )
        with self.assertRaisesRegex(ValidationError, "billed by the sales order"):
            self.env["milestone.billing.line"].create({"milestone_id": milestone.id})

    def test_milestones_of_lines_are_not_billed_by_the_projects_order(self):
        if "sale_line_id" not in self.env["project.milestone"]._fields:
            self.skipTest("sale_project is not installed")
        self.assertFalse(self.project.milestone_ids.sale_line_id)
