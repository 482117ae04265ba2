from odoo import Command
from odoo.tests import new_test_user

from .common import MilestoneBillingCommon


class TestInvoice(MilestoneBillingCommon):
    """What stands on the invoice that a milestone makes."""

    def test_labels_name_stage_project_and_contract(self):
        self.contract.reference = "C-2026-014"
        self.mark_done(self.contract.line_ids)
        titles = [
            "Deposit — Project start",
            "Milestone 1 — Designs approved",
            "Milestone 2 — Build complete",
            "Final — Launch / delivery",
        ]
        details = "Project: Website · Contract: C-2026-014"
        self.assertEqual(
            self.contract.line_ids.move_line_ids.mapped("name"),
            [f"{title}\n{details}" for title in titles],
        )

    def test_label_of_the_invoice_is_translated(self):
        for code, stage, label in (
            (
                "de_DE",
                self.designs,
                "Meilenstein 1 — Designs approved\nProjekt: Website",
            ),
            (
                "ar_001",
                self.build,
                "الدفعة المرحلية 2 — Build complete\nالمشروع: Website",
            ),
        ):
            with self.subTest(code):
                self.env["res.lang"]._activate_lang(code)
                self.customer.lang = code
                self.mark_done(stage)
                self.assertEqual(stage.move_line_ids.name, label)

    def test_number_follows_the_order_until_something_is_drafted(self):
        (self.designs | self.build).write({"sequence": 1})
        self.designs.sequence = 2
        self.assertEqual(self.build._get_number(), 1)
        self.mark_done(self.build)
        self.build.sequence = 9
        self.assertEqual((self.build.number, self.designs.number), (1, 2))

    def test_numbers_are_not_given_twice(self):
        self.mark_done(self.deposit)
        late = self.env["milestone.billing.line"].create(
            {"contract_id": self.contract.id, "name": "Training"}
        )
        self.assertEqual(late.number, 3)
        late.unlink()
        later = self.env["milestone.billing.line"].create(
            {"contract_id": self.contract.id, "name": "Support"}
        )
        self.assertEqual(later.number, 4)

    def test_origin_names_project_and_stage(self):
        self.mark_done(self.build)
        self.assertEqual(
            self.get_invoices(self.build).invoice_origin, "Website — Build complete"
        )

    def test_invoice_address_and_language_are_the_customers(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        address = self.env["res.partner"].create(
            {
                "name": "Accounts payable",
                "type": "invoice",
                "parent_id": self.customer.id,
                "lang": "fr_FR",
            }
        )
        self.mark_done(self.build)
        self.assertEqual(self.get_invoices(self.build).partner_id, address)

    def test_salesperson_is_the_customers_else_the_project_manager(self):
        self.deposit.milestone_id.with_user(self.project_admin).is_reached = True
        self.assertEqual(
            self.get_invoices(self.deposit).invoice_user_id, self.project_user
        )
        seller = new_test_user(self.env, login="seller", groups="base.group_user")
        self.customer.user_id = seller
        self.mark_done(self.build)
        self.assertEqual(self.get_invoices(self.build).invoice_user_id, seller)

    def test_who_ticks_neither_follows_nor_sells(self):
        self.project.user_id = False
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.assertFalse(move.invoice_user_id)
        self.assertNotIn(self.project_user.partner_id, move.message_partner_ids)

    def test_analytic_distribution_is_the_projects(self):
        plan, _others = self.env["account.analytic.plan"]._get_all_plans()
        self.project.account_id = self.env["account.analytic.account"].create(
            {"name": "Website", "plan_id": plan.id}
        )
        self.mark_done(self.build)
        self.assertEqual(
            self.build.move_line_ids.analytic_distribution,
            {str(self.project.account_id.id): 100.0},
        )

    def test_payment_terms_and_journal_of_the_contract_are_used(self):
        journal = self.company_data["default_journal_sale"].copy()
        self.contract.write(
            {
                "payment_term_id": self.pay_terms_a.id,
                "journal_id": journal.id,
            }
        )
        self.mark_done(self.build)
        self.assertRecordValues(
            self.get_invoices(self.build),
            [
                {
                    "invoice_payment_term_id": self.pay_terms_a.id,
                    "journal_id": journal.id,
                }
            ],
        )

    def test_draft_that_waited_is_not_overdue_when_it_is_posted(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.invoice_date_due = "2026-01-15"  # the day it was made
        self.post(move, "2026-02-20")
        self.assertEqual(str(move.invoice_date_due), "2026-02-20")
        terms_line = move.line_ids.filtered("date_maturity")
        self.assertEqual(str(terms_line.date_maturity), "2026-02-20")

    def test_invoice_whose_due_date_was_emptied_is_due_on_its_date(self):
        self.mark_done(self.deposit)
        move = self.get_invoices(self.deposit)
        move.invoice_date = "2026-02-20"
        move.write({"invoice_payment_term_id": False, "invoice_date_due": False})
        move.action_post()
        self.assertEqual(str(move.invoice_date_due), "2026-02-20")

    # --- taxes ---

    def test_fiscal_position_of_the_customer_adapts_the_tax(self):
        zero = self.tax.copy({"name": "Export 0 %", "amount": 0.0})
        position = self.env["account.fiscal.position"].create({"name": "Export"})
        zero.write(
            {
                "fiscal_position_ids": [Command.set(position.ids)],
                "original_tax_ids": [Command.set(self.tax.ids)],
            }
        )
        self.customer.property_account_position_id = position
        self.mark_done(self.build)
        self.assertEqual(self.build.move_line_ids.tax_ids, zero)

    def test_own_taxes_of_a_line_are_used(self):
        reduced = self.tax.copy({"name": "Reduced", "amount": 5.0})
        self.build.tax_ids = reduced
        self.mark_done(self.build)
        self.assertRecordValues(
            self.get_invoices(self.build),
            [{"amount_untaxed": 2500.0, "amount_tax": 125.0}],
        )

    def test_included_tax_does_not_shrink_the_net(self):
        self.tax.price_include_override = "tax_included"
        self.contract.contract_sum = 10000.01
        self.mark_done(self.contract.line_ids)
        moves = self.get_invoices(self.contract.line_ids)
        self.assertEqual(sum(moves.mapped("amount_untaxed")), 10000.01)
        self.assertEqual(moves[0].amount_total, 2875.0)
        self.assertEqual(moves.mapped("is_manually_modified"), [False] * 4)

    def test_included_beside_excluded_tax_keeps_the_net(self):
        included = self.tax.copy(
            {"name": "Incl.", "amount": 21.0, "price_include_override": "tax_included"}
        )
        self.build.tax_ids = included | self.tax
        self.mark_done(self.build)
        self.assertEqual(self.get_invoices(self.build).amount_untaxed, 2500.0)

    # --- currencies ---

    def test_currencies_with_other_decimals_add_up_to_the_contract(self):
        for code, rounding, contract_sum in (
            ("JPY", 1.0, 10000.0),
            ("KWD", 0.001, 1000.0),
        ):
            with self.subTest(code):
                currency = self.setup_other_currency(
                    code, rounding=rounding, rates=[("2020-01-01", 2.0)]
                )
                contract = self.create_contract(
                    code,
                    [(f"T{n}", "progress", "percent", 33.333333) for n in range(3)],
                    contract_sum=contract_sum,
                    currency_id=currency.id,
                )
                moves = self.bill(contract.line_ids)
                self.assertEqual(moves.currency_id, currency)
                total = sum(moves.mapped("amount_untaxed"))
                self.assertEqual(currency.compare_amounts(total, contract_sum), 0)
                self.assertEqual(contract.amount_to_bill, 0)

    # --- who is told ---

    def test_billing_responsible_gets_one_activity_a_batch(self):
        self.mark_done(self.deposit | self.designs)
        activities = self.get_invoices(self.deposit | self.designs).activity_ids
        self.assertRecordValues(
            activities,
            [
                {
                    "user_id": self.accountant.id,
                    "summary": "Check and post 2 milestone invoices",
                }
            ],
        )

    def test_chatter_says_who_marked_what_done(self):
        self.mark_done(self.build)
        message = self.project.message_ids[0]
        self.assertIn("Build complete marked done by Petra Manager", message.body)
        self.assertNotIn("2,500", message.body)
        log = self.get_invoices(self.build).message_ids[0].body
        for text in ("Build complete", "Website", "Petra Manager"):
            self.assertIn(text, log)

    def test_equal_stages_are_no_duplicates_of_each_other(self):
        moves = self.bill(self.deposit | self.designs)
        self.assertFalse(moves.duplicated_ref_ids)
        foreign = moves[0].copy({"invoice_date": moves[0].invoice_date})
        self.assertIn(moves[0], foreign.duplicated_ref_ids)
