"""A payment schedule in sentences and plain lines: a contract, an e-mail, pure."""

import re

from .figures import GONE, read_line
from .schedule_words import (
    ARTICLES,
    BESIDE_TOTAL,
    DEPOSIT,
    FINAL,
    HEADERS,
    OF,
    REST,
    TOTAL,
    get_words,
)
from .stage import (
    MAX_LENGTH,
    Stage,
    Total,
    Unread,
    get_kind,
    has_word,
    split_name,
    take_day,
    take_out,
    take_share,
)
from .written import Reason, to_plain

WRAPPED_FROM = 60
"""A line of an e-mail that is as long may go on in the next one."""
_BULLET = re.compile(
    r"\s*(?:(?:[-*+>•·–—▪◦‣□☐✓○●]\s+)|\(?(?:\d{1,3}|[a-z])[.)]\s+(?![0-9]{1,2}\. ))+",
    re.IGNORECASE,
)
_LEADING_NUMBER = re.compile(r"\s*(\d{1,3})\s+(?=[^\W\d_]{2})")
_CLAUSE = re.compile(
    r"(?:[;،؛]|,(?=\s)|(?<!cl)(?<!kl)(?<!gl)[.](?=\s+[^\W\d_]))\s*(?:(?:and|und|then|dann)\s+)?"
    r"|\s+(?:and|und|sowie|then|dann|ثم)\s+|\s+و(?=[^\W_])",
    re.IGNORECASE,
)


def join_wrapped(lines):
    """Join what was one line before an e-mail was wrapped.

    >>> join_wrapped([(1, "x" * 70), (2, "and so on"), (3, "30 % at last")])[1:]
    [(3, '30 % at last')]
    """
    joined = []
    length = 0
    for number, line in lines:
        if joined and length >= WRAPPED_FROM and _goes_on(joined[-1][1], line):
            before, start = joined[-1]
            joined[-1] = (before, f"{start.rstrip()} {line.strip()}")
        else:
            joined.append((number, line))
        length = len(line)
    return joined


def _goes_on(before, line):
    first = line.lstrip()[:1]
    words = get_words(line)
    return (
        first.islower()
        and before.rstrip()[-1:] not in tuple(".:;!?")
        and words[:1] != []
        and words[0] not in REST | DEPOSIT | FINAL
        and len(before) + len(line) < MAX_LENGTH
    )


def read_prose(number, text, notation):
    """Return what a plain line says: stages, a total, or why it is none of them."""
    text = text.replace("\t", "  ")
    whole = read_line(text, notation)
    total = read_total(whole)
    if total:
        return [total]
    if not any(figure.unit for figure in whole.figures) and _is_head(text):
        return []
    clauses = split_clauses(whole, notation)
    if len(clauses) > 1:
        return [read_sentence(number, clause, notation) for clause in clauses]
    return [read_sentence(number, text, notation)]


def _is_head(text):
    """Whether a line has but the heads of columns, as a table loses in a PDF.

    >>> _is_head("Pos. Leistung Anteil Betrag"), _is_head("Stage")
    (True, False)
    """
    roles = [
        next((role for role, known in HEADERS.items() if word in known), None)
        for word in get_words(text)
    ]
    return len(set(roles)) > 1 and None not in roles


def split_clauses(line, notation):
    """Return the parts of a line that each have a share, in order.

    >>> from .written import Notation
    >>> line = read_line("30 % on start, if we agree, and the rest at the end", Notation())
    >>> split_clauses(line, Notation())
    ['30 % on start, if we agree', 'the rest at the end']
    """
    cuts = [match.span() for match in _CLAUSE.finditer(line.blanked)]
    vague = {figure.reason.code for figure in line.figures if figure.reason}
    has_units = any(figure.unit for figure in line.figures)
    if not cuts or not has_units or vague & {"about", "range", "repeated"}:
        return []
    ends = [*(cut[0] for cut in cuts), len(line.text)]
    starts = [0, *(cut[1] for cut in cuts)]
    clauses = []
    for start, end in zip(starts, ends, strict=True):
        if clauses and not _has_share(line, start, end):
            clauses[-1][1] = end
        elif clauses and not _has_share(line, *clauses[-1]):
            is_new = line.text[clauses[-1][1] : start].startswith(".")
            clauses[-1] = [start if is_new else clauses[-1][0], end]
        else:
            clauses.append([start, end])
    return [line.text[start:end].strip() for start, end in clauses]


def _has_share(line, start, end):
    return any(
        figure.unit and start <= figure.start < end for figure in line.figures
    ) or _is_rest(line.text[start:end])


def _is_rest(text):
    """Whether a text begins with the word for what is left.

    >>> _is_rest("The balance on delivery"), _is_rest("For the rest of us")
    (True, False)
    """
    words = [word for word in get_words(text) if word not in ARTICLES]
    return bool(words) and words[0] in REST and len(words) <= 12


def read_total(line):
    """Return the total that a line names, if it names one.

    >>> from .written import Notation
    >>> read_total(read_line("Total: $ 10,000.00", Notation()))
    Total(amount=Decimal('10000.00'))
    >>> read_total(read_line("Total redesign $ 10,000.00", Notation()))
    """
    words = get_words(line.blanked)
    if not words or not set(words) & TOTAL or set(words) - BESIDE_TOTAL:
        return None
    if any(figure.unit == "percent" and figure.value != 100 for figure in line.figures):
        return None
    amounts = [figure for figure in line.figures if _is_amount(line, figure)]
    return Total(amounts[0].value if len(amounts) == 1 else None)


def _is_amount(line, figure):
    """Whether a figure is an amount; without its sign only at the end, with decimals."""
    if figure.unit:
        return figure.unit == "amount"
    after = line.blanked[figure.end :].replace(GONE, "")
    return bool(
        figure.value and figure.value >= 100 and figure.decimals == 2
    ) and not any(character.isalnum() for character in after)


def _is_whole(line, figure):
    """Whether an amount is that of which a percentage is taken: "20 % of 10,000 $"."""
    words = get_words(line.text[max(figure.start - 20, 0) : figure.start])
    return bool(words) and words[-1] in OF


def read_sentence(number, text, notation):
    """Return the stage that a sentence names, or why it names none."""
    body = _strip_bullet(text, notation)
    line = read_line(body, notation)
    percents = [figure for figure in line.figures if figure.unit == "percent"]
    amounts = [figure for figure in line.figures if _is_amount(line, figure)]
    wholes = [figure for figure in amounts if percents and _is_whole(line, figure)]
    gone = [*line.days, *percents, *amounts]
    amounts = [figure for figure in amounts if figure not in wholes]
    if not percents and not amounts and not _is_rest(body):
        return Unread(number, text.strip(), _get_reason(line))
    name, deliverable = split_name(take_out(body, gone))
    share, reasons = take_share(percents, amounts, is_rest=has_word(body, REST))
    day, doubts = take_day(line.days)
    return Stage(
        line=number,
        text=text.strip(),
        name=name,
        deliverable=deliverable,
        kind=get_kind(body),
        deadline=day,
        reasons=(*reasons, *doubts),
        **share,
    )


def _get_reason(line):
    """Return why a line has no share, by what stands for one."""
    reasons = [figure.reason for figure in line.figures if figure.reason]
    told = [reason for reason in reasons if reason.code in ("multiplied", "repeated")]
    return told[0] if told else Reason("no_share")


def _strip_bullet(text, notation):
    """Take away the mark or number before a line, but no part of a date or an amount."""
    bullet = _BULLET.match(text)
    number = _LEADING_NUMBER.match(to_plain(text))
    if not bullet and not number:
        return text
    line = read_line(text, notation)
    if bullet and not any(day.start < bullet.end() for day in line.days):
        return text[bullet.end() :]
    if number and line.figures[:1] and not line.figures[0].unit:
        return text[number.end() :]
    return text
