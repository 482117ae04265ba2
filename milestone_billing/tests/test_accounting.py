from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import Form

from .common import MilestoneBillingCommon


class TestAccounting(MilestoneBillingCommon):
    """The worked examples of ``readme/ACCOUNTING.md``, figure by figure, and that the
    schedule holds beside the rest of accounting.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.sales = cls.company_data["default_account_revenue"]
        cls.vat = cls.tax.invoice_repartition_line_ids.account_id

    def assertEntry(self, move, *rows):
        """Assert the journal items of a document, as (account, debit, credit)."""
        items = [
            (line.account_id, line.debit, line.credit)
            for line in move.line_ids.filtered(lambda m: m.debit or m.credit)
        ]
        key = lambda row: (row[0].code, row[1], row[2])  # noqa: E731
        self.assertEqual(sorted(items, key=key), sorted(rows, key=key))

    def assertSchedule(self, contract, **amounts):
        self.assertRecordValues(
            contract, [{f"amount_{name}": value for name, value in amounts.items()}]
        )

    # -------------------------------------------------------------------------
    # WORKED EXAMPLES
    # -------------------------------------------------------------------------

    def test_example_1_a_contract_from_deposit_to_final(self):
        moves = self.env["account.move"]
        for line in self.contract.line_ids:
            move = self.bill(line)
            self.assertEntry(
                move,
                (self.receivable, 2875.0, 0.0),
                (self.sales, 0.0, 2500.0),
                (self.vat, 0.0, 375.0),
            )
            moves |= move
        self.assertSchedule(self.contract, billed=10000, unpaid=10000, to_bill=0)
        for move in moves[:3]:
            self.pay(move)
        self.assertSchedule(self.contract, billed=10000, paid=7500, unpaid=2500)
        self.assertEqual(sum(moves.mapped("amount_untaxed")), 10000)
        self.assertEqual(sum(moves.mapped("amount_tax")), 1500)

    def test_example_2_a_credit_note_and_what_is_decided(self):
        credit = self.credit(self.bill(self.build), amount=500)
        self.assertEntry(
            credit,
            (self.receivable, 0.0, 575.0),
            (self.sales, 500.0, 0.0),
            (self.vat, 75.0, 0.0),
        )
        self.assertSchedule(self.build, billed=2000, to_decide=500)
        self.decide(self.build, "carry")
        self.assertSchedule(self.final, planned=3000)
        self.assertSchedule(self.contract, to_date=10000)
        self.assertEntry(
            self.bill(self.final),
            (self.receivable, 3450.0, 0.0),
            (self.sales, 0.0, 3000.0),
            (self.vat, 0.0, 450.0),
        )

    def test_example_3_a_part_before_the_stage_is_done(self):
        part = self.post(self.build.with_user(self.accountant)._bill_part(1000))
        self.assertEntry(
            part,
            (self.receivable, 1150.0, 0.0),
            (self.sales, 0.0, 1000.0),
            (self.vat, 0.0, 150.0),
        )
        self.mark_done(self.build)
        rest = self.post(self.get_invoices(self.build) - part)
        self.assertEntry(
            rest,
            (self.receivable, 1725.0, 0.0),
            (self.sales, 0.0, 1500.0),
            (self.vat, 0.0, 225.0),
        )

    def test_example_4_a_change_order_of_its_own(self):
        self.bill(self.deposit)
        change = self.env["milestone.billing.change"].create(
            {
                "contract_id": self.contract.id,
                "name": "Second language",
                "amount": 2000,
                "spread": "new",
            }
        )
        self.accountant.group_ids |= self.env.ref(
            "milestone_billing.group_milestone_billing_manager"
        )
        change.with_user(self.accountant).action_approve()
        self.assertEqual(
            self.contract.line_ids.sorted().mapped("amount_planned"),
            [2500, 2500, 2500, 2000, 2500],
        )
        self.assertSchedule(self.contract, original=10000, changes=2000, to_date=12000)
        self.assertEntry(
            self.bill(change.line_id),
            (self.receivable, 2300.0, 0.0),
            (self.sales, 0.0, 2000.0),
            (self.vat, 0.0, 300.0),
        )

    def test_example_5_a_foreign_contract_while_the_rate_changes(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2020-01-01", 0.8), ("2026-04-01", 0.9)]
        )
        contract = self.create_contract(
            "Abroad",
            [("Start", "deposit", "percent", 30), ("End", "final", "balance", 0)],
            currency_id=euro.id,
        )
        start, end = contract.line_ids
        self.mark_done(start | end)
        first = self.post(self.get_invoices(start), "2026-03-31")
        last = self.post(self.get_invoices(end), "2026-04-30")
        self.assertEntry(
            first,
            (self.receivable, 4312.5, 0.0),
            (self.sales, 0.0, 3750.0),
            (self.vat, 0.0, 562.5),
        )
        self.assertEntry(
            last,
            (self.receivable, 8944.45, 0.0),
            (self.sales, 0.0, 7777.78),
            (self.vat, 0.0, 1166.67),
        )
        self.assertSchedule(contract, billed=10000, unpaid=10000, to_bill=0)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=first.ids
        ).create({"payment_date": "2026-04-30"})._create_payments()
        # 3,450 euros are worth 3,833.33 now: the difference is Odoo's own entry
        difference = first.line_ids.matched_credit_ids.exchange_move_id
        self.assertEqual(sum(difference.line_ids.mapped("debit")), 479.17)
        self.assertSchedule(start, billed=3000, settled=3000, paid=3000, unpaid=0)

    def test_example_6_an_early_payment_discount(self):
        self.contract.payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
            }
        )
        move = self.bill(self.build)
        payment = self.pay(move)
        self.assertEqual(payment.amount, 2817.5)
        self.assertSchedule(self.build, billed=2500, settled=2500, paid=2450, unpaid=0)

    # -------------------------------------------------------------------------
    # TAXES
    # -------------------------------------------------------------------------

    def create_tax(self, name, amount, **values):
        return self.tax.copy({"name": name, "amount": amount, **values})

    def test_several_taxes_are_each_the_sum_of_their_documents(self):
        taxes = self.create_tax("5 %", 5) | self.create_tax("9.975 %", 9.975)
        self.product.taxes_id = taxes
        moves = self.bill(self.contract.line_ids)
        for tax, amount in zip(taxes, (500.0, 997.52), strict=True):
            items = moves.line_ids.filtered(lambda m, tax=tax: m.tax_line_id == tax)
            self.assertEqual(sum(items.mapped("credit")), amount)
        self.assertEqual(sum(moves.mapped("amount_untaxed")), 10000)

    def test_fixed_and_included_taxes_leave_the_net_exact(self):
        for title, taxes in (
            ("fixed", self.create_tax("Fee", 3, amount_type="fixed")),
            (
                "included",
                self.create_tax("incl.", 19, price_include_override="tax_included"),
            ),
            (
                "both",
                self.create_tax("19 incl.", 19, price_include_override="tax_included")
                | self.create_tax("5 incl.", 5, price_include_override="tax_included"),
            ),
        ):
            with self.subTest(title), self.undone():
                self.product.taxes_id = taxes
                contract = self.create_contract(
                    "Thirds", [(n, "progress", "percent", 33.333333) for n in "ABC"]
                )
                moves = self.bill(contract.line_ids)
                self.assertEqual(
                    moves.invoice_line_ids.mapped("price_subtotal"),
                    [3333.33, 3333.33, 3333.34],
                )

    def test_reverse_charge_is_no_part_of_what_is_billed(self):
        tax = self.create_tax("Reverse charge", 20)
        charged_back = Command.create(
            {"repartition_type": "tax", "factor_percent": -100.0}
        )
        tax.write(
            {
                "invoice_repartition_line_ids": [charged_back],
                "refund_repartition_line_ids": [charged_back],
            }
        )
        self.product.taxes_id = tax
        move = self.bill(self.build)
        self.assertEqual((move.amount_untaxed, move.amount_total), (2500, 2500))
        self.pay(move)
        self.assertSchedule(self.build, billed=2500, paid=2500)

    def test_withholding_tax_is_settled_and_no_money(self):
        if "withholding_tax_base_account_id" not in self.company._fields:
            self.skipTest("l10n_account_withholding_tax is not installed")
        self.company.withholding_tax_base_account_id = self.sales.copy(
            {"account_type": "asset_current", "reconcile": True}
        )
        withheld = self.create_tax(
            "1 % withheld",
            -1,
            is_withholding_tax_on_payment=True,
            withholding_sequence_id=self.env["ir.sequence"]
            .create({"name": "Withheld"})
            .id,
        )
        move = self.bill(self.build)
        wizard = Form(
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=move.ids
            )
        )
        wizard.should_withhold_tax = True
        with wizard.withholding_line_ids.new() as row:
            row.tax_id = withheld
            row.base_amount = 2500.0
        wizard.save()._create_payments()
        # 2,850.00 of 2,875.00 came in
        self.assertSchedule(self.build, settled=2500, paid=2478.26, unpaid=0)

    # -------------------------------------------------------------------------
    # LOCKS AND SEALS
    # -------------------------------------------------------------------------

    def test_draft_in_a_locked_period_is_posted_after_it(self):
        self.mark_done(self.build)
        self.company.fiscalyear_lock_date = "2026-04-30"
        move = self.post(self.get_invoices(self.build), "2026-03-31")
        self.assertEqual(move.invoice_date, Date.to_date("2026-03-31"))
        self.assertGreater(move.date, Date.to_date("2026-04-30"))
        self.assertSchedule(self.build, billed=2500)

    def test_locked_invoice_is_credited_after_the_lock(self):
        move = self.bill(self.build)
        self.company.hard_lock_date = "2026-04-30"
        with self.assertRaises(UserError):
            move.button_draft()
        self.assertSchedule(self.build, billed=2500)
        credit = self.credit(move, amount=500)
        self.assertGreater(credit.date, Date.to_date("2026-04-30"))
        self.assertSchedule(self.build, billed=2000, to_decide=500)

    def test_hashed_journal_keeps_document_schedule_and_its_print(self):
        self.company_data["default_journal_sale"].restrict_mode_hash_table = True
        move = self.bill(self.build)
        self.assertTrue(move.inalterable_hash)
        with self.assertRaises(UserError):
            move.button_draft()
        self.bill(self.final)
        self.assertEqual(move.milestone_billing_ordinal, 1)
        self.assertTrue(move._get_milestone_statement())
        self.credit(move)
        self.assertSchedule(self.build, billed=0, to_decide=2500)
        self.assertEqual(
            self.company._check_hash_integrity()["results"][0]["status"], "verified"
        )

    # -------------------------------------------------------------------------
    # CASH
    # -------------------------------------------------------------------------

    def test_cash_rounding_is_beside_the_stage(self):
        self.mark_done(self.build)
        self.product.taxes_id = self.create_tax("7.77 %", 7.77)
        move = self.get_invoices(self.build)
        move.with_user(self.accountant).invoice_cash_rounding_id = self.cash_rounding_a
        self.post(move)
        self.assertSchedule(self.build, billed=2500)
        self.pay(move)
        self.assertSchedule(self.build, settled=2500, unpaid=0)
