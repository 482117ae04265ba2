from odoo import models

from ..marks import SCHEDULING


class MilestoneBillingContract(models.Model):
    """Contracts come along when their project is copied, or made from a template."""

    _inherit = "milestone.billing.contract"

    # -------------------------------------------------------------------------
    # CRUD: copies
    # -------------------------------------------------------------------------

    def _copy_to_project(self, project, mapping, is_template_use):
        """Copy these contracts, with their lines, to a copy of their project.

        Never copied: what was given once (numbers, signatures, reference, date, facts).
        To be called as the superuser for who may copy the project.

        :param project: the new project
        :param dict mapping: the id of each milestone and that of its copy
        :param bool is_template_use: whether the project is made from a template
        """
        for contract in self:
            copy = contract.copy(contract._prepare_copy_vals(project, is_template_use))
            for line in contract.line_ids.filtered(
                lambda line: (
                    line.milestone_id.id in mapping and not line._is_of_change()
                )
            ):
                vals = {
                    "contract_id": copy.id,
                    "milestone_id": mapping[line.milestone_id.id],
                }
                records = (line.product_id, *line.tax_ids)
                if not all(map(copy.company_id._may_bill_with, records)):
                    vals.update(product_id=False, tax_ids=False)
                SCHEDULING.on(line).copy(vals)

    def _prepare_copy_vals(self, project, is_template_use):
        """Return what a copy of this contract has of its own.

        :return: project, customer, company, automation and, in another company, what
            stays behind
        """
        self.ensure_one()
        old_project = self.project_id
        company = project.company_id
        if not company:
            company = self.env.company if is_template_use else self.company_id
        own_customer = self.partner_id
        if is_template_use or self.partner_id == old_project.partner_id:
            own_customer = project.partner_id
        vals = {
            "project_id": project.id,
            "partner_id": own_customer.id,
            "company_id": company.id,
            "automation": self.automation,
        }
        for fname in ("product_id", "journal_id", "payment_term_id", "partner_id"):
            record = self[fname] if fname != "partner_id" else own_customer
            if not company._may_bill_with(record):
                vals[fname] = False
        return vals
