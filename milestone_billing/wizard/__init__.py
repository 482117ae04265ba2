from . import mail_compose_message, milestone_billing_decide
