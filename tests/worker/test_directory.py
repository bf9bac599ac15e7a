"""Channel ids by name, as fresh as need be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.errors import NotSent, StoreError
from bot.worker.directory import Directory
from tests.fakes.chat import FakeChat
from tests.worker.bench import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.worker.bench import Bench


class Learnt:
    def __init__(self, **ids: str) -> None:
        self.ids = ids
        self.broken = False
        self.kept: list[dict[str, str]] = []

    async def channel_ids(self) -> dict[str, str]:
        if self.broken:
            raise StoreError("down")
        return dict(self.ids)

    async def learn_channels(self, ids: Mapping[str, str]) -> None:
        if self.broken:
            raise StoreError("down")
        self.kept.append(dict(ids))
        self.ids |= {name[1:]: channel for name, channel in ids.items()}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@pytest.fixture
def learnt() -> Learnt:
    return Learnt(old="C0OLD")


@pytest.fixture
def directory(chat: FakeChat, learnt: Learnt, clock: Clock) -> Directory:
    return Directory(chat=chat, store=learnt, clock=clock, used=lambda: ("#Dev", "#nowhere"))


async def test_names_come_from_slack_and_from_receipts(directory: Directory) -> None:
    assert await directory.ids() == {
        "general": "C0GENERAL",
        "dev": "C0DEV",
        "ci": "C0CI",
        "old": "C0OLD",
    }


async def test_an_id_is_found_by_any_spelling_of_its_name(directory: Directory) -> None:
    assert await directory.id_of("#Dev") == "C0DEV"
    assert await directory.id_of("C0ANY") == "C0ANY"
    assert await directory.id_of("#nothing") is None
    assert await directory.name_of("C0DEV") == "#dev"
    assert await directory.name_of("C0ANY") == "C0ANY"


async def test_slack_is_not_asked_again_soon(
    directory: Directory, chat: FakeChat, clock: Clock
) -> None:
    await directory.ids()
    chat.known["new"] = "C0NEW"
    assert await directory.id_of("#new") is None
    clock.move(seconds=30)
    assert await directory.id_of("#new") == "C0NEW"


async def test_a_listing_that_fails_leaves_what_was_known(
    directory: Directory, chat: FakeChat, clock: Clock
) -> None:
    await directory.ids()
    clock.move(seconds=30)
    chat.fail("channels", NotSent("down"))
    assert await directory.id_of("#dev") == "C0DEV"


async def test_a_listing_that_fails_is_not_repeated_soon(
    directory: Directory, chat: FakeChat, learnt: Learnt, clock: Clock
) -> None:
    chat.fail("channels", NotSent("down"))
    assert await directory.ids() == {"old": "C0OLD"}
    clock.move(seconds=60)
    assert await directory.id_of("#dev") is None
    clock.move(seconds=60)
    assert await directory.id_of("#dev") == "C0DEV"


async def test_a_receipt_teaches_at_once(directory: Directory, chat: FakeChat) -> None:
    chat.fail("channels", NotSent("no scope"))
    assert await directory.id_of("#dev") is None
    directory.learn("#Dev", "C0DEV")
    assert await directory.id_of("#dev") == "C0DEV"


async def test_what_another_process_learnt_is_known_within_a_second(
    directory: Directory, chat: FakeChat, learnt: Learnt, clock: Clock
) -> None:
    chat.fail("channels", NotSent("no scope"))
    assert await directory.id_of("#ops") is None
    learnt.ids["ops"] = "C0OPS"
    clock.move(seconds=1)
    assert await directory.id_of("#ops") == "C0OPS"


async def test_a_store_that_fails_costs_only_what_it_learnt(
    directory: Directory, learnt: Learnt
) -> None:
    learnt.broken = True
    assert await directory.id_of("#dev") == "C0DEV"
    assert await directory.id_of("#old") is None


async def test_who_asks_during_the_first_listing_waits_for_it(
    directory: Directory, chat: FakeChat
) -> None:
    asked = asyncio.gather(directory.id_of("#dev"), directory.id_of("#ci"))
    assert list(await asked) == [
        "C0DEV",
        "C0CI",
    ]


async def test_a_new_channel_of_an_old_name_is_the_one_meant(
    directory: Directory, chat: FakeChat, learnt: Learnt
) -> None:
    learnt.ids["dev"] = "C0BEFORE"
    assert await directory.id_of("#dev") == "C0DEV"


async def test_what_rules_use_is_known_after_a_start_at_which_nothing_is_listed(
    directory: Directory, chat: FakeChat, learnt: Learnt, clock: Clock
) -> None:
    for _ in range(3):
        await directory.ids()
        clock.move(seconds=30)
    assert learnt.kept == [{"#Dev": "C0DEV"}]
    chat.known["dev"] = "C0OTHER"
    await directory.ids()
    assert learnt.kept[1:] == [{"#Dev": "C0OTHER"}]
    chat.fail("channels", NotSent("down"))
    later = Directory(chat=chat, store=learnt, clock=clock)
    assert await later.ids() == {"dev": "C0OTHER", "old": "C0OLD"}


async def test_what_could_not_be_kept_is_kept_after_the_next_listing(
    directory: Directory, learnt: Learnt, clock: Clock
) -> None:
    learnt.broken = True
    assert await directory.id_of("#dev") == "C0DEV"
    learnt.broken = False
    clock.move(seconds=30)
    await directory.ids()
    assert learnt.kept == [{"#Dev": "C0DEV"}]


async def test_a_card_is_found_after_a_start_at_which_nothing_is_listed(bench: Bench) -> None:
    bench.use("rules: [{name: card, on: mr, card: '#dev'}]")
    await bench.take("mr.opened")
    await bench.send()
    bench.chat.fail("channels", NotSent("limited", code="ratelimited"))
    bench.restart()
    await bench.take("mr.merged")
    await bench.send()
    first = bench.chat.posts[0]
    assert (first.edits, first.thread) == (1, None)
