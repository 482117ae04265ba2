from . import account_move_reversal, milestone_billing_decide, milestone_billing_part
