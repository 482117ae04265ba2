import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

MODELS = Path(__file__).parents[1] / "models"
# names that core or Python has, too
OF_CORE = {"activity_ids", "company_ids", "days", "journal_id", "message_ids"}


def read_rooms():
    """Return the packages in the order of their import, the root first, as ``""``."""
    tree = ast.parse((MODELS / "__init__.py").read_text())
    names = [alias.name for node in tree.body for alias in node.names]
    return ["", *(name for name in names if (MODELS / name).is_dir())]


def get_room(path):
    return "" if path.parent == MODELS else path.parent.name


class Names(ast.NodeVisitor):
    """The fields and methods that a file defines, and the names that it uses."""

    def __init__(self, path):
        self.defined = set()
        self.used = set()
        self.visit(ast.parse(path.read_text()))

    def visit_ClassDef(self, node):
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                self.defined.add(item.name)
            elif isinstance(item, ast.Assign):
                self.defined.update(target.id for target in item.targets)
        self.generic_visit(node)

    def visit_Attribute(self, node):
        self.used.add(node.attr)
        self.generic_visit(node)

    def visit_Constant(self, node):
        # paths of fields, as depends, mapped and domains name them
        if isinstance(node.value, str):
            self.used.update(node.value.split("."))


@tagged("post_install", "-at_install")
class TestLayout(BaseCase):
    """A package by subject uses the root and those above it; the root uses none."""

    def test_rooms_use_only_what_stands_above_them(self):
        rooms = read_rooms()
        files = {path: Names(path) for path in MODELS.rglob("*.py")}
        homes = {}
        for path, names in files.items():
            for name in names.defined:
                homes.setdefault(name, set()).add(get_room(path))
        for path, names in files.items():
            allowed = set(rooms[: rooms.index(get_room(path)) + 1])
            foreign = {
                name: sorted(homes[name])
                for name in names.used - OF_CORE
                if name in homes and not homes[name] & allowed
            }
            self.assertFalse(foreign, f"{path.relative_to(MODELS)} uses a later room")

    def test_every_room_is_imported(self):
        rooms = {get_room(path) for path in MODELS.rglob("*.py")}
        self.assertEqual(rooms, set(read_rooms()))
