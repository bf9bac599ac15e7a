"""Running inline tests: expected against got, files and history, coverage, going live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.errors import RulesError
from bot.events.samples import sample
from bot.rules.testing import check_tests, coverage, headers_of, run_tests
from bot.slack.mrkdwn import render
from tests.rules.rules_text import HEAD, loaded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.rules.testing import TestResult

RULES = """\
rules:
  - name: went red
    on: pipeline.broken
    branch: [$default, release/*]
    post: {to: ci, thread: branch, text: "🔴 {{ project }} {{ branch }}"}
  - name: is green again
    on: pipeline.fixed
    branch: [$default, release/*]
    reply: {to: ci, thread: branch, text: "🟢 {{ broken_for | duration }}", broadcast: true}
  - {name: titles, on: mr.opened, post: {to: dev, text: "new: {{ title }}"}}
  - {name: merged, on: mr.merged, react: tada}
  - {name: hello, on: issue.opened, dm: {to: {person: alice}, text: hello}}
tests:
"""


def results(tests: str, **given: object) -> tuple[TestResult, ...]:
    return run_tests(loaded(RULES + tests), render=render, **given)  # type: ignore[arg-type]  # as named


def told(tests: str) -> list[str]:
    """Each problem, with its diff."""
    return [
        "\n".join([problem.text, *problem.diff])
        for result in results(tests)
        for problem in result.problems
    ]


SAGA = """
  - name: main breaks, stays broken, heals - two messages
    at: "2026-03-02 10:00"
    given:
      - {event: pipeline.failed, with: {project: shop/api, branch: main, id: 1}}
      - {after: 5m, event: pipeline.failed, with: {project: shop/api, branch: main, id: 2}}
      - {after: 5m, event: pipeline.success, with: {project: shop/api, branch: main, id: 3}}
    expect:
"""


def test_state_and_time_pass_from_step_to_step() -> None:
    wanted = """
      - {post: ci, text: /🔴 shop/, thread: branch}
      - {reply: ci, text: "🟢 10 min", broadcast: true, rule: is green again}
"""
    assert told(SAGA + wanted) == []


def test_a_failure_shows_expected_against_got_at_the_expectations_line() -> None:
    (result,) = results(SAGA + "      - {post: ci}\n      - {reply: ci, text: /11 min/}\n")
    (problem,) = result.problems
    assert problem.at.line == HEAD.count("\n") + RULES.count("\n") + 10
    assert problem.text == 'expected reply: ci, text: /11 min/: its text is "🟢 10 min"'
    assert problem.diff == (
        "  post: ci",
        "- reply: ci, text: /11 min/",
        '+ reply: ci, text: "🟢 10 min"   by `is green again`',
    )


OPENED = "  - {name: a, given: [{event: mr.opened, with: {title: T}}], "


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("expect: []", 'an effect not expected, by `titles`\n+ post: dev, text: "new: T"'),
        ("expect: [{post: dev}, {post: ci}]", "expected post: ci: nothing of the kind was done"),
        ("expect: [{post: ci}]", "expected post: ci: it goes to dev"),
        ("expect: [{reply: dev}]", "expected reply: dev: verb is `post`"),
        ("expect: [{post: dev, rule: merged}]", "rule is `titles`"),
        ("expect: [{post: dev, text: 'new: X'}]", 'its text is "new: T"'),
        ("expect: [{post: dev, text_contains: X}]", "does not contain it"),
        ("expect_some: [{post: dev}, {post: dev}]", "nothing of the kind was done"),
    ],
)
def test_what_is_not_as_expected_is_said(wanted: str, said: str) -> None:
    (problem,) = told(f"{OPENED}{wanted}}}\n")
    assert said in problem


@pytest.mark.parametrize(
    "wanted",
    [
        "expect: [{post: dev, text: 'new: T'}]",
        "expect: [{post: dev, text: 'new: *'}]",
        "expect: [{post: dev, text: /^new/}]",
        "expect: [{post: C0DEV0001, text_contains: T}]",
        "expect: [{post: ~}]",
        "expect_some: []",
        "expect_some: [{post: dev}]",
    ],
)
def test_what_is_as_expected_passes(wanted: str) -> None:
    assert told(f"{OPENED}{wanted}}}\n") == []


def test_expect_is_ordered_and_expect_some_is_not() -> None:
    both = "given: [{event: mr.opened, with: {title: A, iid: 1}}, {event: mr.opened, with: "
    both += "{title: B, iid: 2}}]"
    crossed = "[{post: dev, text: 'new: B'}, {post: dev, text: 'new: A'}]"
    assert told(f"  - {{name: a, {both}, expect_some: {crossed}}}\n") == []
    assert told(f"  - {{name: a, {both}, expect: {crossed}}}\n") != []


def test_expect_some_gives_an_effect_to_the_expectation_that_needs_it() -> None:
    two = "given: [{event: mr.opened, with: {title: A, iid: 1}}, {event: mr.opened, with: "
    two += "{title: B, iid: 2}}]"
    wanted = "[{post: dev}, {post: dev, text: 'new: A'}]"
    assert told(f"  - {{name: a, {two}, expect_some: {wanted}}}\n") == []


def test_a_hostile_title_cannot_ping() -> None:
    text = """
  - name: hostile
    given: [{event: mr.opened, with: {title: "<!channel> & <@U1>"}}]
    expect: [{post: dev, text_contains: "&lt;!channel&gt; &amp; &lt;@U1&gt;"}]
"""
    assert told(text) == []


def test_a_direct_message_is_expected_by_name() -> None:
    assert told("  - {name: a, given: [{event: issue.opened}], expect: [{dm: alice}]}\n") == []


# -- where deliveries come from ------------------------------------------------------------------


def test_a_file_is_a_delivery_whose_name_tells_its_header() -> None:
    asked: list[str] = []

    def read(path: str) -> bytes:
        asked.append(path)
        return sample("mr.opened")[1]

    text = "  - {name: a, given: [{file: x/merge_request_hook__a.json, with: {title: T}}], "
    (result,) = results(f"{text}expect: [{{post: dev, text: 'new: T'}}]}}\n", read=read)
    assert result.problems == ()
    assert asked == ["x/merge_request_hook__a.json"]


def test_a_file_that_is_not_there_fails_its_test() -> None:
    def read(path: str) -> bytes:
        raise FileNotFoundError(f"{path} cannot be read")

    (result,) = results("  - {name: a, given: [{file: x.json}], expect: []}\n", read=read)
    assert [problem.text for problem in result.problems] == ["x.json cannot be read"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("merge_request_hook__open.json", {"x-gitlab-event": "Merge Request Hook"}),
        ("tests/push_hook.json", {"x-gitlab-event": "Push Hook"}),
        ("payloads/github/pull_request__opened.json", {"x-github-event": "pull_request"}),
    ],
)
def test_a_files_name_tells_its_event(path: str, headers: Mapping[str, str]) -> None:
    assert headers_of(path) == headers


STORED = "  - {name: a, given: [{stored: D1}], expect: [{post: dev}]}\n"


def test_a_stored_delivery_is_asked_for_by_its_id() -> None:
    headers, body = {"x-gitlab-event": "Merge Request Hook"}, sample("mr.opened")[1]
    (result,) = results(STORED, stored={"D1": (headers, body)}.get)
    assert (result.problems, result.skipped) == ((), None)


def test_one_that_is_not_kept_any_more_fails_its_test() -> None:
    (result,) = results(STORED, stored={}.get)
    assert [problem.text for problem in result.problems] == [
        "delivery D1 is not kept; keep its body as a file"
    ]


def test_without_a_history_a_test_that_needs_it_is_skipped() -> None:
    (result,) = results(STORED)
    assert (result.passed, result.skipped) == (True, "it needs the history of deliveries")


# -- all of them ---------------------------------------------------------------------------------


def test_coverage_names_the_rules_that_no_test_fires() -> None:
    text = RULES + SAGA + "      - {post: ci}\n      - {reply: ci}\n"
    ruleset = loaded(text)
    found = coverage(ruleset, run_tests(ruleset, render=render))
    assert [rule.name for rule in found.missed] == ["titles", "merged", "hello"]
    assert (found.rules, found.percent) == (5, 40.0)


def test_the_children_of_first_are_covered_each() -> None:
    ruleset = loaded("""rules:
  - {name: r, on: mr.opened, first: [{name: d, if: {draft: true}, post: dev}, {name: e, post: ci}]}
tests: [{name: a, given: [{event: mr.opened}], expect: [{post: ci}]}]
""")
    found = coverage(ruleset, run_tests(ruleset, render=render))
    assert [rule.name for rule in found.missed] == ["d"]


def test_tests_that_fail_are_faults_of_the_file() -> None:
    text = HEAD + RULES + f"{OPENED}expect: [{{post: ci}}]}}\n"
    with pytest.raises(RulesError) as caught:
        check_tests(
            loaded(RULES + f"{OPENED}expect: [{{post: ci}}]}}\n"),
            {"rules.yaml": text},
            render=render,
            read=None,
        )
    (fault,) = caught.value.faults
    assert fault.line == text.count("\n")
    assert fault.text == "test `a` fails: expected post: ci: it goes to dev"
    assert fault.excerpt is not None
    assert fault.excerpt[fault.column - 1 :].startswith("{post: ci}")


def test_the_shipped_rules_pass_their_tests() -> None:
    text = (Path(__file__).parents[2] / "rules.yaml").read_text("utf-8")
    ruleset = loaded(text, head="")
    assert ruleset.tests
    check_tests(ruleset, {}, render=render, read=None)
