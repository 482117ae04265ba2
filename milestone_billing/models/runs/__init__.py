from . import (
    milestone_billing_line,
    milestone_billing_run,
    milestone_billing_run_item,
    project_milestone,
)
