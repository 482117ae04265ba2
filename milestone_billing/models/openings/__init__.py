from . import milestone_billing_line, milestone_billing_opening
