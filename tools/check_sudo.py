#!/usr/bin/env python3
"""Tell where a function calls sudo() and no comment or docstring in it says why."""

import ast
import sys
from pathlib import Path


def is_sudo(node):
    """Whether a node is a call of sudo() that may give rights: sudo(flag) need not."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sudo"
        and not node.args
    )


def find_unexplained(path):
    """Yield the line of the first sudo() of each function that explains none."""
    source = Path(path).read_text()
    lines = source.splitlines()
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        calls = [node.lineno for node in ast.walk(function) if is_sudo(node)]
        comments = (
            line.partition("#")[2]
            for line in lines[function.lineno - 1 : function.end_lineno]
        )
        said = [*comments, ast.get_docstring(function) or ""]
        if calls and not any("sudo" in text for text in said):
            yield calls[0]


def main(paths):
    found = [(path, line) for path in paths for line in find_unexplained(path)]
    for path, line in found:
        print(f"{path}:{line}: why is this sudo() safe? (# sudo: …)")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
