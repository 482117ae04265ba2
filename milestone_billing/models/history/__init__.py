from . import account_move, milestone_billing_contract
