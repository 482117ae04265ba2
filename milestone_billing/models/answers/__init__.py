from . import milestone_billing_line, project_milestone
