from . import account_move_reversal, milestone_billing_decide
