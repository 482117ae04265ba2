from odoo import models


class AccountBankStatementLine(models.Model):
    """Nothing is undone of no statement line."""

    _inherit = "account.bank.statement.line"

    def action_undo_reconciliation(self):
        # EXTENDS 'account': core calls it for each journal item that it writes, which
        # takes a share of the time that an invoice takes, though there is nothing to do
        return self and super().action_undo_reconciliation()
