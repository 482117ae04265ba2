from . import (
    milestone_billing_line,
    milestone_billing_timeline,
    project_milestone,
    project_task,
)
