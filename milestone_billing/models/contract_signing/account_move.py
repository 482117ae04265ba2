import logging

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, models
from odoo.exceptions import RedirectWarning, UserError

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    """The invoice of a deposit that the customer pays as soon as they signed."""

    _inherit = "account.move"

    def _post_signed_deposit(self):
        """Post the draft of a deposit; what cannot be posted is left to a person.

        The signature stands either way.

        :param self: a draft, as the superuser
        """
        self.ensure_one()
        # nobody need look at the draft any more
        self.activity_ids.filtered(
            lambda activity: activity.create_uid.id == SUPERUSER_ID
        ).unlink()
        try:
            with self.env.cr.savepoint():
                self.action_post()
        except OperationalError:
            raise  # of another transaction: the server tries it all again
        except Exception as error:  # pylint: disable=broad-except
            reason = ""
            if isinstance(error, (UserError, RedirectWarning)):
                reason = str(error.args[0])
            else:
                _logger.error("%s could not be posted", self, exc_info=error)
            self._call_for_milestone(
                self.env._("The deposit that was signed for was not posted"), reason
            )
