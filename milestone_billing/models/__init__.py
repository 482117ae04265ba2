# before the models that inherit it
from . import milestone_billing_columns_mixin  # isort: skip
from . import milestone_billing_overdue_mixin  # isort: skip
from . import milestone_billing_rights_mixin  # isort: skip
from . import milestone_billing_rows_mixin  # isort: skip
from . import milestone_billing_sealed_mixin  # isort: skip

from . import (  # isort: skip
    account_move,
    account_move_line,
    milestone_billing_contract,
    milestone_billing_line,
    project_milestone,
    project_project,
    res_company,
    res_config_settings,
    res_users,
)

# by subject: each uses the root and those above it, the root none
from . import milestones  # isort: skip
from . import guards  # isort: skip
from . import decisions  # isort: skip
from . import payments  # isort: skip
from . import numbering  # isort: skip
from . import invoicing  # isort: skip
from . import blocking  # isort: skip
from . import change_order  # isort: skip
from . import drafting  # isort: skip
from . import queue  # isort: skip
from . import answers  # isort: skip
from . import runs  # isort: skip
from . import sales  # isort: skip
from . import documents  # isort: skip
from . import openings  # isort: skip
from . import parts  # isort: skip
from . import portal  # isort: skip
from . import acceptance  # isort: skip
from . import change_signing  # isort: skip
from . import contract_signing  # isort: skip
from . import overview  # isort: skip
from . import timeline  # isort: skip
from . import triggers  # isort: skip
from . import digest  # isort: skip
from . import profitability  # isort: skip
from . import templates  # isort: skip
from . import copying  # isort: skip
from . import history  # isort: skip
from . import pasting  # isort: skip
from . import importing  # isort: skip
