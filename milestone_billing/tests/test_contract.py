from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import MilestoneBillingCommon


class TestContract(MilestoneBillingCommon):
    """The contract, its schedule and what keeps them true."""

    def test_worked_example_of_the_trade(self):
        self.assertEqual(self.contract.line_ids.mapped("amount_planned"), [2500.0] * 4)
        self.assertFalse(self.contract._get_schedule_notices())
        self.assertEqual(self.contract.state, "upcoming")
        self.assertEqual(self.project.billing_state, "upcoming")

    def test_new_contract_switches_milestones_on_and_takes_its_defaults(self):
        project = self.env["project.project"].create(
            {
                "name": "Later",
                "allow_milestones": False,
                "partner_id": self.customer.id,
            }
        )
        contract = self.env["milestone.billing.contract"].create(
            {"project_id": project.id}
        )
        self.assertTrue(project.allow_milestones)
        self.assertFalse(project.company_id)
        self.assertRecordValues(
            contract,
            [
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                    "automation": "draft",
                    "user_id": self.env.user.id,
                    "active": True,
                }
            ],
        )

    def test_projects_company_is_the_contracts_company(self):
        other = self.setup_other_company()["company"]
        project = self.env["project.project"].create(
            {"name": "X", "company_id": other.id}
        )
        contract = self.env["milestone.billing.contract"].create(
            {"project_id": project.id}
        )
        self.assertEqual(contract.company_id, other)
        self.assertEqual(contract.currency_id, other.currency_id)
        with self.assertRaises(ValidationError) as refusal:
            contract.company_id = self.company
        self.assertIn(other.name, str(refusal.exception))

    def test_line_by_name_creates_its_milestone(self):
        line = self.env["milestone.billing.line"].create(
            {
                "contract_id": self.contract.id,
                "name": "Training",
                "deadline": "2027-01-31",
            }
        )
        self.assertRecordValues(
            line.milestone_id,
            [{"name": "Training", "project_id": self.project.id, "is_reached": False}],
        )
        self.assertEqual(str(line.milestone_id.deadline), "2027-01-31")

    def test_line_of_a_milestone_takes_its_name_and_follows_it(self):
        milestone = self.env["project.milestone"].create(
            {"name": "Beta", "project_id": self.project.id}
        )
        line = self.env["milestone.billing.line"].create({"milestone_id": milestone.id})
        self.assertEqual(line.contract_id, self.contract)
        self.assertEqual(line.name, "Beta")
        milestone.with_user(self.project_user).name = "Public beta"
        self.assertEqual(line.name, "Public beta")
        line.name = "Beta phase"
        milestone.name = "Gamma"
        self.assertEqual(line.name, "Beta phase")

    def test_line_without_name_or_contract_is_refused(self):
        with self.assertRaisesRegex(UserError, "needs a contract"):
            self.env["milestone.billing.line"].create({"name": "Nowhere"})

    def test_line_of_a_milestone_of_two_contracts_is_told_which(self):
        self.create_second_contract()
        milestone = self.env["project.milestone"].create(
            {"name": "Beta", "project_id": self.project.id}
        )
        with self.assertRaises(UserError):
            self.env["milestone.billing.line"].create({"milestone_id": milestone.id})

    def test_milestone_of_another_project_is_refused(self):
        other = self.project.copy()
        with self.assertRaisesRegex(ValidationError, "same project"):
            self.build.milestone_id = other.milestone_ids[0]

    def test_schedule_is_edited_on_the_contract_form(self):
        with Form(self.contract.with_user(self.project_admin)) as form:
            with form.line_ids.edit(1) as line:
                line.percent = 40
                self.assertEqual(line.amount_planned, 4000)
            self.assertEqual(form.schedule_message["level"], "success")
            with form.line_ids.new() as line:
                line.name = "Training"
                line.basis = "fixed"
                line.amount = 300
        self.assertEqual(
            self.contract.line_ids.mapped("amount_planned"),
            [2500.0, 4000.0, 2500.0, 700.0, 300.0],
        )
        self.assertEqual(self.contract.line_ids[4].milestone_id.name, "Training")

    def test_onchange_shows_the_same_amounts_as_saving(self):
        form = Form(self.contract)
        form.contract_sum = 12000
        shown = [line["amount_planned"] for line in form.line_ids._records]
        form.save()
        self.assertEqual(shown, self.contract.line_ids.mapped("amount_planned"))
        self.assertEqual(shown, [3000.0] * 4)

    def test_without_a_sum_the_fixed_amounts_are_the_contract(self):
        contract = self.create_contract(
            "Fixed",
            [
                ("Start", "deposit", "fixed", 1000.0),
                ("End", "final", "fixed", 2500.0),
            ],
            contract_sum=0.0,
        )
        self.assertEqual(contract.amount_original, 3500.0)
        self.assertEqual(contract.amount_to_date, 3500.0)
        self.assertFalse(contract._get_schedule_notices())

    def test_raised_contract_moves_open_lines_only_and_the_banner_says_so(self):
        contract = self.create_contract(
            "Quarters", [(f"Q{n}", "progress", "percent", 25) for n in range(1, 5)]
        )
        lines = contract.line_ids
        self.bill(lines[:2])
        contract.contract_sum = 12000
        self.assertEqual(
            lines.mapped("amount_planned"), [2500.0, 2500.0, 3000.0, 4000.0]
        )
        self.assertRegex(
            self.get_sentences(contract), "Q4 takes the rest: .*1,000.00 more"
        )

    def test_banner_names_what_is_over_scheduled_or_unscheduled(self):
        self.final.write({"basis": "fixed", "amount": 4000})
        self.assertRegex(
            self.get_sentences(self.contract), "Over-scheduled by .*1,500.00"
        )
        self.final.amount = 1000
        self.assertRegex(self.get_sentences(self.contract), "1,500.00 of the contract")

    def test_one_balance_line_a_contract(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.build.basis = "balance"
            self.build.flush_recordset()

    def test_each_contract_of_a_project_has_its_balance_line(self):
        other = self.create_second_contract(
            [("Analysis", "progress", "fixed", 1000), ("Rest", "final", "balance", 0)]
        )
        self.assertEqual(other.line_ids.mapped("amount_planned"), [1000, 3000])

    # --- never more than the contract ---

    def test_contract_cannot_be_lowered_below_what_is_billed(self):
        self.bill(self.deposit | self.designs)
        with self.assertRaisesRegex(ValidationError, "1,000.00 more than"):
            self.contract.contract_sum = 4000

    def test_accountants_edit_beyond_the_contract_is_refused(self):
        self.bill(self.deposit | self.designs | self.build)
        self.mark_done(self.final)
        move = self.get_invoices(self.final).with_user(self.accountant)
        with (
            self.assertRaisesRegex(ValidationError, "500.00 more than"),
            self.env.cr.savepoint(),
        ):
            move.write(
                {
                    "invoice_line_ids": [
                        Command.update(move.invoice_line_ids.id, {"price_unit": 3000})
                    ]
                }
            )
        self.assertEqual(self.contract.amount_drafted, 2500)

    def test_link_made_beyond_the_contract_is_refused(self):
        self.bill(self.contract.line_ids)
        with self.assertRaisesRegex(ValidationError, "10.00 more than"):
            self.create_linked_invoice((self.build, 10))

    def test_cancelled_invoice_reset_after_rebilling_is_refused(self):
        moves = self.bill(self.contract.line_ids)
        move = self.get_invoices(self.build)
        move.button_cancel()
        self.build.action_create_draft_invoice()
        with self.assertRaisesRegex(ValidationError, "2,500.00 more than"):
            move.button_draft()
        self.assertEqual(len(moves), 4)

    def test_refusal_shows_no_figures_to_who_may_not_see_them(self):
        message = (
            self.contract.with_user(self.project_user).sudo()._get_exceeded_message(1)
        )
        self.assertNotRegex(message, r"\d")

    # --- rights ---

    def test_project_user_sees_the_badge_and_no_amount(self):
        project = self.project.with_user(self.project_user)
        self.assertEqual(project.billing_state, "upcoming")
        self.assertEqual(
            project.milestone_ids.mapped("billing_state"), ["upcoming"] * 4
        )
        for fname in ("billing_contract_ids", "billing_amounts"):
            with self.subTest(fname), self.assertRaises(AccessError):
                project.read([fname])
        for record, fname in (
            (self.contract, "contract_sum"),
            (self.contract, "amount_billed"),
            (self.build, "amount_planned"),
        ):
            with self.subTest(fname), self.assertRaises(AccessError):
                record.with_user(self.project_user).read([fname])

    def test_accountant_sees_the_schedule_of_a_project_he_cannot_open(self):
        self.project.privacy_visibility = "followers"
        contract = self.contract.with_user(self.accountant)
        self.assertEqual(contract.project_name, "Website")
        self.assertEqual(contract.line_ids.mapped("amount_planned"), [2500] * 4)
        with self.assertRaises(AccessError):
            contract.line_ids[2].amount = 10

    def test_automation_is_set_by_invoicing_users_only(self):
        with self.assertRaisesRegex(AccessError, "Invoicing right"):
            self.contract.with_user(self.project_admin).automation = "manual"
        self.project_admin.group_ids += self.env.ref("account.group_account_invoice")
        self.contract.with_user(self.project_admin).automation = "manual"

    # --- copies ---

    def test_duplicated_project_takes_the_schedule_along_without_invoices(self):
        self.bill(self.deposit)
        copy = self.project.copy()
        self.assertRecordValues(
            copy.billing_contract_ids.line_ids,
            [
                {
                    "name": name,
                    "state": "upcoming",
                    "amount_planned": 2500.0,
                    "number": 0,
                }
                for name in self.contract.line_ids.mapped("name")
            ],
        )
        self.assertEqual(
            copy.billing_contract_ids.line_ids.milestone_id, copy.milestone_ids
        )
        self.assertFalse(any(copy.milestone_ids.mapped("is_reached")))

    def test_projects_duplicated_together_keep_their_schedules_apart(self):
        other = self.create_contract("Other", [("Stage", "progress", "percent", 100)])
        copies = (self.project | other.project_id).copy()
        self.assertEqual(
            [len(copy.billing_contract_ids.line_ids) for copy in copies], [4, 1]
        )

    def test_project_made_from_a_template_has_the_schedule(self):
        self.project.is_template = True
        project = self.project.with_context(copy_from_template=True).copy(
            {"is_template": False, "name": "New"}
        )
        self.assertEqual(
            project.billing_contract_ids.line_ids.mapped("amount_planned"),
            [2500.0] * 4,
        )

    def test_amounts_with_more_digits_than_the_currency_are_rounded_at_once(self):
        contract = self.create_contract(
            "Imported",
            [
                ("A", "progress", "fixed", 0.355),
                ("B", "progress", "fixed", 0.245),
                ("C", "final", "fixed", 0.4),
            ],
            contract_sum=0,
        )
        self.assertEqual(contract.line_ids.mapped("amount"), [0.36, 0.25, 0.4])
        self.assertEqual(contract.amount_original, 1.01)
        self.assertEqual(contract.amount_unscheduled, 0)

    def test_milestone_that_two_contracts_share_is_one_stage_of_the_project(self):
        self.env["milestone.billing.contract"].create(
            {
                "project_id": self.project.id,
                "partner_id": self.partner_a.id,
                "contract_sum": 500,
                "line_ids": [
                    Command.create(
                        {"milestone_id": self.build.milestone_id.id, "percent": 100}
                    )
                ],
            }
        )
        self.mark_done(self.build)
        self.assertRecordValues(
            self.project,
            [{"billing_stage_count": 4, "billing_stage_done_count": 1}],
        )
