from . import (
    milestone_billing_change,
    milestone_billing_change_approval,
    milestone_billing_change_preview,
    milestone_billing_contract,
    milestone_billing_line,
)
