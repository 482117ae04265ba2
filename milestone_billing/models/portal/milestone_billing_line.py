from odoo import models


class MilestoneBillingLine(models.Model):
    """The documents of a stage on its customer's portal."""

    _inherit = "milestone.billing.line"

    def _get_portal_documents(self, customer):
        """Return the posted documents of these lines that ``customer`` got.

        :param customer: a commercial ``res.partner``
        """
        return self._get_posted_lines(customer).move_id.sorted("id")
