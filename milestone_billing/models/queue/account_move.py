from babel.dates import format_skeleton
from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools.misc import babel_locale_parse, get_lang


class AccountMove(models.Model):
    """Drafts that are confirmed together from the queue."""

    _inherit = "account.move"

    def _confirm_milestone_drafts(self):
        """Post these drafts; what Odoo refuses is left, the others are posted.

        The halves are tried, so that the one that is refused is found in few steps.

        :return: the posted documents, and ``{document: why it was refused}``
        """
        if not self:
            return self, {}
        try:
            with self.env.cr.savepoint():
                self.action_post()
            return self, {}
        except OperationalError:
            raise  # of another transaction: the server tries it all again
        except (UserError, RedirectWarning) as error:
            if len(self) == 1:
                return self.browse(), {self: str(error.args[0])}
        middle = len(self) // 2
        posted, refused = self[:middle]._confirm_milestone_drafts()
        others, others_refused = self[middle:]._confirm_milestone_drafts()
        return posted | others, {**refused, **others_refused}

    def _get_draft_link(self):
        """Return how the queue names this draft: ``{"id", "name"}``."""
        self.ensure_one()
        if self.name and self.name != "/":
            return {"id": self.id, "name": self.name}
        locale = get_lang(self.env).code
        date = format_skeleton(
            "MMMd", self.create_date, locale=babel_locale_parse(locale)
        )
        return {"id": self.id, "name": self.env._("Draft of %(date)s", date=date)}
