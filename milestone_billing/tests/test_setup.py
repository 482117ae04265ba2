from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form

from .common import MilestoneBillingCommon


class TestSetup(MilestoneBillingCommon):
    """A schedule from a template: shown before, made in one go, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.thirds = cls.env.ref("milestone_billing.template_thirds")
        cls.setups = cls.env["milestone.billing.setup"].with_user(cls.project_admin)

    def create_projects(self, count, **values):
        return self.env["project.project"].create(
            [
                {"name": f"Similar {n}", "partner_id": self.customer.id, **values}
                for n in range(count)
            ]
        )

    def create_setup(self, projects, **values):
        return self.setups.create(
            {
                "project_ids": [Command.set(projects.ids)],
                "template_id": self.thirds.id,
                "contract_sum": 10000,
                "date_start": "2026-01-31",
                **values,
            }
        )

    # --- the preview ---

    def test_preview_shows_what_the_contract_gives(self):
        form = Form(
            self.setups.with_context(
                default_project_ids=self.create_projects(1).ids,
                default_template_id=self.thirds.id,
            )
        )
        self.assertEqual(form.partner_id, self.customer)
        form.contract_sum = 1000.01
        rows = [form.line_ids.edit(n) for n in range(3)]
        self.assertEqual([row.amount_planned for row in rows], [300, 400, 300.01])
        form.contract_sum = 10000
        with form.line_ids.edit(0) as row:
            row.percent = 50
        with form.line_ids.edit(2) as row:
            self.assertEqual(row.amount_planned, 1000)
            row.basis = "percent"
        self.assertEqual(form.amount_unscheduled, 1000)
        before = self.env["milestone.billing.contract"].search_count([])
        setup = form.save()
        self.assertEqual(
            self.env["milestone.billing.contract"].search_count([]), before
        )
        setup.action_create()
        contract = setup.project_ids.billing_contract_ids
        self.assertEqual(contract.line_ids.mapped("amount_planned"), [5000, 4000, 0])

    def test_other_start_moves_the_dates(self):
        form = Form(
            self.setups.with_context(
                default_project_ids=self.create_projects(1).ids,
                default_template_id=self.thirds.id,
            )
        )
        self.assertEqual(form.date_start, fields.Date.today())
        form.date_start = "2026-03-01"
        with form.line_ids.edit(2) as row:
            self.assertEqual(str(row.deadline), "2026-05-01")
        form.template_id = self.env.ref("milestone_billing.template_quarters")
        self.assertEqual(len(form.line_ids), 4)

    def test_preview_and_contract_are_the_same_for_every_template(self):
        for template in self.env["milestone.billing.template"].search([]):
            setup = self.create_setup(
                self.create_projects(1), template_id=template.id, contract_sum=999.99
            )
            setup.action_create()
            lines = setup.project_ids.billing_contract_ids.line_ids
            facts = ("name", "kind", "deadline", "amount_planned")
            self.assertEqual(
                [[line[fact] for fact in facts] for line in lines],
                [[line[fact] for fact in facts] for line in setup.line_ids],
            )
            self.assertAlmostEqual(sum(lines.mapped("amount_planned")), 999.99)

    # --- what is made ---

    def test_projects_get_their_contracts_at_once(self):
        projects = self.create_projects(10)
        answer = self.create_setup(projects).action_create()
        self.assertEqual(answer["params"]["message"], "10 schedules made.")
        for project in projects:
            contract = project.billing_contract_ids
            self.assertRecordValues(
                contract,
                [
                    {
                        "partner_id": self.customer.id,
                        "contract_sum": 10000,
                        "template_id": self.thirds.id,
                    }
                ],
            )
            self.assertRecordValues(
                contract.line_ids,
                [
                    {
                        "name": "Project start",
                        "kind": "deposit",
                        "amount_planned": 3000,
                    },
                    {"name": "Halfway", "kind": "progress", "amount_planned": 4000},
                    {"name": "Completion", "kind": "final", "amount_planned": 3000},
                ],
            )
            self.assertEqual(len(project.milestone_ids), 3)

    def test_second_click_makes_nothing(self):
        projects = self.create_projects(2)
        setup = self.create_setup(projects)
        setup.action_create()
        setup.action_create()
        self.assertEqual(len(projects.billing_contract_ids), 2)

    def test_what_is_left_out_is_named(self):
        projects = self.create_projects(2) | self.project
        template = self.create_projects(1, is_template=True, name="Pattern")
        gone = self.create_projects(1, active=False, name="Gone")
        setup = self.create_setup(projects | template | gone)
        self.assertIn("Website has a contract already.", setup.left_out)
        answer = setup.action_create()["params"]
        self.assertEqual(answer["message"], "2 schedules made, 3 projects left out.")
        self.assertEqual(
            set(answer["reasons"]),
            {
                "Website has a contract already.",
                "Pattern is a template.",
                "Gone is archived.",
            },
        )
        with self.assertRaisesRegex(UserError, "has a contract already"):
            self.create_setup(self.project).action_create()

    def test_contract_with_stages_is_left_as_it_is(self):
        vals = {"contract_id": self.contract.id, "template_id": self.thirds.id}
        with self.assertRaisesRegex(UserError, "has stages already"):
            self.setups.create(vals).action_create()
        self.contract.line_ids.unlink()
        self.setups.create(vals).action_create()
        self.assertEqual(
            self.contract.line_ids.mapped("amount_planned"), [3000, 4000, 3000]
        )

    def test_nothing_is_made_without_stages(self):
        setup = self.create_setup(self.create_projects(1), template_id=False)
        with self.assertRaisesRegex(UserError, "Choose a template"):
            setup.action_create()

    def test_fixed_amounts_stay_in_their_currency(self):
        template = self.thirds.copy({"currency_id": self.env.ref("base.CHF").id})
        template.stage_ids.sorted()[0].write({"basis": "fixed", "amount": 100})
        setup = self.create_setup(self.create_projects(1), template_id=template.id)
        with self.assertRaisesRegex(UserError, "CHF"):
            setup.action_create()

    def test_form_that_asks_is_handed_the_stages(self):
        setup = self.setups.create({"template_id": self.thirds.id, "contract_sum": 500})
        answer = setup.action_create()
        self.assertEqual(answer["type"], "ir.actions.act_window_close")
        self.assertEqual(answer["infos"]["contract_sum"], 500)
        self.assertEqual(len(answer["infos"]["stages"]), 3)

    def test_queries_do_not_grow_with_the_projects(self):
        def count(number):
            setup = self.create_setup(self.create_projects(number))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            setup.action_create()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        few, many = count(5), count(25)
        self.assertLessEqual(many - few, 20 * 4, f"{few} for 5, {many} for 25 projects")

    # --- with the project ---

    def test_project_is_made_with_its_contract(self):
        view = "project.project_project_view_form_simplified_footer"
        with Form(
            self.env["project.project"].with_user(self.project_admin), view=view
        ) as form:
            form.name = "Shop"
            self.assertFalse(form.billing_setup_template_id)
            form.billing_setup = True
            self.assertTrue(form.billing_setup_template_id)
            form.billing_setup_template_id = self.thirds
            form.billing_setup_sum = 10000
            form.billing_setup_partner_id = self.customer
            self.assertEqual(
                [row["share"] for row in form.billing_setup_preview],
                ["30\N{NO-BREAK SPACE}%", "40\N{NO-BREAK SPACE}%", "rest"],
            )
        project = form.record
        contract = project.billing_contract_ids
        self.assertEqual(contract.partner_id, self.customer)
        self.assertEqual(project.partner_id, self.customer)
        self.assertEqual(contract.template_id, self.thirds)
        self.assertEqual(contract.line_ids.mapped("amount_planned"), [3000, 4000, 3000])
        self.assertEqual(contract.line_ids[0].deadline, fields.Date.today())

    def test_project_without_stages_has_no_contract(self):
        view = "project.project_project_view_form_simplified_footer"
        with Form(
            self.env["project.project"].with_user(self.project_admin), view=view
        ) as form:
            form.name = "Internal"
        self.assertFalse(form.record.billing_contract_ids)

    # --- rights ---

    def test_only_managers_set_up(self):
        projects = self.create_projects(1)
        for user in (self.project_user, self.accountant):
            with self.assertRaises(AccessError):
                projects.with_user(user).action_apply_schedule()
            with self.assertRaises(AccessError):
                self.setups.with_user(user).create({"project_ids": projects.ids})
        with self.assertRaises(AccessError):
            self.env["project.project"].with_user(self.project_user).create(
                {"name": "Mine", "billing_setup": True}
            )

    # --- the company's defaults ---

    def test_new_contracts_begin_with_what_the_company_says(self):
        self.company.write(
            {
                "milestone_billing_acceptance": True,
                "milestone_billing_portal": False,
                "milestone_billing_product_id": self.product.id,
                "milestone_billing_user_id": self.accountant.id,
            }
        )
        project = self.create_projects(1)
        form = Form(
            self.env["milestone.billing.contract"]
            .with_user(self.project_admin)
            .with_context(default_project_id=project.id)
        )
        self.assertFalse(form.show_on_portal)
        self.create_setup(project).action_create()
        self.assertRecordValues(
            form.save() | project.billing_contract_ids,
            [
                {
                    "allow_acceptance": True,
                    "show_on_portal": False,
                    "product_id": self.product.id,
                    "user_id": self.accountant.id,
                }
            ]
            * 2,
        )

    # --- nothing twice ---

    def test_nested_create_makes_each_milestone_once(self):
        names = ("Start", "Build", "Launch")
        project = (
            self.env["project.project"]
            .with_user(self.project_admin)
            .create(
                {
                    "name": "From another system",
                    "milestone_ids": [
                        Command.create({"name": name, "deadline": "2026-05-01"})
                        for name in names
                    ],
                    "billing_contract_ids": [
                        Command.create(
                            {
                                "contract_sum": 900,
                                "line_ids": [
                                    Command.create({"name": name, "percent": 33})
                                    for name in names
                                ],
                            }
                        )
                    ],
                }
            )
        )
        self.assertEqual(project.milestone_ids.mapped("name"), list(names))
        lines = project.billing_contract_ids.line_ids
        self.assertEqual(lines.milestone_id, project.milestone_ids)
        self.assertEqual(str(lines[0].deadline), "2026-05-01")
        self.assertFalse(any(lines.mapped("made_milestone")))
