from odoo import api, models

from ..guarded_fields import Amount


class MilestoneBillingContract(models.Model):
    """What was written off lowers the contract sum to date."""

    _inherit = "milestone.billing.contract"

    amount_written_off = Amount(
        string="Written Off",
        compute="_compute_amount_to_date",
        store=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("line_ids.amount_written_off")
    def _compute_amount_to_date(self):
        res = super()._compute_amount_to_date()
        for contract in self:
            written_off = sum(contract.line_ids.mapped("amount_written_off"))
            contract.amount_written_off = written_off
            contract.amount_to_date -= written_off
        return res

    # -------------------------------------------------------------------------
    # BUSINESS: what a change moves, and its log
    # -------------------------------------------------------------------------

    def _get_planned(self):
        """Return what each line of these contracts plans, as a dictionary."""
        return {line: line.amount_planned for line in self.line_ids}

    def _get_moves_since(self, before):
        """Return in figures what was moved since ``before``: old → new of each line.

        :param dict before: what each line planned then, as :meth:`_get_planned` said
        :return: a list of texts
        """
        compare = self._get_currency().compare_amounts
        return [
            self._get_move_text(line.name, before[line], line.amount_planned)
            for line in self._get_schedule()
            if line in before and compare(before[line], line.amount_planned)
        ]

    def _get_currency(self):
        """Return the currency of the contract, also while it is being entered."""
        return self.currency_id or self.env.company.currency_id

    def _get_move_text(self, name, old, new):
        """Return the change of one amount: what it is of, old → new."""
        return self.env._(
            "%(name)s %(old)s → %(new)s",
            name=name,
            old=self._format_contract_amount(old),
            new=self._format_contract_amount(new),
        )

    def _log_change(self, body):
        """Log a change of the schedule, or a decision: the page lists them.

        To be called with sudo: the log is kept whoever makes the change.
        """
        subtype = self.env.ref("milestone_billing.mt_schedule_change")
        self._message_log(body=body).subtype_id = subtype

    def _log_decisions(self, messages, planned):
        """Log what was decided on lines of this contract, and what that moved.

        To be called with sudo, as :meth:`_log_change`.

        :param list messages: what was decided, one text a decision
        :param dict planned: what each line planned before, as :meth:`_get_planned` said
        """
        self.ensure_one()
        moves = "; ".join(self._get_moves_since(planned))
        for message in messages[:-1] if moves else messages:
            self._log_change(message)
        if moves:
            self._log_change(
                self.env._(
                    "%(decision)s (%(moves)s)", decision=messages[-1], moves=moves
                )
            )
