"""Expressions of `if:`: precedence, types, absent values, faults that say where."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import events
from bot.model import Person
from bot.rules.catalogue import Catalogue
from bot.rules.expr import compile_expression
from bot.rules.expr_tokens import ExprError

if TYPE_CHECKING:
    from bot.model import Value

CATALOGUE = Catalogue.of(events.ALL)
VALUES: dict[str, Value] = {
    "draft": False,
    "approvals": 1,
    "additions": 400,
    "deletions": 200,
    "labels": ("Bug", "area::api"),
    "branch": "main",
    "default_branch": "main",
    "title": "Fix the door",
    "author": Person(username="alice"),
    "idle": timedelta(hours=30),
    "payload.n": 3,
    "payload.s": "x",
    "payload.b": True,
}


def holds(source: str) -> bool:
    return compile_expression(source, CATALOGUE).holds(VALUES.get)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("not draft and approvals < 2 and idle > 1d", True),
        ("additions + deletions > 500", True),
        ("additions - deletions == 200", True),
        ("-additions < 0", True),
        ("draft or approvals == 1", True),
        ("not (draft or approvals == 1)", False),
        ("not draft == true", True),
        ('"bug" in labels', True),
        ('"nope" not in labels', True),
        ('branch in ["main", "next"]', True),
        ("branch == $default", True),
        ('author == "ALICE"', True),
        ('"door" in title', True),
        ("len(labels) == 2 and len(title) > 3", True),
        ("title == 'Fix the door'", True),
        ("title == 'Fix*'", False),
        ("payload.n > 2 and payload.b", True),
        ("payload.s > 2", False),
        # absent values
        ("milestone == 'x'", False),
        ("milestone != 'x'", True),
        ("conflicts", False),
        ("not conflicts", True),
        ("commit_count + 1 > 0", False),
        ("commit_count + 1 != 5", True),
        ("len(milestone) == 0", False),
        ("'a' not in paths", True),
        ("payload.nothing < 3 or payload.nothing >= 3", False),
    ],
)
def test_expression(source: str, expected: bool) -> None:
    assert holds(source) is expected


@pytest.mark.parametrize(
    ("source", "text", "start", "hint"),
    [
        ("draft && bot", "`&&` is not understood", 6, "write `and`"),
        ("draft || bot", "`||` is not understood", 6, "write `or`"),
        ("approvals = 2", "`=` is not understood", 10, "write `==`"),
        ("!draft", "`!` is not understood", 0, "write `not`"),
        ("drft", "unknown field `drft`", 0, "did you mean `draft`?"),
        ("1 < approvals < 3", "comparisons do not chain", 14, "write `a < b and b < c`"),
        ("title", "`title` is text, not true or false", 0, "compare it, or write `len(title) > 0`"),
        (
            "approvals",
            "`approvals` is a number, not true or false",
            0,
            "compare it: `approvals > 0`",
        ),
        ("approvals < '2'", "`<` between a number and text", 10, "leave the quotes out: 2"),
        (
            "idle > 3",
            "`>` between a duration and a number",
            5,
            "a duration has a unit: 30m, 2h, 1d",
        ),
        (
            "labels == 'bug'",
            "`==` between a list and text",
            7,
            'use `in` for lists: "bug" in labels',
        ),
        ("title + 1 > 2", "`+` between text and a number", 6, None),
        ("title =", "`=` is not understood", 6, "write `==`"),
        ("(draft", "`)` is missing", 6, None),
        ("'abc", "a text without its closing quote", 0, None),
        ("max(additions) > 2", "there is no function `max`", 0, "only `len()`"),
        ("", "it ends too early", 0, "a field, a number, a text in quotes, or `(`"),
        ("draft draft", "`draft` does not belong here", 6, None),
        ("additions * 2 > 3", "`*` is not understood", 10, "only + and - are calculated"),
        ("(" * 60 + "draft", "nested more than 50 deep", 50, None),
    ],
)
def test_a_fault_says_what_where_and_how(
    source: str, text: str, start: int, hint: str | None
) -> None:
    with pytest.raises(ExprError) as caught:
        compile_expression(source, CATALOGUE)
    assert (caught.value.text, caught.value.start, caught.value.hint) == (text, start, hint)


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("confidential", True),
        ("not confidential", False),
        ("confidential and draft", True),
        ("draft", False),
        ("confidential == true", True),
        ("confidential == false or draft", False),
        ("confidential != true", False),
    ],
)
def test_an_expression_tells_whether_it_asks_for_confidential_events(
    source: str, asks: bool
) -> None:
    assert compile_expression(source, CATALOGUE).confidential is asks


PIECES = st.sampled_from(
    [
        *("draft", "approvals", "labels", "title", "idle", "payload.x", "$default", "len", "nope"),
        *("and", "or", "not", "in", "==", "!=", "<", ">=", "+", "-", "(", ")", "[", "]", ","),
        *("1", "2d", "'x'", '"', "&&", "=", "*", "\n", "\\", "é", "true"),
    ]
)


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=15).map(" ".join))
def test_any_words_are_compiled_or_refused_and_never_fail_when_run(source: str) -> None:
    try:
        expression = compile_expression(source, CATALOGUE)
    except ExprError:
        return
    expression.holds(VALUES.get)
    expression.holds(lambda _name: None)


@given(st.text(max_size=80))
def test_any_text_is_compiled_or_refused(source: str) -> None:
    with contextlib.suppress(ExprError):
        compile_expression(source, CATALOGUE)
