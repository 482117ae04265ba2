from odoo import models


class AccountEdiXmlCii(models.AbstractModel):
    _inherit = "account.edi.xml.cii"

    def _export_invoice_vals(self, invoice):
        # EXTENDS 'account_edi_ubl_cii': what was typed on the document itself prevails
        vals = super()._export_invoice_vals(invoice)
        statement = invoice._get_milestone_statement()
        if statement:
            vals["milestone_project"] = statement["project"].strip()
            vals["contract_reference"] = (
                vals["contract_reference"] or statement["reference"].strip()
            )
        return vals
