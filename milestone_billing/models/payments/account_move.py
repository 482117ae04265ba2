from collections import defaultdict

from odoo import models

from ..settlement import settle


class AccountMove(models.Model):
    """What became of the money that documents ask for, family by family."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # BUSINESS: families of documents
    # -------------------------------------------------------------------------

    def _get_milestone_families(self):
        """Return the families of these documents with what became of their totals.

        A family is an invoice and the credit notes that reverse it, as far as they are
        posted. All amounts are in the documents' currency, with taxes, credits less.

        :return: a list of ``(documents, total, residual, received)``
        """
        families = []
        roots = {move._get_milestone_family_root() for move in self}
        for root in sorted(roots, key=lambda move: move.id):
            family = root
            newest = root
            while newest := newest.reversal_move_ids - family:
                family |= newest
            family = family.filtered(lambda move: move.state == "posted").sorted("id")
            if family:
                families.append(
                    (
                        family,
                        family._sum_milestone_signed("amount_total"),
                        family._sum_milestone_signed("amount_residual"),
                        sum(move._get_milestone_received() for move in family),
                    )
                )
        return families

    def _sum_milestone_signed(self, fname):
        """Return the sum of an amount of these documents, credits less."""
        return sum(
            -move[fname] if move.move_type == "out_refund" else move[fname]
            for move in self
        )

    def _get_milestone_settlements(self):
        """Return what became of what the families of these documents bill.

        :return: for each family, by its posted documents, a dictionary of
            :class:`Settlement` by milestone line; net, in the documents' currency
        """
        settlements = {}
        for family, total, residual, received in self._get_milestone_families():
            nets = {}
            for move_line in family.line_ids.sorted("id"):
                if line := move_line.milestone_billing_line_id:
                    # the last linked one takes the rounding
                    net = nets.pop(line, 0.0) + move_line._get_milestone_net()
                    nets[line] = net
            settlements[family] = settle(
                nets, total, residual, received, family.currency_id.round
            )
        return settlements

    def _get_milestone_settlements_by_line(self):
        """Return the settlements of these documents' families by milestone line.

        :return: ``{line: [Settlement, …]}``, of lines that posted documents bill
        """
        by_line = defaultdict(list)
        posted = self.filtered(lambda move: move.state == "posted")
        for shares in posted._get_milestone_settlements().values():
            for line, settlement in shares.items():
                by_line[line].append(settlement)
        return by_line

    def _get_milestone_received(self):
        """Return the money that came in for this document, less what went out.

        By payments and bank statement lines, in the document's currency, with taxes:
        of what they settle, the part that is money and no discount or write-off.
        """
        self.ensure_one()
        received = 0.0
        for line in self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ):
            for partial in line.matched_credit_ids:
                other = partial.credit_move_id.move_id
                received += (
                    partial.debit_amount_currency * other._get_milestone_liquidity()
                )
            for partial in line.matched_debit_ids:
                other = partial.debit_move_id.move_id
                received -= (
                    partial.credit_amount_currency * other._get_milestone_liquidity()
                )
        return received

    def _get_milestone_liquidity(self):
        """Return which share of what this entry settles is money, at most 1.

        0 for what is neither a payment's entry nor a bank statement line's.
        """
        self.ensure_one()
        source = self.origin_payment_id or self.statement_line_id
        if not source:
            return 0.0
        liquidity = source._seek_for_lines()[0]
        settled = self.line_ids.filtered(
            lambda line: (
                line.account_id.account_type
                in ("asset_receivable", "liability_payable")
                and line not in liquidity
            )
        )
        total = abs(sum(settled.mapped("balance")))
        money = abs(sum(liquidity.mapped("balance")))
        return min(money / total, 1.0) if total else 0.0
