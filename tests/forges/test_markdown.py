"""Markdown for forges: only what a rule's author wrote acts, never a value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forges.markdown import ZERO_WIDTH, escape, render
from bot.message import (
    Broadcast,
    Code,
    Emoji,
    Link,
    Mention,
    Plain,
    Trusted,
    bold,
    italic,
    text,
)


@pytest.mark.parametrize(
    "hostile",
    [
        "/close",
        "  /close",
        "\t/merge",
        "harmless\n/close",
        "harmless\r\n/assign @root",
        "harmless\u2028/close",
        "harmless\u200b\n\u200b/close",
        "\ufeff/close",
        "x\n\n   /label ~bug",
    ],
)
def test_no_value_begins_a_line_with_a_slash(hostile: str) -> None:
    for body in (text(hostile), text(Trusted("Title:\n"), hostile), text(bold(hostile))):
        assert not re.search(r"^\s*/", render(body), re.MULTILINE)


@pytest.mark.parametrize("hostile", ["@all", "@root", "x @group/sub y", "(@here)"])
def test_no_value_mentions_anybody(hostile: str) -> None:
    assert not re.search(r"(?<!\\)@", render(text(hostile)))
    assert not re.search(r"@\w", render(text(hostile)))
    assert ZERO_WIDTH in render(text(hostile))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<img src=x onerror=y>", r"\<img src\=x onerror\=y\>"),
        ("<!-- hidden -->", r"\<\!\-\- hidden \-\-\>"),
        ("#12 !7 ~bug %9 $3 &4", r"\#12 \!7 \~bug \%9 \$3 \&4"),
        ("[x](http://evil)", r"\[x\]\(http\:\/\/evil\)"),
        ("![x](y)", r"\!\[x\]\(y\)"),
        ("*b* _i_ `c` ~~s~~", r"\*b\* \_i\_ \`c\` \~\~s\~\~"),
        ("# head", r"\# head"),
        ("1. one", r"1\. one"),
        ("> quote", r"\> quote"),
        ("| a | b |", r"\| a \| b \|"),
        ("    code", " code"),
        ("\\", "\\\\"),
        ("&lt;b&gt;", r"\&lt\;b\&gt\;"),
        ("```\nrm\n```", "\\`\\`\\`\nrm\n\\`\\`\\`"),
    ],
)
def test_what_means_something_is_only_shown(value: str, shown: str) -> None:
    assert render(text(value)) == shown


def test_the_words_of_the_rule_act() -> None:
    assert render(text(Trusted("**done** "), "x*")) == r"**done** x\*"


def test_a_backslash_before_a_value_does_not_take_its_escaping_away() -> None:
    assert render(text(Trusted("\\"), "<b>")) == r"\\\<b\>"


def test_code_cannot_be_left() -> None:
    assert render((Code("a`b"),)) == "``a`b``"
    assert render((Code("`a`"),)) == "`` `a` ``"
    assert render((Code("a\n/close"),)) == "`a`\n`/close`"


def test_a_link_is_one_and_leads_where_it_says() -> None:
    assert render((Link("!7 [x]", "https://x/y?a=(b)"),)) == r"[\!7 \[x\]](<https://x/y?a=(b)>)"
    assert render((Link("a", "javascript:alert(1)"),)) == "a"
    assert render((Link("a", "https://x/>y"),)) == "[a](<https://x/%3Ey>)"


def test_what_belongs_to_a_chat_is_a_word() -> None:
    assert render((Mention("U0ALICE", "alice"),)) == f"\\@{ZERO_WIDTH}alice"
    assert render((Broadcast("here"),)) == f"\\@{ZERO_WIDTH}here"
    assert render((Emoji("tada"),)) == ":tada:"
    assert render((Emoji("x: /close"),)) == r"\:x\: \/close\:"


def test_styles_stay_on_their_line() -> None:
    assert render((italic("a\nb"),)) == "_a_\n_b_"


@given(st.text())
def test_every_sign_of_a_value_is_escaped(value: str) -> None:
    shown = escape(value)
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>@#`\[\]*_/&!]", shown.replace("\\\\", ""))
    assert not re.search(r"^\s*/", shown, re.MULTILINE)


@given(st.lists(st.text(), max_size=5))
def test_values_side_by_side_are_as_harmless(values: list[str]) -> None:
    shown = render(tuple(Plain(value) for value in values))
    assert not re.search(r"^\s*/", shown, re.MULTILINE)
    assert not re.search(r"@\w", shown)
