from . import (
    account_move,
    account_move_line,
    milestone_billing_contract,
    milestone_billing_line,
    project_milestone,
    project_project,
)
