import psycopg2

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import html2plaintext, mute_logger

from .common import THIRDS, MilestoneBillingCommon, normalize

# what follows names of others, or is nothing of the contract
FOLLOWS = {
    "display_name",
    "project_name",
    "write_date",
    "write_uid",
    "access_url",
    "differs_from_project",
}


class TestContractFacts(MilestoneBillingCommon):
    """What was agreed stays as it was agreed, whatever changes around it."""

    # --- plain facts, filled once ---

    def create_foreign_contract(self):
        """Create a contract in EUR of a company in USD, with a third posted."""
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.8)])
        contract = self.create_contract("Foreign", THIRDS, currency_id=currency.id)
        self.bill(contract.line_ids[0])
        return contract

    def read_facts(self, contract):
        """Return all that is stored of a contract and its lines."""
        self.env.flush_all()
        self.env.invalidate_all()
        return [
            {
                name: value
                for name, value in values.items()
                if name not in FOLLOWS
                and not name.startswith(("message_", "activity_", "website_message"))
            }
            for records in (contract, contract.line_ids)
            for values in records.read(
                [name for name, field in records._fields.items() if field.store],
                load=None,
            )
        ]

    def get_other_value(self, record, field):
        """Return a value that a field of a record does not have, None if none."""
        value = record[field.name]
        if field.type == "boolean":
            return not value
        if field.type in ("char", "text", "html"):
            return "Something else"
        if field.type in ("integer", "float"):
            return (value or 0) + 1
        if field.type == "date":
            return fields.Date.to_date("2027-05-05")
        if field.type == "selection":
            keys = [key for key in field.get_values(self.env) if key != value]
            return keys[0] if keys else None
        if field.type == "many2one":
            others = self.env[field.comodel_name].search(
                [("id", "!=", value.id)], limit=1
            )
            return others.id or None
        return None

    def assertFactsStayWhatever(self, record, contract):
        """Writing any field of ``record`` changes nothing of the contract."""
        facts = self.read_facts(contract)
        names = sorted(
            name
            for name, field in record._fields.items()
            if field.store
            and (not field.readonly or not field.compute)
            and record._has_field_access(field, "write")
            and name not in ("id", "create_date", "create_uid", "write_date")
            and field._module != "milestone_billing"
        )
        tried = 0
        for name in names:
            value = self.get_other_value(record, record._fields[name])
            if value is None:
                continue
            with self.subTest(f"{record._name}.{name}"), self.undone():
                try:
                    record.write({name: value})
                    after = self.read_facts(contract)
                except (UserError, psycopg2.Error):
                    continue  # refused: nothing changed
                self.assertEqual(after, facts)
                tried += 1
        self.assertGreater(tried, 5)

    @mute_logger("odoo.sql_db")
    def test_any_other_field_of_the_project_leaves_the_contract_untouched(self):
        contract = self.create_foreign_contract()
        self.assertFactsStayWhatever(contract.project_id, contract)

    @mute_logger("odoo.sql_db")
    def test_any_other_field_of_the_customer_leaves_the_contract_untouched(self):
        contract = self.create_foreign_contract()
        self.assertFactsStayWhatever(contract.partner_id, contract)

    @mute_logger("odoo.sql_db")
    def test_any_other_field_of_the_company_leaves_the_contract_untouched(self):
        contract = self.create_foreign_contract()
        self.assertFactsStayWhatever(contract.company_id, contract)

    def test_foreign_contract_is_billed_and_credited_after_its_projects_changes(self):
        contract = self.create_foreign_contract()
        deposit, second, _final = contract.line_ids
        plan, _others = self.env["account.analytic.plan"]._get_all_plans()
        account = self.env["account.analytic.account"].create(
            {"name": "Foreign", "plan_id": plan.id}
        )
        contract.project_id.write(
            {"partner_id": self.partner_a.id, "account_id": account.id}
        )
        contract.project_id.company_id = self.company
        self.customer.company_id = self.company
        self.mark_done(second)
        self.assertRecordValues(
            self.get_invoices(second),
            [
                {
                    "currency_id": contract.currency_id.id,
                    "partner_id": self.customer.id,
                    "amount_untaxed": 3333.33,
                }
            ],
        )
        self.credit(self.get_invoices(deposit))
        self.assertEqual(deposit.amount_to_decide, 3333.33)

    # --- customer ---

    def test_projects_new_customer_is_handed_on_where_nothing_is_recorded(self):
        self.project.partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.partner_a)
        self.assertFalse(self.contract.differs_from_project)

    def test_projects_new_customer_is_handed_on_by_a_project_administrator(self):
        self.project.with_user(self.project_admin).partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.partner_a)

    def test_projects_new_customer_leaves_a_drafted_contract_alone(self):
        self.mark_done(self.build)
        self.project.partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.customer)
        self.assertTrue(self.contract.differs_from_project)

    def test_projects_new_customer_leaves_a_billed_contract_alone(self):
        move = self.bill(self.build)
        self.project.partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.customer)
        self.credit(move)
        self.project.partner_id = self.customer
        self.project.partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.customer)

    def test_projects_new_customer_leaves_a_contract_billed_elsewhere_alone(self):
        self.deposit.amount_opening = 2500
        self.project.partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.customer)

    def test_projects_new_customer_leaves_a_contract_asked_to_accept_alone(self):
        self.contract.allow_acceptance = True
        client = new_test_user(
            self.env, "client", "base.group_portal", email="client@example.com"
        )
        client.partner_id.parent_id = self.customer
        self.build.milestone_id.with_user(self.project_user).action_ask_acceptance()
        self.project.partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.customer)

    def test_projects_new_customer_is_handed_on_when_the_draft_is_deleted(self):
        self.mark_done(self.build)
        self.get_invoices(self.build).unlink()
        self.project.partner_id = self.partner_a
        self.assertEqual(self.contract.partner_id, self.partner_a)

    def test_projects_emptied_customer_never_reaches_a_contract(self):
        self.project.partner_id = False
        self.assertEqual(self.contract.partner_id, self.customer)

    def test_contract_with_another_customer_keeps_it(self):
        other = self.create_second_contract(partner_id=self.partner_b.id)
        self.project.partner_id = self.partner_a
        self.assertEqual(other.partner_id, self.partner_b)
        self.assertTrue(other.differs_from_project)

    def test_unticked_billable_leaves_the_customer(self):
        if "allow_billable" not in self.project._fields:
            self.skipTest("sale_project is not installed")
        self.project.allow_billable = True
        self.project.allow_billable = False
        self.assertEqual(self.contract.partner_id, self.customer)
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "drafted")

    # --- project ---

    def test_contract_never_changes_its_project(self):
        other = self.env["project.project"].create({"name": "Other"})
        for user in (self.env.user, self.project_admin, self.env.ref("base.user_root")):
            with self.subTest(user=user.login), self.assertRaises(UserError):
                self.contract.with_user(user).project_id = other
        self.contract.project_id = self.project  # as it is
        self.assertEqual(self.contract.project_id, self.project)

    def test_customers_of_one_project_have_a_contract_each(self):
        other = self.create_second_contract([("Data", "progress", "percent", 100)])
        self.assertEqual(self.project.billing_contract_ids, self.contract | other)
        self.assertEqual(other.line_ids.milestone_id.project_id, self.project)

    # --- company and currency ---

    def test_company_written_to_a_project_changes_no_contract(self):
        self.project.company_id = self.company
        self.assertEqual(self.contract.company_id, self.company)
        self.assertEqual(self.contract.currency_id, self.company.currency_id)
        self.project.company_id = False
        self.assertEqual(self.contract.company_id, self.company)

    def test_project_takes_no_company_that_its_contract_is_not_of(self):
        other = self.setup_other_company()["company"]
        with self.assertRaises(UserError):
            self.project.company_id = other
        self.assertEqual(self.contract.company_id, self.company)

    def test_contract_takes_no_company_that_its_project_is_not_of(self):
        other = self.setup_other_company()["company"]
        self.project.company_id = self.company
        with self.assertRaises(ValidationError):
            self.contract.company_id = other
        with self.assertRaises(ValidationError):
            self.create_second_contract(company_id=other.id)

    def test_contracts_of_two_companies_share_a_project_without_company(self):
        other = self.setup_other_company()["company"]
        contract = self.create_second_contract(
            company_id=other.id, currency_id=other.currency_id.id, product_id=False
        )
        self.assertEqual(contract.company_id, other)
        with self.assertRaises(UserError):
            self.project.company_id = self.company

    def test_currency_and_company_change_while_nothing_is_recorded(self):
        currency = self.setup_other_currency("EUR")
        self.contract.currency_id = currency
        self.assertEqual(self.contract.line_ids.currency_id, currency)
        self.assertEqual(self.contract.contract_sum, 10000)

    def test_another_currency_plans_the_schedule_anew(self):
        contract = self.create_contract(
            "Quarters",
            [(f"Part {n}", "progress", "percent", 25) for n in range(2)]
            + [("Rest", "final", "balance", 0)],
            contract_sum=100.01,
        )
        contract.currency_id = self.setup_other_currency("KWD", rounding=0.001)
        self.assertEqual(
            contract.line_ids.mapped("amount_planned"), [25.003, 25.003, 50.004]
        )

    def test_currency_of_a_drafted_contract_stays(self):
        self.mark_done(self.build)
        with self.assertRaises(UserError):
            self.contract.currency_id = self.setup_other_currency("EUR")

    def test_currency_of_a_contract_billed_elsewhere_stays(self):
        self.deposit.amount_opening = 2500
        with self.assertRaises(UserError):
            self.contract.currency_id = self.setup_other_currency("EUR")

    def test_currency_and_company_are_required(self):
        for fname in ("currency_id", "company_id"):
            self.assertTrue(self.contract._fields[fname].required)

    # --- the sum ---

    def test_sum_beyond_what_can_be_reckoned_exactly_is_refused(self):
        with (
            self.assertRaises(psycopg2.IntegrityError),
            mute_logger("odoo.sql_db"),
        ):
            self.contract.contract_sum = 1e15
            self.contract.flush_recordset()

    def test_sum_is_not_negative(self):
        with self.assertRaises(UserError):
            self.contract.contract_sum = -1
        self.assertEqual(self.contract.contract_sum, 10000)

    # --- archiving ---

    def assertNotArchived(self):
        with self.assertRaises(UserError):
            self.contract.with_user(self.project_admin).active = False
        self.assertTrue(self.contract.active)

    def test_contract_with_a_draft_is_not_archived(self):
        self.mark_done(self.build)
        self.assertNotArchived()

    def test_contract_with_something_ready_is_not_archived(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.assertNotArchived()

    def test_contract_with_something_blocked_is_not_archived(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "blocked")
        self.assertNotArchived()

    def test_contract_with_something_to_decide_is_not_archived(self):
        self.credit(self.bill(self.build))
        self.assertNotArchived()

    def test_contract_that_waits_for_nobody_is_archived(self):
        self.bill(self.build)
        self.contract.with_user(self.project_admin).active = False
        self.assertFalse(self.contract.active)

    def test_archived_contract_counts_nowhere(self):
        other = self.create_second_contract([("Data", "progress", "percent", 100)])
        self.bill(self.build)
        self.assertEqual(self.project.billing_stage_count, 5)
        self.contract.active = False
        self.assertRecordValues(
            self.project,
            [
                {
                    "billing_stage_count": 1,
                    "billing_stage_done_count": 0,
                    "billing_share": 0,
                    "billing_state": "upcoming",
                    "billing_contract_ids": other.ids,
                }
            ],
        )
        self.assertFalse(self.build.milestone_id.billing_state)

    # --- copies ---

    def assertCopied(self, copy):
        contract = copy.billing_contract_ids
        self.assertEqual(len(contract), 1)
        self.assertRecordValues(
            contract.line_ids,
            [
                {"name": line.name, "kind": line.kind, "basis": line.basis,
                 "percent": line.percent, "state": "upcoming", "number": 0}
                for line in self.contract.line_ids
            ],
        )  # fmt: skip
        return contract

    def test_copy_carries_no_fact(self):
        self.contract.write({"reference": "C-2026-014", "date": "2026-01-15"})
        self.deposit.amount_opening = 1000
        self.decide(self.designs, "write_off")
        self.bill(self.build)
        contract = self.assertCopied(self.project.copy())
        self.assertRecordValues(
            contract,
            [
                {
                    "reference": False,
                    "date": False,
                    "last_number": 0,
                    "contract_sum": 10000.0,
                    "amount_to_date": 10000.0,
                    "amount_billed": 0.0,
                    "currency_id": self.contract.currency_id.id,
                    "company_id": self.company.id,
                    "partner_id": self.customer.id,
                }
            ],
        )
        self.assertEqual(sum(contract.line_ids.mapped("amount_opening")), 0)

    def test_copy_shifts_the_dates(self):
        self.project.write({"date_start": "2026-01-01", "date": "2026-12-31"})
        self.build.milestone_id.deadline = "2026-03-01"
        copy = self.project.copy({"date_start": "2027-01-01", "date": "2027-12-31"})
        line = self.assertCopied(copy).line_ids[2]
        self.assertEqual(str(line.deadline), "2027-03-01")

    def test_archived_contracts_are_not_copied(self):
        self.create_second_contract(active=False)
        self.assertCopied(self.project.copy())

    def test_project_with_milestones_switched_off_keeps_its_schedule_in_the_copy(self):
        self.bill(self.deposit)
        self.project.allow_milestones = False
        copy = self.project.copy()
        contract = self.assertCopied(copy)
        self.assertEqual(contract.line_ids.mapped("amount_planned"), [2500.0] * 4)
        self.assertEqual(contract.line_ids.milestone_id.project_id, copy)
        self.assertFalse(any(contract.line_ids.mapped("is_reached")))

    def test_contracts_of_several_customers_are_copied_with_the_project(self):
        self.create_second_contract(
            [(self.build.milestone_id, "progress", "percent", 100)]
        )
        copy = self.project.copy()
        self.assertEqual(len(copy.milestone_ids), 4)
        second = copy.billing_contract_ids.filtered(
            lambda contract: contract.partner_id == self.partner_a
        )
        first = copy.billing_contract_ids - second
        self.assertEqual(first.partner_id, self.customer)
        self.assertEqual(second.line_ids.milestone_id, first.line_ids[2].milestone_id)

    def test_copy_into_another_company_leaves_what_is_of_the_first(self):
        other = self.setup_other_company()["company"]
        journal = self.company_data["default_journal_sale"].copy()
        self.product.company_id = self.company
        terms = self.env["account.payment.term"].create(
            {"name": "Forty days", "company_id": self.company.id}
        )
        self.contract.write({"journal_id": journal.id, "payment_term_id": terms.id})
        self.build.tax_ids = self.tax.copy({"name": "Reduced"})
        currency = self.contract.currency_id
        copy = self.project.copy({"company_id": other.id})
        contract = self.assertCopied(copy)
        self.assertRecordValues(
            contract,
            [
                {
                    "company_id": other.id,
                    "currency_id": currency.id,
                    "journal_id": False,
                    "payment_term_id": False,
                    "product_id": False,
                }
            ],
        )
        self.assertFalse(contract.line_ids.tax_ids)

    def test_template_makes_contracts_of_the_new_projects_customer_and_company(self):
        self.project.is_template = True
        project = self.project.action_create_from_template(
            {"name": "New", "partner_id": self.partner_a.id}
        )
        contract = self.assertCopied(project)
        self.assertEqual(contract.partner_id, self.partner_a)
        self.assertEqual(contract.company_id, self.company)

    # --- names and links ---

    def test_link_of_a_request_is_dropped(self):
        move = (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_line_ids": [self.prepare_linked_line(self.build, 10)],
                }
            )
        )
        self.assertFalse(move.line_ids.sudo().milestone_billing_line_id)
        line = move.invoice_line_ids
        line.write({"milestone_billing_line_id": self.build.id, "price_unit": 20})
        self.assertFalse(line.sudo().milestone_billing_line_id)
        self.assertEqual(self.build.amount_drafted, 0)

    def test_document_of_the_system_links(self):
        move = self.create_linked_invoice((self.build, 10))
        self.assertEqual(move.milestone_billing_contract_id, self.contract)
        self.assertEqual(move.create_uid.id, SUPERUSER_ID)
        self.assertEqual(self.build.amount_drafted, 10)

    def test_display_name_tells_contracts_of_a_project_apart(self):
        self.assertEqual(self.contract.display_name, "Website")
        self.contract.reference = "C-14"
        self.assertEqual(self.contract.display_name, "Website · C-14")
        other = self.create_second_contract()
        self.assertEqual(other.display_name, f"Website · {self.partner_a.name}")

    def test_display_name_is_read_without_access_to_the_project(self):
        self.project.privacy_visibility = "followers"
        self.contract.reference = "C-14"
        self.env.invalidate_all()
        contract = self.contract.with_user(self.accountant)
        self.assertEqual(contract.display_name, "Website · C-14")

    def get_text(self, messages):
        return normalize(html2plaintext("".join(messages.mapped("body"))))

    def test_moved_date_is_logged_on_the_contract(self):
        self.build.milestone_id.deadline = "2026-06-01"
        self.env.flush_all()
        before = self.contract.message_ids
        self.build.milestone_id.with_user(self.project_user).deadline = "2026-07-01"
        self.env.flush_all()
        text = self.get_text(self.contract.message_ids - before)
        for part in ("Petra Manager", "Build complete", "2026-06-01", "2026-07-01"):
            self.assertIn(part, text)

    def test_what_a_changed_share_moves_to_others_is_logged(self):
        before = self.contract.message_ids
        self.build.with_user(self.project_admin).percent = 30
        self.env.flush_all()
        text = self.get_text(self.contract.message_ids - before)
        for part in ("Build complete", "3,000.00", "Launch / delivery", "2,000.00"):
            self.assertIn(part, text)

    def test_schedule_changes_are_not_logged_on_the_project(self):
        before = self.project.message_ids
        self.build.percent = 30
        self.contract.contract_sum = 12000
        self.env.flush_all()
        self.assertEqual(self.project.message_ids, before)

    def test_schedule_changes_are_logged_with_who_and_what(self):
        before = self.contract.message_ids
        self.contract.with_user(self.project_admin).write(
            {
                "contract_sum": 12000.0,
                "line_ids": [
                    Command.update(self.build.id, {"percent": 30.0, "name": "Built"}),
                    Command.create({"name": "Training", "basis": "fixed", "amount": 5}),
                    Command.delete(self.designs.id),
                ],
            }
        )
        self.env.flush_all()
        messages = self.contract.message_ids - before
        self.assertEqual(len(messages), 1)
        text = self.get_text(messages)
        for part in (
            "Paula Administrator",
            "10,000.00 → $ 12,000.00",
            "Build complete → Built",
            "25% → 30%",
            "Training added: $ 5.00",
            "Designs approved removed",
        ):
            self.assertIn(part, text)
