from . import account_move
from . import account_move_line
from . import milestone_billing_line
from . import project_milestone
from . import project_project
