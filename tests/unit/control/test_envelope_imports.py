"""The gate knows no planner, no controller and no foreign code: what it stands on is itself and the standard library."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

GATE = {"control.envelope", "control.limits", "control.standing", "control.command", "control.mode", "perception.fields"}


def imported_by(module: str) -> set[str]:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    names: set[str] = set()
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


@pytest.mark.parametrize("module", sorted(GATE))
def test_the_gate_stands_on_itself_and_the_standard_library(module: str) -> None:
    imported = imported_by(module)

    assert imported
    assert {name for name in imported - GATE if name.split(".")[0] not in sys.stdlib_module_names} == set()
