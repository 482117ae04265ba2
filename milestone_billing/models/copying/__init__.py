from . import milestone_billing_contract, project_project
