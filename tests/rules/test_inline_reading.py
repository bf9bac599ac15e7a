"""`tests:` of rules files: what is read, and every fault of it at once."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.rules.rules_text import errors_of, loaded, texts_of

RULES = "rules: [{name: any push, on: push, post: dev}]\n"


def test_tests_are_kept_with_where_they_stand() -> None:
    ruleset = loaded(
        RULES
        + """defaults: {timezone: Europe/Prague}
tests:
  - name: pushes
    at: "2026-07-01 08:30"
    given: [{after: 1h30m, event: push, with: {branch: main}}]
    expect: [{post: dev, rule: any push, text: "*pushed*"}]
"""
    )
    (test,) = ruleset.tests
    assert (test.name, test.at.line, test.exhaustive) == ("pushes", 13, True)
    assert test.start == datetime(2026, 7, 1, 8, 30, tzinfo=ZoneInfo("Europe/Prague"))
    (step,), (expected,) = test.given, test.expected
    assert (step.event, dict(step.values), step.after.total_seconds()) == (
        "push",
        {"branch": "main"},
        5400,
    )
    assert (expected.verb, expected.target, expected.at.line) == ("post", "C0DEV0001", 16)


def test_every_fault_of_a_test_comes_at_once() -> None:
    found = errors_of(
        RULES
        + """tests:
  - name: broken
    at: soon
    givn: []
    given:
      - {event: mr.opend}
      - {event: pipeline.broken}
      - {event: push, with: {brnch: main, title: x}, after: 5q}
      - {file: ../x.json}
      - {event: push, file: x.json}
      - {}
    expect:
      - {post: devv}
      - {post: dev, rule: any pusch, emoji: tada}
      - {text: x}
      - {post: dev, react: dev}
  - {name: broken, given: [{event: push}]}
"""
    )
    assert texts_of(found) == [
        "`soon` is no date and time",
        "unknown key `givn` in test",
        "there is no sample of `mr.opend`",
        "there is no sample of `pipeline.broken`",
        "samples cannot be given `brnch`",
        "`title` never exists on push events",
        "`5q` is no duration",
        "`../x.json` leads out of the rules' directory",
        "`event` and `file` exclude each other",
        "neither a delivery nor time is given",
        "channel `devv` is not declared",
        "there is no rule `any pusch`: this cannot be",
        "a post never has `emoji`: this cannot be",
        "an expectation names one verb",
        "two verbs are two entries",
        "test `broken` needs `expect` or `expect_some`, one of them",
        "the name `broken` is taken",
    ]


@pytest.mark.parametrize(
    ("tests", "hint"),
    [
        ("{name: a, given: [{event: pipeline.fixed}], expect: []}", "then `pipeline.success`"),
        ("{name: a, given: [{event: mr}], expect: []}", "for example `mr.opened`"),
        ("{name: a, given: [{event: push, with: {brnch: x}}], expect: []}", "`branch`"),
        ("{name: a, given: [{event: push, with: {visibility: no}}], expect: []}", ""),
        ("{name: a, given: [{wait: 5m}], expect: []}", "here it is called `after`"),
    ],
)
def test_a_fault_of_a_test_says_what_would_be_right(tests: str, hint: str) -> None:
    found = errors_of(RULES + f"tests: [{tests}]\n")
    assert found
    assert hint in (found[0].hint or "")


@pytest.mark.parametrize(
    "rule", ["on: push, post: dev, react: eyes", 'every: "mon 09:00", list: open_mrs, post: dev']
)
def test_a_rule_at_the_end_of_the_file_is_told_where_it_belongs(rule: str) -> None:
    told = RULES + "tests:\n  - {name: good, given: [{event: push}], expect_some: []}\n"
    (fault,) = errors_of(f"{told}  - {{name: new, {rule}}}\n")
    assert fault.text == "this is a rule, and stands below `tests:`"
    assert fault.hint == "rules stand below `rules:`: move it up there"


def test_a_test_among_the_rules_is_told_where_it_belongs() -> None:
    found = errors_of("rules: [{name: test, given: [{event: push}], expect: []}]\n")
    assert [fault.hint for fault in found[:2]] == ["tests stand below `tests:`"] * 2


def test_tests_that_are_no_list_are_told() -> None:
    assert texts_of(errors_of(RULES + "tests: {name: a}\n")) == [
        "`tests` must be a list, not a map"
    ]


def test_an_included_file_brings_its_tests() -> None:
    ruleset = loaded(
        "include: [rules.d/*.yaml]\n" + RULES,
        more="tests: [{name: inner, given: [{event: push}], expect_some: []}]\n",
    )
    assert [(test.name, test.at.file) for test in ruleset.tests] == [("inner", "rules.d/more.yaml")]
