"""What mrkdwn lets act, and what it only shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.message import (
    Broadcast,
    Code,
    Emoji,
    Link,
    Mention,
    Plain,
    Span,
    Styled,
    Text,
    Trusted,
    bold,
    clean,
    italic,
    strike,
    text,
)
from bot.slack.mrkdwn import plain, render

LAB = "https://gitlab.com/shop/api"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (text("a & b < c > d"), "a &amp; b &lt; c &gt; d"),
        (text("<!channel> <@U123> <#C1>"), "&lt;!channel&gt; &lt;@U123&gt; &lt;#C1&gt;"),
        (text("&lt;!channel&gt;"), "&amp;lt;!channel&amp;gt;"),
        (text("'quotes' \"stay\""), "'quotes' \"stay\""),
        (text("user\u202egnp.exe\u200b"), "usergnp.exe"),
        (text(Code("a<b>`c`")), "`a&lt;b&gt;ˋcˋ`"),
        (text(Code("")), ""),
        (text(Code("one\ntwo")), "```\none\ntwo\n```"),
        (text(Mention("U12AB", "alice")), "<@U12AB>"),
        (text(Mention("S12AB", "team")), "<!subteam^S12AB>"),
        (text(Mention("!channel", "<!here>")), "@&lt;!here&gt;"),
        (text(Broadcast("here"), " ", Broadcast("channel")), "<!here> <!channel>"),
        (text(Emoji("tada"), Emoji("+1::skin-tone-3")), ":tada::+1::skin-tone-3:"),
        (text(Emoji("<!here>")), ":&lt;!here&gt;:"),
        (text(Trusted("*ok* <!here>")), "*ok* <!here>"),
        (text(Trusted("<"), "!channel", Trusted("|x>")), "&lt;!channel|x>"),
        (text(bold("big"), " ", italic("thin"), " ", strike("gone")), "*big* _thin_ ~gone~"),
        (text(bold(bold("once"))), "*once*"),
        (text(bold(" padded ")), " *padded* "),
        (text(bold("two\nlines")), "*two*\n*lines*"),
        (text(bold("")), ""),
        (text(bold(Link("x", LAB))), f"*<{LAB}|x>*"),
    ],
)
def test_a_span_is_escaped_once(body: Text, shown: str) -> None:
    assert render(body) == shown


@pytest.mark.parametrize(
    ("label", "url", "shown"),
    [
        ("!12 Fix | it\nnow", LAB, f"<{LAB}|!12 Fix ¦ it now>"),
        ("Fix <b> & co", LAB, f"<{LAB}|Fix &lt;b&gt; &amp; co>"),
        ("x", "https://h.example/a?b=1&c=<2>|3", "<https://h.example/a?b=1&amp;c=%3C2%3E%7C3|x>"),
        ("x", "https://h.example/ä", "<https://h.example/ä|x>"),
        ("x", "javascript:alert(1)", "x"),
        ("x", "https://h.example/a b", "x"),
        ("<!here>", "data:text/html,x", "&lt;!here&gt;"),
        ("", LAB, f"<{LAB}>"),
        ("mail", "mailto:a@b.example", "<mailto:a@b.example|mail>"),
    ],
)
def test_a_link_acts_only_with_a_web_address(label: str, url: str, shown: str) -> None:
    assert render((Link(label, url),)) == shown


@pytest.mark.parametrize(
    "label",
    [
        "https://gitlab.com/shop",
        "see https://gitlab.com",
        "HTTPS:\\\\gitlab.com",
        "gitlab.com",
        "www.gitlab.com/login",
        "gitlab。com",
        "ｇｉｔｌａｂ．ｃｏｍ",
        "https://gitlab.com@evil.example/",
        "alice@gitlab.com",
    ],
)
def test_a_label_that_names_another_host_is_followed_by_the_real_one(label: str) -> None:
    assert render((Link(label, "https://evil.example/x"),)).endswith(" (evil.example)>")


@pytest.mark.parametrize(
    "label",
    [
        "gitlab.com",
        "https://www.gitlab.com/shop",
        "shop/api",
        "v1.2.3",
        "release/1.2",
        "Update README.md",
        "!12 Ship it",
        "a1b2c3d4",
    ],
)
def test_an_honest_label_stands_alone(label: str) -> None:
    assert render((Link(label, LAB),)) == f"<{LAB}|{label}>"


def test_a_label_too_long_to_be_looked_through_is_followed_by_the_host() -> None:
    rendered = render((Link("a.b" * 10_000, "https://evil.example/x"),))
    assert rendered.endswith(" (evil.example)>")


def test_an_address_with_a_user_in_it_names_its_host() -> None:
    rendered = render((Link("docs", "https://gitlab.com@evil.example/"),))
    assert rendered == "<https://gitlab.com@evil.example/|docs (evil.example)>"


def test_plain_shows_what_a_reader_sees() -> None:
    body = text(
        bold("<b>"), " ", Link("!1 a|b", LAB), " ", Mention("U12", "alice"), Broadcast("here")
    )
    assert plain(body) == "<b> !1 a|b @alice@here"


# -- properties ------------------------------------------------------------------------------

HOSTILE = st.sampled_from(
    [
        "<!channel>",
        "<!here|x>",
        "<@U12345>",
        "<#C12345>",
        "<!subteam^S123>",
        "<!date^1^{date}|x>",
        "&lt;!channel&gt;",
        "&amp;lt;",
        "https://evil|https://gitlab.com",
        "<https://evil|https://gitlab.com>",
        "\u202e\u2066",
        "`",
        "```",
        "*_~",
        "|",
        "<",
        ">",
        "&",
        "\n",
        "\r\n",
        "@channel",
        "@here",
        "\x00",
        "a",
        " ",
    ]
)
WORDS = st.lists(HOSTILE | st.text(max_size=5), max_size=8).map("".join)
URLS = WORDS | WORDS.map(lambda tail: f"https://evil.example/{tail}")
FORGE_SPANS: st.SearchStrategy[Span] = st.one_of(
    st.builds(Plain, WORDS), st.builds(Code, WORDS), st.builds(Link, WORDS, URLS)
)
FORGE_TEXTS = st.recursive(
    st.lists(FORGE_SPANS, max_size=4).map(tuple),
    lambda inner: st.tuples(
        st.builds(Styled, st.sampled_from(["bold", "italic", "strike"]), inner),
        FORGE_SPANS,
    ),
    max_leaves=6,
)
LINK = re.compile(r"<(?:https?://|mailto:)[^<>|\n]+(?:\|[^<>|\n]*)?>")
ENTITY = re.compile(r"&(?:amp|lt|gt);")


@example((Link("https://evil|https://gitlab.com", "https://evil|https://gitlab.com"),))
@given(FORGE_TEXTS)
def test_forge_text_can_neither_ping_nor_open_an_entity(body: Text) -> None:
    rest = LINK.sub("", render(body))
    assert "<" not in rest
    assert ">" not in rest


@given(FORGE_TEXTS)
def test_every_ampersand_is_part_of_an_escape(body: Text) -> None:
    assert "&" not in ENTITY.sub("", render(body))


@given(WORDS)
def test_escaping_loses_nothing_but_what_cannot_be_seen(value: str) -> None:
    shown = render((Plain(value),))
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        shown = shown.replace(entity, character)
    assert shown == clean(value)


@given(WORDS)
def test_rendered_text_stays_harmless_when_it_is_read_as_forge_text_again(value: str) -> None:
    again = render((Plain(render((Plain(value),))),))
    assert "<" not in again
    assert ">" not in again


@given(WORDS)
def test_code_cannot_be_left_from_inside(value: str) -> None:
    shown = render((Code(value),))
    assert shown.strip("`").count("`") == 0


@given(WORDS, st.sampled_from(["", "U", "<!channel>", "U1|x", "here"]))
def test_a_mention_of_a_bad_id_only_shows_its_label(label: str, bad: str) -> None:
    assert "<" not in render((Mention(bad, label),))


@given(FORGE_TEXTS)
def test_plain_holds_no_invisible_characters(body: Text) -> None:
    assert clean(plain(body)) == plain(body)
