from odoo.fields import Command

from .common import MilestoneBillingCommon


class TestPayments(MilestoneBillingCommon):
    """Settled is no longer due; paid is the money that came in."""

    def assertAmounts(self, line, **amounts):
        self.assertRecordValues(
            line, [{f"amount_{name}": amount for name, amount in amounts.items()}]
        )

    def create_stages(self, *stages, **values):
        """Create a contract of fixed stages, each with taxes of its own.

        :param stages: (amount, percentage of its tax)
        """
        contract = self.create_contract(
            "Stages",
            [
                (f"Stage {n}", "progress", "fixed", amount)
                for n, (amount, _rate) in enumerate(stages)
            ],
            contract_sum=0.0,
            **values,
        )
        taxes = {
            rate: self.tax.copy({"name": f"{rate} %", "amount": rate})
            for rate in {rate for _amount, rate in stages}
        }
        for line, (_amount, rate) in zip(contract.line_ids, stages, strict=True):
            line.tax_ids = taxes[rate]
        return contract

    def bill_together(self, contract):
        """Bill all stages of a contract with one document."""
        contract.automation = "manual"
        self.mark_done(contract.line_ids)
        contract.line_ids.with_user(
            self.accountant
        ).action_create_draft_invoice_per_contract()
        return self.post(self.get_invoices(contract.line_ids))

    def get_receivable(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )

    def reconcile(self, *moves):
        self.get_receivable(moves[0].union(*moves[1:])).reconcile()

    def create_entry(self, account, amount):
        """Post an entry that takes an amount from what the customer owes."""
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": "2026-03-31",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.company_data[
                                "default_account_receivable"
                            ].id,
                            "partner_id": self.customer.id,
                            "credit": amount,
                        }
                    ),
                    Command.create({"account_id": account.id, "debit": amount}),
                ],
            }
        )
        entry.action_post()
        return entry

    # --- one invoice ---

    def test_paid_invoice_is_settled_and_paid(self):
        self.pay(self.bill(self.build))
        self.assertAmounts(self.build, billed=2500.0, settled=2500.0, paid=2500.0)
        self.assertEqual(self.build.state, "paid")

    def test_unpaid_invoice_is_neither(self):
        self.bill(self.build)
        self.assertAmounts(self.build, settled=0.0, paid=0.0, unpaid=2500.0)

    def test_early_payment_discount_is_settled_and_no_money(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    )
                ],
            }
        )
        contract = self.create_stages((5000.0, 15.0), payment_term_id=terms.id)
        move = self.bill(contract.line_ids)
        self.assertEqual(move.amount_total, 5750)
        payment = self.pay(move)
        self.assertEqual(payment.amount, 5635)
        self.assertEqual(move.amount_residual, 0)
        self.assertAmounts(
            contract.line_ids, billed=5000.0, settled=5000.0, paid=4900.0, unpaid=0.0
        )
        self.assertEqual(contract.line_ids.state, "paid")
        self.assertRecordValues(
            contract, [{"amount_settled": 5000.0, "amount_paid": 4900.0}]
        )

    def test_payment_with_a_written_off_difference_is_paid_in_part(self):
        move = self.bill(self.build)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "payment_date": move.date,
                    "amount": 2300.0,
                    "payment_difference_handling": "reconcile",
                    "writeoff_account_id": self.company_data[
                        "default_account_expense"
                    ].id,
                }
            )
        )
        wizard._create_payments()
        self.assertEqual(move.amount_residual, 0)
        self.assertAmounts(self.build, settled=2500.0, paid=2000.0, unpaid=0.0)
        self.assertEqual(self.build.state, "paid")

    def test_bad_debt_is_settled_and_no_money(self):
        move = self.bill(self.build)
        entry = self.create_entry(self.company_data["default_account_expense"], 2875)
        self.reconcile(move, entry)
        self.assertEqual(move.amount_residual, 0)
        self.assertAmounts(self.build, settled=2500.0, paid=0.0, unpaid=0.0)

    def test_statement_line_is_money(self):
        move = self.bill(self.build)
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": "2026-04-01",
                "payment_ref": "Website",
                "partner_id": self.customer.id,
                "amount": 1150.0,
            }
        )
        _liquidity, suspense, _others = statement_line._seek_for_lines()
        suspense.account_id = self.company_data["default_account_receivable"]
        self.reconcile(move, statement_line.move_id)
        self.assertEqual(move.amount_residual, 1725)
        self.assertAmounts(self.build, settled=1000.0, paid=1000.0, unpaid=1500.0)

    def test_bounced_payment_is_neither_settled_nor_paid(self):
        move = self.bill(self.build)
        self.pay(move).move_id.line_ids.remove_move_reconcile()
        self.assertAmounts(self.build, settled=0.0, paid=0.0, unpaid=2500.0)

    def test_cancelled_payment_is_neither_settled_nor_paid(self):
        move = self.bill(self.build)
        payment = self.pay(move)
        payment.action_draft()
        payment.action_cancel()
        self.assertAmounts(self.build, settled=0.0, paid=0.0, unpaid=2500.0)

    def test_payment_in_another_currency_is_paid_in_the_contracts(self):
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.8)])
        contract = self.create_stages((1000.0, 0.0), currency_id=currency.id)
        move = self.bill(contract.line_ids)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "payment_date": move.date,
                    "currency_id": self.company.currency_id.id,
                    "amount": 625.0,  # half of 1,250.00
                }
            )
        )
        wizard._create_payments()
        self.assertAmounts(
            contract.line_ids, billed=1000.0, settled=500.0, paid=500.0, unpaid=500.0
        )

    def test_exchange_difference_is_no_payment_and_no_debt(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2020-01-01", 0.8), ("2026-06-01", 0.9)]
        )
        contract = self.create_stages((1000.0, 0.0), currency_id=currency.id)
        move = self.bill(contract.line_ids)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": "2026-07-01"})
        )
        wizard._create_payments()
        self.assertAmounts(contract.line_ids, settled=1000.0, paid=1000.0, unpaid=0.0)

    def test_payment_of_several_invoices_is_shared_by_what_each_gets(self):
        moves = self.bill(self.deposit | self.build)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"payment_date": moves[0].date, "group_payment": True})
        )
        wizard._create_payments()
        for line in self.deposit | self.build:
            self.assertAmounts(line, settled=2500.0, paid=2500.0)

    def test_invoice_paid_in_parts_adds_up(self):
        move = self.bill(self.build)
        for amount, paid in ((575.0, 500.0), (1150.0, 1500.0), (1150.0, 2500.0)):
            self.pay(move, amount=amount)
            self.assertAmounts(self.build, settled=paid, paid=paid)

    def test_installments_are_one_invoice(self):
        self.contract.payment_term_id = self.pay_terms_b
        move = self.bill(self.build)
        self.pay(move, amount=862.5)  # the first of two
        self.assertAmounts(self.build, settled=750.0, paid=750.0, unpaid=1750.0)

    # --- families: an invoice and the credit notes that reverse it ---

    def test_worked_example_of_a_family(self):
        contract = self.create_stages((4000.0, 20.0), (2000.0, 0.0))
        first, second = contract.line_ids
        move = self.bill_together(contract)
        self.assertEqual(move.amount_total, 6800)
        self.credit_part(move, first, 1000)
        self.assertEqual(move.amount_residual, 5600)
        self.assertAmounts(first, billed=3000.0, unpaid=3000.0, settled=0.0, paid=0.0)
        self.assertAmounts(second, billed=2000.0, unpaid=2000.0, settled=0.0, paid=0.0)
        self.pay(move, amount=2300)
        self.assertAmounts(first, unpaid=1767.86, settled=1232.14, paid=1232.14)
        self.assertAmounts(second, unpaid=1178.57, settled=821.43, paid=821.43)

    def credit_part(self, move, line, net):
        """Credit a net of one line of a document, and post the credit note."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": move.date})
        )
        wizard.reverse_moves()
        credit_note = wizard.new_move_ids
        part = credit_note.invoice_line_ids.filtered(
            lambda move_line: move_line.milestone_billing_line_id == line
        )
        credit_note.invoice_line_ids = [
            Command.delete(other.id) for other in credit_note.invoice_line_ids - part
        ] + [Command.update(part.id, {"price_unit": net})]
        credit_note.action_post()
        return credit_note

    def test_credit_not_yet_reconciled_counts_in_its_family(self):
        contract = self.create_stages((4000.0, 20.0), (2000.0, 0.0))
        first, second = contract.line_ids
        move = self.bill_together(contract)
        credit_note = self.credit_part(move, first, 1000)
        (move | credit_note).line_ids.remove_move_reconcile()
        self.assertEqual(move.amount_residual, 6800)
        self.assertAmounts(first, unpaid=3000.0, settled=0.0, paid=0.0)
        self.assertAmounts(second, unpaid=2000.0, settled=0.0, paid=0.0)

    def test_family_credited_in_full_is_neither_due_nor_paid(self):
        move = self.bill(self.build)
        credit_note = self.credit(move)
        for _reconciled in range(2):
            self.assertAmounts(
                self.build, billed=0.0, unpaid=0.0, settled=0.0, paid=0.0
            )
            (move | credit_note).line_ids.remove_move_reconcile()

    def test_paid_invoice_credited_in_part_and_paid_back(self):
        move = self.bill(self.build)
        self.pay(move)
        credit_note = self.credit(move, amount=500)
        # 2,875 came in for 2,300: 575 is owed to the customer
        self.assertAmounts(self.build, billed=2000.0)
        self.pay(credit_note)
        self.assertAmounts(
            self.build, billed=2000.0, unpaid=0.0, settled=2000.0, paid=2000.0
        )
        self.assertEqual(self.build.state, "to_decide")

    def test_credit_note_made_by_hand_is_a_deduction(self):
        move = self.bill(self.build)
        deduction = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Scratched",
                            "price_unit": 500,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                ],
            }
        )
        self.post(deduction)
        self.reconcile(move, deduction)
        self.assertAmounts(
            self.build, billed=2500.0, settled=500.0, paid=0.0, unpaid=2000.0
        )
        self.pay(move)
        self.assertAmounts(self.build, settled=2500.0, paid=2000.0, unpaid=0.0)
        self.assertEqual(self.build.state, "paid")

    def test_replaced_invoice_and_its_replacement_are_families_of_their_own(self):
        replacement = self.post(self.credit(self.bill(self.build), modify=True))
        self.assertAmounts(self.build, billed=2500.0, unpaid=2500.0, paid=0.0)
        self.pay(replacement, amount=1150)
        self.assertAmounts(self.build, billed=2500.0, unpaid=1500.0, paid=1000.0)

    def test_last_line_of_a_family_takes_the_rounding(self):
        contract = self.create_stages((333.33, 0.0), (333.33, 0.0), (333.33, 0.0))
        move = self.bill_together(contract)
        self.pay(move, amount=500)
        lines = contract.line_ids
        self.assertEqual(lines.mapped("amount_unpaid")[:2], [166.66, 166.66])
        self.assertAlmostEqual(sum(lines.mapped("amount_unpaid")), 499.99, 2)
        self.assertAlmostEqual(sum(lines.mapped("amount_paid")), 500.0, 2)
        self.assertAlmostEqual(contract.amount_paid, 500.0, 2)

    def test_shares_of_a_family_add_up_in_currencies_of_any_decimals(self):
        for code, rounding in (("JPY", 1.0), ("EUR", 0.01), ("KWD", 0.001)):
            with self.subTest(code), self.undone():
                currency = self.setup_other_currency(
                    code, rounding=rounding, rates=[("2020-01-01", 2.0)]
                )
                contract = self.create_stages(
                    *[(1001 * rounding, 10.0)] * 3, currency_id=currency.id
                )
                move = self.bill_together(contract)
                self.pay(move, amount=currency.round(move.amount_total / 3))
                lines = contract.line_ids
                net = move.amount_untaxed
                due = currency.round(net * move.amount_residual / move.amount_total)
                self.assertEqual(
                    currency.compare_amounts(sum(lines.mapped("amount_unpaid")), due), 0
                )
                self.assertEqual(
                    currency.compare_amounts(contract.amount_settled, net - due), 0
                )

    def test_free_document_is_neither_due_nor_paid(self):
        self.post(self.draft_less(self.build, 0))
        self.assertAmounts(self.build, billed=0.0, unpaid=0.0, settled=0.0, paid=0.0)

    def test_other_things_on_the_invoice_take_their_share(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.invoice_line_ids = [
            Command.create(
                {
                    "name": "Travel",
                    "price_unit": 500,
                    "tax_ids": [Command.set(self.tax.ids)],
                }
            )
        ]
        self.post(move)
        self.pay(move, amount=1725)  # half of 3,450
        self.assertAmounts(self.build, settled=1250.0, paid=1250.0, unpaid=1250.0)

    def test_totals_of_the_contract_are_those_of_its_lines(self):
        moves = self.bill(self.deposit | self.designs)
        self.pay(moves[0])
        self.reconcile(
            moves[1],
            self.create_entry(self.company_data["default_account_expense"], 1150),
        )
        self.assertRecordValues(
            self.contract,
            [
                {
                    "amount_billed": 5000.0,
                    "amount_settled": 3500.0,
                    "amount_paid": 2500.0,
                    "amount_unpaid": 1500.0,
                    "amount_to_bill": 5000.0,
                }
            ],
        )

    def test_stage_billed_elsewhere_is_paid(self):
        self.deposit.amount_opening = 1000
        self.assertAmounts(
            self.deposit, billed=1000.0, settled=1000.0, paid=1000.0, unpaid=0.0
        )

    def test_cash_basis_entries_are_no_money(self):
        account = self.env["account.account"].create(
            {
                "name": "Transition",
                "code": "transition",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )
        self.company.tax_exigibility = True
        self.build.tax_ids = self.tax.copy(
            {
                "name": "On payment",
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": account.id,
            }
        )
        move = self.bill(self.build)
        self.pay(move, amount=1150)
        self.assertAmounts(self.build, settled=1000.0, paid=1000.0, unpaid=1500.0)
