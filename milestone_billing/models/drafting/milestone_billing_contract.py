from odoo import models


class MilestoneBillingContract(models.Model):
    """Whether a contract bills what is done by itself."""

    _inherit = "milestone.billing.contract"

    def _is_drafting_automatically(self):
        """Whether marking a milestone of this contract done drafts its invoice."""
        self.ensure_one()
        return (
            self.active
            and self.project_id.active
            and not self.project_id.is_template
            and self.automation != "manual"
        )
