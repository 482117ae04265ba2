from . import (
    account_move,
    account_move_line,
    account_move_send,
    milestone_billing_contract,
    milestone_billing_line,
    project_milestone,
)
