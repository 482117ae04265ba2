from . import account_move, mail_message, milestone_billing_contract
