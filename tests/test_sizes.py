"""A default message on one line, on two, and as a card with its facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

import pytest

from bot.events import SPECS
from bot.message import Code, Message, Plain, bold, dump_message, join, load_message, quote, text
from bot.model import Event, Person, Project, Ref
from bot.sizes import Size, facts_of, on_one_line, sized
from bot.slack.blocks import blocks
from bot.slack.mrkdwn import plain, render
from tests.events.reading import everything, sampled

MESSAGE: Final = Message(
    text=text("alice opened ", Code("main"), " in shop/api:\n", quote("first\nsecond")),
    body=(text(quote("words\nmore words")), text("second part")),
    context=(text("a1b2c3 Title"), text("job 5")),
    color="danger",
)
EVENT: Final = Event(
    forge="gitlab",
    instance="gitlab",
    kind="issue",
    names=("issue.opened",),
    project=Project(id="1", path="shop/api", url="https://git.example/shop/api"),
    actor=None,
    subject=None,
    subjects=(),
    fields={
        "author": Person(username="alice", name="Alice"),
        "labels": ("bug", "needs, review"),
        "branch": "main",
        "assignees": tuple(Person(username=f"user{n}") for n in range(8)),
        "duration": timedelta(seconds=190),
        "expires": datetime(2026, 3, 9, tzinfo=UTC),
        "commit": Ref(label="a1b2c3", url="https://git.example/c"),
        "failures": 3,
        "milestone": "",
        "description": "See **#5**",
    },
)


def test_a_line_is_one_line_in_every_sense() -> None:
    made = sized(MESSAGE, "line", EVENT)
    assert plain(made.text) == "alice opened main in shop/api: “first second”"
    assert (made.body, made.context, made.facts, made.color) == ((), (), (), None)


def test_the_line_of_a_comment_has_its_words() -> None:
    event = replace(EVENT, kind="comment", names=("comment",))
    made = sized(Message(text=text("bob commented"), body=(text(quote("a\n*b*")),)), "line", event)
    assert plain(made.text) == "bob commented: “a *b*”"


@pytest.mark.parametrize("size", ["line", "compact"])
def test_a_failed_pipeline_says_in_every_size_what_failed(size: Size) -> None:
    event = sampled("pipeline.failed")
    made = sized(SPECS["pipeline"].line(event), size, event)
    assert "Failed: test/unit" in plain(text(*made.text, *join(" ", made.context)))


def test_compact_is_a_line_and_one_grey_row() -> None:
    made = sized(MESSAGE, "compact", EVENT)
    assert plain(made.text) == "alice opened main in shop/api: “first second”"
    assert [plain(row) for row in made.context] == ["“words more words” · a1b2c3 Title · job 5"]
    assert (made.body, made.facts, made.color) == ((), (), "danger")


def test_the_grey_row_is_made_of_the_words_or_the_facts_when_there_is_none() -> None:
    words = sized(Message(text=text("x"), body=(text(quote("a\nb")),)), "compact", EVENT)
    assert [plain(row) for row in words.context] == ["“a b”"]
    facts = sized(Message(text=text("Alice")), "compact", EVENT)
    assert plain(facts.context[0]).startswith("Assignees: user0, user1")
    assert sized(Message(text=text("x")), "compact").context == ()


def test_a_card_tells_what_the_message_does_not() -> None:
    made = sized(Message(text=text("Alice opened a1b2c3 on main")), "card", EVENT)
    assert [(heading, plain(value)) for heading, value in made.facts] == [
        ("Assignees", "user0, user1, user2, user3, user4, user5 and 2 more"),
        ("Labels", "bug, needs, review"),
        ("Duration", "3 min 10 s"),
        ("Failures in a row", "3"),
        ("Expires", "2026-03-09 00:00"),
    ]
    shown = "See *<https://git.example/shop/api/-/issues/5|#5>*"
    assert [render(part) for part in made.body] == [shown]
    assert made.color == "#c95823"


def test_a_card_keeps_what_its_family_made_and_has_one_bar() -> None:
    made = sized(MESSAGE, "card", EVENT)
    assert (made.text, made.context) == (MESSAGE.text, MESSAGE.context)
    assert made.body == (text("words\nmore words"), text("second part"))
    assert made.color == "danger"
    assert sized(MESSAGE, "card").facts == ()


def test_without_a_size_nothing_changes() -> None:
    assert sized(MESSAGE, None, EVENT) is MESSAGE


def test_facts_are_kept_with_the_message() -> None:
    made = sized(MESSAGE, "card", EVENT)
    assert made.facts
    assert load_message(dump_message(made)) == made


def test_a_line_has_no_double_spaces_and_keeps_its_styles() -> None:
    body = text("  a \n\n b ", bold("c\nd"), Code("e\nf"), "\n")
    assert on_one_line(body, 99) == text("a b ", bold("c d"), Code("e f"))


def test_a_long_line_is_cut() -> None:
    assert on_one_line(text("x" * 400), 10) == (Plain("x" * 9 + "…"),)


@pytest.mark.parametrize("size", get_args(Size))
def test_every_family_fits_into_every_size(size: Size) -> None:
    for name, event in everything():
        message = sized(SPECS[event.kind].line(event), size, event)
        sent = blocks(message)
        assert sent.text.strip(), name
        if size == "line":
            assert len(sent.blocks) == 1, name
            assert not sent.attachments, name
            assert "\n" not in sent.text, name
        shown = [*sent.blocks, *(block for bar in sent.attachments for block in bar["blocks"])]
        if size == "compact":
            assert len(shown) <= 2, name
            assert "\n" not in sent.text, name
        if size == "card":
            assert bool(sent.attachments) == (len(shown) > 1), name
            told = {heading for heading, _ in facts_of(event, message)}
            assert told <= {heading for heading, _ in message.facts}, name
