"""The twenty points of the semantics, each with a file of its own: a test for each sentence.

What is expected was written by hand from the specification.
"""

from __future__ import annotations

from typing import Any

from bot.model import Decision
from tests.deciding import Bench

CHANNELS = """\
channels:
  dev: C0DEV0001
  ci: C0CI00001
  triage: C0TRIAGE1
  sec: {id: C0SEC0001, confidential: true}
people: {alice: U0ALICE01, bob: U0BOB0001}
hours: {work: {days: mon-fri, from: "09:00", to: "18:00"}}
"""


def bench(rules: str, **more: Any) -> Bench:
    """Monday, 2 March 2026, 10:00 UTC; each event takes five minutes."""
    return Bench(CHANNELS + rules, **more)


def outcomes(decision: Decision) -> dict[str, str]:
    """Of each candidate rule, with its reason."""
    return {
        one.rule: f"{one.outcome.value}: {one.reason}" if one.reason else one.outcome.value
        for one in decision.verdicts
    }


def heads(lines: list[str]) -> list[str]:
    """Verb and channel only."""
    return [line.partition(":")[0] for line in lines]
