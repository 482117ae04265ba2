"""What is refused for reasons of billing, in a dialog with a title of its own."""

from odoo.exceptions import UserError


class BillingRefusal(UserError):
    """A refusal in words; ``static/src/refusal`` gives its dialog the title."""
