"""What a customer reads of a billing schedule: facts in, stages and sums out, pure.

One reading for the invoice's block, the schedule, the state of billing and the portal.
All amounts are net and in the contract currency, unless they are called gross.

A posted document keeps its schedule as JSON, as :func:`read_statement` documents it. What
was frozen by an earlier version, or is damaged, must neither stop a print nor the job
that sends others behind it.
"""

from dataclasses import dataclass
from datetime import date

from odoo.tools import float_is_zero

from .allocation import round_to

VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFacts:
    """What is known of one milestone line; *own* is what one customer's documents say."""

    title: str = ""
    criteria: str = ""
    deadline: date | None = None
    reached_on: date | None = None
    is_reached: bool = False
    state: str = "upcoming"
    """The status for users."""
    percent: float | None = None
    """Of a percent line."""
    changed: float = 0.0
    """What change orders of this stage alone add, of which no percentage is one."""
    planned: float = 0.0
    drafted: float = 0.0
    billed: float = 0.0
    """In posted documents of all customers, with what was billed elsewhere."""
    opening: float = 0.0
    """Billed elsewhere, to the present customer."""
    own_billed: float = 0.0
    """In posted documents of the customer."""
    own_settled: float = 0.0
    """No longer due by the customer, with what was billed elsewhere."""
    own_paid: float = 0.0
    """The customer's money, with what was billed elsewhere."""
    is_own_credited: bool = False
    invoices: tuple[tuple[str, date | None], ...] = ()
    """Name and date of the customer's invoices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage as a customer reads it."""

    title: str
    criteria: str
    deadline: date | None
    delivered_on: date | None
    is_delivered: bool
    status: str
    """A key of the table of statuses."""
    share: float
    """In percent of the contract sum as agreed."""
    amount: float
    """What the stage takes of the contract sum."""
    billed: float
    paid: float
    deducted: float
    """No longer due without money: discounts, write-offs."""
    remaining: float
    """Still to be billed."""
    invoices: tuple[tuple[str, date | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The sums of a schedule as a customer reads them."""

    original: float
    changes: float
    """What change orders added to the original contract sum."""
    agreed: float
    """The original contract sum with its changes."""
    written_off: float
    to_date: float
    scheduled: float
    """What the stages take; not the contract sum while some is over, or left over."""
    billed: float
    own_billed: float
    """To the customer, here and elsewhere."""
    billed_to_others: float
    paid: float
    deducted: float
    remaining: float
    """Of the contract sum to date."""
    unbilled: float
    """Of what is scheduled."""


def read_schedule(facts, to_date, written_off, rounding, changes=0.0):
    """Return what a customer reads of a schedule.

    :param list facts: the :class:`StageFacts` of its stages, in its order
    :param float to_date: the contract sum to date
    :param float written_off: what was written off of the contract sum
    :param float rounding: the rounding of the contract currency, such as 0.01
    :param float changes: what change orders added to the original contract sum
    :return: a list of :class:`Stage`, and their :class:`Sums`

    Of 10,000 half is billed and paid, the rest is planned:

    >>> stages, sums = read_schedule(
    ...     [
    ...         StageFacts(state="paid", percent=50, planned=5000, billed=5000,
    ...                    own_billed=5000, own_settled=5000, own_paid=4900),
    ...         StageFacts(planned=5000),
    ...     ], 10000, 0, 0.01)
    >>> [(stage.status, stage.share, stage.remaining) for stage in stages]
    [('paid', 50, 0.0), ('upcoming', 50.0, 5000.0)]
    >>> sums.paid, sums.deducted, sums.remaining, sums.billed_to_others
    (4900.0, 100.0, 5000.0, 0.0)
    """

    agreed = to_date + written_off
    shared = agreed - sum(fact.changed for fact in facts)
    stages = [_read_stage(fact, shared, len(facts), rounding) for fact in facts]
    sums = _add_up(facts, stages)
    sums |= {
        "original": agreed - changes,
        "changes": changes,
        "agreed": agreed,
        "written_off": written_off,
        "to_date": to_date,
        "remaining": to_date - sums["billed"],
    }
    rounded = {key: round_to(amount, rounding) for key, amount in sums.items()}
    return stages, Sums(**rounded)


def _add_up(facts, stages):
    """Return those of the :class:`Sums` of a schedule that are sums of its stages."""
    scheduled = sum(stage.amount for stage in stages)
    billed = sum(fact.billed for fact in facts)
    own_billed = sum(fact.own_billed + fact.opening for fact in facts)
    paid = sum(fact.own_paid for fact in facts)
    settled = sum(fact.own_settled for fact in facts)
    return {
        "scheduled": scheduled,
        "billed": billed,
        "own_billed": own_billed,
        "billed_to_others": billed - own_billed,
        "paid": paid,
        "deducted": settled - paid,
        "unbilled": scheduled - billed,
    }


def _read_stage(fact, agreed, count, rounding):
    """Return the :class:`Stage` of one of ``count`` stages of a contract.

    :param float agreed: what percentages are of

    >>> _read_stage(StageFacts(planned=2000, changed=2000), 10000, 3, 0.01).share
    20.0
    """
    amount = get_scheduled_amount(fact.planned, fact.drafted, fact.billed)
    return Stage(
        title=fact.title,
        criteria=fact.criteria,
        deadline=fact.deadline,
        delivered_on=fact.reached_on,
        is_delivered=fact.is_reached,
        status=get_customer_status(fact, rounding),
        share=_get_share(fact, amount, agreed, count * rounding),
        amount=amount,
        billed=fact.billed,
        paid=fact.own_paid,
        deducted=round_to(fact.own_settled - fact.own_paid, rounding),
        remaining=round_to(amount - fact.billed, rounding),
        invoices=fact.invoices,
    )


def get_scheduled_amount(planned, drafted, billed):
    """Return what a stage takes of the contract sum.

    >>> get_scheduled_amount(planned=2500, drafted=2600, billed=0)
    2600
    """
    return max(planned, drafted + billed)


def _get_share(fact, amount, agreed, tolerance):
    """Return the percentage of the contract sum as agreed that ``amount`` is.

    A percent line keeps its own where only rounding parts it from the amount.

    >>> _get_share(StageFacts(percent=33.333333), 3333.34, 10000, 0.03)
    33.333333
    >>> _get_share(StageFacts(), 2500, 10000, 0.01), _get_share(StageFacts(), 0, 0, 0.01)
    (25.0, 0.0)
    """
    if (
        fact.percent is not None
        and abs(agreed * fact.percent / 100 - amount) <= tolerance
    ):
        return fact.percent
    return amount * 100 / agreed if agreed else 0.0


def get_customer_status(fact, rounding):
    """Return the status of a stage with regard to one customer's documents alone.

    How others paid, or what was credited to them, is not said.

    >>> get_customer_status(StageFacts(state="to_decide", is_reached=True), 0.01)
    'ready'
    >>> get_customer_status(StageFacts(state="paid", billed=100.0), 0.01)
    'billed_earlier'
    >>> get_customer_status(StageFacts(state="paid", billed=100, own_billed=100), 0.01)
    'billed'
    """

    def is_zero(amount):
        return float_is_zero(amount, precision_rounding=rounding)

    if fact.state == "to_decide" and not fact.is_own_credited:
        return "ready" if fact.is_reached else "upcoming"
    if fact.state not in ("billed", "paid"):
        return fact.state
    others = fact.billed - fact.opening - fact.own_billed
    if is_zero(fact.own_billed) and not is_zero(others):
        return "billed_earlier"
    unpaid = fact.own_billed + fact.opening - fact.own_settled
    return "paid" if is_zero(unpaid) else "billed"


AMOUNTS = (
    "original",
    "changes",
    "agreed",
    "written_off",
    "to_date",
    "previously",
    "this_document",
    "remaining",
    "paid",
    "deducted",
)
GROSS_AMOUNTS = (
    "previously_gross",
    "this_document_gross",
    "paid_gross",
    "deducted_gross",
    "total",
)


def read_statement(frozen):
    """Return a frozen statement with all keys, each of the type its readers expect.

    :param frozen: what the document keeps, possibly of an older shape or damaged
    :return: a dictionary; False where nothing can be read from it. The keys are
        ``project``, ``reference`` (texts), ``titles`` (of the stages that it bills),
        ``is_final``, the keys of :data:`AMOUNTS`, those of :data:`GROSS_AMOUNTS` (None
        where they are not known), and ``stages``: ``title``, ``criteria``, ``state``
        (texts), ``amount``, ``is_current`` and ``invoices`` (``name`` and ``date``)

    >>> statement = read_statement({"project": "Website", "paid": 2500, "stages": [{}]})
    >>> statement["paid"], statement["remaining"], statement["paid_gross"]
    (2500.0, 0.0, None)
    >>> statement["stages"][0]["invoices"], statement["titles"]
    ([], [])
    >>> read_statement("damaged"), read_statement({})
    (False, False)
    """
    if not isinstance(frozen, dict) or not frozen:
        return False
    return {
        "project": _read_text(frozen.get("project")),
        "reference": _read_text(frozen.get("reference")),
        "titles": [_read_text(title) for title in _read_list(frozen.get("titles"))],
        "stages": [
            _read_frozen_stage(stage)
            for stage in _read_list(frozen.get("stages"))
            if isinstance(stage, dict)
        ],
        **{key: _read_amount(frozen.get(key)) or 0.0 for key in AMOUNTS},
        **{key: _read_amount(frozen.get(key)) for key in GROSS_AMOUNTS},
        "is_final": bool(frozen.get("is_final")),
    }


def _read_frozen_stage(stage):
    """Return one row of the schedule with all its keys."""
    return {
        "title": _read_text(stage.get("title")),
        "criteria": _read_text(stage.get("criteria")),
        "amount": _read_amount(stage.get("amount")) or 0.0,
        "state": _read_text(stage.get("state")),
        "invoices": [
            {
                "name": _read_text(invoice.get("name")),
                "date": _read_date(invoice.get("date")),
            }
            for invoice in _read_list(stage.get("invoices"))
            if isinstance(invoice, dict)
        ],
        "is_current": bool(stage.get("is_current")),
    }


def _read_list(value):
    return value if isinstance(value, list) else []


def _read_text(value):
    """Return a text as it is, nothing for what is none.

    >>> _read_text("Website"), _read_text(None), _read_text(["Website"])
    ('Website', '', '')
    """
    return value if isinstance(value, str) else ""


def _read_amount(value):
    """Return a number as float, None for what is none or cannot be printed.

    >>> _read_amount(2500), _read_amount("2500"), _read_amount(float("nan"))
    (2500.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        amount = float(value) + 0.0  # no negative zero
    except OverflowError:
        return None
    return amount if abs(amount) < float("inf") else None


def _read_date(value):
    """Return a date's ISO text, False for what is none.

    >>> _read_date("2026-03-31"), _read_date("31 March"), _read_date(None)
    ('2026-03-31', False, False)
    """
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return False
