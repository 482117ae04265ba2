"""The acts of a random walk that are done to documents and with money."""

from odoo.fields import Command

from .walk_acts import Acts, Skipped, act
from .walk_oracle import Broken

TODAY = "2026-03-31"


class DocumentActs(Acts):
    """What a walk can do to invoices and with money."""

    # -------------------------------------------------------------------------
    # ACTS: documents
    # -------------------------------------------------------------------------

    @act(10)
    def create_draft(self, rng):
        one = rng.random() < 0.5
        lines = self._pick_lines(
            rng, "ready", "blocked", "to_decide", most=1 if one else 4
        )
        lines = self._as(self.case.accountant, lines)
        self._say(lines.mapped("name"), lines.mapped("state"))
        if rng.random() < 0.3:
            lines.action_create_draft_invoice_per_contract()
        else:
            lines.action_create_draft_invoice()

    @act(6)
    def edit_draft(self, rng):
        move = self._pick_moves(rng, ["draft"])
        self._note_edited(move.line_ids.milestone_billing_line_id)
        lines = move.invoice_line_ids.filtered("milestone_billing_line_id")
        line = self._pick(rng, lines, lambda li: li.milestone_billing_line_id.name)
        price = self._amount(rng, line.price_unit)
        values = rng.choice(
            [
                {"price_unit": price},
                {"price_unit": price},
                {"price_unit": price},
                {"price_unit": 0.0},
                {"price_unit": -price},
                {"quantity": rng.choice([0.0, 0.5, 2.0, -1.0])},
                {"discount": rng.choice([10.0, 50.0, 100.0])},
                {"tax_ids": [Command.set(rng.choice(self.case.tax_sets).ids)]},
                {"tax_ids": [Command.clear()]},
                {"name": "Renamed"},
            ]
        )
        self._say(self._name(move), line.milestone_billing_line_id.name, values)
        if rng.random() < 0.3:
            self._as(self.case.accountant, line).write(values)
        else:
            self._as(self.case.accountant, move).invoice_line_ids = [
                Command.update(line.id, values)
            ]

    @act(3)
    def edit_draft_lines(self, rng):
        move = self._pick_moves(rng, ["draft"])
        self._note_edited(move.line_ids.milestone_billing_line_id)
        lines = move.invoice_line_ids.filtered("milestone_billing_line_id")
        line = self._pick(rng, lines, lambda li: li.milestone_billing_line_id.name)
        extra = {"name": "Travel", "price_unit": rng.choice([10.0, -10.0, 0.0])}
        command = rng.choice(
            [
                Command.delete(line.id),
                Command.create(extra),
                Command.create({"display_type": "line_note", "name": "Note"}),
                Command.clear(),
            ]
        )
        self._say(self._name(move), line.milestone_billing_line_id.name, command)
        self._as(self.case.accountant, move).invoice_line_ids = [command]

    @act(1.5)
    def edit_draft_head(self, rng):
        move = self._pick_moves(rng, ["draft"])
        self._note_edited(move.line_ids.milestone_billing_line_id)
        values = rng.choice(
            [
                {"partner_id": rng.choice(self.customers).id},
                {"currency_id": rng.choice(self.case.currencies).id},
                {"journal_id": self.journal.id},
                {"company_id": rng.choice(self.case.companies).id},
                {"invoice_payment_term_id": self.case.discount_term.id},
                {"move_type": rng.choice(["out_refund", "out_invoice", "in_invoice"])},
                {"reversed_entry_id": False},
                {"invoice_date": "2026-02-28"},
            ]
        )
        self._say(self._name(move), values)
        self._as(self.case.accountant, move).write(values)

    @act(0.5)
    def switch_type(self, rng):
        move = self._pick_moves(rng, ["draft"])
        self._say(self._name(move))
        self._as(self.case.accountant, move).action_switch_move_type()

    @act(30)
    def post(self, rng):
        moves = self._pick_moves(rng, ["draft"], most=3)
        self._say(self._name(moves))
        moves = self._as(self.case.accountant, moves)
        date = rng.choice([TODAY, "2026-04-02"])
        moves.filtered(lambda m: not m.invoice_date).invoice_date = date
        moves.action_post()

    @act(6)
    def reset(self, rng):
        moves = self._pick_moves(rng, ["posted", "posted", "cancel"], most=2)
        self._say(self._name(moves))
        self._as(self.case.accountant, moves).button_draft()

    @act(2)
    def cancel(self, rng):
        move = self._pick_moves(rng, ["draft"])
        self._say(self._name(move))
        self._as(self.case.accountant, move).button_cancel()

    @act(1)
    def cancel_posted(self, rng):
        move = self._pick_moves(rng, ["posted"])
        self._say(self._name(move))
        move = self._as(self.case.accountant, move)
        move.button_draft()
        move.button_cancel()

    @act(2)
    def delete(self, rng):
        moves = self._pick_moves(rng, ["draft", "cancel"], most=2)
        self._say(self._name(moves))
        self._as(self.case.accountant, moves).unlink()

    @act(1)
    def duplicate(self, rng):
        move = self._pick_moves(rng, ["draft", "posted", "cancel"])
        self._say(self._name(move))
        copy = self._as(self.case.accountant, move).copy()
        if copy.sudo().line_ids.milestone_billing_line_id:
            raise Broken("a duplicate carries no line", self._name(move))

    def _reverse(self, moves, is_modify, date):
        context = {"active_model": "account.move", "active_ids": moves.ids}
        wizard = self._as(self.case.accountant, moves).env["account.move.reversal"]
        wizard = wizard.with_context(**context).create(
            {"journal_id": moves.journal_id[:1].id, "date": date}
        )
        wizard.reverse_moves(is_modify=is_modify)
        return wizard.new_move_ids

    @act(12)
    def credit(self, rng):
        moves = self._pick_moves(rng, ["posted"], ["out_invoice"], most=2)
        part = rng.choice([None, None, 0.1, 0.5, 0.5, 1.5])
        post = rng.random() < 0.7
        date = rng.choice([TODAY, TODAY, "2099-01-01"])
        self._say(self._name(moves), "part", part, "post" if post else "", date)
        notes = self._reverse(moves, False, date)
        for note in notes if part is not None else []:
            note.invoice_line_ids = [
                Command.update(line.id, {"price_unit": line.price_unit * part})
                for line in note.invoice_line_ids
                if line.display_type == "product"
            ]
        if post:
            notes.action_post()

    @act(5)
    def modify(self, rng):
        moves = self._pick_moves(rng, ["posted"], ["out_invoice"])
        date = rng.choice([TODAY, TODAY, "2099-01-01"])
        self._say(self._name(moves), date)
        self._reverse(moves, True, date)

    @act(1)
    def reverse_credit(self, rng):
        moves = self._pick_moves(rng, ["posted"], ["out_refund"])
        self._say(self._name(moves))
        self._reverse(moves, rng.random() < 0.3, TODAY)

    @act(1.5)
    def forge(self, rng):
        """Give facts by a request; they stay as they are."""
        line = self._pick_lines(rng)
        move = self._pick_moves(rng, ["draft", "posted"])
        item = move.invoice_line_ids[:1]
        self._say(line.name, self._name(move))
        links = self._read_links()
        choice = rng.randrange(6)
        if choice == 0:
            self._as(self.case.accountant, item).milestone_billing_line_id = line
        elif choice == 1:
            self._as(self.case.accountant, item).milestone_billing_planned = 7.0
        elif choice == 2:
            self._as(self.case.accountant, move).write(
                {
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Forged",
                                "price_unit": 1.0,
                                "milestone_billing_line_id": line.id,
                            }
                        )
                    ]
                }
            )
        elif choice == 3:
            self._as(self.case.project_admin, line).write({"amount_billed": 7.0})
        elif choice == 4:
            self._as(self.case.project_admin, line).write({"number": 7})
        else:
            self._as(self.case.project_admin, line.contract_id).write(
                {"last_number": 0}
            )
        self._flush()
        if self._read_links() != links:
            raise Broken("links cannot be given by a request", f"way {choice}")

    def _read_links(self):
        self.env.cr.execute(
            "SELECT id, milestone_billing_line_id, milestone_billing_planned"
            "  FROM account_move_line WHERE milestone_billing_line_id IS NOT NULL"
        )
        return set(self.env.cr.fetchall())

    # -------------------------------------------------------------------------
    # ACTS: money
    # -------------------------------------------------------------------------

    def _pick_due(self, rng, types=("out_invoice", "out_refund"), most=1):
        return self._pick_moves(
            rng, ["posted"], types, most, where=lambda move: move.amount_residual
        )

    @act(14)
    def pay(self, rng):
        moves = self._pick_due(rng, most=2)
        moves = moves.filtered(
            lambda m: (
                (m.move_type, m.company_id, m.currency_id, m.commercial_partner_id)
                == (
                    moves[0].move_type,
                    moves[0].company_id,
                    moves[0].currency_id,
                    moves[0].commercial_partner_id,
                )
            )
        )
        context = {"active_model": "account.move", "active_ids": moves.ids}
        wizard = self._as(self.case.accountant, moves).env["account.payment.register"]
        values = {"payment_date": rng.choice([TODAY, "2026-04-05", "2026-09-30"])}
        if len(moves) > 1:
            values["group_payment"] = True
        wizard = wizard.with_context(**context).create(values)
        way = rng.choice(["whole", "whole", "part", "write off", "company currency"])
        if way == "company currency":
            wizard.currency_id = wizard.company_id.currency_id
        elif way in ("part", "write off"):
            wizard.amount = self._amount(rng, wizard.amount) or wizard.amount
            if way == "write off" and wizard.can_edit_wizard:
                wizard.payment_difference_handling = "reconcile"
                account = self._get_expense_account(moves.company_id)
                wizard.writeoff_account_id = account
        self._say(
            self._name(moves), way, values, wizard.amount, wizard.currency_id.name
        )
        wizard._create_payments()

    def _get_expense_account(self, company):
        return self.env["account.account"].search(
            [
                *self.env["account.account"]._check_company_domain(company),
                ("account_type", "=", "expense"),
            ],
            limit=1,
        )

    @act(3)
    def receive(self, rng):
        """Match an invoice with a line of a bank statement."""
        move = self._pick_due(rng, ["out_invoice"])
        receivable = self._get_receivable(move)
        journal = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", move.company_id.id)], limit=1
        )
        part = rng.choice([1.0, 0.5, 1.2])
        self._say(self._name(move), part)
        rate = move.currency_id._convert(
            move.amount_residual,
            move.company_id.currency_id,
            move.company_id,
            move.date,
        )
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": journal.id,
                "date": TODAY,
                "payment_ref": "Transfer",
                "partner_id": move.commercial_partner_id.id,
                "amount": move.company_id.currency_id.round(rate * part),
                "counterpart_account_id": receivable.account_id.id,
            }
        )
        if move.company_id.currency_id.is_zero(rate * part):
            raise Skipped
        (receivable | self._get_receivable(statement_line.move_id)).reconcile()

    def _get_receivable(self, moves):
        return moves.line_ids.filtered(
            lambda li: li.account_type == "asset_receivable" and not li.reconciled
        )

    @act(2)
    def bad_debt(self, rng):
        """Give up what is due by an entry that is no money."""
        move = self._pick_due(rng)
        receivable = self._get_receivable(move)
        part = rng.choice([1.0, 0.5])
        self._say(self._name(move), part)
        company = move.company_id
        balance = company.currency_id.round(sum(receivable.mapped("balance")) * part)
        entry = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "date": TODAY,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": receivable.account_id[:1].id,
                                "partner_id": move.commercial_partner_id.id,
                                "balance": -balance,
                            }
                        ),
                        Command.create(
                            {
                                "account_id": self._get_expense_account(company).id,
                                "balance": balance,
                            }
                        ),
                    ],
                }
            )
        )
        entry.action_post()
        (receivable | self._get_receivable(entry)).reconcile()

    @act(8)
    def offset(self, rng):
        """Match an invoice with its credit notes."""
        note = self._pick_moves(
            rng,
            ["posted"],
            ["out_refund"],
            where=lambda move: (
                move.amount_residual and move.reversed_entry_id.amount_residual
            ),
        )
        self._say(self._name(note))
        lines = self._get_receivable(note | note.reversed_entry_id)
        self._as(self.case.accountant, lines).reconcile()

    @act(4)
    def bounce(self, rng):
        move = self._pick_moves(rng, ["posted"])
        self._say(self._name(move))
        payments = move.matched_payment_ids
        if payments and rng.random() < 0.5:
            payment = self._as(self.case.accountant, payments[:1])
            payment.action_draft()
            if rng.random() < 0.5:
                payment.action_cancel()
        else:
            self._as(self.case.accountant, move.line_ids).remove_move_reconcile()
