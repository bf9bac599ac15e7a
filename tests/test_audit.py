"""The pins of the packages the project is built of."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from tests.audit import CONSTRAINTS, faults, pins, wanted
from tests.audit.__main__ import told

HASH = f"--hash=sha256:{'0' * 64}"
SILENT = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'"
WITHDRAWN = (
    "WARNING: The candidate selected for download or install is a yanked version: 'a' candidate"
    " (version 1.2 at file:///wheels/a.whl (from file:///wheels/a.html))\n"
    "Reason for being yanked: broken"
)


def test_every_package_is_pinned_by_hash() -> None:
    held = pins(CONSTRAINTS.read_text("utf-8"))
    assert len(held) > 60
    assert faults(held, wanted()) == []


@pytest.mark.parametrize(
    ("held", "asked", "fault"),
    [
        (f"a>=1 {HASH}", "a", "not pinned to one version"),
        ("a==1", "a", "no hash"),
        ("a==1 --hash=md5:00", "a", "no strong hash"),
        (f"b==1 {HASH}", "a", "not in constraints.txt"),
        (f"a==1 \\\n    {HASH}", "a>=2", "constraints.txt has 1"),
    ],
)
def test_what_is_wrong_with_a_pin_is_told(held: str, asked: str, fault: str) -> None:
    [said] = faults(pins(held), [Requirement(asked)])
    assert fault in said


@pytest.mark.parametrize(
    ("said", "code", "found", "unknown"),
    [
        ("", 0, [], None),
        (WITHDRAWN, 0, ["a 1.2: withdrawn by its makers"], None),
        (
            "ERROR: No matching distribution found for a==1.2",
            1,
            ["a==1.2: not in the index any more"],
            None,
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            1,
            ["a package is not what was pinned: its hash is another one"],
            None,
        ),
        # Without its index pip finds nothing, which says nothing of the packages.
        (
            f"{SILENT}\nERROR: No matching distribution found for a==1.2",
            1,
            [],
            "the package index does not answer",
        ),
        ("timed out", -1, [], "the package index does not answer"),
    ],
)
def test_what_pip_says_is_understood(
    said: str, code: int, found: list[str], unknown: str | None
) -> None:
    assert told(said, code) == (found, unknown)
