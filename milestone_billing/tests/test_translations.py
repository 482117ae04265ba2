import re
from pathlib import Path

import polib

from odoo.tests import BaseCase
from odoo.tools.misc import file_path

FOLDER = Path(file_path("milestone_billing/i18n"))
# placeholders, expressions, tags and what they compute: the same in every language
FIXED_PARTS = re.compile(r'%\(\w+\)s|%%|\{\{.*?\}\}|</?\w+|\bt-[\w-]+="[^"]*"')
OUTER_BLANKS = re.compile(r"^\s*|\s*$")
# the linter wants an empty translation where it would equal the term
SAME_EVERYWHERE = {
    "%(change)s: %(reason)s",
    "%(contract)s: %(reason)s",
    "%(decision)s (%(moves)s)",
    "%(document)s (* %(id)s)",
    "%(line)s: %(reason)s",
    "%(milestone)s: %(reason)s",
    "%(project)s · %(reference)s",
    "%(user)s: %(changes)s",
    "30/40/30",
    "50/50",
    "Factur-x/XRechnung CII 2.2.0",
    "UBL BIS Billing 3.0.12",
    "getLabel(button)",
    "object._get_billing_document_name()",
    "object._get_billing_document_name(is_state=True)",
    "object._get_changes_document_name()",
    "object._get_document_name()",
}
SAME = {
    "ar": SAME_EVERYWHERE | {"%(number)s%%", "%s %s%%"},
    "de": SAME_EVERYWHERE
    | {
        "%(name)s %(old)s → %(new)s",
        "%(stage)s %(old)s → %(new)s",
        '<span class="o_stat_text">Dashboard</span>',
        "ID",
        "Icon",
        "Journal",
        "Manager",
        "Name",
        "Status",
        "Text",
    },
}


class TestTranslationFiles(BaseCase):
    """The files of translations, each against the list of all terms."""

    _retry = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = polib.pofile(str(FOLDER / "milestone_billing.pot"))
        cls.translations = {
            path.stem: polib.pofile(str(path), check_for_duplicates=True)
            for path in FOLDER.glob("*.po")
        }

    def test_german_and_arabic_are_there(self):
        self.assertEqual(set(self.translations), set(SAME))

    def test_every_term_is_translated(self):
        terms = {term.msgid for term in self.terms}
        for lang, entries in self.translations.items():
            with self.subTest(lang):
                translated = {entry.msgid for entry in entries.translated_entries()}
                self.assertEqual(translated, terms - SAME[lang])

    def test_placeholders_expressions_and_tags_are_kept(self):
        self.assertFixed(FIXED_PARTS)

    def test_blanks_around_terms_are_kept(self):
        self.assertFixed(OUTER_BLANKS)

    def assertFixed(self, pattern):
        """Check that translations have the same matches of a pattern as the terms."""
        for lang, entries in self.translations.items():
            for entry in entries.translated_entries():
                with self.subTest(lang, term=entry.msgid):
                    self.assertEqual(
                        sorted(pattern.findall(entry.msgstr)),
                        sorted(pattern.findall(entry.msgid)),
                    )
