from . import (
    milestone_billing_contract,
    milestone_billing_digest,
    milestone_billing_digest_note,
    milestone_billing_line,
    milestone_billing_timeline,
    project_milestone,
    res_company,
    res_config_settings,
)
