"""Which events a hook is to bring: no more than the rules want."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from bot.app.triggers import RulesForHooks
from bot.model import Project
from bot.outside import EVERY_BRANCH, BranchFilter
from bot.rules.branches import branches_of
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


def filtered(rules: str, *, default: str = "main") -> BranchFilter:
    text = f"channels: {{dev: {{id: C0DEV0001}}}}\nrules: [{rules}]"
    book = Book(load({"rules.yaml": text}, "rules.yaml"))
    project = Project(id="1", path="shop/api", default_branch=default)
    return RulesForHooks(book).branches(project)


@pytest.mark.parametrize(
    ("rules", "branches"),
    [
        ("{on: push, branch: main, post: dev}", BranchFilter("wildcard", "main")),
        ("{on: push, branch: $default, post: dev}", BranchFilter("wildcard", "main")),
        ("{on: push, branch: release/*, post: dev}", BranchFilter("wildcard", "release/*")),
        ("{on: push, if: {branch: main}, post: dev}", BranchFilter("wildcard", "main")),
        (
            "{on: push, branch: [$default, hotfix.1], post: dev}",
            BranchFilter("regex", r"^(?:hotfix\.1|main)$"),
        ),
        (
            "{on: push, branch: main, post: dev}, {on: branch.deleted, branch: /^rc-/i, post: dev}",
            BranchFilter("regex", "^(?:main)$|(?i:^rc-)"),
        ),
        ("{on: push, branch: '**/x', post: dev}", BranchFilter("regex", "^(?:.*/)?x$")),
        # A branch of a merge request is no branch of a push.
        (
            "{on: push, branch: main, post: dev}, {on: mr, branch: stable, post: dev}",
            BranchFilter("wildcard", "main"),
        ),
        # The parent's, for its children.
        (
            "{on: push, branch: main, rules: [{if: {forced: true}, post: dev}, {post: dev}]}",
            BranchFilter("wildcard", "main"),
        ),
        # Each of the first's own.
        (
            "{on: push, first: [{branch: main, post: dev}, {branch: dev, post: dev}]}",
            BranchFilter("regex", "^(?:dev|main)$"),
        ),
    ],
)
def test_a_hook_brings_the_pushes_of_the_branches_that_rules_name(
    rules: str, branches: BranchFilter
) -> None:
    assert filtered(rules) == branches


@pytest.mark.parametrize(
    "rules",
    [
        "{on: push, post: dev}",
        "{on: push, branch: main, post: dev}, {on: any, post: dev}",
        "{on: push, branch: main, post: dev}, {on: unmatched, post: dev}",
        "{on: push, branch: main, post: dev}, {on: [tag, branch.created], post: dev}",
        "{on: push, branch: '!main', post: dev}",
        "{on: push, branch: {not: main}, post: dev}",
        "{on: push, branch: {starts: rel}, post: dev}",
        "{on: push, branch: set, post: dev}",
        "{on: push, if: 'branch == \"main\"', post: dev}",
        "{on: push, if: {any: [{branch: main}, {branch: dev}]}, post: dev}",
        "{on: push, first: [{branch: main, post: dev}, {post: dev}]}",
        # Nothing is filtered where no push is wanted.
        "{on: pipeline.broken, branch: main, post: dev}",
    ],
)
def test_a_hook_brings_every_push_where_any_branch_could_match(rules: str) -> None:
    assert filtered(rules) == EVERY_BRANCH


def test_the_default_branch_is_no_filter_where_it_is_not_known() -> None:
    assert filtered("{on: push, branch: $default, post: dev}", default="") == EVERY_BRANCH


NAMES = st.text(alphabet="ab/-.1", min_size=1, max_size=8).filter(lambda n: "//" not in n)
PATTERNS = st.lists(
    st.sampled_from(
        ["a", "a/b", "a/*", "a/**", "**/a", "**", "*", "a/**/b", "{a,b}/*", "a*b", "/^b/", "/A/i"]
    ),
    min_size=1,
    max_size=3,
)


@given(PATTERNS, NAMES)
def test_no_push_that_a_rule_wants_is_filtered_away(patterns: list[str], name: str) -> None:
    rules = load({"rules.yaml": _pushes(patterns)}, "rules.yaml").rules
    event = {"branch": name, "project": "shop/api", "default_branch": "main"}
    wanted = all(c.passed(event.get) for c in rules[0].conditions)
    found = branches_of(rules, "main")
    assert not wanted or _lets_through(found, name)


def _pushes(patterns: list[str]) -> str:
    rule = {"on": "push", "branch": patterns, "post": "dev"}
    return json.dumps({"channels": {"dev": {"id": "C0DEV0001"}}, "rules": [rule]})


def _lets_through(found: BranchFilter, name: str) -> bool:
    """As GitLab tells: of a wildcard each `*` is anything; RE2 searches."""
    if found.kind == "all":
        return True
    if found.kind == "wildcard":
        return re.fullmatch(re.escape(found.pattern).replace(r"\*", ".*"), name) is not None
    return re2.search(found.pattern, name) is not None
