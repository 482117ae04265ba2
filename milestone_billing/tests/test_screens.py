from datetime import timedelta
from itertools import product

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from ..models.status import STATUSES
from .common import MilestoneBillingCommon


class TestScreens(MilestoneBillingCommon):
    """Where people meet the billing: the queue, lists, cards and invoices."""

    def create_queue(self):
        """Return a ready, a blocked, a credited and a drafted line."""
        self.contract.automation = "manual"
        self.mark_done(self.build)
        blocked = self.create_contract(
            "Nobody's", [("Stage", "progress", "percent", 100)]
        )
        blocked.partner_id = False
        other = self.create_contract(
            "Other", [(f"T{n}", "progress", "percent", 50) for n in range(2)]
        )
        credited, drafted = other.line_ids
        self.credit(self.bill(credited))
        self.mark_done(drafted | blocked.line_ids)
        return self.build, blocked.line_ids, credited, drafted

    # --- the queue ---

    def test_queue_groups_by_what_lines_wait_for(self):
        lines = self.create_queue()
        queue = self.env["milestone.billing.line"].with_user(self.accountant)
        self.assertEqual(
            [line.state for line in lines],
            ["ready", "blocked", "to_decide", "drafted"],
        )
        domain = [("project_id", "in", [line.project_id.id for line in lines])]
        waiting = [("state", "in", ["blocked", "to_decide", "ready", "drafted"])]
        self.assertNotIn(self.deposit, queue.search([*domain, *waiting]))
        groups = queue.formatted_read_group(
            [*domain, *waiting], ["state"], ["__count", "amount_open:sum"]
        )
        self.assertEqual(
            [(group["state"], group["__count"]) for group in groups],
            [("blocked", 1), ("to_decide", 1), ("ready", 1), ("drafted", 1)],
        )
        for line in lines:
            found = queue.search([*domain, ("state", "=", line.state)])
            self.assertEqual(found, line)

    def test_queue_is_checked_when_it_is_opened(self):
        self.contract.partner_id = self.env["res.partner"].create({"name": "Gone"})
        self.contract.partner_id.active = False
        self.mark_done(self.build)
        self.contract.partner_id.active = True
        self.assertEqual(self.build.state, "blocked")
        action = self.env.ref(
            "milestone_billing.milestone_billing_line_action_open_queue"
        )
        opened = action.with_user(self.accountant).run()
        self.assertEqual(opened["res_model"], "milestone.billing.line")
        self.assertEqual(self.build.state, "ready")

    def test_queue_bills_what_it_can_and_says_why_the_rest_is_left(self):
        lines = self.build.union(*self.create_queue())
        action = lines.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.build.state, "drafted")
        self.assertEqual(action["tag"], "display_notification")
        self.assertRegex(action["params"]["message"], "Stage: .* has no customer")
        self.assertEqual(
            action["params"]["next"]["res_id"], self.get_invoices(self.build).id
        )

    def test_queue_says_that_credited_lines_are_decided_one_by_one(self):
        _ready, _blocked, credited, _drafted = self.create_queue()
        lines = credited | self.deposit
        with self.assertRaisesRegex(UserError, "T0: it was credited"):
            lines.with_user(self.accountant).action_create_draft_invoice()

    def test_queue_bills_one_invoice_each_or_one_a_contract(self):
        self.contract.automation = "manual"
        self.mark_done(self.contract.line_ids)
        (self.deposit | self.designs).with_user(
            self.accountant
        ).action_create_draft_invoice()
        self.assertEqual(len(self.get_invoices(self.deposit | self.designs)), 2)
        (self.build | self.final).with_user(
            self.accountant
        ).action_create_draft_invoice_per_contract()
        move = self.get_invoices(self.build | self.final)
        self.assertEqual(move.mapped("amount_untaxed"), [5000.0])
        self.assertEqual(
            move.invoice_origin, "Website — Build complete, Launch / delivery"
        )

    def test_badges_wear_the_colours_of_the_statuses(self):
        views = self.env["ir.ui.view"].search(
            [("arch_db", "like", 'widget="billing_status"')]
        )
        badges = [
            (view.xml_id, node)
            for view in views
            for node in self.env[view.model]
            ._get_view(view.id, view.type)[0]
            .iter("field")
            if node.get("name") in ("status", "billing_status")
            and node.get("widget") in ("billing_status", "billing_stage_badge")
        ]
        self.assertTrue(badges)
        for (xml_id, node), status in product(badges, STATUSES):
            colors = [
                name.removeprefix("decoration-")
                for name, condition in node.items()
                if name.startswith("decoration-")
                and safe_eval(condition, {node.get("name"): status.key})
            ]
            with self.subTest(view=xml_id, status=status.key):
                self.assertEqual(colors or ["light"], [status.color])

    def test_dashboard_of_a_project_without_contract_offers_one(self):
        project = self.env["project.project"].create({"name": "Not billed"})
        panel = project.with_user(self.project_admin).get_panel_data()
        buttons = {button["action"]: button for button in panel["buttons"]}
        self.assertEqual(buttons["action_open_billing"]["number"], "")

    # --- contracts ---

    def test_contract_form_opens_for_whom_sees_it(self):
        self.bill(self.build)
        self.project.privacy_visibility = "followers"
        for user in (self.project_admin, self.accountant):
            with self.subTest(user=user.name):
                form = Form(self.contract.with_user(user))
                self.assertEqual(form.project_id, self.project)
                self.assertEqual(form.amount_billed, 2500)

    def test_contract_form_leaves_the_schedule_to_managers(self):
        form = Form(self.contract.with_user(self.accountant))
        for name in ("contract_sum", "reference", "date", "allow_acceptance"):
            with self.subTest(field=name), self.assertRaises(AssertionError):
                form[name] = form[name]
        form.partner_id = self.env["res.partner"].create({"name": "Other"})
        form.save()
        self.assertEqual(self.contract.partner_id.name, "Other")
        with Form(self.contract.with_user(self.project_admin)) as form:
            form.contract_sum = 12000
            with self.assertRaises(AssertionError):
                form.automation = "post"
        self.assertEqual(self.final.amount_planned, 3000)

    def test_new_contract_is_entered_in_one_form(self):
        project = self.env["project.project"].create({"name": "New"})
        action = project.with_user(self.project_admin).action_open_billing()
        contracts = self.env[action["res_model"]].with_user(self.project_admin)
        self.assertFalse(action.get("res_id"))
        with Form(contracts.with_context(**action["context"])) as form:
            self.assertEqual(form.project_id, project)
            form.partner_id = self.customer
            form.contract_sum = 1000
            with form.line_ids.new() as line:
                line.name = "Half"
                line.percent = 50
            with form.line_ids.new() as line:
                line.name = "Rest"
                line.basis = "balance"
        self.assertRecordValues(
            project.billing_contract_ids.line_ids,
            [
                {"name": "Half", "amount_planned": 500, "state": "upcoming"},
                {"name": "Rest", "amount_planned": 500, "state": "upcoming"},
            ],
        )
        self.assertEqual(project.milestone_ids.mapped("name"), ["Half", "Rest"])
        self.assertEqual(
            project.action_open_billing()["res_id"], project.billing_contract_ids.id
        )

    def test_project_of_several_contracts_opens_their_list(self):
        other = self.contract.copy({"project_id": self.project.id})
        action = self.project.action_open_billing()
        self.assertEqual(action["res_model"], "milestone.billing.contract")
        self.assertEqual(
            self.env[action["res_model"]].search(action["domain"]),
            self.contract | other,
        )

    # --- projects ---

    def test_project_filters_and_badges(self):
        ready, blocked, credited, _drafted = self.create_queue()
        Project = self.env["project.project"].with_user(self.project_user)
        found = Project.search([("billing_state", "in", ["blocked", "ready"])])
        self.assertIn(ready.project_id, found)
        self.assertIn(blocked.project_id, found)
        self.assertNotIn(credited.project_id, found)
        self.assertRecordValues(
            ready.project_id.with_user(self.project_user),
            [
                {
                    "billing_stage_done_count": 1,
                    "billing_stage_count": 4,
                    "billing_status": "ready",
                }
            ],
        )
        found = self.env["project.project"].search(
            [("billing_contract_ids", "any", [("amount_to_decide", ">", 0)])]
        )
        self.assertEqual(found, credited.project_id)
        self.assertEqual(ready.contract_id.amount_ready, 2500)

    def test_overdue_projects_are_found_and_grouped(self):
        self.build.deadline = fields.Date.today() - timedelta(days=1)
        Project = self.env["project.project"].with_user(self.project_user)
        self.assertEqual(Project.browse(self.project.id).billing_status, "overdue")
        self.assertEqual(
            Project.search([("billing_status", "=", "overdue")]), self.project
        )
        groups = Project.formatted_read_group(
            [("id", "=", self.project.id)], ["billing_status"], ["__count"]
        )
        self.assertEqual(
            [(group["billing_status"], group["__count"]) for group in groups],
            [("overdue", 1)],
        )

    def test_fully_billed_project(self):
        self.bill(self.contract.line_ids - self.final)
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
            projects |= self.create_contract(f"P{number}", stages).project_id
        lines = projects.billing_contract_ids.line_ids
        self.mark_done(lines.filtered(lambda line: line.name == "T0"))
        return projects

    def test_cards_and_lists_need_a_constant_number_of_queries(self):
        projects = self.create_many()
        self.assertConstantQueries(
            self.env["project.project"],
            [
                "billing_status",
                "billing_stage_done_count",
                "billing_stage_count",
                "billing_share",
                "billing_next_milestone_id",
                "billing_amounts",
            ],
            projects,
        )
        self.assertConstantQueries(
            self.env["project.milestone"],
            ["name", "billing_status"],
            projects.milestone_ids,
        )
        self.assertConstantQueries(
            self.env["milestone.billing.line"],
            [
                "project_name",
                "amount_open",
                "status",
                "blocking_reason",
                "has_documents",
            ],
            projects.billing_contract_ids.line_ids,
        )
        self.assertConstantQueries(
            self.env["milestone.billing.contract"],
            ["display_name", "project_name", "partner_id", "amount_to_date", "status"],
            projects.billing_contract_ids,
        )  # fmt: skip

    # --- invoices ---

    def test_invoice_leads_to_the_schedule_and_its_milestones(self):
        move = self.bill(self.build).with_user(self.accountant)
        action = move.action_open_milestone_billing()
        self.assertEqual(action["res_model"], "milestone.billing.contract")
        self.assertEqual(action["res_id"], self.contract.id)
        self.assertEqual(move.action_open_milestones()["res_id"], self.build.id)

    def test_accountant_without_the_project_gets_its_contract(self):
        move = self.bill(self.build)
        self.project.privacy_visibility = "followers"
        action = move.with_user(self.accountant).action_open_milestone_billing()
        contract = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(contract, self.contract)
        self.assertEqual(
            contract.with_user(self.accountant).line_ids, self.contract.line_ids
        )

    def test_invoice_form_opens_for_every_accountant(self):
        move = self.bill(self.build)
        self.project.privacy_visibility = "followers"
        with Form(move.with_user(self.accountant)) as form:
            self.assertEqual(form.milestone_billing_contract_id, self.contract)

    # --- sales orders ---

    def test_milestone_is_billed_by_sales_order_or_by_line(self):
        if "sale_line_id" not in self.env["project.milestone"]._fields:
            self.skipTest("sale_project is not installed")
        stage = self.env["product.product"].create(
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
                    "order_line": [Command.create({"product_id": stage.id})],
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
            self.env["milestone.billing.line"].create(
                {"contract_id": self.contract.id, "milestone_id": milestone.id}
            )

    def test_milestones_of_lines_are_not_billed_by_the_projects_order(self):
        if "sale_line_id" not in self.env["project.milestone"]._fields:
            self.skipTest("sale_project is not installed")
        self.assertFalse(self.project.milestone_ids.sale_line_id)
