"""Discussions of GitHub as subjects: `thread: discussion`, `once: discussion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import events
from tests.deciding import Bench
from tests.events import reading

if TYPE_CHECKING:
    from bot.model import Event

HEAD = "channels: {dev: C0DEV0001}\nrules:\n"
STORY = ("discussion__created", "discussion_comment__created", "discussion__answered")


def other_created() -> Event:
    body = reading.body_of("discussion__created")
    body["discussion"] |= {"number": 99, "id": 99}
    return events.understand(reading.source("discussion", "github"), body)


def test_what_is_said_in_a_discussion_joins_its_thread() -> None:
    run = Bench(
        HEAD
        + "- {on: discussion.created, post: {to: dev, text: begun, thread: discussion}}\n"
        + "- {on: [comment.discussion, discussion.answered],"
        " reply: {text: said, thread: discussion}}"
    )
    (post,), (comment,), (answer,) = (run.take(reading.event_of(one)).actions for one in STORY)
    assert (comment.verb, comment.root) == (answer.verb, answer.root) == ("reply", post.id)
    (other,) = run.take(other_created()).actions
    assert (other.verb, other.root) == ("post", None)


def test_once_counts_each_discussion_and_what_is_said_in_it() -> None:
    run = Bench(
        HEAD
        + "- {on: [discussion, comment.discussion], once: discussion, post: {to: dev, text: x}}"
    )
    story = [*map(reading.event_of, STORY), other_created()]
    assert [len(run.take(event).actions) for event in story] == [1, 0, 0, 1]
