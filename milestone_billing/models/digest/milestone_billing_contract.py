import logging

from odoo import models

_logger = logging.getLogger(__name__)


class MilestoneBillingContract(models.Model):
    """Who is reminded of what waits of a contract."""

    _inherit = "milestone.billing.contract"

    def _get_reminded_user(self):
        """Return who is called for this contract, nobody if that cannot be found out.

        One bad record does not keep the others from being told.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return self._get_called_user()
        except Exception as error:  # pylint: disable=broad-except
            _logger.error("Nobody is reminded of %s", self, exc_info=error)
            return self.env["res.users"]
