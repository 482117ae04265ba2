"""What blocks a line: one sentence a code, with the cure."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# results of an attempt, not of a check: they stand until somebody tries or checks anew
FAILURES = ("refused", "failed")

# what blocks a line, by the code that a check records with the arguments
REASONS = {
    "over_scheduled": _lt(
        "The schedule is over-scheduled by %(amount)s: lower the lines or raise"
        " the contract sum."
    ),
    "unscheduled": _lt(
        "%(amount)s of the contract sum is unscheduled: add it to a line before"
        " the final is billed."
    ),
    "no_sum": _lt(
        "The contract sum is not entered, of which %(line)s is a percentage:"
        " enter it in the contract."
    ),
    "template": _lt("A project template is not billed."),
    "archived_contract": _lt(
        "The contract or its project is archived: unarchive it first."
    ),
    "no_customer": _lt("The contract has no customer: set one on the contract."),
    "no_journal": _lt(
        "%(company)s has no sales journal: create one, or choose one in the contract."
    ),
    "no_account": _lt(
        "No income account is set: set one on the product %(product)s or on the"
        " journal %(journal)s."
    ),
    "currency_off": _lt(
        "The currency %(record)s is switched off: activate it in the accounting"
        " settings."
    ),
    "language_off": _lt(
        "The language %(language)s of %(record)s is not installed: install it,"
        " or choose another for the customer."
    ),
    "archived": _lt("%(record)s is archived: unarchive it or choose another."),
    "other_company": _lt(
        "%(record)s belongs to another company than %(company)s, which makes"
        " the invoice: choose one of that company."
    ),
    "sales_order": _lt(
        "%(order)s bills this project, too: bill %(line)s by the order, or say"
        " in the contract that both are right."
    ),
    "refused": _lt("Odoo refused the invoice of %(line)s: %(message)s"),
}
# for what another addon raised, too
FAILED = _lt(
    "The invoice of %(line)s could not be made: see the server's log, mend the"
    " cause and create the draft again."
)
# the same as half a sentence, where it names neither the customer nor a document of theirs
CAUSES = {
    "archived_contract": _lt("the contract or its project is archived"),
    "no_account": _lt("no income account is set"),
    "no_customer": _lt("the contract has no customer"),
    "no_journal": _lt("there is no sales journal"),
    "no_sum": _lt("the contract sum is not entered"),
    "template": _lt("a project template is not billed"),
}
# what is billed by nobody: there is nothing to cure
NOT_BILLED = ("archived_contract", "template")
