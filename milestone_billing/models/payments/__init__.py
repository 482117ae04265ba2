from . import (
    account_bank_statement_line,
    account_move,
    milestone_billing_contract,
    milestone_billing_line,
)
