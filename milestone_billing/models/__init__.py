# before the models that inherit it
from . import milestone_billing_overdue_mixin  # isort: skip
from . import milestone_billing_rights_mixin  # isort: skip
from . import milestone_billing_sealed_mixin  # isort: skip

from . import (
    account_edi_xml_cii,
    account_edi_xml_ubl_bis3,
    account_move,
    account_move_line,
    account_move_send,
    account_move_statement,
    mail_render_mixin,
    milestone_billing_contract,
    milestone_billing_contract_acceptance,
    milestone_billing_contract_document,
    milestone_billing_contract_portal,
    milestone_billing_decision,
    milestone_billing_line,
    milestone_billing_line_call,
    milestone_billing_line_check,
    milestone_billing_line_document,
    milestone_billing_line_draft,
    milestone_billing_line_portal,
    milestone_billing_line_statement,
    project_milestone,
    project_milestone_acceptance,
    project_project,
    project_project_portal,
    res_company,
    res_config_settings,
    res_currency,
    res_users,
)
