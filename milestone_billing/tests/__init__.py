from . import (
    test_allocation,
    test_contract,
    test_drafts,
    test_invoice,
    test_line_life,
    test_performance,
    test_tours,
)
