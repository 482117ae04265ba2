from odoo import models
from odoo.exceptions import AccessError

from ..groups import MANAGER_GROUP
from ..refusal import BillingRefusal


class ProjectMilestone(models.Model):
    """What milestones with a line may not: move, or be deleted by everybody."""

    _inherit = "project.milestone"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        if vals.get("project_id"):
            self._check_movable(vals["project_id"])
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        # sudo: the rule holds for who cannot see the schedule
        if self.sudo().billing_line_ids:
            self._check_may_delete_billed()
        return super().unlink()

    def _check_may_delete_billed(self):
        """Refuse to delete milestones with lines to who does not edit schedules."""
        if self._is_system() or self.env.user.has_group(MANAGER_GROUP):
            return
        raise AccessError(
            self.env._(
                "%(milestones)s is part of a billing schedule. Ask who edits the"
                " schedule to remove it.",
                milestones=", ".join(self.mapped("name")),
            )
        )

    def _check_movable(self, project_id):
        """Refuse to move milestones with lines to another project.

        :raise UserError: naming the milestones
        """
        moved = self.filtered(lambda milestone: milestone.project_id.id != project_id)
        # sudo: the rule holds for users who cannot see the schedule
        billed = moved.sudo().filtered("billing_line_ids")
        if billed:
            raise BillingRefusal(
                self.env._(
                    "%(milestones)s is part of a billing schedule and stays in its"
                    " project. Remove its stages from the schedule first.",
                    milestones=", ".join(billed.mapped("name")),
                )
            )
