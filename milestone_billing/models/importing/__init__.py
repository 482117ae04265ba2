from . import milestone_billing_contract, milestone_billing_line, project_project
