from . import (
    account_move_reversal,
    milestone_billing_decide,
    milestone_billing_part,
    milestone_billing_postpone,
    milestone_billing_setup,
    milestone_billing_setup_stage,
)

# extends the preview
from . import milestone_billing_setup_paste  # isort: skip
