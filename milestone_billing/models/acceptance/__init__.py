# before the models that inherit it
from . import milestone_billing_acceptance_mixin  # isort: skip

from . import (
    milestone_billing_contract,
    milestone_billing_line,
    project_milestone,
    project_milestone_answer,
)
