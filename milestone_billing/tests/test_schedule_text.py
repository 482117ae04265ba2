import doctest
import random
import re
from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..models import milestone_billing_contract
from ..models.pasting import (
    figures,
    prose,
    schedule_text,
    schedule_words,
    stage,
    table,
    written,
)
from ..models.pasting.schedule_text import read_schedule
from . import schedule_texts as texts

HOSTILE = (
    "\0\x07\x0b\x1b\ufeff\u200f\u200e\u202e\u061c\u00ad\ud800\U0001d7d9½²‰∞"
    "'’٫٬،٪%$€£﷼.,;:|\t\n\r()[]{}\\/+-−–~<>=*#\"' \u00a0\u202f0123456789٠١٢٣۴５eEkxNaN"
)
WORDS = (
    *(
        "rest",
        "NaN",
        "Infinity",
        "-1",
        "1e309",
        "100.0001 %",
        "0 %",
        "999999999999999 $",
    ),
    *("1.500", "1,500", "1 500", "50 %", "Total", "31.02.2026", "12/13/2026", "; ; ;"),
    *("|||", "\t\t", "Name,Percent", "Summe", "الباقي", "٣٠٪", "½ %", "4 x 25 %", "()"),
)
# what may stand within a number
INNER = r"[.,'\u2019\u066b\u066c \u00a0\u202f\u2007\u2009]?"


def to_facts(read):
    """Return what is expected of stages, as tuples."""
    return [
        (
            each.name,
            each.deliverable,
            each.kind,
            each.basis,
            each.percent and float(each.percent),
            each.amount and float(each.amount),
            each.deadline and each.deadline.isoformat(),
        )
        for each in read.stages
    ]


@tagged("post_install", "-at_install")
class TestScheduleText(BaseCase):
    """What a pasted text says: as it is written, or a reason."""

    def understand(self, text, notation=texts.ENGLISH, **options):
        return read_schedule(text, notation, **options)

    def get_reasons(self, text, notation=texts.ENGLISH, **options):
        read = self.understand(text, notation, **options)
        of_stages = [r.code for each in read.stages for r in each.reasons]
        return [*of_stages, *(line.reason.code for line in read.unread)]

    def get_share(self, text, notation=texts.ENGLISH):
        """Return the only stage's percentage or amount, or the code of the reason."""
        (each,) = self.understand(text, notation).stages
        if each.reasons:
            return each.reasons[0].code
        return each.percent if each.percent is not None else each.amount

    def test_doctests(self):
        modules = (figures, prose, schedule_text, schedule_words, stage, table, written)
        for module in modules:
            with self.subTest(module.__name__):
                result = doctest.testmod(module)
                self.assertTrue(result.attempted)
                self.assertEqual(result.failed, 0)

    def test_limit_is_that_of_a_contract(self):
        self.assertEqual(figures.LIMIT, milestone_billing_contract.MAX_AMOUNT)

    # --- five real texts ---

    def test_texts(self):
        for name, (text, notation, stages, unread, total) in texts.TEXTS.items():
            with self.subTest(name):
                read = self.understand(text, notation)
                self.assertEqual(to_facts(read), stages)
                self.assertEqual(
                    [(line.line, line.reason.code) for line in read.unread], unread
                )
                self.assertEqual(read.total, total)
                self.assertFalse([each.reasons for each in read.stages if each.reasons])

    # --- figures ---

    def test_number_of_the_other_format_is_asked_for(self):
        for text, notation, share in (
            ("Design $1,500", texts.ENGLISH, Decimal(1500)),
            ("Design $1.500", texts.ENGLISH, "ambiguous"),
            ("Design $1.500,00", texts.ENGLISH, Decimal("1500.00")),
            ("Design $1,50", texts.ENGLISH, Decimal("1.50")),
            ("Entwurf 1.500 €", texts.GERMAN, Decimal(1500)),
            ("Entwurf 1,500 €", texts.GERMAN, "ambiguous"),
            ("Entwurf 1,500.00 €", texts.GERMAN, Decimal("1500.00")),
            ("Entwurf 1.500,- €", texts.GERMAN, Decimal(1500)),
            ("Entwurf 33,333 %", texts.GERMAN, Decimal("33.333")),
            ("التصميم ١٬٥٠٠٫٥٠ ر.س", texts.ARABIC, Decimal("1500.50")),
            ("التصميم ١٬٥٠٠ ر.س", texts.ARABIC, Decimal(1500)),
            ("التصميم 1,500 ر.س", texts.ARABIC, "ambiguous"),
            ("Design 1'500.00 EUR", texts.GERMAN, Decimal("1500.00")),
            ("Design: 1\u202f500,00 €", texts.GERMAN, Decimal("1500.00")),
            ("Design: 1\u00a0500 €", texts.GERMAN, Decimal(1500)),
            ("Design $12,34,567.00", texts.ENGLISH, Decimal("1234567.00")),
            ("Phase 1 500 €", texts.GERMAN, "ambiguous"),
        ):
            with self.subTest(text):
                self.assertEqual(self.get_share(text, notation), share)

    def test_what_is_no_clear_share(self):
        for text, code in (
            ("Design 101 %", "above_100"),
            ("Design -20 %", "negative"),
            ("Design -$500", "negative"),
            ("Design $ 500-", "negative"),
            ("Design $1,000,000,000,000", "too_big"),
            ("Design $ " + "9" * 100, "malformed"),
            ("Design $10.555", "ambiguous"),
            ("Design $1000.555", "too_precise"),
            ("Design 1,500 EUR", "other_currency"),
            ("Design 10-20 %", "range"),
            ("Design 10 to 20 %", "range"),
            ("Design up to 20 %", "about"),
            ("Design ~20 %", "about"),
            ("Design 4 x 20 %", "repeated"),
            ("3 x $1,000", "repeated"),
            ("$500-600", "range"),
            ("25%-50% on design", "range"),
            ("between $500 and $600", "about"),
            ("10 % discount", "off"),
            ("Minus $500", "off"),
            ("Abzüglich 3 % Skonto", "off"),
            ("Design 20 % each", "repeated"),
            ("Design $500 per month", "repeated"),
            ("Design $30k", "multiplied"),
            ("Design 1/3 %", "malformed"),
            ("Design .5 %", "malformed"),
            ("Design $1e5", "malformed"),
            ("Design 19 % VAT", "tax"),
            ("Design $500 (10 %) or 20 %", "about"),
            ("Design 10 % on 31.02.2026", "no_date"),
            ("Design TEUR 30", "multiplied"),
            ("Design 30 thousand", "multiplied"),
            ("Design 2500", "no_share"),
            ("Design NaN %", "no_share"),
            ("Design ½", "no_share"),
        ):
            with self.subTest(text):
                self.assertEqual(self.get_reasons(text)[:1], [code])

    def test_several_stages_in_a_line(self):
        text = "Payment 1: $5,000 due 2026-12-05; Payment 2: $7,500 due 2027-01-05"
        self.assertEqual(
            [(each.name, each.amount) for each in self.understand(text).stages],
            [("Payment 1", 5000), ("Payment 2", 7500)],
        )
        (each,) = self.understand("20 % of $10,000 on start").stages
        self.assertEqual((each.name, each.percent, each.amount), ("Start", 20, None))
        read = self.understand("Deposit $500\nTotal $10,000 (incl. VAT $1,900)")
        self.assertEqual((len(read.stages), read.total), (1, None))

    def test_percentage_and_amount_are_held_against_each_other(self):
        text = "Deposit 30 % = $3,000.00\nFinal 70 % = $7,500.00"
        self.assertEqual(self.get_reasons(text), ["mismatch"])
        self.assertEqual(self.get_reasons(text, contract_sum=10000.0), ["mismatch"])
        right = text.replace("7,500", "7,000")
        self.assertEqual(self.get_reasons(right), [])
        self.assertEqual(self.get_reasons(right, contract_sum=10000.0), [])
        self.assertEqual(
            self.get_reasons(right, contract_sum=9000.0), ["mismatch", "mismatch"]
        )
        thirds = "\n".join(f"Part {n}: 33.33 % $3,333.00" for n in "ABC")
        self.assertEqual(self.get_reasons(thirds, contract_sum=10000), [])

    def test_unit_of_a_column(self):
        self.assertEqual(self.get_reasons("A\t0.3\nB\t0.7"), ["unit"] * 2)
        self.assertEqual(self.get_reasons("Stage\tShare\nA\t0.3\nB\t0.7"), ["unit"] * 2)
        self.assertEqual(self.get_reasons("A\t10\nB\t20"), ["unit"] * 2)
        self.assertEqual(
            to_facts(self.understand("A\t40\nB\t60"))[0][3:5], ("percent", 40.0)
        )
        self.assertEqual(
            to_facts(self.understand("A\t40\nB\t600"))[1][3:6], ("fixed", None, 600.0)
        )
        self.assertEqual(
            self.get_reasons("Stage\tAmount (kUSD)\nA\t$40\nB\t60"), ["multiplied"] * 2
        )  # fmt: skip

    def test_comma_is_a_separator_only_where_no_number_has_one(self):
        self.assertEqual(self.get_reasons("A,30,250\nB,70,750"), ["no_share"] * 2)
        read = self.understand("Name,Percent,Amount\nA,30,250\nB,70,583.33")
        self.assertEqual([each.percent for each in read.stages], [30, 70])

    def test_dates(self):
        for text, notation, day in (
            ("10 % on 2026-12-05", texts.ENGLISH, date(2026, 12, 5)),
            ("10 % on 5 Dec 2026", texts.ENGLISH, date(2026, 12, 5)),
            ("10 % on December 5th, 2026", texts.ENGLISH, date(2026, 12, 5)),
            ("10 % am 5. Dezember 2026", texts.ENGLISH, date(2026, 12, 5)),
            ("10 % am 05.12.2026", texts.ENGLISH, date(2026, 12, 5)),
            ("10 % am 5. 12. 2026", texts.ENGLISH, date(2026, 12, 5)),
            ("10 % on 12/05/2026", texts.ENGLISH, date(2026, 12, 5)),
            ("10 % on 12/05/2026", texts.GERMAN, date(2026, 5, 12)),
            ("10 % on 25/05/2026", texts.ENGLISH, date(2026, 5, 25)),
            ("10 % am 05.12.26", texts.GERMAN, date(2026, 12, 5)),
            ("١٠٪ في ٥ كانون الأول ٢٠٢٦", texts.ARABIC, date(2026, 12, 5)),
            ("10 % on 05-12-26", texts.ENGLISH, None),
            ("10 % in December 2026", texts.ENGLISH, None),
        ):
            with self.subTest(text):
                (each,) = self.understand(text, notation).stages
                self.assertEqual((each.deadline, each.percent), (day, 10))
                self.assertFalse(each.reasons)

    def test_only_the_last_stage_is_final_and_one_takes_the_rest(self):
        read = self.understand("Final designs 20 %\nRest on start\nBalance on delivery")
        self.assertEqual(
            [each.kind for each in read.stages], ["progress"] * 2 + ["final"]
        )
        self.assertEqual(
            [each.basis for each in read.stages], ["percent", "balance", ""]
        )
        self.assertEqual(self.get_reasons("Rest\nBalance"), ["second_rest"])

    def test_limits(self):
        read = self.understand("Part 1 %\n" * 201)
        self.assertEqual(len(read.stages), 200)
        self.assertEqual([line.reason.code for line in read.unread], ["too_many_lines"])
        self.assertEqual(self.get_reasons("x" * 10000), ["too_long"])
        self.assertEqual(self.get_reasons("x" * 60000)[-1], "too_many_lines")
        self.assertEqual(self.get_reasons(""), [])

    # --- whatever comes ---

    def mutate(self, rng, text):
        """Return a text with up to six changes."""
        for _change in range(rng.randint(1, 6)):
            start = rng.randint(0, len(text))
            end = min(len(text), start + rng.choice((0, 0, 1, 1, 3, 20)))
            new = rng.choice(
                (
                    "",
                    rng.choice(HOSTILE),
                    "".join(rng.choices(HOSTILE, k=rng.randint(1, 12))),
                    rng.choice(WORDS),
                    text[end : end + rng.randint(0, 30)],
                )
            )
            text = text[:start] + new + text[end:]
        return text

    def assertLiteral(self, value, plain, text):
        """A number is written in the text, digit by digit."""
        digits = str(value).replace(".", "").lstrip("0") or "0"
        pattern = rf"(?<!\d)[0.,٫]*{INNER.join(digits)}(?!\d)"
        self.assertTrue(re.search(pattern, plain), f"{value} is not in {text!r}")

    def assertSound(self, text, notation):
        read = self.understand(text, notation)
        plain = written.to_plain(written.clean(text))
        plain = re.sub(r"\s*\n\s*", " ", plain)
        for each in read.stages:
            for value in (each.percent, each.amount):
                if value is not None:
                    self.assertLiteral(value, plain, text)
                    self.assertTrue(0 <= value < figures.LIMIT)
            if each.percent is not None:
                self.assertLessEqual(each.percent, 100)
            self.assertTrue(each.basis or each.reasons)
            self.assertIn(each.kind, ("deposit", "progress", "final"))
        if read.total is not None:
            self.assertLiteral(read.total, plain, text)
        self.assertLessEqual(sum(s.basis == "balance" for s in read.stages), 1)

    def test_ten_thousand_hostile_texts(self):
        rng = random.Random(19)
        good = [(text, notation) for text, notation, *_rest in texts.TEXTS.values()]
        for _text in range(9000):
            text, notation = rng.choice(good)
            lines = text.split("\n")
            start = rng.randrange(len(lines))
            text = "\n".join(lines[start : start + rng.randint(1, 3)])
            self.assertSound(self.mutate(rng, text), notation)
        for _text in range(1000):
            text = "".join(rng.choices(HOSTILE, k=rng.randint(0, 80)))
            self.assertSound(text, rng.choice(good)[1])

    def test_long_texts_take_no_long_time(self):
        for piece in (
            "1 ",
            "1.1",
            "(",
            "$",
            "- ",
            "a ",
            "100 ",
            "1%",
            "1 jan ",
            "|",
            ";",
        ):
            text = "\n".join([(piece * 500)[:500]] * 20)
            with self.subTest(piece):
                self.understand(text)

    # --- an oracle ---

    def write_number(self, rng, style):
        """Return a number in a format, its value, and whether it is clear by its form."""
        thousands, decimal = style
        digits = rng.randint(1, 11)
        whole = str(rng.randint(10 ** (digits - 1), 10**digits - 1))
        groups = []
        rest = whole
        while rest:
            groups.insert(0, rest[-3:])
            rest = rest[:-3]
        is_grouped = rng.random() < 0.6
        text = (thousands if is_grouped else "").join(groups)
        cents = rng.choice(("", f"{rng.randint(0, 99):02}"))
        value = Decimal(f"{whole}.{cents}" if cents else whole)
        count = len(groups) - 1 if is_grouped else 0
        is_clear = bool(cents) or count != 1 or thousands in "'\u00a0٬"
        return f"{text}{decimal}{cents}" if cents else text, value, is_clear

    def test_well_formed_numbers_are_read_as_they_are_written(self):
        rng = random.Random(20)
        own = {texts.ENGLISH: (",", "."), texts.GERMAN: (".", ","), texts.ARABIC: "٬٫"}
        styles = [*own.values(), ("'", "."), ("\u00a0", ",")]
        arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
        for _number in range(5000):
            notation = rng.choice(list(own))
            style = rng.choice(styles)
            text, value, is_clear = self.write_number(rng, style)
            if rng.random() < 0.3:
                text = text.translate(arabic)
            with self.subTest(text=text, decimal=notation.decimal):
                share = self.get_share(f"Work: {notation.currency} {text}", notation)
                if is_clear or style == own[notation]:
                    self.assertEqual(share, value)
                else:
                    self.assertEqual(share, "ambiguous")
