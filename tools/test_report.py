#!/usr/bin/env python3
"""Show what failed in Odoo's logs of test runs, and count.

The last line is `N passed, N failed`. The exit code is 1 when a test failed or when a
run has no test at all.
"""

import re
import sys
from datetime import datetime
from pathlib import Path

RECORD = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d [\d:]+),\d+ \d+ (?P<level>\w+) \S+ (?P<logger>\S+): (?P<text>.*)",
    re.DOTALL,
)
TOTAL = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
FAILURE = re.compile(r"(?:FAIL|ERROR): ")


def read_records(path):
    """Yield the level and text of each record, with the lines that follow it."""
    lines = []
    for line in Path(path).read_text(errors="replace").splitlines(keepends=True):
        if RECORD.match(line) and lines:
            yield "".join(lines)
            lines = []
        lines.append(line)
    yield "".join(lines)


def summarize(path):
    """Print the failures and skipped tests of one log; return (passed, failed)."""
    failed = total = skipped = 0
    times = []
    for record in read_records(path):
        match = RECORD.match(record)
        if not match:
            continue
        times.append(datetime.fromisoformat(match["time"]))
        text = match["text"]
        if match["level"] == "ERROR" and FAILURE.match(text):
            print(text)
        elif text.startswith("skipped ") and ".tests." in match["logger"]:
            skipped += 1
            print(text.strip())
        elif text.startswith("Retrying a failed test"):
            print(text.strip())
        elif counts := TOTAL.search(text):
            failures, errors, total = map(int, counts.groups())
            failed = failures + errors
    passed = max(total - failed - skipped, 0)
    seconds = (max(times) - min(times)).seconds if times else 0
    print(
        f"{Path(path).stem}: {passed} passed, {failed} failed, {skipped} skipped"
        f" in {seconds} s"
    )
    return passed, failed


def main(paths):
    results = [summarize(path) for path in paths]
    print(
        f"{sum(passed for passed, _failed in results)} passed,"
        f" {sum(failed for _passed, failed in results)} failed"
    )
    return any(failed or not passed for passed, failed in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
