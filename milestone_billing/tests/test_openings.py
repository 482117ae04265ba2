from odoo.exceptions import AccessError, ValidationError
from odoo.tools import html2plaintext

from .common import MilestoneBillingCommon


class TestOpenings(MilestoneBillingCommon):
    """What was billed before the schedule was kept here is entered by accountants."""

    def test_accountant_enters_what_was_billed_elsewhere(self):
        self.deposit.with_user(self.accountant).amount_opening = 2500
        self.assertEqual(self.contract.amount_billed, 2500)
        log = html2plaintext(self.contract.message_ids[:1].body)
        self.assertIn("Project start billed elsewhere", log)
        self.assertIn("2,500.00", log)

    def test_accountant_writes_nothing_else_of_a_line(self):
        line = self.deposit.with_user(self.accountant)
        for fname in ("name", "kind", "basis", "percent", "amount", "deadline"):
            with self.subTest(fname), self.assertRaises(AccessError):
                line.write({fname: line[fname]})
        self.assertTrue(line.fields_get(["percent"])["percent"]["readonly"])
        self.assertFalse(
            line.fields_get(["amount_opening"])["amount_opening"]["readonly"]
        )

    def test_accountant_adds_and_deletes_no_line(self):
        with self.assertRaises(AccessError):
            self.deposit.with_user(self.accountant).unlink()
        with self.assertRaises(AccessError):
            self.env["milestone.billing.line"].with_user(self.accountant).create(
                {"contract_id": self.contract.id, "name": "More", "amount": 1}
            )

    def test_who_makes_no_invoices_enters_none(self):
        with self.assertRaises(AccessError):
            self.deposit.with_user(self.project_user).amount_opening = 2500

    def test_negative_contract_sum_is_refused_with_what_to_do(self):
        with self.assertRaisesRegex(ValidationError, r"Raise the contract sum\.$"):
            self.contract.contract_sum = -5
