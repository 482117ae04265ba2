from . import (
    milestone_billing_change,
    milestone_billing_contract,
)
