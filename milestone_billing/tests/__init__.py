from . import test_allocation
from . import test_contract
from . import test_drafts
from . import test_invoice
from . import test_line_life
from . import test_performance
from . import test_tours
