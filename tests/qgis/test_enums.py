"""Enumerations have their full names, which Qt 6 requires: Qt.CheckState.Checked, not Qt.Checked."""

from __future__ import annotations

import ast
import enum
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("plugin/*.py"), *ROOT.glob("processing_provider/*.py")])


def imported(tree):
    """The names that a module imports from QGIS and Qt."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "qgis":
            module = importlib.import_module(node.module)
            names |= {alias.asname or alias.name: getattr(module, alias.name) for alias in node.names}
    return names


def value_of(node, names):
    """The value of an expression `A.B.C`; None if it does not start with an imported name."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = value_of(node.value, names)
        return getattr(owner, node.attr, None) if isinstance(owner, type) else None
    return None


def short_names(source):
    """The members of enumerations without the name of their enumeration."""
    tree = ast.parse(source)
    names = imported(tree)
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner, value = value_of(node.value, names), value_of(node, names)
        is_member = isinstance(value, (int, enum.Enum)) and not isinstance(value, bool) and type(value) is not int
        if is_member and isinstance(owner, type) and type(value) is not owner:
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_enumerations_have_their_full_names(qgis, file):
    assert short_names(file.read_text(encoding="utf-8")) == []


def test_short_names_are_found(qgis):
    source = """
from qgis.core import Qgis, QgsProcessingParameterNumber as Number
from qgis.PyQt.QtCore import Qt
right = [Qt.CheckState.Checked, Number.Type.Integer, Qgis.MessageLevel.Info, Qt.CheckState.Checked.name, self.Checked]
wrong = [Qt.Checked, Qt.AlignTop | Qt.AlignLeft, Number.Integer]
"""
    assert sorted(short_names(source)) == ["Number.Integer", "Qt.AlignLeft", "Qt.AlignTop", "Qt.Checked"]
