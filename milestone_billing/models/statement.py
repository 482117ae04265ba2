"""The frozen billing schedule of a document, as every reader of it may rely on: pure.

A posted document keeps its schedule as JSON. What was frozen by an earlier version, or
is damaged, must neither stop a print nor the job that sends others behind it.
"""

from datetime import date

VERSION = 2

AMOUNTS = (
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
    :return: a dictionary; False where nothing can be read from it

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
            _read_stage(stage)
            for stage in _read_list(frozen.get("stages"))
            if isinstance(stage, dict)
        ],
        **{key: _read_amount(frozen.get(key)) or 0.0 for key in AMOUNTS},
        **{key: _read_amount(frozen.get(key)) for key in GROSS_AMOUNTS},
        "has_gross": bool(frozen.get("has_gross")),
        "is_final": bool(frozen.get("is_final")),
    }


def _read_stage(stage):
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
