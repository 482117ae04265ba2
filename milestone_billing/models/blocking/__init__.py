from . import (
    milestone_billing_contract,
    milestone_billing_decision,
    milestone_billing_line,
    project_milestone,
    project_project,
)
