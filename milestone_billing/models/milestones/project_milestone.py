from odoo import models


class ProjectMilestone(models.Model):
    """A milestone and the lines that bear its name, or made it."""

    _inherit = "project.milestone"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def _unlink_made_by_lines(self):
        """Delete milestones that their lines made, as far as nothing else needs them.

        Whoever deleted the lines is told of those that stay.
        """
        # sudo: which of them somebody else uses is not asked in the user's name
        sudo = self.sudo()
        unused = sudo.filtered(lambda milestone: not milestone._is_used())
        kept = sudo - unused
        if kept:
            self.env.user._bus_send(
                "simple_notification",
                {
                    "type": "info",
                    "message": self.env._(
                        "The milestones %(milestones)s stay in the project: they are"
                        " done, or have tasks, messages or other stages.",
                        milestones=", ".join(kept.mapped("name")),
                    ),
                },
            )
        unused.unlink()

    def _is_used(self):
        """Whether a milestone is needed by more than the line that made it."""
        self.ensure_one()
        return bool(
            self.is_reached
            or self.billing_line_ids
            or self.with_context(active_test=False).task_ids
            or self.message_ids.filtered(
                lambda message: message.message_type != "notification"
            )
        )
