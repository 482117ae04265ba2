from odoo import models


class AccountEdiXmlUblBis3(models.AbstractModel):
    """The format of the European standard and all that Odoo derives from it.

    The formats that derive from plain UBL are left as they are: those of tax portals
    each take a selection of its elements.
    """

    _inherit = "account.edi.xml.ubl_bis3"

    def _add_invoice_header_nodes(self, document_node, vals):
        # EXTENDS 'account_edi_ubl_cii'
        res = super()._add_invoice_header_nodes(document_node, vals)
        statement = vals["invoice"]._get_milestone_statement()
        if statement:
            self._add_milestone_contract_node(document_node, vals, statement)
            self._add_milestone_project_node(document_node, vals, statement)
        return res

    def _add_milestone_contract_node(self, document_node, vals, statement):
        """Add the contract reference (BT-12) of a milestone document.

        :param dict statement: as ``account.move._get_milestone_statement`` returns it
        """
        reference = statement["reference"].strip()
        if reference and vals["document_type"] in ("invoice", "credit_note"):
            document_node["cac:ContractDocumentReference"] = {
                "cbc:ID": {"_text": reference}
            }

    def _add_milestone_project_node(self, document_node, vals, statement):
        """Add the project reference (BT-11) of a milestone document.

        :param dict statement: as ``account.move._get_milestone_statement`` returns it
        """
        name = statement["project"].strip()
        project = {"cbc:ID": {"_text": name}}
        if not name:
            return
        if vals["document_type"] == "invoice":
            document_node["cac:ProjectReference"] = project
        elif vals["document_type"] == "credit_note":
            # UBL's credit note has no such element: the standard has it told by a code
            document_node["cac:AdditionalDocumentReference"] = {
                **project,
                "cbc:DocumentTypeCode": {"_text": "50"},
            }
