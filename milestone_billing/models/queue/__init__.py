from . import (
    account_journal,
    account_move,
    milestone_billing_contract,
    milestone_billing_line,
    milestone_billing_line_cure,
)
