"""Allocation of a contract sum over the lines of a billing schedule.

One pure function, without database or environment, so that the rule that decides
every amount can be read, tested and disputed on its own.

All amounts are net (untaxed) and in the contract currency.

A change of 2,000 spread over the stages, and one that is a stage of its own:

>>> stages = [ScheduleLine("percent", percent=share) for share in (30, 40, 30)]
>>> allocate(12000, 0.01, stages).planned
(3600.0, 4800.0, 3600.0)
>>> allocate(12000, 0.01, [*stages, ScheduleLine("fixed", changed=2000)]).planned
(3000.0, 4000.0, 3000.0, 2000.0)
"""

from dataclasses import dataclass

from odoo.tools import float_compare, float_round

PERCENT_TOLERANCE = 0.000001
"""How far each of a whole set's percentages may be off: their sixth decimal."""


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """What the allocation needs to know of one milestone line."""

    basis: str
    """``percent`` of the contract sum, ``fixed`` amount or ``balance``."""
    percent: float = 0.0
    amount: float = 0.0
    live: bool = False
    """Whether a document bills it, whatever the amount, that is not credited in full."""
    recorded: float = 0.0
    """The plan recorded when the line was drafted; counts while the line is live."""
    drafted: float = 0.0
    billed: float = 0.0
    """In posted invoices less credit notes, without what was billed elsewhere."""
    opening: float = 0.0
    """Billed elsewhere, before the schedule was kept here."""
    carried: float = 0.0
    """Given up to the line that takes the rest."""
    written_off: float = 0.0
    """Given up altogether: the contract sum to date fell by it."""
    changed: float = 0.0
    """Approved changes of this line alone, of which no percentage is one."""
    kept: float | None = None
    """Of a closed line what was drafted and billed when all that was open was given up."""

    @property
    def used(self):
        """What is drafted or billed, here or elsewhere."""
        return self.drafted + self.billed + self.opening


@dataclass(frozen=True, slots=True)
class Allocation:
    """What each line of the schedule gets, and what does not fit."""

    planned: tuple[float, ...]
    """One amount a line, in the order of the lines."""
    rest_index: int | None
    """The position of the line that takes the rest, if one does."""
    rest_shift: float
    """What the percent line that takes the rest gets beyond its own percentage."""
    unscheduled: float
    """The part of the contract that no line plans to bill."""
    over_scheduled: float
    """What the lines plan or have billed beyond the contract."""


def find_rest_line(lines, planned, rounding):
    """Return the position of the open line that takes the rest, or None.

    That is the balance line or, where there is none and the percentages are a whole
    set, the last percent line that is neither drafted nor billed nor closed.

    :param list planned: what each line's own percentage or amount gives it
    """

    candidates = [i for i, line in enumerate(lines) if line.basis == "balance"]
    if not candidates:
        candidates = [i for i, line in enumerate(lines) if line.basis == "percent"]
        missing = sum(lines[i].percent for i in candidates) - 100
        if abs(missing) > PERCENT_TOLERANCE * len(candidates) * (1 + 1e-9):
            return None
        # what was billed elsewhere in full is not open
        candidates = [
            i
            for i in candidates
            if not lines[i].opening or exceeds(planned[i], lines[i].opening, rounding)
        ]
    return next(
        (
            i
            for i in reversed(candidates)
            if not lines[i].live and lines[i].kept is None
        ),
        None,
    )


def round_to(amount, rounding):
    """Return an amount rounded to a currency, never a negative zero."""
    return float_round(amount, precision_rounding=rounding) + 0.0


def _get_own_plan(line, agreed, rounding):
    """Return what its own percentage, amount or record gives a line.

    :param float agreed: what percentages are of
    """
    if line.kept is not None:
        return max(round_to(line.kept, rounding), 0.0)
    if line.live:
        plan = line.recorded
    elif line.basis == "percent":
        plan = agreed * line.percent / 100
    else:
        plan = line.amount if line.basis == "fixed" else 0.0
    if not line.live:  # what was recorded has it already
        plan = round_to(plan, rounding) + line.changed
    plan = round_to(plan, rounding) - line.carried - line.written_off
    return max(round_to(plan, rounding), 0.0)


def allocate(contract, rounding, lines):
    """Allocate ``contract`` over ``lines``.

    A percentage is one of the contract sum before anything was written off, and without
    what was changed of single lines: neither moves any other stage.

    :param float contract: the contract sum to date, net: with what was changed, less what
        was written off
    :param float rounding: the rounding of the contract currency, such as 0.01
    :param list lines: the :class:`ScheduleLine` of the schedule, in its order
    :return: the :class:`Allocation`; with a line that takes the rest and nothing
        over-scheduled, what the lines take adds up to ``contract`` to the last digit

    >>> third = ScheduleLine("percent", percent=33.333333)
    >>> allocate(10000, 0.01, [third, third, third]).planned
    (3333.33, 3333.33, 3333.34)
    """
    agreed = contract + sum(line.written_off - line.changed for line in lines)
    planned = [_get_own_plan(line, agreed, rounding) for line in lines]
    takes = [max(plan, line.used) for plan, line in zip(planned, lines, strict=True)]
    rest_index = find_rest_line(lines, planned, rounding)
    rest_shift = 0.0
    if rest_index is not None:
        own_plan = planned[rest_index]
        rest = round_to(contract - sum(takes) + takes[rest_index], rounding)
        planned[rest_index] = max(rest, 0.0)
        takes[rest_index] = max(planned[rest_index], lines[rest_index].used)
        if lines[rest_index].basis == "percent":
            rest_shift = round_to(planned[rest_index] - own_plan, rounding)
    unscheduled, over_scheduled = get_gap(contract, rounding, takes)
    return Allocation(
        planned=tuple(planned),
        rest_index=rest_index,
        rest_shift=rest_shift,
        unscheduled=unscheduled,
        over_scheduled=over_scheduled,
    )


def get_gap(contract, rounding, takes):
    """Return what the lines leave of ``contract``, and what they take beyond it.

    :param takes: what each line takes: its plan, or more if it used more

    >>> get_gap(100.0, 0.01, [60.0, 30.0]), get_gap(100.0, 0.01, [60.0, 50.0])
    ((10.0, 0.0), (0.0, 10.0))
    """
    gap = round_to(contract - sum(takes), rounding)
    # no negative zero
    return max(gap, 0.0) + 0.0, max(-gap, 0.0) + 0.0


def exceeds(amount, limit, rounding):
    """Whether ``amount`` is above ``limit`` by at least one unit of the currency."""
    return float_compare(amount, limit, precision_rounding=rounding) > 0
