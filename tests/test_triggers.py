"""Which triggers of a hook the rules need, at either forge."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot import events
from bot.app.triggers import HOOKED, RulesForHooks
from bot.rules.load import load
from bot.rules.ruleset import Ruleset


@dataclass
class Book:
    current: Ruleset


def triggers(rule: str, forge: str, project: str = "shop/api") -> set[str]:
    head = "channels: {dev: C0DEV0001}\npeople: {alice: U0ALICE01}\nrules:\n"
    ruleset = load({"rules.yaml": f"{head}- {rule}\n"}, "rules.yaml")
    return set(RulesForHooks(Book(ruleset)).triggers(project, forge))


@pytest.mark.parametrize(
    ("rule", "gitlab", "github"),
    [
        ("{on: push, post: dev}", {"push_events"}, {"push"}),
        ("{on: tag, post: dev}", {"tag_push_events"}, {"push"}),
        (
            "{on: mr.approved, post: dev}",
            {"merge_requests_events"},
            {"pull_request", "pull_request_review", "pull_request_review_thread"},
        ),
        ("{on: release, post: dev}", {"releases_events"}, {"release"}),
        ("{on: star, post: dev}", set(), {"star"}),
        ("{on: feature_flag, post: dev}", {"feature_flag_events"}, set()),
        ("{on: push, project: other/repo, post: dev}", set(), set()),
        ("{on: push, if: {forge: github}, post: dev}", set(), {"push"}),
        ("{on: push, if: {forge: gitlab}, post: dev}", {"push_events"}, set()),
        (
            "{on: issue.opened, confidential: true, dm: {to: {person: alice}}}",
            {"issues_events", "confidential_issues_events"},
            {"issues", "issue_dependencies", "sub_issues"},
        ),
    ],
)
def test_only_what_the_rules_want_is_asked_for(
    rule: str, gitlab: set[str], github: set[str]
) -> None:
    assert triggers(rule, "gitlab") == gitlab
    assert triggers(rule, "github") == github


@pytest.mark.parametrize("forge", ["gitlab", "github"])
def test_any_is_everything_that_is_open_and_told_once(forge: str) -> None:
    hooked = HOOKED[forge]
    assert triggers("{on: any, post: dev}", forge) == hooked.open - hooked.echoes


@pytest.mark.parametrize("forge", ["gitlab", "github"])
def test_a_card_needs_pipelines_too(forge: str) -> None:
    hooked = HOOKED[forge]
    wanted = triggers("{on: mr, card: dev}", forge)
    pipelines = hooked.of(events.SPECS["pipeline"], frozenset())
    assert (pipelines & hooked.every) - hooked.echoes <= wanted


@pytest.mark.parametrize(
    ("forge", "word"), [("gitlab", "note_events"), ("github", "pull_request_review_comment")]
)
def test_a_card_of_merge_requests_needs_comments_for_its_open_threads(
    forge: str, word: str
) -> None:
    assert word in triggers("{on: mr, card: dev}", forge)
    assert word in triggers("{on: [push, mr.opened], card: dev}", forge)
    assert word not in triggers("{on: deployment, card: dev}", forge)
    assert word not in triggers("{on: mr, post: dev}", forge)


@pytest.mark.parametrize("forge", ["gitlab", "github"])
def test_no_rule_asks_for_what_a_projects_hook_cannot_have(forge: str) -> None:
    for spec in events.ALL:
        for name in spec.names:
            assert triggers(f"{{on: {name.name}, post: dev}}", forge) <= HOOKED[forge].every


def test_projects_that_rules_name_are_listed_once() -> None:
    rules = """
channels: {dev: C0DEV0001}
rules:
- {on: push, project: shop/api, post: dev}
- {on: mr, project: [shop/api, shop/web, "shop/*"], post: dev}
- {on: issue, post: dev}
"""
    ruleset = load({"rules.yaml": rules}, "rules.yaml")
    assert RulesForHooks(Book(ruleset)).projects() == ("shop/api", "shop/web")
