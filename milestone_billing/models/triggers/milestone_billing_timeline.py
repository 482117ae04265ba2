from odoo import api, models
from odoo.tools import format_date


class MilestoneBillingTimeline(models.AbstractModel):
    """What will mark a stage done, said where the stage is opened."""

    _inherit = "milestone.billing.timeline"

    @api.model
    def _draw_details(self, milestone, lines, known):
        """Add ``trigger``: in a sentence what will mark the stage done, or nothing."""
        details = super()._draw_details(milestone, lines, known)
        return {**details, "trigger": self._get_trigger_sentence(milestone, known)}

    @api.model
    def _get_trigger_sentence(self, milestone, known):
        """Return what will mark the milestone done by itself, empty for by hand."""
        # sudo: an accountant who sees the schedule need not see the milestone's field
        trigger = milestone.sudo().done_trigger
        if milestone.is_reached or trigger not in ("tasks", "date"):
            return ""
        if trigger == "tasks":
            _closed, count = known["tasks"].get(milestone.id, (0, 0))
            return self._get_tasks_sentence(count)
        if not milestone.deadline:
            return self.env._("Done by itself on its date, which is not set yet.")
        date = format_date(self.env, milestone.deadline)
        return self.env._("Done by itself on %(date)s.", date=date)

    @api.model
    def _get_tasks_sentence(self, count):
        """Return that the tasks mark a stage done, and how many there are."""
        if not count:
            return self.env._("Done when all its tasks are closed: it has none yet.")
        if count == 1:
            return self.env._("Done when its task is closed.")
        return self.env._("Done when all %(count)s tasks are closed.", count=count)
