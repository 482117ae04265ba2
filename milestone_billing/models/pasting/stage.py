"""A stage as it was written: its name, kind, share and date, pure."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from .figures import GONE, blank
from .schedule_words import (
    DEPOSIT,
    DEPOSIT_PAIRS,
    FILLERS,
    FINAL,
    REST,
    TRIGGERS,
    fold,
    get_words,
)
from .written import Reason

_EMPTY_BRACKETS = re.compile(rf"[(\[][{GONE}\s=:,/–-]*[)\]]")
_HOLES = re.compile(rf"\s*[=:,;/–—-]*\s*{GONE}+[\s{GONE}]*")
_SPACES = re.compile(r"\s+")
_EDGES = " \t\u00a0=:,;./–—-|*_"
MAX_LENGTH = 500
"""Of a line, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage as it was written; what is not clear is empty, and has a reason."""

    line: int
    """In the text, from 1."""
    text: str
    name: str = ""
    deliverable: str = ""
    """What must be true."""
    kind: str = "progress"
    basis: str = ""
    """``percent``, ``fixed``, ``balance``, or nothing where the share is not clear."""
    percent: Decimal | None = None
    amount: Decimal | None = None
    deadline: date | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no stage, and why."""

    line: int
    text: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Total:
    """A line that names the sum of all."""

    amount: Decimal | None


# -----------------------------------------------------------------------------
# TEXTS
# -----------------------------------------------------------------------------


def take_out(text, spans):
    """Return a text without these spans, and what they leave behind.

    >>> from .figures import read_line
    >>> from .written import Notation
    >>> line = read_line("Design phase (20 %): new", Notation())
    >>> take_out(line.text, line.figures)
    'Design phase: new'
    """
    left = _EMPTY_BRACKETS.sub(GONE, blank(text, spans))
    left = _HOLES.sub(" ", left).replace(" :", ":")
    return _SPACES.sub(" ", left).strip()


def split_name(text):
    """Return the name of a stage and what must be true for it.

    >>> split_name("Deposit of at project start"), split_name("on approval")
    (('Deposit', 'project start'), ('Approval', ''))
    """
    words = _trim(text.split(" "))
    while words and fold(words[-1]) in TRIGGERS:
        words = _trim(words[:-1])
    triggers = [
        i
        for i, word in enumerate(words)
        if get_words(word)[:1] and fold(word) in TRIGGERS
    ]
    if triggers and triggers[0] < len(words) - 1:
        before = _join(words[: triggers[0]])
        after = _join(words[triggers[0] + 1 :])
        return (_capitalize(before), after) if before else (_capitalize(after), "")
    return _capitalize(_join(words)), ""


def _trim(words):
    """Take away what stood between a figure and the text, at both ends."""
    while words and (
        fold(words[0].strip(_EDGES)) in FILLERS or not words[0].strip(_EDGES)
    ):
        words = words[1:]
    while words and (
        fold(words[-1].strip(_EDGES)) in FILLERS or not words[-1].strip(_EDGES)
    ):
        words = words[:-1]
    return words


def _join(words):
    return " ".join(_trim(words)).strip(_EDGES)


def _capitalize(text):
    return text[:1].upper() + text[1:]


def has_word(text, words):
    return not words.isdisjoint(get_words(text))


def get_kind(text):
    """Return the kind of a stage by its words.

    >>> get_kind("Down payment"), get_kind("Rest bei Abnahme"), get_kind("Entwurf")
    ('deposit', 'final', 'progress')
    """
    words = get_words(text)
    pairs = set(pairwise(words))
    if not DEPOSIT.isdisjoint(words) or not pairs.isdisjoint(DEPOSIT_PAIRS):
        return "deposit"
    return "final" if not (FINAL | REST).isdisjoint(words) else "progress"


# -----------------------------------------------------------------------------
# SHARES AND DATES
# -----------------------------------------------------------------------------


def take_share(percents, amounts, is_rest=False):
    """Return the share that figures say, as fields of a stage, and what is not clear.

    >>> take_share((), (), is_rest=True)
    ({'basis': 'balance', 'percent': None, 'amount': None}, [])
    """
    percent, percent_reasons = _take_figure(percents)
    amount, amount_reasons = _take_figure(amounts)
    reasons = percent_reasons + amount_reasons
    if reasons:
        basis = percent = amount = None
    elif percent is not None:
        basis = "percent"
    elif amount is not None:
        basis = "fixed"
    else:
        basis = "balance" if is_rest else ""
    return {"basis": basis or "", "percent": percent, "amount": amount}, reasons


def _take_figure(figures):
    """Return the value that figures of one unit agree on, and what is not clear."""
    reasons = [figure.reason for figure in figures if figure.reason]
    values = {figure.value for figure in figures}
    if reasons or not figures:
        return None, reasons
    if len(values) > 1:
        texts = " / ".join(figure.text for figure in figures)
        return None, [Reason("several", texts)]
    return values.pop(), []


def take_day(days):
    """Return the date of a stage, and what is not clear about it."""
    if len(days) > 1:
        return None, [Reason("several_dates", " / ".join(day.text for day in days))]
    if days and not days[0].value:
        return None, [Reason("no_date", days[0].text)]
    return (days[0].value if days else None), []
