"""What the preview keeps of what Slack would have been told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from bot.errors import CallError, NotSent, ParentLost, StoreError, Unsure
from bot.message import Message, text
from bot.model import Action, ActionId, Json, Place, SubjectKey
from bot.outside import Chat, Trace
from bot.preview.changes import Changes
from bot.preview.chat import PreviewChat
from bot.preview.memory import MemoryPreview
from tests.web.fakes import ManualClock

NOWHERE = Place(channel="#dev", ts="1.000000")
HELLO = Message(text=text("hello"))


def render(message: Message) -> Mapping[str, Json]:
    return {"text": "".join(f"{span}" for span in message.text)}


@dataclass
class Preview:
    store: MemoryPreview = field(default_factory=MemoryPreview)
    clock: ManualClock = field(default_factory=ManualClock)
    changes: Changes = field(default_factory=Changes)

    def __post_init__(self) -> None:
        self.chat = PreviewChat(
            store=self.store, render=render, clock=self.clock, changes=self.changes
        )


@pytest.fixture
def preview() -> Preview:
    return Preview()


async def post(preview: Preview, channel: str = "#dev", **options: Any) -> Place:
    wanted = {"key": "d.0", "thread": None, "broadcast": False, **options}
    return await preview.chat.post(channel, HELLO, **wanted)


def test_it_stands_in_for_slack(preview: Preview) -> None:
    chat: Chat = preview.chat
    trace: Trace = preview.chat
    assert (chat, trace) == (preview.chat, preview.chat)


async def test_a_message_is_kept_as_slack_would_get_it(preview: Preview) -> None:
    place = await post(preview)
    [message] = await preview.store.preview_messages()
    assert message.rendered == render(HELLO)
    assert (message.channel, message.ts) == (place.channel, place.ts)
    assert message.posted_at == preview.clock.now()


async def test_two_messages_of_one_moment_have_two_ascending_ts(preview: Preview) -> None:
    first, second = await post(preview), await post(preview)
    assert first.ts < second.ts


async def test_an_edit_changes_the_message_in_place(preview: Preview) -> None:
    place = await post(preview)
    await preview.chat.edit(place, Message(text=text("changed")))
    [message] = await preview.store.preview_messages()
    assert "changed" in message.rendered["text"]
    assert message.edited_at == preview.clock.now()


async def test_a_reaction_is_there_once_and_goes_when_removed(preview: Preview) -> None:
    place = await post(preview)
    for emoji in ("tada", "x", "tada"):
        await preview.chat.react(place, emoji, remove=False)
    assert (await preview.store.preview_messages())[0].reactions == ("tada", "x")
    for _ in range(2):
        await preview.chat.react(place, "tada", remove=True)
    assert (await preview.store.preview_messages())[0].reactions == ("x",)


async def test_what_is_gone_cannot_be_edited_or_reacted_to(preview: Preview) -> None:
    with pytest.raises(ParentLost):
        await preview.chat.edit(NOWHERE, HELLO)
    with pytest.raises(ParentLost):
        await preview.chat.react(NOWHERE, "x", remove=False)


async def test_our_own_message_is_found_by_its_key(preview: Preview) -> None:
    start = preview.clock.now()
    root = await post(preview, key="d.1")
    reply = await post(preview, key="d.2", thread=root.ts)

    async def find(key: str, thread: str | None = None, *, later: int = 0) -> Place | None:
        since = start + timedelta(seconds=later)
        return await preview.chat.find("#dev", key=key, since=since, thread=thread)

    assert await find("d.1") == root
    assert await find("d.2", root.ts) == reply
    assert await find("d.2") is None
    assert await find("d.3") is None
    assert await find("d.1", later=1) is None


async def test_the_rule_of_every_action_stays_beside_the_message(preview: Preview) -> None:
    place = await post(preview)
    for number, (verb, rule) in enumerate([("card", "cards"), ("react", "approvals")]):
        action = Action(
            id=ActionId(f"DELIVERY.{number}"),
            verb=verb,
            rule=rule,
            channel="#dev",
            subject=SubjectKey("gitlab:7:mr:1"),
        )
        await preview.chat.note(place, action)
    [message] = await preview.store.preview_messages()
    notes = message.note.values()
    assert [(n["verb"], n["rule"], n["delivery"]) for n in notes] == [
        ("card", "cards", "DELIVERY"),
        ("react", "approvals", "DELIVERY"),
    ]


async def test_only_what_changed_is_newer(preview: Preview) -> None:
    first, _second = await post(preview), await post(preview)
    seen = max(m.seq for m in await preview.store.preview_messages())
    await preview.chat.react(first, "x", remove=False)
    assert [m.ts for m in await preview.store.preview_messages(since=seen)] == [first.ts]


class BrokenPreview(MemoryPreview):
    @override
    async def preview_post(self, *args: Any, **kwargs: Any) -> Place:
        raise StoreError("disk full")

    @override
    async def preview_edit(self, *args: Any, **kwargs: Any) -> bool:
        raise StoreError("disk full")


async def test_a_store_that_fails_is_a_call_that_may_be_tried_again() -> None:
    preview = Preview(store=BrokenPreview())
    errors: dict[str, type[CallError]] = {}
    with pytest.raises(CallError) as posted:
        await post(preview)
    errors["post"] = type(posted.value)
    with pytest.raises(CallError) as edited:
        await preview.chat.edit(NOWHERE, HELLO)
    errors["edit"] = type(edited.value)
    assert errors == {"post": Unsure, "edit": NotSent}


async def test_a_change_wakes_who_waits(preview: Preview) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        waiting = [group.create_task(preview.changes.wait(60)) for _ in range(2)]
        await asyncio.sleep(0)
        await post(preview)
    assert all(task.done() for task in waiting)
    await preview.changes.wait(0)


async def test_a_direct_message_is_shown_below_the_persons_name() -> None:
    preview = Preview()
    preview.chat.name_people(lambda: {"alice": "U0ALICE01"})
    place = await preview.chat.post("U0ALICE01", HELLO, key="k", thread=None, broadcast=False)
    assert place.channel == "@alice"
    other = await preview.chat.post("U0OTHER01", HELLO, key="k2", thread=None, broadcast=False)
    assert other.channel == "@U0OTHER01"
    since = preview.clock.now() - timedelta(minutes=1)
    assert await preview.chat.find("U0ALICE01", key="k", since=since, thread=None) == place
