"""The one table of statuses: what each is called, how it looks, and its rank."""

from dataclasses import dataclass

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """One status of a milestone line, milestone, contract or project."""

    key: str
    label: str
    """What users read; translated with the fields' selections."""
    customer_label: object
    """What customers read, a lazy translation."""
    color: str
    """The colour of its badge for users, one of Bootstrap's."""
    customer_color: str = "info"
    """And for customers."""


# what needs doing first comes first
STATUSES = (
    Status("blocked", "Blocked", _lt("Delivered"), "danger"),
    Status("to_decide", "To Decide", _lt("Credited"), "warning"),
    Status("ready", "Ready", _lt("Delivered"), "info"),
    Status("drafted", "Drafted", _lt("Delivered"), "warning"),
    Status("overdue", "Overdue", _lt("To come"), "danger", "dark"),
    Status("running", "Running", _lt("To come"), "light", "dark"),
    Status("upcoming", "To come", _lt("To come"), "light", "dark"),
    Status("billed", "Billed", _lt("Invoiced"), "primary", "primary"),
    Status("paid", "Paid", _lt("Paid"), "success", "success"),
    Status("written_off", "Written Off", _lt("Cancelled"), "light", "dark"),
)
# of a stage billed to another customer: for customers alone
BILLED_EARLIER = Status("billed_earlier", "", _lt("Billed earlier"), "light", "dark")
STATUS_BY_KEY = {status.key: status for status in (*STATUSES, BILLED_EARLIER)}

BADGE_COLORS = {
    color: tuple(status.key for status in STATUSES if status.color == color)
    for color in {status.color: None for status in STATUSES}
    if color != "light"
}
"""The statuses of each colour but the neutral one."""

# overdue follows from the day and is never stored
STATUS_SELECTION = [(status.key, status.label) for status in STATUSES]
CONTRACT_STATE_SELECTION = [
    (key, label) for key, label in STATUS_SELECTION if key != "overdue"
]
LINE_STATE_SELECTION = [
    (key, label) for key, label in CONTRACT_STATE_SELECTION if key != "running"
]


def get_first_state(states):
    """Return the state of these that needs doing first, False for none.

    >>> get_first_state({"paid", "blocked", "upcoming"})
    'blocked'
    >>> get_first_state([False])
    False
    """
    return next((status.key for status in STATUSES if status.key in states), False)


def get_contract_state(states, is_billed):
    """Return the state of a contract or project whose lines have these states.

    It is *running* when its first is upcoming and something of it is billed.

    >>> get_contract_state({"upcoming", "paid"}, is_billed=True)
    'running'
    """

    state = get_first_state(states)
    return "running" if state == "upcoming" and is_billed else state
