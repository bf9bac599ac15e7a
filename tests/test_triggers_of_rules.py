"""Which events a hook is to bring: no more than the rules want."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.app.triggers import RulesForHooks
from bot.rules.load import load
from bot.rules.ruleset import Ruleset


@dataclass(frozen=True)
class Book:
    current: Ruleset


def wanted(on: str, *, forge: str = "github", more: str = "") -> frozenset[str]:
    channel = "channels: {dev: {id: C0DEV0001, confidential: true}}\n"
    rules = load({"rules.yaml": f"{channel}rules: [{{on: {on}, post: dev{more}}}]"}, "rules.yaml")
    return RulesForHooks(Book(rules)).triggers("shop/api", forge)


@pytest.mark.parametrize(
    ("on", "events"),
    [
        ("star", {"star"}),
        ("star.echoed", {"star", "watch"}),
        ("project", {"repository", "repository_import"}),
        ("label", {"label"}),
        ("package.published", {"package"}),
        (
            "protection",
            {"branch_protection_rule", "branch_protection_configuration", "repository_ruleset"},
        ),
        ("advisory.published", {"repository_advisory"}),
        ("[label, fork]", {"label", "fork"}),
        ("issue.closed", {"issues", "sub_issues", "issue_dependencies"}),
    ],
)
def test_a_rule_brings_what_tells_of_its_events_and_nothing_twice(
    on: str, events: set[str]
) -> None:
    assert wanted(on) == events


def test_leaked_secrets_come_only_for_rules_that_ask_for_confidential_events() -> None:
    assert wanted("vulnerability") >= {"dependabot_alert", "code_scanning_alert"}
    assert not any(event.startswith("secret_") for event in wanted("vulnerability"))
    secret = wanted("vulnerability", more=", confidential: true")
    assert "secret_scanning_alert" in secret
    assert wanted("vulnerability.leaked", more=", confidential: true") == {"secret_scanning_alert"}


def test_a_rule_for_every_event_wants_none_of_them_twice() -> None:
    assert "star" in wanted("any")
    assert wanted("any") & {"watch", "public", "team_add"} == set()


def test_gitlab_is_asked_for_confidential_twins_as_before() -> None:
    assert wanted("issue.opened", forge="gitlab") == {"issues_events"}
    twins = wanted("issue.opened", forge="gitlab", more=", confidential: true")
    assert twins == {"issues_events", "confidential_issues_events"}
