from . import (
    account_move,
    milestone_billing_contract,
    milestone_billing_line,
    project_milestone,
)
