"""Explain: every condition is shown, and the verdict is that of the walk that decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import events
from bot.errors import RulesError
from bot.model import DeliveryId, Outcome
from bot.rules.decide import Surroundings, lookup_of
from bot.rules.explain import Explained, Line, explain
from bot.rules.remembered import Playback
from tests.deciding import START, event_of
from tests.rules.rules_text import loaded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.model import Event
    from bot.rules.ruleset import Ruleset

NAMES = ("push", "mr.opened", "mr.labeled", "pipeline.failed", "issue.opened", "comment.mr")
ON = st.sampled_from([*NAMES, "any", "any", "any", "mr", "issue", "pipeline.broken"])
PROJECTS = ["shop/api", "shop/api", "**", "shop/*", "shop/**", "other/x", "!shop/api", "{shop,x}/*"]
LEAVES = st.sampled_from(
    [
        "{bot: false}", "{bot: true}", "{actor: alice}", "{actor: [bob, '!alice']}",
        "{actor: 'a*'}", "{default_branch: main}", "{title: set}", "{title: unset}",
        "{title: {not: {contains: a}}}", "{title: /search/i}", "{visibility: {not: private}}",
        "{payload.object_kind: push}", "{payload.nothing: x}", "{labels: feature}",
        "{labels: {none: [feature]}}", "{branch: $default}", "{url: {starts: http}}",
    ]
)  # fmt: skip
TERMS = st.sampled_from(
    [
        "bot", "not bot", 'actor == "alice"', 'actor != "alice"', 'title == "x"', "len(title) > 3",
        'project in ["shop/api"]', 'payload.object_kind == "push"', 'default_branch == "main"',
        'visibility != "private"', "len(labels) >= 1", '"feature" not in labels',
    ]
)  # fmt: skip


def nests(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        some.map(lambda parts: f"{{any: [{', '.join(parts)}]}}"),
        some.map(lambda parts: f"{{all: [{', '.join(parts)}]}}"),
        inner.map(lambda part: f"{{not: {part}}}"),
    )


def sentences(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map(" and ".join),
        st.tuples(inner, inner).map(" or ".join),
        inner.map(lambda part: f"not ({part})"),
        inner.map(lambda part: f"({part})"),
    )


CONDITIONS = st.one_of(
    st.recursive(LEAVES, nests, max_leaves=5),
    st.recursive(TERMS, sentences, max_leaves=5).map(lambda text: f"'{text}'"),
)
EVENTS = st.tuples(
    st.sampled_from(NAMES),
    st.fixed_dictionaries(
        {}, optional={"project": st.sampled_from(["shop/api", "other/x", "shop/a/b"])}
    ),
)


def explained(text: str, name: str, **overrides: Any) -> Explained:
    """The text's first rule, about a sample."""
    ruleset = loaded(text)
    slow, _ = both(ruleset, event_of(name, **overrides))
    return slow


def both(ruleset: Ruleset, event: Event) -> tuple[Explained, bool]:
    """The first rule explained, and whether the walk that decides let it match."""
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    decision = playback.feed(event, delivery=DeliveryId("d1"), now=START)
    fast = any(verdict.outcome is not Outcome.NO_MATCH for verdict in decision.verdicts)
    known = replace(event, fields={**event.fields, **decision.learned})
    rule, lookup = ruleset.rules[0], lookup_of(known, ruleset)
    return explain(rule, decision.names, lookup, confidential=event.confidential), fast


@settings(max_examples=300)
@given(on=ON, project=st.sampled_from(PROJECTS), condition=CONDITIONS, event=EVENTS)
def test_explain_says_what_the_fast_path_does(
    on: str, project: str, condition: str, event: tuple[str, dict[str, str]]
) -> None:
    text = f"rules: [{{name: r, on: {on}, project: '{project}', if: {condition}, post: dev}}]"
    try:
        ruleset = loaded(text)
    except RulesError:
        return  # a field that never exists for the event: nothing to compare
    name, overrides = event
    slow, fast = both(ruleset, event_of(name, **overrides))
    assert slow.matched is fast


def marks(lines: Iterable[Line]) -> list[str]:
    """`✓ field` or `✗ field`."""
    return [f"{'✓' if line.passed else '✗'} {line.field or line.wanted}" for line in lines]


def test_every_condition_is_shown_though_the_first_fails() -> None:
    found = explained(
        "rules: [{on: mr.opened, project: other/x, branch: main, if: {draft: true, bot: false},"
        " post: dev}]",
        "mr.opened",
    )
    assert marks(found.lines) == ["✓ on", "✗ project", "✓ branch", "✗ draft", "✓ bot"]
    assert not found.matched
    assert [line.seen for line in found.failed] == ["shop/api", "false"]


def test_an_expression_is_shown_comparison_by_comparison() -> None:
    text = "rules: [{on: mr.opened, if: 'not draft and (bot or actor == \"bob\")', post: dev}]"
    (whole,) = explained(text, "mr.opened").lines[1:]
    assert marks([whole]) == ["✗ if"]
    assert marks(whole.parts) == ["✓ not draft", '✗ (bot or actor == "bob")']
    assert [(part.wanted, part.seen) for part in whole.parts[1].parts] == [
        ("bot", "bot=false"),
        ('actor == "bob"', "actor=alice"),
    ]


def test_a_nest_shows_its_parts() -> None:
    text = "rules: [{on: mr.opened, if: {any: [{draft: true}, {labels: x}]}, post: dev}]"
    (nest,) = explained(text, "mr.opened").lines[1:]
    assert marks([nest, *nest.parts]) == ["✗ any", "✗ draft", "✗ labels"]


def test_an_event_that_is_not_listed_is_said_so() -> None:
    found = explained("rules: [{on: [mr.opened, mr.labeled], post: dev}]", "mr.merged")
    assert [(line.wanted, line.seen, line.hint) for line in found.lines] == [
        ("mr.opened, mr.labeled", "mr.merged", "event not listed")
    ]


def test_a_confidential_event_fails_a_rule_that_did_not_ask_for_it() -> None:
    found = explained("rules: [{on: issue.opened, post: dev}]", "issue.opened", confidential=True)
    assert not found.matched
    assert [line.field for line in found.failed] == ["confidential"]


def test_the_children_of_first_are_explained_each() -> None:
    text = "rules: [{on: mr.opened, first: [{if: {draft: true}, post: dev}, {post: ci}]}]"
    found = explained(text, "mr.opened")
    assert found.matched
    assert [child.matched for child in found.children] == [False, True]


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("{labels: feture}", "nearest: feature is not feture"),
        ("{actor: [alcie, zoe]}", "nearest: alice is not alcie"),
        ("{labels: zzz}", ""),
        ("{labels: feature}", ""),
        ("{labels: /feet/}", ""),
    ],
)
def test_what_comes_nearest_is_hinted(condition: str, hint: str) -> None:
    text = f"rules: [{{on: mr.labeled, if: {condition}, post: dev}}]"
    assert explained(text, "mr.labeled").lines[1].hint == hint
