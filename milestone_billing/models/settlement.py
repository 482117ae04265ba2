"""How much of a stage is unpaid, settled and paid: pure, without a database.

A *family* is an invoice and the credit notes that reverse it, posted. All amounts of a
family are signed: what a credit note says counts as less. Amounts of stages are net,
those of documents include taxes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of the net that one family bills of one stage."""

    net: float = 0.0
    unpaid: float = 0.0
    paid: float = 0.0
    """The money received for it, net."""

    @property
    def settled(self):
        """What is no longer due, however that came about."""
        return self.net - self.unpaid


def settle(nets, total, residual, received, round_amount):
    """Share what is due and what was received of a family among its stages.

    :param dict nets: the net of each stage; the last one takes the rounding
    :param float total: what the documents of the family ask for
    :param float residual: what is still due of it
    :param float received: the money that came in for it
    :param round_amount: rounds an amount to the currency
    :return: the :class:`Settlement` of each stage

    Stages of 4,000 at 20 % and 2,000 at 0 % on one invoice, 1,000 of the first
    credited, 2,300 of the 5,600 that are left paid:

    >>> shares = settle({"A": 3000, "B": 2000}, 5600, 3300, 2300, lambda x: round(x, 2))
    >>> [(share.unpaid, round(share.paid, 2)) for share in shares.values()]
    [(1767.86, 1232.14), (1178.57, 821.43)]
    """

    due_ratio = residual / total if round_amount(total) else 0.0
    gone = total - residual
    paid_ratio = received / gone if round_amount(gone) else 0.0
    unpaid = {stage: round_amount(net * due_ratio) for stage, net in nets.items()}
    if unpaid:
        last = next(reversed(unpaid))
        others = sum(unpaid.values()) - unpaid[last]
        unpaid[last] = round_amount(
            round_amount(sum(nets.values()) * due_ratio) - others
        )
    return {
        stage: Settlement(
            net=net,
            unpaid=unpaid[stage],
            paid=round_amount((net - unpaid[stage]) * paid_ratio),
        )
        for stage, net in nets.items()
    }
