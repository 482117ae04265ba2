from odoo import models
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = "res.users"

    def _get_milestone_project_domain(self):
        """Return the domain of the projects whose contracts the user sees.

        Those that they can open; who has no right to projects at all, those that all
        employees can open or that they follow. For the record rules of contracts: rules
        are evaluated with sudo, so they have to repeat what the rules of projects say.
        """
        self.ensure_one()
        rules = self.env["ir.rule"].with_user(self)
        domain = Domain(rules._compute_domain("project.project", "read"))
        if not self.has_group("project.group_project_user"):
            domain &= Domain(
                "privacy_visibility", "in", ["employees", "portal"]
            ) | Domain("message_partner_ids", "in", self.partner_id.ids)
        return domain
