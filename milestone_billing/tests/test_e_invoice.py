from unittest.mock import patch

from lxml import etree

from odoo.addons.account_edi_ubl_cii.models import account_edi_xml_cii_facturx

from .common import MilestoneBillingCommon

EN_16931 = ("ubl_bis3", "ubl_de", "ubl_nl", "ubl_a_nz", "ubl_sg")
CONTRACT = "//*[local-name()='ContractDocumentReference']"
PROJECT = "//*[local-name()='ProjectReference']"
CREDIT_PROJECT = "//*[local-name()='AdditionalDocumentReference']"
CII_CONTRACT = "//*[local-name()='ContractReferencedDocument']"
CII_PROJECT = "//*[local-name()='SpecifiedProcuringProject']"


class TestEInvoice(MilestoneBillingCommon):
    """What an electronic invoice says of project, contract and stage."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        address = {
            "street": "Hauptstraße 1",
            "zip": "10115",
            "city": "Berlin",
            "country_id": cls.quick_ref("base.de").id,
        }
        cls.company.partner_id.write(
            {**address, "phone": "+49 30 1", "email": "x@example.com"}
        )
        cls.company.write({"vat": "DE123456788"})
        cls.customer.write({**address, "vat": "DE136695976", "ref": "04011000-12-34"})
        cls.env["res.partner.bank"].create(
            {
                "acc_number": "DE75512108001245126199",
                "partner_id": cls.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        cls.project.name = "Shop & <Blog>"
        cls.contract.reference = "C-2026 <014> & Co"

    def export(self, move, edi_format):
        """Return a document as the accountant's export in a format, parsed."""
        builder = self.env[f"account.edi.xml.{edi_format}"].with_user(self.accountant)
        content, _errors = builder._export_invoice(move.with_user(self.accountant))
        return etree.fromstring(content)

    def assertTexts(self, tree, xpath, expected):
        """Check the texts below the nodes of a path."""
        texts = [text for node in tree.xpath(xpath) for text in node.itertext()]
        self.assertEqual([text for text in texts if text.strip()], expected)

    # -------------------------------------------------------------------------
    # PROJECT AND CONTRACT
    # -------------------------------------------------------------------------

    def test_invoice_names_contract_and_project(self):
        move = self.bill(self.designs)
        for edi_format in EN_16931:
            with self.subTest(edi_format):
                tree = self.export(move, edi_format)
                self.assertTexts(tree, CONTRACT, ["C-2026 <014> & Co"])
                self.assertTexts(tree, PROJECT, ["Shop & <Blog>"])
                self.assertFalse(tree.xpath(CREDIT_PROJECT))

    def test_credit_note_names_its_project_by_a_code(self):
        credit = self.credit(self.bill(self.designs))
        for edi_format in EN_16931:
            with self.subTest(edi_format):
                tree = self.export(credit, edi_format)
                self.assertTexts(tree, CONTRACT, ["C-2026 <014> & Co"])
                self.assertTexts(tree, CREDIT_PROJECT, ["Shop & <Blog>", "50"])
                self.assertFalse(tree.xpath(PROJECT))

    def test_factur_x_names_contract_and_project(self):
        invoice = self.bill(self.designs)
        for move in (invoice, self.credit(invoice)):
            tree = self.export(move, "cii")
            self.assertTexts(tree, CII_CONTRACT, ["C-2026 <014> & Co"])
            self.assertTexts(tree, CII_PROJECT, ["Shop & <Blog>", "Shop & <Blog>"])

    def test_without_reference_no_contract_is_named(self):
        for reference in (False, " "):
            self.contract.reference = reference
            self.mark_done(self.build)
            move = self.get_invoices(self.build)
            self.assertFalse(self.export(move, "ubl_bis3").xpath(CONTRACT))
            self.assertFalse(self.export(move, "cii").xpath(CII_CONTRACT))
            self.assertTexts(self.export(move, "ubl_bis3"), PROJECT, ["Shop & <Blog>"])

    def test_contract_typed_on_the_document_prevails(self):
        move = self.bill(self.designs)
        with patch.object(
            account_edi_xml_cii_facturx.AccountEdiXmlCii,
            "_export_invoice_vals",
            return_value={"contract_reference": "Marché 7"},
        ):
            vals = self.env["account.edi.xml.cii"]._export_invoice_vals(move)
        self.assertEqual(vals["contract_reference"], "Marché 7")

    def test_later_export_says_what_was_issued(self):
        move = self.bill(self.designs)
        self.project.name = "Renamed"
        self.contract.reference = "C-2027"
        tree = self.export(move, "ubl_bis3")
        self.assertTexts(tree, CONTRACT, ["C-2026 <014> & Co"])
        self.assertTexts(tree, PROJECT, ["Shop & <Blog>"])
        tree = self.export(move, "cii")
        self.assertTexts(tree, CII_CONTRACT, ["C-2026 <014> & Co"])

    def test_embedded_pdf_stands_where_the_schema_wants_it(self):
        self.customer.invoice_edi_format = "ubl_bis3"
        invoice = self.bill(self.designs)
        for move, expected in (
            (invoice, ["Contract", "Additional", "Project"]),
            (self.credit(invoice), ["Contract", "Additional", "Additional"]),
        ):
            self.env["account.move.send"]._generate_and_send_invoices(
                move, sending_methods=["manual"]
            )
            names = [
                etree.QName(node).localname
                for node in etree.fromstring(move.ubl_cii_xml_id.raw)
            ]
            start = names.index("ContractDocumentReference")
            self.assertEqual(
                [
                    name.removesuffix("Reference").removesuffix("Document")
                    for name in names[start : start + 3]
                ],
                expected,
            )
            self.assertEqual(names[start + 3], "AccountingSupplierParty")

    # -------------------------------------------------------------------------
    # LABEL
    # -------------------------------------------------------------------------

    def test_item_is_the_product_described_by_the_stage(self):
        move = self.bill(self.designs)
        label = (
            "Milestone 1 — Designs approved\n"
            "Project: Shop & <Blog> · Contract: C-2026 <014> & Co"
        )
        item = "//*[local-name()='Item']/*[local-name()='%s']"
        for edi_format in EN_16931:
            with self.subTest(edi_format):
                tree = self.export(move, edi_format)
                self.assertTexts(tree, item % "Name", ["Project work"])
                self.assertTexts(tree, item % "Description", [label])
        tree = self.export(move, "cii")
        product = "//*[local-name()='SpecifiedTradeProduct']/*[local-name()='%s']"
        self.assertTexts(tree, product % "Name", ["Project work"])
        self.assertTexts(tree, product % "Description", [label])

    # -------------------------------------------------------------------------
    # ALL ELSE IS AS BEFORE
    # -------------------------------------------------------------------------

    def test_nothing_else_differs_from_an_ordinary_invoice(self):
        move = self.bill(self.designs)
        ordinary = self.post(move.copy())
        self.assertFalse(ordinary.line_ids.milestone_billing_line_id)
        for edi_format, xpath in (
            ("ubl_bis3", f"{CONTRACT} | {PROJECT}"),
            ("cii", f"{CII_CONTRACT} | {CII_PROJECT}"),
        ):
            with self.subTest(edi_format):
                tree = self.export(move, edi_format)
                for node in tree.xpath(xpath):
                    node.getparent().remove(node)
                self.assertEqual(
                    etree.tostring(tree, method="c14n").decode().split(),
                    etree.tostring(self.export(ordinary, edi_format), method="c14n")
                    .decode()
                    .replace(ordinary.name, move.name)
                    .split(),
                )

    def test_formats_of_tax_portals_are_left_alone(self):
        move = self.bill(self.designs)
        for edi_format in ("ubl_20", "ubl_21"):
            tree = self.export(move, edi_format)
            self.assertFalse(tree.xpath(f"{CONTRACT} | {PROJECT}"))

    def test_nothing_is_missing_for_the_standard(self):
        move = self.bill(self.designs)
        for edi_format in (*EN_16931, "cii"):
            builder = self.env[f"account.edi.xml.{edi_format}"]
            self.assertEqual(builder._export_invoice(move)[1], set(), edi_format)
