from . import (
    account_move,
    account_move_line,
    account_move_send,
    milestone_billing_decision,
    milestone_billing_line,
    project_milestone,
    project_project,
    res_company,
    res_config_settings,
)
