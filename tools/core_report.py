#!/usr/bin/env python3
"""List the failed tests of a log of Odoo, or compare two such lists.

core_report.py list LOG: one sorted line for each failed test
core_report.py compare WITHOUT WITH: exit code 1 when a test fails only with the addon
"""

import re
import sys
from pathlib import Path

from test_report import TOTAL

FAILURE = re.compile(
    r"^\S+ \S+ \d+ ERROR \S+ (?:odoo\.addons\.)?(\S+): (?:FAIL|ERROR): (?:Subtest )?(.+)$"
)


def list_failures(log):
    lines = Path(log).read_text(errors="replace").splitlines()
    failures = {
        f"{match[1]}: {match[2]}" for match in map(FAILURE.match, lines) if match
    }
    print("\n".join(sorted(failures)))
    counts = [match for match in map(TOTAL.search, lines) if match]
    return not counts or counts[-1][3] == "0"


def compare(without, with_addon):
    lists = []
    for title, path in (("without", without), ("with", with_addon)):
        failures = [line for line in Path(path).read_text().splitlines() if line]
        print(f"\nFailing {title} the addon ({len(failures)}), {path}:")
        print("".join(f"  {failure}\n" for failure in failures), end="")
        lists.append(set(failures))
    broken = sorted(lists[1] - lists[0])
    print(f"\nFailing only with the addon: {len(broken)}")
    print("".join(f"  {failure}\n" for failure in broken), end="")
    return bool(broken)


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    sys.exit({"list": list_failures, "compare": compare}[command](*paths))
