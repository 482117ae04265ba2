from . import (
    account_edi_xml_cii,
    account_edi_xml_ubl_bis3,
    account_move,
    mail_render_mixin,
    milestone_billing_contract,
    milestone_billing_line,
    res_currency,
)
