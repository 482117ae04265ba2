from odoo import api, models


class ProjectProject(models.Model):
    """A project stays while something of its contracts is drafted or billed."""

    _inherit = "project.project"

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("company_id")
    def _check_contracts_company(self):
        self._get_all_contracts()._check_project_company()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._get_all_contracts().line_ids._unlink_except_billed()
