"""Numbers and dates as people write them, pure: nothing is guessed.

A number counts where it can be read in one way only, or is well-formed as its reader
writes numbers.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .schedule_words import MONTHS, fold

MAX_DIGITS = 30
# decimals follow none of these
GROUPING_ONLY = "'\u2019\u066c \u00a0\u202f\u2007\u2009"
DECIMAL_ONLY = "\u066b"
_DAY_MONTH_YEAR = re.compile(
    r"(?<![\d.,/-])(\d{4}|\d{1,2})([./-]|\. )(\d{1,2})\2(\d{4}|\d{1,2})"
    r"(?!\d|[./,-]\d)"
)
_MONTH = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_NO_LETTER = r"(?![^\W\d_])"
_DAY_NAME_YEAR = re.compile(
    rf"(?<![\d.,/-])(\d{{1,2}})(?:st|nd|rd|th|\.)?[ -](?:of )?({_MONTH}){_NO_LETTER}"
    rf"[.,]?[ -](\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_NAME_DAY_YEAR = re.compile(
    rf"(?<![^\W_])({_MONTH}){_NO_LETTER}[.]? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_UNUSUAL = re.compile(r"[^\t\n -~]")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """How somebody writes numbers, dates and money."""

    decimal: str = "."
    thousands: str = ","
    date_order: str = "mdy"
    """Of *day*, *month* and *year*; empty where it is not known."""
    currency: str = ""
    """The code of the only currency that amounts may have; empty for any."""
    symbol: str = ""
    """Of that currency, if it has one of its own."""
    digits: int = 2
    """How many decimals its amounts have."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was not understood: a code, and the words that it is about."""

    code: str
    text: str = ""


class Doubt(Exception):
    """A figure was not understood; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A date; none where the text gives no day of the calendar."""

    value: date | None
    text: str
    start: int
    end: int


# -----------------------------------------------------------------------------
# TEXT
# -----------------------------------------------------------------------------


def clean(text):
    """Return a text without what is not seen; all ends of lines are the same.

    >>> clean("a\\u200f\\x07b\\r\\nc\\u2028d")
    'a b\\nc\\nd'
    """
    return _UNUSUAL.sub(_clean_character, _LINE_ENDS.sub("\n", text))


def _clean_character(match):
    character = match[0]
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category == "Cc" else character


def to_plain(text):
    """Return a text of the same length with plain digits and signs.

    >>> to_plain("٣٠٪ ١٬٥٠٠ −２")
    '30% 1٬500 -2'
    """
    return _NOT_ASCII.sub(_to_plain_character, text)


def _to_plain_character(match):
    character = match[0]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character in "٪％﹪":
        return "%"
    return "-" if character == "\u2212" else character


# -----------------------------------------------------------------------------
# NUMBERS
# -----------------------------------------------------------------------------


def read_number(text, notation, unit=""):
    """Return the number that a text stands for.

    :param str text: digits and separators alone
    :param str unit: a percentage is never a thousand, which leaves one reading
    :raise Doubt: when it has several readings, or none

    >>> english, german = Notation(), Notation(decimal=",", thousands=".")
    >>> read_number("1,500", english), read_number("1.500", german)
    (Decimal('1500'), Decimal('1500'))
    >>> read_number("1'500.00", german), read_number("2.500,00", english)
    (Decimal('1500.00'), Decimal('2500.00'))
    >>> read_number("33.333", english, "percent")
    Decimal('33.333')
    >>> read_number("1.500", english)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    Doubt: ambiguous
    >>> read_number("1.5.0", english)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    Doubt: malformed
    """
    if len(text) > MAX_DIGITS:
        raise Doubt("malformed")
    separators = [character for character in text if not character.isdecimal()]
    grouping, decimal = _tell_separators(text, separators, notation, unit)
    whole, _sign, decimals = text.partition(decimal) if decimal else (text, "", "")
    if grouping and not _is_grouped(whole.split(grouping)):
        raise Doubt("malformed")
    plain = whole.replace(grouping, "") if grouping else whole
    if not plain.isdecimal():
        raise Doubt("malformed")
    return Decimal(f"{plain}.{decimals}") if decimals else Decimal(plain)


def _tell_separators(text, separators, notation, unit):
    """Return what separates the thousands of a number and its decimals, each or none."""
    kinds = list(dict.fromkeys(separators))
    if "\u060c" in kinds or len(kinds) > 2:
        raise Doubt("malformed")
    if not kinds:
        return "", ""
    if len(kinds) == 2:
        return _tell_two(text, kinds, separators, notation)
    if len(separators) > 1 or kinds[0] in GROUPING_ONLY:
        return kinds[0], ""
    return _tell_one(text, kinds[0], notation, unit)


def _tell_two(text, kinds, separators, notation):
    """Return the separators of a number that has two of them."""
    grouping, decimal = kinds
    if separators.count(decimal) > 1 or separators[-1] != decimal:
        raise Doubt("malformed")
    if decimal in GROUPING_ONLY or grouping in DECIMAL_ONLY:
        raise Doubt("malformed")
    decimals = text.rpartition(decimal)[2]
    if len(decimals) == 3 and decimal not in (notation.decimal, DECIMAL_ONLY):
        raise Doubt("ambiguous")
    return grouping, decimal


def _tell_one(text, separator, notation, unit):
    """Return the separators of a number that has a single one, a dot or a comma."""
    whole, _sign, last = text.partition(separator)
    if separator == DECIMAL_ONLY or not _is_grouped([whole, last]):
        return "", separator
    if unit == "percent":
        return "", separator  # above 100 it would be none
    if separator == notation.thousands:
        return separator, ""
    if separator == notation.decimal and notation.digits == 3:
        return "", separator
    raise Doubt("ambiguous")


def _is_grouped(groups):
    """Whether groups of digits are those of a number: by three, or as in India."""
    first, *middle, last = groups
    sizes = {len(group) for group in middle}
    return (
        1 <= len(first) <= 3
        and not (first.startswith("0") and len(first) > 0)
        and len(last) == 3
        and (sizes <= {3} or (sizes == {2} and len(first) <= 2))
    )


# -----------------------------------------------------------------------------
# DATES
# -----------------------------------------------------------------------------


def find_days(text, notation):
    """Return the dates in a plain text.

    >>> [d.value.isoformat() for d in find_days("5 Dec 2026, 06.12.2026", Notation())]
    ['2026-12-05', '2026-12-06']
    >>> [d.value.isoformat() for d in find_days("12/05/2026", Notation())]
    ['2026-12-05']
    >>> [d.value for d in find_days("31.02.2026", Notation())]
    [None]
    """
    days = []
    for pattern, order in (
        (_DAY_MONTH_YEAR, ""),
        (_DAY_NAME_YEAR, "dmy"),
        (_NAME_DAY_YEAR, "mdy"),
    ):
        for match in pattern.finditer(text):
            value = _read_day(match, order, notation)
            if value is not NotImplemented:
                days.append(
                    Day(
                        value=value,
                        text=match[0],
                        start=match.start(),
                        end=match.end(),
                    )
                )
    return tuple(sorted(days, key=lambda day: day.start))


def _read_day(match, order, notation):
    """Return the date of a match, None if there is no such day.

    :return: NotImplemented where the match is no date
    """
    if order:
        parts = match.groups()
    else:
        parts = match[1], match[3], match[4]
        order = _get_order(parts, match[2], notation)
    if not order:
        return NotImplemented if order is None else None
    day, month, year = (parts[order.index(letter)] for letter in "dmy")
    number = MONTHS.get(fold(month)) or int(month)
    year = int(year) + (2000 if len(year) == 2 else 0)
    try:
        value = date(year, number, int(day))
    except ValueError:
        return None
    return value if 1900 <= year < 2200 else None


def _get_order(parts, separator, notation):
    """Return in which order a date of three numbers has day, month and year.

    :return: nothing where it is not clear, None where it is no date
    """
    first, second, last = parts
    if len(first) == 4:
        return "ymd" if len(last) <= 2 else None
    if len(last) == 1 or (len(last) == 2 and separator == "-"):
        return None
    if separator.startswith("."):
        return "dmy"
    if len(last) == 4 and max(int(first), int(second)) > 12:
        return "dmy" if int(first) > 12 else "mdy"
    if notation.date_order == "ymd" and len(last) == 4:
        return ""
    return notation.date_order
