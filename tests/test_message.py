"""Text as a type: spans, cleaning, cutting, and the way to JSON and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.message import (
    Broadcast,
    Code,
    Emoji,
    Link,
    Mention,
    Message,
    Plain,
    Span,
    Styled,
    Text,
    Trusted,
    bold,
    clean,
    dump_message,
    is_web_url,
    join,
    load_message,
    one_line,
    text,
    truncate,
    width,
)

leaves: st.SearchStrategy[Span] = st.one_of(
    st.builds(Plain, st.text()),
    st.builds(Code, st.text()),
    st.builds(Link, st.text(), st.just("https://x.example/y")),
    st.builds(Mention, st.just("U0A"), st.text()),
    st.builds(Broadcast, st.sampled_from(["here", "channel"])),
    st.builds(Emoji, st.just("tada")),
    st.builds(Trusted, st.text()),
)
spans: st.SearchStrategy[Span] = st.recursive(
    leaves,
    lambda inner: st.builds(
        Styled, st.sampled_from(["bold", "italic", "strike"]), st.lists(inner).map(tuple)
    ),
    max_leaves=8,
)
texts: st.SearchStrategy[Text] = st.lists(spans, max_size=6).map(tuple)


def test_strings_become_plain_and_neighbours_join() -> None:
    assert text("a", Plain("b"), bold("c"), "") == (Plain("ab"), Styled("bold", (Plain("c"),)))


def test_join_puts_the_separator_between() -> None:
    assert join(", ", ["a", "b", "c"]) == (Plain("a, b, c"),)
    assert join(", ", []) == ()


@given(texts, st.integers(-2, 60))
def test_a_cut_text_is_never_wider_than_asked(body: Text, limit: int) -> None:
    assert width(truncate(body, limit)) <= max(limit, 0)


@given(texts, st.integers(1, 60))
def test_cutting_splits_no_link_mention_or_markup(body: Text, limit: int) -> None:
    whole = set(_uncuttable(body))
    assert set(_uncuttable(truncate(body, limit))) <= whole


def _uncuttable(body: Text) -> list[Span]:
    found: list[Span] = []
    for span in body:
        if isinstance(span, Styled):
            found += _uncuttable(span.inner)
        elif not isinstance(span, Plain | Code):
            found.append(span)
    return found


@given(texts)
def test_a_text_that_fits_is_left_alone(body: Text) -> None:
    assert truncate(body, width(body)) == body


def test_words_are_kept_whole_where_enough_is_left() -> None:
    words = text("a sentence of many words that is long")
    assert truncate(words, 32) == text("a sentence of many words that…")
    assert truncate(text("short words"), 9) == text("short wo…")
    assert truncate(text(f"{'x' * 40} {'y' * 40}"), 60) == text(f"{'x' * 40} {'y' * 18}…")


@given(texts, texts, texts)
def test_a_message_survives_json(lead: Text, body: Text, context: Text) -> None:
    message = Message(text=lead, body=(body,), context=(context, lead), color="danger", notice=lead)
    assert load_message(json.loads(json.dumps(dump_message(message)))) == message


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("a\u200bb\u2066c\ufeffd", "abcd"),
        ("nul\x00bell\x07", "nulbell"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("tab\tstays", "tab\tstays"),
        ("half \ud800 pair", "half  pair"),
        ("tag\U000e0041s", "tags"),
    ],
)
def test_invisible_and_reordering_characters_go(dirty: str, shown: str) -> None:
    assert clean(dirty) == shown


@given(st.text())
def test_cleaning_twice_changes_nothing_more(value: str) -> None:
    assert clean(clean(value)) == clean(value)


@given(st.text())
def test_one_line_is_one_line(value: str) -> None:
    assert "\n" not in one_line(value)
    assert one_line(value) == one_line(value).strip()


@pytest.mark.parametrize(
    "url", ["https://x.example/a?b=c#d", "http://127.0.0.1:80/", "mailto:a@b.example"]
)
def test_web_addresses_are_links(url: str) -> None:
    assert is_web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "//x.example",
        "https://a b",
        "https://x\u202e",
        "slack://open",
        "https://[::1",
    ],
)
def test_nothing_else_is(url: str) -> None:
    assert not is_web_url(url)
