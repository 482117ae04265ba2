from odoo.fields import Command
from odoo.tools import SQL
from odoo.tools.sql import column_exists

from ..hooks import uninstall_hook
from .common import MilestoneBillingCommon

CONTRACT = "milestone.billing.contract"
LEDGER = ("account.move", "account.move.line")


class TestInstall(MilestoneBillingCommon):
    """The addon comes to a database in use, and leaves it."""

    # --- milestones that were reached before ---

    def create_reached(self, **values):
        """Create a project whose milestones were reached before anything billed them."""
        project = self.env["project.project"].create(
            {
                "name": "In use",
                "partner_id": self.customer.id,
                "milestone_ids": [
                    Command.create(
                        {"name": name, "is_reached": True, "deadline": "2025-01-31"}
                    )
                    for name in ("Start", "Middle")
                ],
                **values,
            }
        )
        self.assertRecordValues(
            project,
            [
                {
                    "billing_state": False,
                    "billing_stage_count": 0,
                    "billing_share": 0,
                    "is_fully_billed": False,
                }
            ],
        )
        return project

    def create_contract_on(self, project, **values):
        """Create the project's first contract, a line for each of its milestones."""
        return self.env[CONTRACT].create(
            {
                "project_id": project.id,
                "contract_sum": 10000.0,
                "product_id": self.product.id,
                "line_ids": [
                    Command.create({"milestone_id": milestone.id, "percent": 50.0})
                    for milestone in project.milestone_ids
                ],
                **values,
            }
        )

    def test_nothing_is_billed_retroactively(self):
        for automation in ("manual", "draft", "post", "post_send"):
            if automation not in self.env[CONTRACT]._fields["automation"].get_values(
                self.env
            ):
                continue
            with self.subTest(automation):
                contract = self.create_contract_on(
                    self.create_reached(), automation=automation
                )
                lines = contract.line_ids
                self.assertEqual(lines.mapped("state"), ["ready", "ready"])
                self.assertFalse(lines.move_line_ids)
                self.assertEqual(contract.amount_ready, 10000.0)
                self.assertFalse(contract.last_number)

    def test_what_was_reached_before_is_billed_by_a_person(self):
        lines = self.create_contract_on(self.create_reached()).line_ids
        lines.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(lines.mapped("state"), ["drafted", "drafted"])
        self.assertEqual(lines.mapped("amount_drafted"), [5000.0, 5000.0])

    def test_what_is_ticked_again_is_billed(self):
        line = self.create_contract_on(self.create_reached()).line_ids[0]
        self.mark_done(line)  # which it is
        self.assertEqual(line.state, "ready")
        self.mark_done(line, done=False)
        self.mark_done(line)
        self.assertEqual(line.state, "drafted")

    def test_reached_milestones_are_no_obstacle_to_a_new_one(self):
        contract = self.create_contract_on(self.create_reached())
        contract.line_ids.percent = 25.0
        self.env["milestone.billing.line"].create(
            {"contract_id": contract.id, "name": "End", "basis": "balance"}
        )
        *before, end = contract.line_ids
        self.mark_done(end)
        self.assertEqual(end.state, "drafted")
        self.assertEqual({line.state for line in before}, {"ready"})

    def test_invoices_from_before_are_no_business_of_a_contract(self):
        move = self.init_invoice(
            "out_invoice", partner=self.customer, amounts=[10000.0], post=True
        )
        contract = self.create_contract_on(self.create_reached())
        self.assertFalse(contract.amount_billed)
        move.button_draft()
        move.action_post()
        self.assertFalse(move.milestone_billing_contract_id)
        self.assertEqual(contract.line_ids.mapped("state"), ["ready", "ready"])

    # --- e-mails ---

    def test_mails_are_written_for_any_record(self):
        """Core tries each template at installation, on whatever record it finds."""
        project = self.env["project.project"].create(
            {
                "name": "In use",
                "milestone_ids": [Command.create({"name": "Start"})],
            }
        )
        contract = self.env[CONTRACT].create({"project_id": project.id})
        records = {
            "project.milestone": project.milestone_ids,
            CONTRACT: contract,
            "milestone.billing.change": self.env["milestone.billing.change"].create(
                {"contract_id": contract.id, "name": "More", "amount": 1.0}
            ),
            "account.move": self.init_invoice("in_invoice", amounts=[100.0]),
        }
        templates = self.env["mail.template"].browse(
            self.env["ir.model.data"]
            .search(
                [
                    ("module", "=", "milestone_billing"),
                    ("model", "=", "mail.template"),
                ]
            )
            .mapped("res_id")
        )
        self.assertEqual(set(templates.mapped("model")), records.keys())
        for template in templates:
            for fname in template._get_dynamic_field_names():
                with self.subTest(template=template.name, field=fname):
                    template._render_field(fname, records[template.model].ids)

    # --- the ledger ---

    def get_columns(self, model):
        """Return the addon's columns of a core model."""
        return [
            field.name
            for field in self.env[model]._fields.values()
            if field._module == "milestone_billing" and field.store
            if field.column_type
        ]

    def fetch_rows(self, model):
        """Return where each row of a model lies: a row that is rewritten moves."""
        return self.env.execute_query(
            SQL(
                "SELECT id, ctid::text FROM %s ORDER BY id",
                SQL.identifier(self.env[model]._table),
            )
        )

    def test_no_row_of_the_ledger_is_rewritten(self):
        for amount in (100.0, 200.0):
            self.init_invoice("out_invoice", amounts=[amount], post=True)
        self.env.flush_all()
        before = {model: self.fetch_rows(model) for model in LEDGER}
        for model in LEDGER:
            table = self.env[model]._table
            for name in self.get_columns(model):
                self.env.cr.execute(
                    SQL(
                        "ALTER TABLE %s DROP COLUMN %s CASCADE",
                        SQL.identifier(table),
                        SQL.identifier(name),
                    )
                )
        self.env.invalidate_all()
        self.registry.init_models(
            self.env.cr, LEDGER, {"module": "milestone_billing"}, install=True
        )
        self.env.flush_all()
        for model in LEDGER:
            for name in self.get_columns(model):
                with self.subTest(f"{model}.{name}"):
                    self.assertTrue(
                        column_exists(self.env.cr, self.env[model]._table, name)
                    )
            self.assertEqual(self.fetch_rows(model), before[model])

    # --- it leaves ---

    def test_product_outlives_the_addon(self):
        product = self.env.ref("milestone_billing.product_milestone_billing")
        uninstall_hook(self.env)
        left = self.env["ir.model.data"].search(
            [
                ("module", "=", "milestone_billing"),
                ("model", "in", ["product.product", "product.template"]),
            ]
        )
        self.assertFalse(left)
        self.assertTrue(product.exists())
