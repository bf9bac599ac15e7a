"""The threat model names the tests that show what it says, and they are there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.readme_blocks import ROOT

_TABLE = (ROOT / "docs" / "security.md").read_text("utf-8").partition("## Threats")[2]
ROWS = [
    line.split(" | ")
    for line in _TABLE.partition("\n## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| Who, and what"))
]


def test_there_are_threats() -> None:
    assert len(ROWS) > 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip("| ")[:40])
def test_each_threat_is_met_by_tests_that_exist(row: list[str]) -> None:
    who, stops, rest, shown = row
    assert all(cell.strip("| ") for cell in (who, stops, rest))
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", shown)
    assert named
    missing = [f"{file}::{name}" for file, name in named if name not in _tests_of(file)]
    assert missing == []


@cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))
