from . import (
    account_move,
    milestone_billing_contract,
    milestone_billing_contract_deposit,
    milestone_billing_contract_signature,
    project_milestone,
)
