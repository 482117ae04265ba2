"""The bar of a picture: parts in, segments and sums out, pure."""

from dataclasses import dataclass, field

from ..status import STATUS_BY_KEY

# what is nearest to the money comes first
ORDER = (
    "paid",
    "deducted",
    "billed",
    "billed_earlier",
    "drafted",
    "ready",
    "to_decide",
    "blocked",
    "overdue",
    "upcoming",
    "unscheduled",
)
"""What a part of a bar can be: a status, or

- ``deducted``: no longer due, though no money came for it,
- ``billed_earlier``: to another customer,
- ``unscheduled``: of the contract sum, in no stage.
"""
# what a customer reads of what is still to be billed; else it is to come
CUSTOMERS_OPEN = ("blocked", "drafted", "ready", "to_decide")
MAX_SEGMENTS = 12
"""More parts than these are drawn as one a status."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bar: an amount, or one stage where there are no amounts."""

    status: str
    value: float
    name: str = ""
    """Of the stage."""


@dataclass(slots=True)
class Segment:
    """A segment of the bar as it is drawn."""

    status: str
    value: float = 0.0
    names: list = field(default_factory=list)
    width: float = 0.0
    """In percent."""


def split(status, paid, settled, unpaid, drafted, to_decide, open_amount):
    """Return what the parts of a stage are, as pairs of status and amount.

    :param str status: of the stage, for what of it is open

    A stage of 2,500, of which 1,000 are billed and 600 of them paid; the rest is due
    for billing:

    >>> split("ready", 600, 600, 400, 0, 0, 1500)
    [('paid', 600), ('billed', 400), ('ready', 1500)]
    """
    if status not in ("ready", "blocked", "overdue"):
        status = "upcoming"
    parts = [
        ("paid", paid),
        ("deducted", settled - paid),
        ("billed", unpaid),
        ("drafted", drafted),
        ("to_decide", to_decide),
        (status, open_amount - to_decide),
    ]
    return [(key, amount) for key, amount in parts if amount > 0]


def split_for_customer(stage):
    """Return what the parts of a stage are for its customer, as :func:`split` does.

    A draft is nothing the customer has: what is delivered is *ready*.

    :param stage: the :class:`~..statement.Stage` as the customer reads it

    >>> from odoo.addons.milestone_billing.models.statement import (
    ...     StageFacts, read_schedule)
    >>> def read(**facts):
    ...     stages, _sums = read_schedule([StageFacts(**facts)], 2500, 0, 0.01)
    ...     return split_for_customer(stages[0])
    >>> read(state="drafted", planned=2500, drafted=2500)
    [('ready', 2500.0)]
    >>> read(state="billed", planned=2500, billed=2500, own_billed=2500,
    ...      own_settled=1000, own_paid=900)
    [('paid', 900), ('deducted', 100.0), ('billed', 1500.0)]
    >>> read(state="paid", planned=2500, billed=2500)
    [('billed_earlier', 2500.0)]
    """
    is_others = stage.status == "billed_earlier"
    status = stage.status if stage.status in CUSTOMERS_OPEN else "upcoming"
    parts = [
        ("paid", stage.paid),
        ("deducted", stage.deducted),
        (
            "billed_earlier" if is_others else "billed",
            stage.billed - stage.paid - stage.deducted,
        ),
        ("ready" if status in ("blocked", "drafted") else status, stage.remaining),
    ]
    return [(key, amount) for key, amount in parts if amount > 0]


def draw_bar(parts, limit=MAX_SEGMENTS):
    """Return the :class:`Segment` objects of a bar, in the order of :data:`ORDER`.

    One a part; one a status if there are more than ``limit``.

    >>> half = Part("paid", 50.0, "Start")
    >>> [(s.status, s.width, s.names) for s in draw_bar([Part("upcoming", 50.0), half])]
    [('paid', 50.0, ['Start']), ('upcoming', 50.0, [])]
    >>> [(s.value, len(s.names)) for s in draw_bar([half] * 40)]
    [(2000.0, 40)]
    """
    parts = sorted(
        (part for part in parts if part.status in ORDER and part.value > 0),
        key=lambda part: ORDER.index(part.status),
    )
    total = sum(part.value for part in parts)
    segments = []
    for part in parts:
        is_same = segments and segments[-1].status == part.status
        if not is_same or len(parts) <= limit:
            segments.append(Segment(part.status))
        segments[-1].value += part.value
        segments[-1].names += [part.name] if part.name else []
    for segment in segments:
        segment.width = round(segment.value * 100 / total, 4)
    return segments


def get_widths(values):
    """Return the widths, in percent, of a bar with one segment a status.

    :param dict values: amounts, or how many stages, by status
    :return: a dictionary, in the order of :data:`ORDER`

    >>> get_widths({"upcoming": 3, "paid": 1})
    {'paid': 25.0, 'upcoming': 75.0}
    """
    drawn = {status: values[status] for status in ORDER if values.get(status, 0) > 0}
    total = sum(drawn.values())
    return {status: round(value * 100 / total, 4) for status, value in drawn.items()}


def add_up(parts):
    """Return the sum of the parts of each status, in the order of :data:`ORDER`.

    >>> add_up([Part("upcoming", 1.0), Part("paid", 2.0), Part("upcoming", 3.0)])
    {'paid': 2.0, 'upcoming': 4.0}
    """
    return {segment.status: segment.value for segment in draw_bar(parts, limit=0)}


def get_color(status):
    """Return the colour, one of Bootstrap's, of a part of the bar for users.

    >>> get_color("paid"), get_color("unscheduled")
    ('success', 'light')
    """
    known = STATUS_BY_KEY.get(status)
    return known.color if known else "light"
