from . import milestone_billing_decide
