"""Who reads a channel, whose an address is, which group a handle is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aioresponses import aioresponses

from bot.errors import CredentialRefused
from bot.slack.roster import is_foreign
from tests.slack.test_client import API, chat, sent, wire

if TYPE_CHECKING:
    from bot.slack.client import SlackChat

__all__ = ["chat", "wire"]


def listed(*channels: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "channels": list(channels)}


@pytest.mark.parametrize(
    ("flags", "foreign"),
    [
        ({}, False),
        ({"is_shared": False, "is_ext_shared": False}, False),
        ({"is_shared": True, "is_ext_shared": True}, True),
        ({"is_pending_ext_shared": True}, True),
        ({"is_shared": True, "is_org_shared": True}, False),
        ({"is_shared": True, "is_org_shared": True, "is_ext_shared": True}, True),
        ({"is_shared": True}, True),
    ],
)
def test_a_channel_of_one_organisation_is_its_own(flags: dict[str, bool], foreign: bool) -> None:
    assert is_foreign(flags) is foreign


async def test_one_listing_tells_ids_and_who_reads_there(
    wire: aioresponses, chat: SlackChat
) -> None:
    partners = {"id": "C0PART", "name": "partners", "is_ext_shared": True}
    wire.post(f"{API}conversations.list", payload=listed({"id": "C0DEV", "name": "dev"}, partners))
    assert await chat.channels() == {"dev": "C0DEV", "partners": "C0PART"}
    assert await chat.shared_channels() == {"C0PART"}
    assert await chat.is_shared("#partners")
    assert not await chat.is_shared("C0DEV")
    assert len(sent(wire, f"{API}conversations.list")) == 1


async def test_a_channel_that_no_listing_shows_is_asked_about(
    wire: aioresponses, chat: SlackChat
) -> None:
    wire.post(f"{API}conversations.list", payload=listed())
    answer = {"ok": True, "channel": {"id": "C0SECRET", "is_pending_ext_shared": True}}
    wire.post(f"{API}conversations.info", payload=answer)
    assert await chat.is_shared("C0SECRET")
    assert await chat.is_shared("C0SECRET")
    assert len(sent(wire, f"{API}conversations.info")) == 1


async def test_what_cannot_be_asked_is_not_taken_for_an_answer(
    wire: aioresponses, chat: SlackChat
) -> None:
    refusal = {"ok": False, "error": "missing_scope", "needed": "channels:read"}
    wire.post(f"{API}conversations.list", payload=refusal, repeat=True)
    with pytest.raises(CredentialRefused):
        await chat.is_shared("C0DEV")


async def test_a_member_is_found_by_address_and_nobody_is_no_error(
    wire: aioresponses, chat: SlackChat
) -> None:
    url = f"{API}users.lookupByEmail"
    wire.post(url, payload={"ok": True, "user": {"id": "U0ALICE"}})
    wire.post(url, payload={"ok": False, "error": "users_not_found"})
    wire.post(url, payload={"ok": True, "user": {"id": "U0GONE", "deleted": True}})
    assert await chat.member("alice@example.com") == "U0ALICE"
    assert await chat.member("bob@example.com") is None
    assert await chat.member("carol@example.com") is None
    assert sent(wire, url)[0] == {"email": "alice@example.com"}


async def test_groups_are_known_by_their_handles(wire: aioresponses, chat: SlackChat) -> None:
    groups = [{"id": "S0PLAT001", "handle": "Platform-Team"}, {"id": "S0NONE001", "handle": ""}]
    wire.post(f"{API}usergroups.list", payload={"ok": True, "usergroups": groups})
    assert await chat.teams() == {"platform-team": "S0PLAT001"}
