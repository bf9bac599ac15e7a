"""What every chat does, the one in memory and Slack's alike."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from bot.errors import ParentLost, TargetRefused
from bot.message import Message, bold, text
from bot.model import Place
from bot.slack.client import SlackChat
from bot.slack.mrkdwn import render
from tests.fakes.chat import FakeChat
from tests.fakes.slack_server import FakeSlack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.outside import Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message as somebody in the channel sees it."""

    ts: str
    text: str
    thread: str | None = None
    broadcast: bool = False
    edits: int = 0
    reactions: tuple[str, ...] = ()


class View(Protocol):
    chat: Chat
    #: The reply_to of a command somebody typed.
    reply_to: str

    def seen(self, channel: str) -> list[Seen]: ...

    def answers(self) -> list[str]: ...

    def whispers(self) -> list[tuple[str, str, str]]: ...


class MemoryView:
    def __init__(self) -> None:
        self._fake = FakeChat()
        self.chat: Chat = self._fake
        self.reply_to = "https://hooks.slack.com/commands/1"

    def seen(self, channel: str) -> list[Seen]:
        return [
            Seen(
                ts=post.place.ts,
                text=render(post.message.text),
                thread=post.thread,
                broadcast=post.broadcast,
                edits=post.edits,
                reactions=post.reactions,
            )
            for post in self._fake.in_channel(channel)
        ]

    def answers(self) -> list[str]:
        return [render(answer.message.text) for answer in self._fake.answers]

    def whispers(self) -> list[tuple[str, str, str]]:
        return [(where, who, render(said.text)) for where, who, said in self._fake.whispers]


class SlackView:
    def __init__(self, slack: FakeSlack, chat: SlackChat) -> None:
        self._slack = slack
        self.chat: Chat = chat
        form = slack.commands.form(
            "/hook list", user="U0ALICE", channel=slack.workspace.channel("dev")
        )
        self.reply_to = form["response_url"]

    def seen(self, channel: str) -> list[Seen]:
        return [
            Seen(
                ts=posted.ts,
                text=posted.text,
                thread=posted.thread_ts,
                broadcast=posted.broadcast,
                edits=len(posted.edits),
                reactions=tuple(posted.reactions),
            )
            for posted in self._slack.messages(channel)
        ]

    def answers(self) -> list[str]:
        return [answer["text"] for answer in self._slack.answers]

    def whispers(self) -> list[tuple[str, str, str]]:
        seen = self._slack.workspace.ephemerals
        return [(each.channel, each.user, each.text) for each in seen]


@asynccontextmanager
async def in_memory() -> AsyncIterator[View]:
    yield MemoryView()


@asynccontextmanager
async def over_slack() -> AsyncIterator[View]:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        yield SlackView(slack, chat)


@pytest.fixture(params=[in_memory, over_slack], ids=["memory", "slack"])
async def view(request: pytest.FixtureRequest) -> AsyncIterator[View]:
    async with request.param() as made:
        yield made


HELLO = Message(text=text(bold("<hello>")))
AGES_AGO = timedelta(hours=1)


def moments_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


async def post(view: View, channel: str = "#dev", *, key: str = "k", under: str = "") -> Place:
    return await view.chat.post(channel, HELLO, key=key, thread=under or None, broadcast=False)


async def test_a_post_is_seen_escaped_where_its_place_says(view: View) -> None:
    place = await post(view)
    assert place.channel == "C0DEV"
    assert view.seen("dev") == [Seen(ts=place.ts, text="*&lt;hello&gt;*")]


@pytest.mark.parametrize("name", ["C0DEV", "dev", "#dev"])
async def test_a_channel_is_named_by_id_or_name(view: View, name: str) -> None:
    assert (await post(view, name)).channel == "C0DEV"


async def test_posts_stay_in_order_and_have_their_own_places(view: View) -> None:
    first, second = await post(view), await post(view)
    assert first.ts < second.ts
    assert [seen.ts for seen in view.seen("dev")] == [first.ts, second.ts]


async def test_an_unknown_channel_is_refused(view: View) -> None:
    with pytest.raises(TargetRefused) as refused:
        await post(view, "#nowhere")
    assert refused.value.code == "channel_not_found"


async def test_a_reply_hangs_below_its_root(view: View) -> None:
    root = await post(view)
    reply = await post(view, under=root.ts)
    assert view.seen("dev")[1] == Seen(ts=reply.ts, text="*&lt;hello&gt;*", thread=root.ts)


async def test_a_reply_is_broadcast_when_asked(view: View) -> None:
    root = await post(view)
    await view.chat.post("dev", HELLO, key="k", thread=root.ts, broadcast=True)
    assert view.seen("dev")[1].broadcast


async def test_a_root_is_never_broadcast(view: View) -> None:
    await view.chat.post("dev", HELLO, key="k", thread=None, broadcast=True)
    assert not view.seen("dev")[0].broadcast


async def test_a_reply_to_nothing_has_lost_its_parent(view: View) -> None:
    with pytest.raises(ParentLost):
        await post(view, under="1700000000.000001")
    assert view.seen("dev") == []


async def test_an_edit_changes_the_message_in_place(view: View) -> None:
    place = await post(view)
    await view.chat.edit(place, Message(text=text("after")))
    assert view.seen("dev") == [Seen(ts=place.ts, text="after", edits=1)]


async def test_an_edit_of_nothing_has_lost_its_parent(view: View) -> None:
    with pytest.raises(ParentLost):
        await view.chat.edit(Place(channel="C0DEV", ts="1700000000.000001"), HELLO)


async def test_reactions_are_added_and_taken_away(view: View) -> None:
    place = await post(view)
    await view.chat.react(place, "fire", remove=False)
    await view.chat.react(place, "tada", remove=False)
    await view.chat.react(place, "fire", remove=True)
    assert view.seen("dev")[0].reactions == ("tada",)


async def test_reacting_twice_and_unreacting_twice_are_success(view: View) -> None:
    place = await post(view)
    for remove in (False, False, True, True):
        await view.chat.react(place, "fire", remove=remove)
    assert view.seen("dev")[0].reactions == ()


async def test_a_reaction_to_nothing_has_lost_its_parent(view: View) -> None:
    with pytest.raises(ParentLost):
        await view.chat.react(Place(channel="C0DEV", ts="1700000000.000001"), "x", remove=False)


async def test_edits_and_reactions_take_a_channel_by_name(view: View) -> None:
    place = Place(channel="#dev", ts=(await post(view)).ts)
    await view.chat.react(place, "fire", remove=False)
    await view.chat.edit(place, Message(text=text("after")))
    assert view.seen("dev")[0] == Seen(ts=place.ts, text="after", edits=1, reactions=("fire",))


async def test_a_message_is_found_by_its_key(view: View) -> None:
    since = moments_ago()
    await post(view, key="other")
    place = await post(view, key="mine")
    await post(view, key="third")
    assert await view.chat.find("dev", key="mine", since=since, thread=None) == place
    assert await view.chat.find("C0DEV", key="never", since=since, thread=None) is None


async def test_a_reply_is_found_in_its_thread(view: View) -> None:
    since = moments_ago()
    root = await post(view, key="root")
    reply = await post(view, key="reply", under=root.ts)
    assert await view.chat.find("dev", key="reply", since=since, thread=root.ts) == reply


async def test_an_edited_message_keeps_its_key(view: View) -> None:
    since = moments_ago()
    place = await post(view, key="mine")
    await view.chat.edit(place, Message(text=text("after")))
    assert await view.chat.find("dev", key="mine", since=since, thread=None) == place


async def test_what_was_posted_long_before_is_not_found(view: View) -> None:
    await post(view, key="mine")
    later = datetime.now(UTC) + AGES_AGO
    assert await view.chat.find("dev", key="mine", since=later, thread=None) is None


async def test_channels_are_listed_by_name(view: View) -> None:
    channels = await view.chat.channels()
    assert channels["dev"] == "C0DEV"
    assert channels["general"] == "C0GENERAL"


async def test_a_whisper_is_seen_by_one_person_only(view: View) -> None:
    await view.chat.whisper("C0DEV", "U0ALICE", HELLO)
    assert view.whispers() == [("C0DEV", "U0ALICE", "*&lt;hello&gt;*")]
    assert view.seen("dev") == []


async def test_a_whisper_where_the_bot_cannot_be_is_refused(view: View) -> None:
    with pytest.raises(TargetRefused):
        await view.chat.whisper("D0OTHERS1", "U0ALICE", HELLO)
    assert view.whispers() == []


async def test_an_answer_reaches_the_person_who_typed(view: View) -> None:
    await view.chat.answer(view.reply_to, HELLO, replace=False)
    assert view.answers() == ["*&lt;hello&gt;*"]
