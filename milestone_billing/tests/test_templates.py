from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form

from .common import MilestoneBillingCommon

DATA = {
    "half": [50, 50],
    "thirds": [30, 40, 30],
    "quarters": [25, 25, 25, 25],
    "instalments": [25, 15, 15, 15, 15, 15],
    "construction": [10, 20, 30, 25, 10, 5],
    "delivery": [100],
}


class TestTemplates(MilestoneBillingCommon):
    """A template says what a schedule is made of, and is right in itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.templates = cls.env["milestone.billing.template"]
        cls.start = fields.Date.to_date("2026-01-31")

    def create_template(self, *stages, **values):
        """Create a template of (kind, basis, share) stages."""
        return self.templates.with_user(self.project_admin).create(
            {
                "name": "Ours",
                "stage_ids": [
                    Command.create(
                        {
                            "name": f"Stage {place}",
                            "sequence": place,
                            "kind": kind,
                            "basis": basis,
                            "amount" if basis == "fixed" else "percent": share,
                        }
                    )
                    for place, (kind, basis, share) in enumerate(stages)
                ],
                **values,
            }
        )

    # --- the ones that come along ---

    def test_templates_of_the_addon_fill_the_contract(self):
        for name, amounts in DATA.items():
            template = self.env.ref(f"milestone_billing.template_{name}")
            stages = template._prepare_stages(self.start)
            allocation = template.stage_ids._allocate_stages(stages, 100.0, 0.01)
            with self.subTest(template=name):
                self.assertEqual(list(allocation.planned), amounts)
                self.assertEqual(stages[-1]["kind"], "final")
                self.assertFalse(template._get_refusal())

    def test_months_are_months(self):
        template = self.env.ref("milestone_billing.template_instalments")
        dates = [
            str(stage["deadline"]) for stage in template._prepare_stages(self.start)
        ]
        self.assertEqual(
            dates[:4], ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
        )

    def test_dates_are_counted_from_the_stage_before(self):
        template = self.create_template(
            ("deposit", "percent", 50),
            ("progress", "percent", 20),
            ("final", "balance", 0),
        )
        first, second, third = template.stage_ids
        first.days = 10
        second.days_after = False
        third.write({"days": 2, "days_unit": "weeks", "days_after": "previous"})
        self.assertEqual(
            [stage["deadline"] for stage in template._prepare_stages(self.start)],
            [
                fields.Date.to_date("2026-02-10"),
                False,
                fields.Date.to_date("2026-02-24"),
            ],
        )

    # --- what is refused ---

    def assertWrong(self, sentence, *stages):
        with self.assertRaisesRegex(ValidationError, sentence):
            self.create_template(*stages)

    def test_shares_fill_the_contract_or_leave_a_rest(self):
        final = ("final", "balance", 0)
        self.assertWrong(
            "more than 100", ("deposit", "percent", 60), ("final", "percent", 50)
        )
        self.assertWrong(
            "are missing", ("deposit", "percent", 60), ("final", "percent", 30)
        )
        self.assertWrong("only one", ("progress", "balance", 0), final)
        self.assertWrong("the last stage", final, ("progress", "percent", 10))
        self.assertWrong("the last stage", ("progress", "percent", 100))
        self.assertWrong(
            "fixed amount", ("deposit", "fixed", 10), ("final", "percent", 100)
        )
        self.assertTrue(self.create_template(("deposit", "fixed", 10), final))
        self.assertTrue(
            self.create_template(("deposit", "fixed", 1), ("final", "fixed", 2))
        )

    def test_stages_are_judged_when_all_are_written(self):
        template = self.env.ref("milestone_billing.template_thirds").copy()
        self.assertEqual(template.name, "30/40/30 (copy)")
        template.invalidate_recordset()  # the stages in their order
        with Form(template.with_user(self.project_admin)) as form:
            form.name = "40/40/20"
            with form.stage_ids.edit(0) as stage:
                stage.percent = 70
            with form.stage_ids.edit(1) as stage:
                stage.percent = 10
        self.assertEqual(template.stage_ids.mapped("percent"), [70, 10, 0])
        with self.assertRaises(ValidationError):
            template.stage_ids[0].with_user(self.project_admin).percent = 95
        with self.assertRaises(ValidationError):
            template.stage_ids[2].with_user(self.project_admin).unlink()

    # --- what is offered ---

    def test_most_used_is_offered_first(self):
        half, thirds = (
            self.env.ref(f"milestone_billing.template_{name}")
            for name in ("half", "thirds")
        )
        offered = self.templates._get_offered(self.company)
        self.assertEqual(offered[:2], half | thirds)
        self.contract.template_id = thirds
        offered = self.templates._get_offered(self.company)
        self.assertEqual(offered[:2], thirds | half)
        self.company.milestone_billing_template_id = half
        self.assertEqual(self.templates._get_default(self.company), half)
        self.company.milestone_billing_template_id = False
        self.assertEqual(self.templates._get_default(self.company), thirds)

    def test_templates_of_another_company_are_not_offered(self):
        other = self.setup_other_company()["company"]
        template = self.create_template(("final", "percent", 100))
        template.sudo().company_id = other
        self.assertNotIn(template, self.templates._get_offered(self.company))
        with self.assertRaises(AccessError):
            template.with_user(self.project_admin).read(["name"])

    def test_card_draws_the_shares(self):
        card = self.env.ref("milestone_billing.template_half")._prepare_card()
        self.assertEqual([stage["weight"] for stage in card["stages"]], [50, 50])
        self.assertEqual(card["shares"], "50\N{NO-BREAK SPACE}% · rest")

    # --- from a contract ---

    def test_contract_is_saved_as_template(self):
        self.deposit.deadline = "2026-01-10"
        self.final.deadline = "2026-02-09"
        self.build.milestone_id.acceptance_criteria = "Every page is built."
        action = self.contract.with_user(self.project_admin).action_save_as_template()
        template = self.templates.browse(action["res_id"])
        self.assertRecordValues(
            template.stage_ids,
            [
                {
                    "name": "Project start",
                    "percent": 25,
                    "days": 0,
                    "days_after": "start",
                },
                {
                    "name": "Designs approved",
                    "percent": 25,
                    "days": 0,
                    "days_after": False,
                },
                {
                    "name": "Build complete",
                    "percent": 25,
                    "days": 0,
                    "days_after": False,
                },
                {
                    "name": "Launch / delivery",
                    "percent": 0,
                    "days": 30,
                    "days_after": "start",
                },
            ],
        )
        self.assertTrue(template.active)
        self.assertEqual(
            template.stage_ids[2].acceptance_criteria, "Every page is built."
        )

    def test_what_marks_a_stage_done_goes_along(self):
        self.build.milestone_id.done_trigger = "tasks"
        action = self.contract.with_user(self.project_admin).action_save_as_template()
        template = self.templates.browse(action["res_id"])
        triggers = ["manual", "manual", "tasks", "manual"]
        self.assertEqual(template.stage_ids.mapped("done_trigger"), triggers)
        other = self.create_contract("Other", [])
        other.with_user(self.project_admin).line_ids = [
            Command.create(stage) for stage in template._prepare_stages(self.start)
        ]
        self.assertEqual(other.line_ids.milestone_id.mapped("done_trigger"), triggers)

    def test_incomplete_schedule_becomes_an_archived_template(self):
        self.final.unlink()
        action = self.contract.action_save_as_template()
        template = self.templates.browse(action["res_id"])
        self.assertFalse(template.active)
        with self.assertRaises(ValidationError):
            template.active = True

    # --- rights ---

    def test_managers_write_templates_and_users_read_them(self):
        template = self.env.ref("milestone_billing.template_half")
        self.assertTrue(template.with_user(self.accountant).name)
        with self.assertRaises(AccessError):
            template.with_user(self.accountant).name = "Mine"
        for record in (template, template.stage_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.project_user).read(["name"])
        template.with_user(self.project_admin).name = "Ours"
