"""Inline tests: what the forge's API would say, and time that passes."""

from __future__ import annotations

import pytest

from bot.errors import RulesError
from bot.rules.load import load
from bot.rules.testing import TestResult, run_tests
from bot.slack.mrkdwn import render

HEAD = """
channels: {dev: C0DEV0001}
people: {bob: U0BOB0001}
rules:
- name: api
  on: [mr.opened, mr.pushed]
  if: {paths: {any: [api/**]}}
  post: {to: dev, text: "api: {{ title }}"}
- {name: big, on: mr.opened, if: approvals < 1 and additions > 500, post: {to: dev, text: big}}
- {name: folded, on: push, batch: {quiet: 5m, max_wait: 30m}, post: {to: dev, text: "{{ count }}"}}
- {name: early, every: 09:30, list: open_mrs, post: {to: dev, text: "{{ count }} open"}}
tests:
"""


def results(tests: str) -> list[TestResult]:
    ruleset = load({"rules.yaml": HEAD + tests}, "rules.yaml")
    return list(run_tests(ruleset, render=render))


def problems(tests: str) -> list[str]:
    return [problem.text for result in results(tests) for problem in result.problems]


def faults(tests: str) -> str:
    with pytest.raises(RulesError) as caught:
        load({"rules.yaml": HEAD + tests}, "rules.yaml")
    return str(caught.value)


def test_a_test_tells_what_the_forges_api_would_say() -> None:
    assert (
        problems(
            """
- name: a
  api: {additions: 900, approvals: 0}
  given:
  - {event: mr.opened, with: {iid: 1, title: A}, api: {paths: [api/x.py]}}
  - {event: mr.opened, with: {iid: 2, title: B}, api: {paths: [web/x.ts], additions: 3}}
  expect: [{post: dev, text: "api: A"}, {post: dev, text: big}]
"""
        )
        == []
    )


def test_what_a_rule_needs_and_no_test_tells_fails_the_test_and_is_named() -> None:
    told = problems("- {name: a, given: [{event: mr.opened}], expect: []}")
    assert [text.partition(" is not known")[0] for text in told] == [
        "rule `api` unknown: `paths`",
        "rule `big` unknown: `approvals`",
    ]
    assert "`api:`" in told[0]


def test_a_field_of_the_api_without_a_value_is_absent() -> None:
    assert (
        problems(
            "- {name: a, given: [{event: mr.opened, api: {paths: null, approvals: null,"
            " additions: null}}], expect: []}"
        )
        == []
    )


@pytest.mark.parametrize(
    ("api", "told"),
    [
        ("{path: [a]}", "unknown field `path` (did you mean `paths`?)"),
        ("{title: x}", "no API is asked for `title` (give it under `with:`)"),
        ("{approvals: two}", "`two` is no value of `approvals`"),
        ("{paths: [[a]]}", "`paths` must be text"),
    ],
)
def test_a_fault_in_what_the_api_says_is_told(api: str, told: str) -> None:
    assert told in faults(f"- {{name: a, given: [{{event: mr.opened, api: {api}}}], expect: []}}")


def test_what_falls_due_while_time_passes_is_done_before_what_comes_then() -> None:
    assert (
        problems(
            """
- name: a
  api: {paths: [], approvals: 0, additions: 0}
  at: "2026-03-02 09:00"
  given:
  - {event: push}
  - {event: mr.opened}
  - {after: 4m, event: push}
  - {after: 6m, event: push}
  - {after: 1h}
  expect: [{post: dev, text: "2"}, {post: dev, text: "1"}, {post: dev, text: "1 open"}]
"""
        )
        == []
    )


def test_a_batch_that_is_not_due_yet_has_done_nothing() -> None:
    assert problems("- {name: a, given: [{event: push}, {after: 4m}], expect: []}") == []


def test_a_rule_of_time_comes_in_a_test_whose_clock_passes_it() -> None:
    early, late = results(
        "- {name: a, at: 2026-03-02 09:00, given: [{after: 29m}], expect: []}\n"
        "- {name: b, at: 2026-03-02 09:00, given: [{after: 30m}], expect: []}\n"
    )
    assert (early.fired, late.fired) == (frozenset(), frozenset({"early"}))
    assert late.passed, "nothing is open: there is nothing to list"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [("{not: {contains: two}}", True), ("{contains: '1'}", True), ("{starts: two}", False)],
)
def test_an_expected_text_may_be_any_matcher(wanted: str, fits: bool) -> None:
    told = problems(
        "- {name: a, given: [{event: push}, {after: 1h}],"
        f" expect: [{{post: dev, rule: folded, text: {wanted}}}]}}"
    )
    assert (told == []) is fits


def test_the_files_of_a_push_can_be_given() -> None:
    ruleset = load(
        {
            "rules.yaml": "rules: [{on: push, if: {paths: docs/*}, post: '#d'}]\ntests: [{name: a,"
            " given: [{event: push, with: {paths: [docs/a.md]}},"
            " {event: push, with: {paths: x}}], expect: [{post: '#d'}]}]"
        },
        "rules.yaml",
    )
    assert [result.passed for result in run_tests(ruleset, render=render)] == [True]


def test_the_files_of_a_merge_request_only_the_api_knows() -> None:
    told = faults("- {name: a, given: [{event: mr.opened, with: {paths: [a]}}], expect: []}")
    assert "samples cannot be given `paths`" in told
    assert "`api:`" in told
