from num2words import CONVERTER_CLASSES, num2words

from odoo import models
from odoo.tools import get_lang

# what num2words raises: a language may lack what the others have
WORDS_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _get_amount_in_words(self, amount):
        """Return ``amount`` in words, in the language of the context.

        Where the words of that language are not known, they are English.
        """
        self.ensure_one()
        amount = self.round(amount)
        for code in (get_lang(self.env).code, "en_US"):
            words = self._spell_currency(amount, code) or self._spell(amount, code)
            if words:
                return words[:1].upper() + words[1:]
        return self.format(amount)

    def _spell_currency(self, amount, code):
        """Return ``amount`` in the grammar of a language, or False if it is unknown.

        :param str code: the code of an Odoo language
        """
        words_code = self._get_words_code(code)
        # some languages name their own currency whatever is asked for, and all take
        # the currency to have hundredths
        forms = getattr(CONVERTER_CLASSES.get(words_code), "CURRENCY_FORMS", {})
        if self.decimal_places != 2 or self.name not in forms:
            return False
        try:
            return num2words(
                f"{amount:.2f}", lang=words_code, to="currency", currency=self.name
            )
        except WORDS_ERRORS:
            return False

    def _spell(self, amount, code):
        """Return ``amount`` in Odoo's words, or False if the language is unknown.

        :param str code: the code of an Odoo language
        """
        if self._get_words_code(code) not in CONVERTER_CLASSES:
            return False
        try:
            return self.with_context(lang=code).amount_to_text(amount)
        except WORDS_ERRORS:
            return False

    def _get_words_code(self, code):
        """Return the code that num2words has for an Odoo language, known or not."""
        return code if code in CONVERTER_CLASSES else code.split("_")[0]
