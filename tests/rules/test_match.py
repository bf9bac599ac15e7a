"""Matchers: each form against each kind of value, absent ones included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Level, Person, Ref, Value
from bot.registry import Field, FieldType
from bot.rules.atoms import shown
from bot.rules.faults import Faults
from bot.rules.match import compile_match
from bot.rules.patterns import glob, regex
from bot.rules.source import parse

if TYPE_CHECKING:
    from bot.rules.atoms import Match

FIELDS = {
    "title": Field("title", FieldType.TEXT, ""),
    "project": Field("project", FieldType.TEXT, "", path=True, fold=True),
    "group": Field("group", FieldType.TEXT, "", path=True, fold=True),
    "branch": Field("branch", FieldType.TEXT, "", path=True),
    "labels": Field("labels", FieldType.TEXTS, "", fold=True),
    "paths": Field("paths", FieldType.TEXTS, "", path=True),
    "author": Field("author", FieldType.PERSON, "", fold=True),
    "reviewers": Field("reviewers", FieldType.PEOPLE, "", fold=True),
    "commit": Field("commit", FieldType.REF, ""),
    "draft": Field("draft", FieldType.BOOL, ""),
    "approvals": Field("approvals", FieldType.NUMBER, ""),
    "duration": Field("duration", FieldType.DURATION, ""),
    "expires": Field("expires", FieldType.TIME, ""),
    "payload.x": Field("payload.x", FieldType.TEXT, ""),
}
ALICE = Person(username="alice", name="Alice A")


def compiled(field: str, text: str) -> tuple[Match, list[str]]:
    faults = Faults({"r": text})
    node = parse("r", text, faults)
    assert node is not None
    match = compile_match(node, FIELDS[field], faults)
    return match, [fault.text for fault in faults.of_level(Level.ERROR)]


def matches(field: str, text: str, value: Value | None) -> bool:
    match, faults = compiled(field, text)
    assert not faults
    return match(value, {"default_branch": "main"}.get)


CASES: list[tuple[str, str, Value | None, bool]] = [
    ("title", "main", "main", True),
    ("title", "main", "Main", False),
    ("title", "main", None, False),
    ("project", "Shop/API", "shop/api", True),
    ("labels", "BUG", ("bug",), True),
    ("author", "ALICE", ALICE, True),
    ("author", "Alice A", ALICE, False),
    ("reviewers", "bob", (ALICE, Person(username="bob")), True),
    ("commit", "abc", Ref(label="abc", url="https://x.example"), True),
    ("title", "1.10", "1.10", True),
    # globs
    ("branch", "release/*", "release/1", True),
    ("branch", "release/*", "release/1/2", False),
    ("branch", "release/**", "release/1/2", True),
    ("project", "a/**", "a", False),
    ("project", '"**/x"', "x", True),
    ("project", "a/**/b", "a/b", True),
    ("project", '"{api,web}/*"', "web/x", True),
    ("project", '"{api,web}/*"', "db/x", False),
    ("title", "feat*", "feat/a/b", True),
    ("title", "fix?", "fixx", False),
    ("title", "'[wip]*'", "[wip] x", True),
    ("title", "'[wip]*'", "w", False),
    ("title", "a.b*", "axb", False),
    ("group", "platform", "platform/tools/ci", True),
    ("group", "platform", "platforms", False),
    # regular expressions
    ("title", '"/^feat(\\\\(.*\\\\))?:/"', "feat(api): x", True),
    ("title", "/wip/i", "some WIP here", True),
    ("title", "/wip/", "some WIP here", False),
    ("title", "/^(a+)+$/", "a" * 100 + "!", False),
    ("title", "/x/", None, False),
    # plain text
    ("title", "{starts: WIP}", "WIP: x", True),
    ("title", "{ends: x, contains: I}", "WIP: x", True),
    ("title", "{contains: '.*'}", "abc", False),
    ("labels", "{starts: area}", ("x", "AREA::api"), True),
    # lists of matchers
    ("branch", "[main, release/*]", "release/1", True),
    ("branch", '[main, "!main"]', "main", False),
    ("branch", '["!main"]', "dev", True),
    ("branch", '["!main"]', None, True),
    ("branch", '"!main"', "main", False),
    ("labels", '[bug, "!wontfix"]', ("bug", "x"), True),
    ("labels", '[bug, "!wontfix"]', ("bug", "wontfix"), False),
    ("labels", '["!wontfix"]', (), True),
    ("labels", '[bug, "!wontfix"]', None, False),
    ("branch", "$default", "main", True),
    ("branch", '["*", "!$default"]', "main", False),
    # list fields
    ("labels", "{any: [a, b]}", ("b",), True),
    ("labels", "{any: [a, b]}", (), False),
    ("labels", "{all: [a, b]}", ("a",), False),
    ("labels", "{all: [a, b]}", ("b", "a", "c"), True),
    ("labels", "{none: [a]}", ("b",), True),
    ("labels", "{none: [a]}", None, True),
    ("labels", "{none: [a]}", ("a", "b"), False),
    ("paths", '{only: "docs/**"}', ("docs/a", "docs/b/c"), True),
    ("paths", '{only: "docs/**"}', ("docs/a", "src/b"), False),
    ("paths", '{only: "docs/**"}', (), False),
    ("paths", '{any: [services/**, proto/**], none: ["**/*.md"]}', ("services/a.py",), True),
    ("paths", '{any: [services/**], none: ["**/*.md"]}', ("services/a.py", "README.md"), False),
    # not, set, unset
    ("title", "{not: {starts: WIP}}", "x", True),
    ("title", "{not: {starts: WIP}}", None, True),
    ("title", "set", "", False),
    ("title", "set", "x", True),
    ("title", '"set"', "set", True),
    ("labels", "unset", (), True),
    ("labels", "unset", None, True),
    ("draft", "set", False, True),
    ("approvals", "unset", 0, False),
    # booleans, numbers, durations
    ("draft", "false", False, True),
    ("draft", "false", None, False),
    ("draft", "{not: true}", None, True),
    ("approvals", '">= 2"', 2, True),
    ("approvals", '"< 2"', 2, False),
    ("approvals", '"< 2"', None, False),
    ("approvals", '"!= 2"', None, True),
    ("approvals", '"!= 2"', 2, False),
    ("approvals", "2", 2, True),
    ("approvals", "[1, 2]", 2, True),
    ("approvals", "1", True, False),
    ("duration", '"> 10m"', timedelta(minutes=11), True),
    ("duration", '"<= 1h30m"', timedelta(minutes=90), True),
    ("duration", '"> 10m"', None, False),
    ("expires", "set", datetime(2026, 1, 1, tzinfo=UTC), True),
    # payload
    ("payload.x", "true", True, True),
    ("payload.x", "true", "true", False),
    ("payload.x", "7", 7, True),
    ("payload.x", '"> 3"', 7, True),
    ("payload.x", '"> 3"', "7", False),
    ("payload.x", "{any: [a]}", ("a",), True),
    ("payload.x", "{any: [a]}", "a", False),
]


@pytest.mark.parametrize(("field", "text", "value", "expected"), CASES)
def test_matcher(field: str, text: str, value: Value | None, expected: bool) -> None:
    assert matches(field, text, value) is expected


@pytest.mark.parametrize(("field", "text", "value", "expected"), CASES)
def test_not_is_the_exact_complement(
    field: str, text: str, value: Value | None, expected: bool
) -> None:
    assert matches(field, f"{{not: {text}}}", value) is not expected


@pytest.mark.parametrize(
    ("field", "text", "fault"),
    [
        ("draft", "yes", "`draft` is true or false, not `yes`"),
        ("approvals", "true", "`approvals` is a number, not `true`"),
        ("approvals", '"> 10m"', "`approvals` is a number, not `> 10m`"),
        ("duration", '"> 10"', "`duration` is a duration, not `> 10`"),
        ("expires", "soon", "`expires` is a time"),
        ("title", "{any: [a]}", "`any` is for lists, `title` is no list"),
        ("title", "[]", "`title` has an empty list"),
        ("title", "{begins: x}", "unknown matcher `begins` of `title`"),
        ("title", "/(/", "missing ): ( in `title`"),
        ("title", "/(?=x)/", "invalid perl operator: (?= in `title`"),
        ("title", "/x/q", "`q` is no flag of a regular expression (i, m, s) in `title`"),
        ("title", f"/{'x' * 501}/", "a regular expression of more than 500 characters in `title`"),
        ("labels", '{all: ["!a"]}', '`"!x"` has no meaning in `all`'),
        ("approvals", "{starts: 1}", "`approvals` is a number: `starts` needs text"),
        ("title", "~", "`title` has nothing to compare with"),
    ],
)
def test_a_matcher_that_cannot_work_does_not_load(field: str, text: str, fault: str) -> None:
    assert compiled(field, text)[1] == [fault]


WORDS = st.sampled_from(["a", "b", "a*", '"!a"', '"/^a/"', "{starts: a}", "$default", "'*'"])
LISTS = st.lists(WORDS, min_size=1, max_size=3).map(lambda words: f"[{', '.join(words)}]")
SCALAR = st.one_of(WORDS, LISTS, st.sampled_from(["set", "unset"]))
ON_LISTS = st.one_of(
    SCALAR,
    st.tuples(st.sampled_from(["any", "none", "only"]), LISTS).map(lambda p: f"{{{p[0]}: {p[1]}}}"),
)
TEXT = st.one_of(st.none(), st.sampled_from(["", "a", "ab", "b", "main"]))
TEXTS = st.one_of(st.none(), st.lists(st.sampled_from(["a", "ab", "b"]), max_size=3).map(tuple))


@given(SCALAR, TEXT)
def test_not_complements_any_matcher_of_a_text(text: str, value: Value | None) -> None:
    assert matches("title", f"{{not: {text}}}", value) is not matches("title", text, value)


@given(ON_LISTS, TEXTS)
def test_not_complements_any_matcher_of_a_list(text: str, value: Value | None) -> None:
    assert matches("labels", f"{{not: {text}}}", value) is not matches("labels", text, value)


@given(WORDS.filter(lambda word: word != '"!a"'), TEXT)
def test_an_absent_value_fails_each_positive_test(text: str, value: Value | None) -> None:
    assert not matches("title", text, None)
    matches("title", text, value)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_glob_without_magic_equals_itself(text: str, other: str) -> None:
    plain = text.replace("*", "").replace("{", "")
    assert glob(plain + "*", path=False, fold=False)(plain + other)


def test_lone_surrogates_are_matched_without_a_traceback() -> None:
    assert regex("x", "")("\ud800x")
    assert not glob("a*", path=True, fold=True)("\ud800")


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ("use glpat-abcdefghij0123456789 please", "use *** please"),
        ("ghp_abcdefghij0123456789abcdefghij012345", "***"),
        ("xoxb-123456789012-abcdef", "***"),
        ("https://bob:hunter2@git.example.com/a", "https://***@git.example.com/a"),
        ("a gl-word and ghp_short", "a gl-word and ghp_short"),
    ],
)
def test_a_trace_shows_no_secret_of_a_value(held: str, told: str) -> None:
    assert shown(held) == told
