"""The figures and dates in a line of text, with what stands around them, pure.

Whatever has the sign of percent or currency is taken, or told with the reason why not.
"""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from .schedule_words import (
    ABOUT,
    BEFORE_TAX,
    CURRENCIES,
    OFF,
    REPEATED,
    TAX,
    TO,
    fold,
    get_words,
    is_multiple,
)
from .written import Day, Doubt, Reason, find_days, read_number, to_plain

LIMIT = 10**12
"""Amounts stay below it, as those of a contract."""
PERCENT_DECIMALS = 6
GONE = "\0"
"""Stands where something was taken out of a text."""
_SPACE = r"[ \u00a0\u202f]?"
_NUMBER = re.compile(
    r"\d+(?:[.,'\u2019\u066b\u066c\u060c\u00a0\u202f\u2007\u2009]\d+| \d{3}(?!\d))*"
)
_YEAR = re.compile(r"(?:19|20)\d\d(?= )")
_PERCENT_AFTER = re.compile(
    _SPACE + r"(?:%|(?:percent|per ?cent|pct|prozent|بالمئة|بالمائة|في المئة|في المائة)"
    r"(?![^\W\d_])|v\. ?h\.)",
    re.IGNORECASE,
)
# as in 2.500,- EUR
_NO_CENTS = re.compile(r"[.,][-\u2013\u2014]{1,2}(?!\d)")
_WORD_AFTER = re.compile(_SPACE + r"([^\W\d_]+)")
_WORD_BEFORE = re.compile(r"([^\W\d_]+)[. ]{0,2}$")
_DASH_BEFORE = re.compile(r"\d[ %\0]{0,3}[-\u2013\u2014/] ?$")
_DASH_AFTER = re.compile(r"[-\u2013\u2014](?:[^\w\s]|[a-z]{3} ?)?\d", re.IGNORECASE)
_TIMES_BEFORE = re.compile(r"\d ?[x×*] ?$", re.IGNORECASE)
_TIMES_AFTER = re.compile(r" ?[x×*] ?\d", re.IGNORECASE)
_SIGNS = "$\u00a2-\u00a5\u058f\u060b\u09f2\u09f3\u0e3f\u20a0-\u20c0\ufdfc"
_VAGUE_SIGNS = tuple("~\u2248<>\u2264\u2265\u00b1+")
# a number next to one of these is a part of something else
_BEFORE_PART = tuple(".,'\u2019\u066b\u066c/^")
_AFTER_PART = tuple("./:,'\u2019")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A percentage, an amount, or a number of neither sign."""

    unit: str = ""
    """``percent``, ``amount`` or nothing."""
    value: Decimal | None = None
    """None where it is not clear; then there is a reason."""
    reason: Reason | None = None
    text: str
    start: int
    end: int

    @property
    def decimals(self):
        """How many decimals were written."""
        return 0 if self.value is None else max(-self.value.as_tuple().exponent, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text, and what was found in it."""

    text: str
    figures: tuple[Figure, ...] = ()
    days: tuple[Day, ...] = ()
    blanked: str = field(default="", repr=False)
    """The text with :data:`GONE` where figures with a unit and dates were."""


def read_line(text, notation, is_cell=False):
    """Return what is written in a line.

    :param bool is_cell: whether it is a cell of a table

    >>> from .written import Notation
    >>> euros = Notation(currency="EUR", symbol="€")
    >>> line = read_line("30 % = 3,000.00 EUR by 5 Dec 2026", euros)
    >>> [(figure.unit, str(figure.value)) for figure in line.figures]
    [('percent', '30'), ('amount', '3000.00')]
    >>> line = read_line("up to 30 %, 25k €, -5 €, 1.500 €, 4 x 25 %, 1/3 %", euros)
    >>> [figure.reason.code for figure in line.figures if figure.unit]
    ['about', 'negative', 'ambiguous', 'repeated', 'malformed']
    """
    plain = to_plain(text)
    days = tuple(
        replace(day, text=text[day.start : day.end])
        for day in find_days(plain, notation)
    )
    scanner = _Scanner(blank(plain, days), text, notation, is_cell)
    figures = tuple(scanner.scan())
    marked = [figure for figure in figures if figure.unit]
    return Line(
        text=text, figures=figures, days=days, blanked=blank(text, (*days, *marked))
    )


def blank(text, spans):
    """Return a text of the same length with nothing where the spans were."""
    characters = list(text)
    for span in spans:
        characters[span.start : span.end] = GONE * (span.end - span.start)
    return "".join(characters)


@lru_cache(maxsize=32)
def _get_sign_pattern(notation):
    """Return what finds the signs, codes and words of currencies in a text."""
    own = {fold(notation.symbol), notation.currency.casefold()} - {""}
    known = sorted(own | set(CURRENCIES), key=len, reverse=True)
    signs = "|".join(re.escape(sign) for sign in known if not sign.isalpha())
    words = "|".join(sign for sign in known if sign.isalpha())
    return re.compile(
        rf"(?<![^\W\d_])(?:{signs}|[a-z]{{1,3}}\$|(?:{words})(?![^\W\d_]))|[{_SIGNS}]",
        re.IGNORECASE,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a number stands, and where with its sign."""

    start: int
    end: int
    unit: str
    first: int
    last: int
    sign: str
    """Of the currency."""


class _Scanner:
    """Finds the numbers of a line, and judges what stands around them."""

    def __init__(self, text, raw, notation, is_cell):
        self.text = text
        self.raw = raw
        self.notation = notation
        self.is_cell = is_cell
        self.signs = list(_get_sign_pattern(notation).finditer(text))
        self.taken = 0  # up to where signs belong to a number already

    def scan(self):
        for match in _NUMBER.finditer(self.text):
            start = match.start()
            # "2026 500" are two numbers
            year = _YEAR.match(match[0])
            if year:
                yield self._read(start, start + year.end())
                start += year.end() + 1
            yield self._read(start, match.end())

    def _read(self, start, end):
        found = self._find(start, end)
        if found.unit:
            self.taken = found.last
        text = self.raw[found.first : found.last].strip()
        value = reason = None
        try:
            value = self._get_value(found)
        except Doubt as doubt:
            first = found.first - 1 if str(doubt) == "negative" else found.first
            text = self.raw[max(first, 0) : found.last].strip()
            reason = Reason(str(doubt), text)
        return Figure(
            unit=found.unit,
            value=value,
            reason=reason,
            text=text,
            start=found.first,
            end=found.last,
        )

    # -------------------------------------------------------------------------
    # THE SIGN
    # -------------------------------------------------------------------------

    def _find(self, start, end):
        """Return a number with its sign."""
        text = self.text
        no_cents = _NO_CENTS.match(text, end)
        last = no_cents.end() if no_cents else end
        percent = _PERCENT_AFTER.match(text, last)
        if percent:
            return _Found(start, last, "percent", start, percent.end(), "")
        if start > self.taken and text[start - 1] == "%":
            return _Found(start, last, "percent", start - 1, last, "")
        for sign in self.signs:
            if sign.start() >= self.taken and self._is_gap(sign.end(), start, "-"):
                return _Found(start, last, "amount", sign.start(), last, sign[0])
        for sign in self.signs:
            if self._is_gap(last, sign.start()):
                return _Found(start, last, "amount", start, sign.end(), sign[0])
        return _Found(start, last, "", start, last, "")

    def _is_gap(self, start, end, more=""):
        """Whether nothing is between two places but spaces, and a dash in a sum."""
        return start <= end <= start + 3 and not self.text[start:end].strip(
            " \u00a0\u202f" + more
        )

    # -------------------------------------------------------------------------
    # THE VALUE
    # -------------------------------------------------------------------------

    def _get_value(self, found):
        """Return what a number says.

        :raise Doubt: when that is not clear
        """
        self._check_negative(found)
        self._check_part(found)
        self._check_range(found)
        self._check_repeated(found)
        self._check_words(found)
        digits = _NUMBER.match(self.text, found.start, found.end)[0]
        value = read_number(digits, self.notation, found.unit)
        self._check_limits(value, found.unit)
        if found.unit == "amount":
            self._check_currency(found.sign)
        return value

    def _check_negative(self, found):
        text = self.text
        before, after = text[: found.first], text[found.end :]
        is_negative = (
            "-" in text[found.first : found.start]
            or re.search(r"(?:^|[\s(])-$", before[-2:])
            or re.match(r"-(?!\w)", after)
        )
        # as accountants write it
        in_brackets = (
            self.is_cell
            and found.unit != "percent"
            and re.fullmatch(r" *\(", before)
            and re.fullmatch(r"\) *", text[found.last :])
        )
        if is_negative or in_brackets:
            raise Doubt("negative")

    def _check_part(self, found):
        """Refuse a number that is part of something else: 1/3, .5, 1e5, 12:30, 2½."""
        text = self.text
        before, after = text[: found.start], text[found.end :]
        word = _WORD_AFTER.match(after)
        if word and is_multiple(fold(word[1])) and found.last == found.end:
            raise Doubt("multiplied")
        is_part = (
            before.endswith(_BEFORE_PART)
            or re.search(r"\d:$", before[-2:])
            or (after.startswith(_AFTER_PART) and after[1:2].isdigit())
            or after.lstrip()[:1] == "\u2030"
            or (found.first == found.start and _is_glue(before[-1:]))
            or (found.last == found.end and _is_glue(after[:1]))
            or self._is_split(found)
        )
        if is_part:
            raise Doubt("ambiguous" if self._is_split(found) else "malformed")

    def _is_split(self, found):
        """Whether a name may end within the number, as in "Phase 1 500 EUR"."""
        number = self.text[found.start : found.end]
        before = self.text[: found.first].rstrip(" ")
        return not self.is_cell and " " in number and before[-1:].isalpha()

    def _check_range(self, found):
        before = self.text[: found.first]
        dash = _DASH_BEFORE.search(before[-8:])
        is_start = _DASH_AFTER.match(self.text, found.last)
        if is_start or (dash and self._is_range(before)):
            raise Doubt("range")
        word = _WORD_BEFORE.search(before[-30:])
        if word and fold(word[1]) in TO:
            number = before[-30:][: word.start()].rstrip()
            if number[-1:] in tuple("0123456789") and fold(word[1]) not in (
                "and",
                "und",
            ):
                raise Doubt("range")

    def _is_range(self, before):
        """Whether the number before a dash is no name's, as that of "Phase 2 - 30 %"."""
        head = before.rstrip(" -\u2013\u2014/")
        is_tight = len(before) - len(head) == 1
        name = _WORD_BEFORE.search(head.rstrip("0123456789")[-30:])
        is_named = name and fold(name[1]) not in ABOUT
        return head[-1:].isdigit() and bool(is_tight or not is_named)

    def _check_repeated(self, found):
        before, after = self.text[: found.first], self.text[found.last :]
        next_words = get_words(after[:24])[:2]
        word = _WORD_BEFORE.search(before[-30:])
        if (
            _TIMES_BEFORE.search(before[-4:])
            or _TIMES_AFTER.match(after)
            or (word and fold(word[1]) in REPEATED)
            or not REPEATED.isdisjoint(next_words)
        ):
            raise Doubt("repeated")

    def _check_words(self, found):
        before, after = self.text[: found.first], self.text[found.last :]
        words = get_words(before[-30:])[-2:]
        next_words = get_words(after[:24])[:2]
        word = _WORD_BEFORE.search(before[-30:])
        last = fold(word[1]) if word else ""
        if len(last) > 1 and is_multiple(last):
            raise Doubt("multiplied")
        if not OFF.isdisjoint([*words, *next_words[:1]]):
            raise Doubt("off")
        is_vague = last in ABOUT or (last and words == ["up", "to"])
        if is_vague or before.rstrip().endswith(_VAGUE_SIGNS):
            raise Doubt("about")
        with_tax = not TAX.isdisjoint(next_words) or (last and last in TAX)
        if with_tax and BEFORE_TAX.isdisjoint(next_words[:1]):
            raise Doubt("tax")

    def _check_limits(self, value, unit):
        decimals = -value.normalize().as_tuple().exponent
        if unit == "percent" and value > 100:
            raise Doubt("above_100")
        if value >= LIMIT:
            raise Doubt("too_big")
        most = {"percent": PERCENT_DECIMALS, "amount": self.notation.digits}
        if unit and decimals > most[unit]:
            raise Doubt("too_precise")

    def _check_currency(self, sign):
        own, sign = self.notation.currency, fold(sign)
        is_own = sign in (fold(self.notation.symbol), own.casefold())
        if own and not is_own and own not in CURRENCIES.get(sign, ()):
            raise Doubt("other_currency")


def _is_glue(character):
    """Whether a character next to a number makes it no number: a letter, ½, ²."""
    return character.isalpha() or (
        character != "" and unicodedata.category(character) == "No"
    )
