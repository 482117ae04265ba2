"""A payment schedule in any text, pure: a contract, an e-mail, a table.

A text goes in, stages come out, with every line that is none and why. What is written is
taken as it stands or not at all: a doubtful figure is a reason, never a value.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from .prose import join_wrapped, read_prose
from .stage import MAX_LENGTH, Stage, Total, Unread
from .table import read_table
from .written import Reason, clean

MAX_LINES = 200
MAX_TEXT = 50_000
"""In characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What was understood of a text."""

    stages: tuple[Stage, ...] = ()
    unread: tuple[Unread, ...] = ()
    total: Decimal | None = None
    """The sum that the text names."""


def read_schedule(text, notation, contract_sum=None):
    """Return the stages that a text names.

    :param Notation notation: how its reader writes numbers and dates
    :param contract_sum: of which percentages and amounts are checked; by default the one
        of the text

    >>> from .written import Notation
    >>> schedule = read_schedule(
    ...     "Deposit $2,500 at project start\\n30 % on approval of designs\\n"
    ...     "Thank you!\\nbalance on delivery",
    ...     Notation(currency="USD", symbol="$"),
    ... )
    >>> [(s.name, s.deliverable, s.kind, s.basis) for s in schedule.stages]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('Deposit', 'project start', 'deposit', 'fixed'),
     ('Approval of designs', '', 'progress', 'percent'),
     ('Balance', 'delivery', 'final', 'balance')]
    >>> [(line.line, line.reason.code) for line in schedule.unread]
    [(3, 'no_share')]
    """
    lines, unread = split_lines(text)
    read = read_table(lines, notation)
    if read is None:
        read = [
            item for line in join_wrapped(lines) for item in read_prose(*line, notation)
        ]
    unread += [item for item in read if isinstance(item, Unread)]
    totals = {item.amount for item in read if isinstance(item, Total)}
    total = totals.pop() if len(totals) == 1 else None
    stages = [item for item in read if isinstance(item, Stage)]
    stages = check_figures(mark_last(stages), contract_sum or total)
    return Schedule(
        stages=tuple(stages),
        unread=tuple(sorted(unread, key=lambda each: each.line)),
        total=total,
    )


def split_lines(text):
    """Return the lines of a text with their numbers, and those that are too many.

    >>> split_lines("a\\n\\n b")
    ([(1, 'a'), (3, ' b')], [])
    """
    unread = []
    lines = []
    for number, line in enumerate(clean(text[:MAX_TEXT]).split("\n"), 1):
        if not line.strip():
            continue
        if len(lines) == MAX_LINES:
            unread.append(Unread(number, line[:MAX_LENGTH], Reason("too_many_lines")))
            break
        if len(line) > MAX_LENGTH:
            unread.append(Unread(number, line[:MAX_LENGTH], Reason("too_long")))
        else:
            lines.append((number, line))
    if len(text) > MAX_TEXT:
        number = text[:MAX_TEXT].count("\n") + 1
        unread.append(Unread(number, "", Reason("too_many_lines")))
    return lines, unread


def mark_last(stages):
    """Leave *final* to the last stage alone, and the rest to one."""
    marked = []
    has_rest = False
    for index, stage in enumerate(stages):
        if stage.kind == "final" and index < len(stages) - 1:
            stage = replace(stage, kind="progress")
        if stage.basis == "balance":
            if has_rest:
                reasons = (*stage.reasons, Reason("second_rest"))
                stage = replace(stage, basis="", reasons=reasons)
            has_rest = True
        marked.append(stage)
    return marked


def check_figures(stages, contract_sum):
    """Take no percentage and amount that do not agree, of the sum or with one another."""
    pairs = [
        stage
        for stage in stages
        if stage.percent is not None and stage.amount is not None
    ]
    wrong = [stage for stage in pairs if not _agrees(stage, contract_sum, pairs)]
    return [
        replace(
            stage,
            basis="",
            percent=None,
            amount=None,
            reasons=(*stage.reasons, Reason("mismatch", stage.text)),
        )
        if any(stage is each for each in wrong)
        else stage
        for stage in stages
    ]


def _agrees(stage, contract_sum, pairs):
    """Whether a percentage is that of its amount; one unit is left to the rounding."""
    if contract_sum:
        share = stage.percent * Decimal(str(contract_sum)) / 100
        return abs(share - stage.amount) <= _get_tolerance(stage)
    first = pairs[0]
    left, right = stage.percent * first.amount, first.percent * stage.amount
    slack = first.percent * _get_tolerance(stage) + stage.percent * _get_tolerance(
        first
    )
    return abs(left - right) <= slack


def _get_tolerance(stage):
    """Return one unit of the last decimal of an amount, at most a whole one."""
    return Decimal(1).scaleb(min(stage.amount.as_tuple().exponent, 0))
