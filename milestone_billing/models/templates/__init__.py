from . import (  # isort: skip
    milestone_billing_stage_mixin,
    milestone_billing_template,
    milestone_billing_template_stage,
)
from . import (  # isort: skip
    milestone_billing_contract,
    milestone_billing_line,
    project_project,
    res_company,
    res_config_settings,
)
