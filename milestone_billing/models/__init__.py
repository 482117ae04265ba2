# before the models that inherit it
from . import milestone_billing_read_only_mixin  # isort: skip

# the company's column is there before existing projects take their default from it
from . import res_company  # isort: skip

from . import (
    account_edi_xml_cii,
    account_edi_xml_ubl_bis3,
    account_move,
    account_move_line,
    account_move_send,
    milestone_billing_decision,
    milestone_billing_line,
    milestone_billing_line_document,
    milestone_billing_line_portal,
    project_milestone,
    project_milestone_acceptance,
    project_project,
    project_project_acceptance,
    project_project_document,
    project_project_portal,
    res_config_settings,
    res_currency,
)
