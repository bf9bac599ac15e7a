"""Loading rules written in a test, and reading one field's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import RulesError
from bot.model import Level
from bot.rules.load import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.actions.spec import Lookup
    from bot.model import Fault, Value
    from bot.rules.ruleset import Rule, Ruleset

HEAD = """\
channels:
  dev: C0DEV0001
  ci: C0CI00001
  triage: C0TRIAGE1
  releases: C0REL0001
  security: {id: C0SEC0001, confidential: true}
people: {alice: U0ALICE01}
groups: {payments-leads: S0PAYLEAD}
hours: {work: {days: mon-fri, from: "09:00", to: "18:00"}}
"""


def loaded(text: str, *, head: str = HEAD, **others: str) -> Ruleset:
    """The ruleset of a text below the usual channels; `others`: included files."""
    files = {"rules.yaml": head + text, **{_path(k): v for k, v in others.items()}}
    return load(files, "rules.yaml")


def _path(word: str) -> str:
    return f"rules.d/{word}.yaml"


def only_rule(text: str) -> Rule:
    (rule,) = loaded(text).rules
    return rule


def errors_of(text: str, *, head: str = HEAD, **others: str) -> tuple[Fault, ...]:
    try:
        loaded(text, head=head, **others)
    except RulesError as error:
        return tuple(fault for fault in error.faults if fault.level is Level.ERROR)
    return ()


def texts_of(faults: tuple[Fault, ...]) -> list[str]:
    return [fault.text for fault in faults]


def looking(values: Mapping[str, Value]) -> Lookup:
    return values.get


def holds(rule: Rule, values: Mapping[str, Value]) -> bool:
    return all(condition.passed(values.get) for condition in rule.conditions)
