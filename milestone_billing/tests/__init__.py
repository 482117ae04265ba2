from . import (
    test_allocation,
    test_automation,
    test_contract,
    test_decisions,
    test_drafts,
    test_invoice,
    test_line_life,
    test_performance,
    test_screens,
    test_statement,
    test_tours,
)
from . import test_concurrency
