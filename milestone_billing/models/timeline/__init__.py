from . import (
    milestone_billing_contract,
    milestone_billing_line,
    milestone_billing_timeline,
    project_project,
)
