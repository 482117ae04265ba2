from odoo.fields import Command

from .common import MilestoneBillingCommon

INVOICES = "account.account_invoices"


class TestLocalisations(MilestoneBillingCommon):
    """The billing schedule on invoices whose report a localisation replaces."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.reference = "C-2026-014"

    def need(self, *modules):
        """Skip the test where a localisation is not installed."""
        for name in modules:
            if self.env["ir.module.module"]._get(name).state != "installed":
                self.skipTest(f"{name} is not installed")

    def assertPrinted(self, move):
        """Assert that label and schedule are on the PDF, below the lines.

        :return: the text of its pages
        """
        pages = self.render_pdf_pages(INVOICES, move)
        text = " ".join(pages)
        for part in (
            "Milestone 1 — Designs approved Project: Website · Contract: C-2026-014",
            "Billing Schedule Stage Status Invoice Net Amount",
            "Deposit — Project start To come",
            "Contract sum",
            "Previously billed",
            "Remaining to bill",
            "Paid to date",
        ):
            self.assertIn(self.squeeze(part), self.squeeze(text))
        self.assertGreater(text.index("Billing Schedule"), text.index("Project:"))
        return pages

    def squeeze(self, text):
        """Return text without blanks: where columns break differs."""
        return "".join(text.split())

    def test_germany_din_5008(self):
        self.need("l10n_din5008")
        self.company.write(
            {
                "external_report_layout_id": self.env.ref(
                    "l10n_din5008.external_layout_din5008"
                ).id,
                "paperformat_id": self.env.ref("l10n_din5008.paperformat_euro_din").id,
            }
        )
        move = self.bill(self.designs)
        self.assertPrinted(move)

    def test_switzerland_with_qr_bill(self):
        self.need("l10n_ch")
        franc = self.env.ref("base.CHF")
        franc.active = True
        self.contract.currency_id = franc
        address = {
            "street": "Bahnhofstrasse 1",
            "zip": "8001",
            "city": "Zürich",
            "country_id": self.quick_ref("base.ch").id,
        }
        self.company.partner_id.write(address)
        self.company.account_fiscal_country_id = self.quick_ref("base.ch")
        self.product.taxes_id = [Command.clear()]
        self.company.qr_code = True
        self.customer.write(address)
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": "CH9300762011623852957",
                "partner_id": self.company.partner_id.id,
                "currency_id": franc.id,
                "allow_out_payment": True,
            }
        )
        self.mark_done(self.designs)
        draft = self.get_invoices(self.designs)
        draft.write({"partner_bank_id": bank.id, "qr_code_method": "ch_qr"})
        move = self.post(draft)
        move.invalidate_recordset(["l10n_ch_is_qr_valid"])
        self.assertTrue(move.l10n_ch_is_qr_valid)
        pages = self.assertPrinted(move)
        # the payment part has a page of its own
        self.assertNotIn("Billing Schedule", pages[-1])
        self.assertIn("CH93 0076 2011 6238 5295 7", pages[-1])

    def test_gulf_states_in_two_languages(self):
        self.need("l10n_gcc_invoice")
        self.env["res.lang"]._activate_lang("ar_001")
        self.company.write(
            {
                "country_id": self.quick_ref("base.kw").id,
                "l10n_gcc_dual_language_invoice": True,
            }
        )
        move = self.bill(self.designs)
        self.assertEqual(
            move._get_name_invoice_report(),
            "l10n_gcc_invoice.l10n_gcc_report_invoice_document",
        )
        self.assertPrinted(move)

    def test_india(self):
        self.need("l10n_in")
        self.company.account_fiscal_country_id = self.quick_ref("base.in")
        self.product.taxes_id = [Command.clear()]
        move = self.bill(self.designs)
        self.assertEqual(
            move._get_name_invoice_report(),
            "l10n_in.l10n_in_report_invoice_document_inherit",
        )
        self.assertPrinted(move)
