from odoo import models


class AccountMove(models.Model):
    """A draft of a part need not wait for the tick, so the un-tick does not remove it."""

    _inherit = "account.move"

    def _is_untouched_milestone_draft(self, lines):
        is_untouched = super()._is_untouched_milestone_draft(lines)
        return is_untouched and not self._is_milestone_part_draft()

    def _is_milestone_part_draft(self):
        """Whether this is a draft as made that leaves something of a stage open."""
        self.ensure_one()
        lines = self.line_ids.milestone_billing_line_id
        return (
            self.state == "draft"
            and not self.is_manually_modified
            and any(line._has_open() for line in lines)
        )

    def _get_unreach_refusal(self):
        if self._is_milestone_part_draft():
            return self.env._(
                "A part of %(milestones)s is billed by %(invoice)s, and it stays done."
                " Ask the accountant to delete that draft first.",
                milestones=", ".join(self.milestone_ids.mapped("name")),
                invoice=self._get_milestone_display_name(),
            )
        return super()._get_unreach_refusal()
