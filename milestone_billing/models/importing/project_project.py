from odoo import api, models


class ProjectProject(models.Model):
    """Projects with their contracts and stages, one file for all of them."""

    _inherit = "project.project"

    # -------------------------------------------------------------------------
    # IMPORT
    # -------------------------------------------------------------------------

    @api.model
    def get_import_templates(self):
        # EXTENDS 'base_import'
        return [
            *super().get_import_templates(),
            {
                "label": self.env._("Projects with contracts and stages"),
                "template": "/milestone_billing/static/import/projects.csv",
            },
        ]
