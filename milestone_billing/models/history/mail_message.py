from odoo import fields, models
from odoo.tools import format_date, html2plaintext


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _prepare_schedule_change(self):
        """Return a message of a contract's log as its page shows it.

        :return: a dictionary of ``id``, ``date`` and ``text``
        """
        self.ensure_one()
        day = fields.Datetime.context_timestamp(self, self.date).date()
        return {
            "id": self.id,
            "date": format_date(self.env, day),
            "text": html2plaintext(self.body),
        }
