from odoo import models


class ProjectMilestone(models.Model):
    """Who marks very many milestones done is told that their drafts are being made."""

    _inherit = "project.milestone"

    def _prepare_waiting_answer(self):
        drafted = self.filtered(
            lambda milestone: milestone.billing_line_ids.run_item_ids.filtered(
                lambda item: item.state == "waiting"
            )
        )
        if not drafted:
            return super()._prepare_waiting_answer()
        return drafted._prepare_answer(
            "info",
            self.env._(
                "Done: %(stages)s. The draft invoices are being made in the background.",
                stages=drafted._get_bold_names(),
            ),
            undo_ids=drafted.ids,
        )
