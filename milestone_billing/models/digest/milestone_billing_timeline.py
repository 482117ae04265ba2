from odoo import api, models


class MilestoneBillingTimeline(models.AbstractModel):
    """A stage that is not done can be postponed where it is opened."""

    _inherit = "milestone.billing.timeline"

    @api.model
    def _get_acts(self, milestone, lines, known):
        acts = super()._get_acts(milestone, lines, known)
        return [*acts, "postpone"] if "mark_done" in acts else acts
