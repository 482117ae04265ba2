import re
from pathlib import Path

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common_rights import (
    DECIDE,
    DECISION,
    MOVE,
)
from .common_seals import SealsCommon

REVERSAL = "account.move.reversal"
# what a client could send as the value of a key
CLIENT_VALUES = (True, 1, "x", [1], {"name": "x"})


class TestContextKeys(SealsCommon):
    """No key that a client can send switches a guard off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accounting = cls.users["accountant"]
        cls.keys = cls.find_keys()

    @staticmethod
    def find_keys():
        """Return the addon's names in its source: each could be a key."""
        root = Path(__file__).parent.parent
        files = [
            path for path in root.rglob("*.py") if "tests" not in path.parts[-2:-1]
        ]
        return sorted(
            {
                key
                for path in files
                for key in re.findall(r"\bmilestone_billing_\w+", path.read_text())
            }
        )

    def get_contexts(self):
        """Return what clients could send: all keys at once, with each value."""
        company_ids = self.accounting.company_ids.ids
        return {
            repr(value): {
                **dict.fromkeys(self.keys, value),
                "allowed_company_ids": company_ids,
            }
            for value in CLIENT_VALUES
        }

    def assertNoKeyChanges(self, check):
        """``check(context)`` passes with each context that a client could send."""
        for name, context in self.get_contexts().items():
            with self.subTest(value=name), self.undone():
                check(context)

    def test_keys_are_found(self):
        self.assertIn("milestone_billing_line_id", self.keys)
        self.assertGreater(len(self.keys), 5)

    def test_amount_beyond_the_contract_is_refused(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move_line = move.invoice_line_ids
        vals = {"price_unit": 1000000.0}

        def check(context):
            for records, change in (
                (move, {"invoice_line_ids": [Command.update(move_line.id, vals)]}),
                (move, {"line_ids": [Command.update(move_line.id, vals)]}),
                (move_line, vals),
            ):
                with self.assertRaises(UserError) as refusal:
                    self.rpc(self.accounting, records, "write", change, context=context)
                self.assertNotIsInstance(refusal.exception, AccessError)

        self.assertNoKeyChanges(check)

    def test_posting_what_exceeds_the_contract_is_refused(self):
        move = self.bill(self.build)
        move.button_cancel()
        self.bill(self.deposit + self.designs)
        self.contract.contract_sum = sum(
            (self.deposit + self.designs).mapped("amount_billed")
        )

        def check(context):
            with self.assertRaises(UserError):
                self.rpc(self.accounting, move, "button_draft", context=context)
                self.rpc(self.accounting, move, "action_post", context=context)

        self.assertNoKeyChanges(check)

    def test_link_is_left_out(self):
        other = self.create_contract("Other", [("Stage", "progress", "percent", 50.0)])
        link = {
            "name": "Mine",
            "price_unit": 10.0,
            "milestone_billing_line_id": other.line_ids.id,
            "milestone_billing_planned": 10.0,
        }
        self.mark_done(self.build)
        linked = self.build.move_line_ids

        def check(context):
            own = {
                **context,
                "default_milestone_billing_line_id": other.line_ids.id,
            }
            for move_type in ("out_invoice", "out_refund", "in_invoice"):
                vals = {
                    "move_type": move_type,
                    "partner_id": self.customer.id,
                    "invoice_line_ids": [Command.create(link)],
                }
                ids = self.rpc(
                    self.accounting, self.env[MOVE], "create", vals, context=own
                )
                move = self.env[MOVE].browse(ids)
                commands = {"invoice_line_ids": [Command.create(link)]}
                self.rpc(self.accounting, move, "write", commands, context=own)
                self.assertEqual(len(move.invoice_line_ids), 2)
                self.assertFalse(move.line_ids.milestone_billing_line_id, move_type)
            self.rpc(self.accounting, linked, "write", link, context=context)
            self.assertEqual(linked.milestone_billing_line_id, self.build)
            self.assertFalse(other.line_ids.move_line_ids)

        self.assertNoKeyChanges(check)

    def test_copy_of_an_invoice_bills_nothing(self):
        move = self.bill(self.build)

        def check(context):
            ids = self.rpc(self.accounting, move, "copy", context=context)
            copy = self.env[MOVE].browse(ids)
            self.assertFalse(copy.line_ids.milestone_billing_line_id)
            self.assertEqual(self.build.state, "billed")

        self.assertNoKeyChanges(check)

    def test_credit_note_frees_what_it_credits(self):
        move = self.bill(self.build)
        wizards = self.env[REVERSAL]

        def check(context):
            for method in ("refund_moves", "modify_moves"):
                with self.undone():
                    ids = self.rpc(
                        self.accounting,
                        wizards,
                        "create",
                        {
                            "move_ids": [Command.set(move.ids)],
                            "journal_id": move.journal_id.id,
                            "date": "2026-03-31",
                        },
                        context=context,
                    )
                    wizard = wizards.browse(ids)
                    self.rpc(self.accounting, wizard, method, context=context)
                    credit_note = move.reversal_move_ids
                    linked = credit_note.line_ids.milestone_billing_line_id
                    self.assertEqual(linked, self.build)
                    if method == "modify_moves":
                        self.assertEqual(self.build.state, "drafted")
                        continue
                    self.rpc(
                        self.accounting, credit_note, "action_post", context=context
                    )
                    self.assertEqual(self.build.state, "to_decide")

        self.assertNoKeyChanges(check)

    def test_line_is_not_credited_twice(self):
        move = self.bill(self.build)
        first, second = (
            self.env[MOVE].browse(
                move.with_user(self.accounting)._reverse_moves([{}]).ids
            )
            for _index in range(2)
        )
        first.invoice_date = second.invoice_date = "2026-03-31"
        self.rpc(self.accounting, first, "action_post")

        def check(context):
            with self.assertRaises(UserError):
                self.rpc(self.accounting, second, "action_post", context=context)

        self.assertNoKeyChanges(check)

    def test_what_is_billed_stays(self):
        self.bill(self.build)
        calls = (
            ("project_user", self.milestone, "toggle_is_reached", False),
            ("manager", self.milestone, "unlink"),
            ("manager", self.build, "unlink"),
            ("manager", self.contract, "unlink"),
            ("project_admin", self.project, "unlink"),
            ("manager", self.contract, "write", {"contract_sum": 1.0}),
            (
                "manager",
                self.contract,
                "write",
                {"currency_id": self.env.ref("base.CHF").id},
            ),
        )

        def check(context):
            for kind, records, method, *args in calls:
                user = self.users[kind]
                with self.subTest(method=method), self.assertRaises(UserError):
                    self.rpc(user, records, method, *args, context=context)

        self.assertNoKeyChanges(check)

    def test_no_more_than_is_open_is_given_up(self):
        vals = {"line_id": self.build.id, "reason": "Mine", "amount": 1000000.0}

        def check(context):
            for kind in ("carry", "write_off"):
                with self.assertRaises(UserError):
                    self.rpc(
                        self.accounting,
                        self.env[DECISION],
                        "create",
                        {**vals, "kind": kind},
                        context=context,
                    )

        self.assertNoKeyChanges(check)

    def test_rights_are_what_they_are(self):
        calls = (
            ("manager", self.contract, "write", {"automation": "post"}),
            ("accountant", self.contract, "write", {"contract_sum": 1.0}),
            ("project_user", self.contract, "write", {"contract_sum": 1.0}),
            ("project_user", self.milestone, "write", {"acceptance_state": "accepted"}),
            ("manager", self.build, "write", {"number": 9}),
            ("manager", self.build, "write", {"state": "paid"}),
            ("manager", self.contract, "write", {"last_number": 9}),
            ("project_user", self.lines, "read", ["amount_planned"]),
            ("employee", self.contract, "read", ["contract_sum"]),
            ("manager", self.env[DECIDE], "create", {"reason": "x"}),
        )

        def check(context):
            for kind, records, method, *args in calls:
                with self.subTest(method=method, args=args):
                    self.assertRefused(
                        self.users[kind], records, method, *args, context=context
                    )

        self.assertNoKeyChanges(check)

    def test_tick_makes_one_draft(self):
        def check(context):
            self.rpc(
                self.users["project_user"],
                self.milestone,
                "write",
                {"is_reached": True},
                context=context,
            )
            self.assertEqual(len(self.get_invoices(self.build)), 1)
            self.assertEqual(self.build.state, "drafted")
            self.assertEqual(self.build.amount_drafted, self.build.amount_planned)
            self.assertEqual(self.contract.last_number, 2)

        self.assertNoKeyChanges(check)
