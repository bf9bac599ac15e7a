"""`/hook why`: which rule made a message, and why the others did not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from bot import commands
from bot.commands.tracing import place_of
from bot.errors import CommandError
from bot.model import Job, Place
from bot.outside import Right
from bot.store import open_store
from tests.commands.stage import Stage, shown
from tests.kept import Kept

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.model import DeliveryId

LINK = "https://team.slack.com/archives/C0DEV0001/p1763844501000100"


@dataclass
class Desk:
    """Somebody who asks."""

    kept: Kept
    stage: Stage = field(default_factory=Stage)

    async def ask(self, words: str, *, channel: str = "C0DEV0001", who: str = "U0BOB0001") -> str:
        job = Job(id="j", command="hook", args=("why", *words.split()), who=who, channel=channel)
        ctx = replace(self.stage.context(), history=self.kept.store)
        return shown(await commands.run(ctx, job))

    async def take(self, name: str, **overrides: object) -> DeliveryId:
        return await self.kept.take(name, **overrides)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_store(f"sqlite:///{tmp_path}/bot.db", secret_key="a key") as store:
        yield Desk(Kept(store))


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        f"{LINK}?thread_ts=1763844000.000100&cid=C0DEV0001",
        "C0DEV0001/1763844501.000100",
    ],
)
def test_a_messages_link_names_its_place(link: str) -> None:
    assert place_of(link) == Place(channel="C0DEV0001", ts="1763844501.000100")


@pytest.mark.parametrize("link", ["x", "https://git.example.com/a/b/-/merge_requests/7", "C1/p1"])
def test_another_link_names_none(link: str) -> None:
    assert place_of(link) is None


async def test_a_messages_rule_is_told_and_why_others_did_not_want_it(desk: Desk) -> None:
    first = await desk.take("mr.opened")
    await desk.take("mr.pushed")
    told = await desk.ask(LINK)
    assert told.splitlines()[0] == "mr.opened in shop/api"
    assert "✓ MR card  rules.yaml:3" in told
    assert "→ card #dev  posted (ts 1763844501.000100)  41 ms" in told
    assert "✗ labels: backend ← []" in told
    assert "Later: card by MR card" in told
    assert f"delivery {first}" in told


async def test_anybody_of_the_channel_may_ask(desk: Desk) -> None:
    await desk.take("mr.opened")
    assert "MR card" in await desk.ask("C0DEV0001/1763844501.000100", who="U0NOBODY1")


async def test_elsewhere_who_may_see_the_project_may_ask(desk: Desk) -> None:
    await desk.take("mr.opened")
    place = desk.stage.forge.add("shop/api")
    desk.stage.forge.places = {"15": place, "16": desk.stage.forge.places["101"]}
    refused = await desk.ask(LINK, channel="C0ELSE001")
    assert "/hook link gitlab" in refused
    assert "MR card" not in refused
    desk.stage.link("U0BOB0001", "bob", Right.NONE, "shop/api")
    assert "no member of it" in await desk.ask(LINK, channel="C0ELSE001")
    desk.stage.link("U0BOB0001", "bob", Right.READ, "shop/api")
    assert "MR card" in await desk.ask(LINK, channel="C0ELSE001")


async def test_what_is_public_is_told_everywhere(desk: Desk) -> None:
    await desk.take("mr.opened", visibility="public")
    assert "MR card" in await desk.ask(LINK, channel="C0ELSE001")


async def test_a_merge_requests_address_leads_to_its_last_event(desk: Desk) -> None:
    await desk.take("mr.opened")
    await desk.take("mr.pushed")
    await desk.take("issue.closed")
    page = "https://gitlab.example.com/shop/api/-/merge_requests/7"
    assert (await desk.ask(page)).startswith("mr.pushed in shop/api")


async def test_a_page_that_nothing_came_of_is_said_so(desk: Desk) -> None:
    await desk.take("mr.opened")
    with pytest.raises(CommandError, match="No delivery about that page"):
        await desk.ask("https://gitlab.example.com/shop/api/-/merge_requests/99")


@pytest.mark.parametrize("words", ["", "shop/api", "nonsense"])
async def test_what_is_no_link_is_answered_with_how_to_ask(desk: Desk, words: str) -> None:
    with pytest.raises(CommandError, match="Paste a message's link"):
        await desk.ask(words)


async def test_a_message_of_somebody_else_is_said_to_be_none_of_ours(desk: Desk) -> None:
    with pytest.raises(CommandError, match="none of mine"):
        await desk.ask(LINK)


async def test_what_is_confidential_is_told_only_where_it_went(desk: Desk) -> None:
    await desk.take("issue.opened", confidential=True, title="A hole in the wall")
    place = desk.stage.forge.add("shop/api")
    desk.stage.forge.places = {"15": place}
    link = "https://team.slack.com/archives/C0SEC0001/p1763844501000100"
    desk.stage.link("U0GUEST01", "guest", Right.READ, "shop/api")
    desk.stage.link("U0CAROL01", "carol", Right.WRITE, "shop/api")
    for who in ("U0BOB0001", "U0GUEST01"):
        assert "hole" not in await desk.ask(link, channel="C0DEV0001", who=who)
        assert "secrets" not in await desk.ask(link, channel="C0DEV0001", who=who)
    assert "secrets" in await desk.ask(link, channel="C0SEC0001")
    assert "secrets" in await desk.ask(link, who="U0CAROL01")
    assert "secrets" in await desk.ask(link, who=commands.LOCAL)
