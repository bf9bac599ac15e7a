"""What the page and the chat rely on, of every store of preview messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.model import Place
from bot.ports import PreviewMessage, PreviewStore
from bot.preview.memory import MemoryPreview
from bot.store import open_store
from tests.postgres import empty_postgres_url, postgres_server, postgres_url

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["empty_postgres_url", "postgres_server", "postgres_url"]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOWHERE = Place(channel="#dev", ts="1.000000")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return None if request.param == "memory" else f"sqlite:///{tmp_path}/bot.db"


@pytest.fixture
async def store(url: str | None) -> AsyncIterator[PreviewStore]:
    if url is None:
        yield MemoryPreview()
        return
    async with open_store(url, secret_key="a key for the tests") as opened:
        yield opened


async def post(store: PreviewStore, channel: str = "#dev", **values: Any) -> Place:
    given = {
        "key": "d.1",
        "thread": None,
        "broadcast": False,
        "rendered": {"text": "hello", "blocks": []},
        "now": NOW,
        **values,
    }
    return await store.preview_post(channel, **given)


async def only(store: PreviewStore) -> PreviewMessage:
    [message] = await store.preview_messages()
    return message


async def test_a_message_is_kept_whole(store: PreviewStore) -> None:
    root = await post(store)
    reply = await post(store, thread=root.ts, broadcast=True, key="d.2")
    first, second = await store.preview_messages()
    assert (first.ts, first.thread, first.key, first.edited_at) == (root.ts, None, "d.1", None)
    assert (second.ts, second.thread, second.broadcast) == (reply.ts, root.ts, True)
    assert first.rendered == {"text": "hello", "blocks": []}
    assert (first.posted_at, first.reactions, dict(first.note)) == (NOW, (), {})


async def test_ts_ascend_in_a_channel_also_when_the_clock_does_not(store: PreviewStore) -> None:
    places = [await post(store, now=NOW - timedelta(seconds=number)) for number in range(3)]
    assert [place.ts for place in places] == sorted({place.ts for place in places})


async def test_every_change_is_newer_than_the_one_before(store: PreviewStore) -> None:
    first, second = await post(store), await post(store, channel="#ci")
    seen = max(message.seq for message in await store.preview_messages())
    assert await store.preview_edit(first, {"text": "new"}, now=NOW + timedelta(minutes=1))
    assert await store.preview_react(second, "tada", remove=False)
    edited, reacted = await store.preview_messages(since=seen)
    assert (edited.rendered["text"], edited.edited_at) == ("new", NOW + timedelta(minutes=1))
    assert reacted.reactions == ("tada",)
    assert await store.preview_messages(since=reacted.seq) == ()


async def test_of_many_messages_the_newest_are_listed_first_the_oldest_of_them(
    store: PreviewStore,
) -> None:
    places = [await post(store) for _ in range(5)]
    listed = await store.preview_messages(limit=2)
    assert [message.ts for message in listed] == [place.ts for place in places[3:]]
    newer = await store.preview_messages(since=1, limit=2)
    assert [message.ts for message in newer] == [place.ts for place in places[1:3]]


async def test_a_reaction_is_there_once_in_its_order_until_removed(store: PreviewStore) -> None:
    place = await post(store)
    for emoji in ("eyes", "tada", "eyes"):
        assert await store.preview_react(place, emoji, remove=False)
    assert (await only(store)).reactions == ("eyes", "tada")
    for _ in range(2):
        assert await store.preview_react(place, "eyes", remove=True)
    assert (await only(store)).reactions == ("tada",)


async def test_what_does_not_exist_is_not_changed(store: PreviewStore) -> None:
    assert not await store.preview_edit(NOWHERE, {"text": "x"}, now=NOW)
    assert not await store.preview_react(NOWHERE, "x", remove=False)
    await store.preview_note(NOWHERE, {"d.1": {}})
    assert await store.preview_messages() == ()


async def test_notes_join_and_the_same_action_is_noted_once(store: PreviewStore) -> None:
    place = await post(store)
    await store.preview_note(place, {"d.1": {"verb": "card", "rule": "a"}})
    await store.preview_note(place, {"d.2": {"verb": "react", "rule": "b"}})
    await store.preview_note(place, {"d.2": {"verb": "react", "rule": "c"}})
    note = (await only(store)).note
    assert [(action, said["rule"]) for action, said in note.items()] == [("d.1", "a"), ("d.2", "c")]


async def test_a_message_is_found_by_key_place_and_time(store: PreviewStore) -> None:
    root = await post(store)
    reply = await post(store, thread=root.ts)

    async def find(thread: str | None, since: datetime = NOW) -> Place | None:
        return await store.preview_find("#dev", key="d.1", since=since, thread=thread)

    assert await find(None) == root
    assert await find(root.ts) == reply
    assert await find("9.000000") is None
    assert await find(None, NOW + timedelta(microseconds=1)) is None
    assert await store.preview_find("#ci", key="d.1", since=NOW, thread=None) is None
