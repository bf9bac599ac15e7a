"""Direct messages: the conversation is opened once, written to, and searched after a crash."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.errors import CredentialRefused, TargetRefused
from bot.message import Message, text
from bot.slack.client import SlackChat
from tests.fakes.slack_server import FakeSlack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.model import Place

HELLO = Message(text=text("hello"))


@asynccontextmanager
async def workspace() -> AsyncIterator[tuple[FakeSlack, SlackChat]]:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        yield slack, chat


async def post(chat: SlackChat, user: str, key: str) -> Place:
    return await chat.post(user, HELLO, key=key, thread=None, broadcast=False)


async def test_a_message_goes_into_the_conversation_with_that_person() -> None:
    async with workspace() as (slack, chat):
        assert (await post(chat, "U0ALICE", "d1.0")).channel == "D0ALICE"
        assert (await post(chat, "U0ALICE", "d1.1")).channel == "D0ALICE"
        assert slack.texts("D0ALICE") == ["hello", "hello"]
        assert len(slack.called("conversations.open")) == 1


async def test_a_message_is_found_again() -> None:
    async with workspace() as (_slack, chat):
        place = await post(chat, "U0ALICE", "d1.0")
        since = datetime.now(UTC) - timedelta(minutes=1)
        assert await chat.find("U0ALICE", key="d1.0", since=since, thread=None) == place
        assert await chat.find("U0ALICE", key="d1.9", since=since, thread=None) is None


async def test_nobody_is_written_to_whom_slack_does_not_know() -> None:
    async with workspace() as (_slack, chat):
        with pytest.raises(TargetRefused, match="user_not_found"):
            await post(chat, "U0NOBODY", "d1.0")


async def test_a_missing_scope_is_named() -> None:
    async with workspace() as (slack, chat):
        slack.workspace.scopes -= {"im:write"}
        with pytest.raises(CredentialRefused, match="im:write"):
            await post(chat, "U0ALICE", "d1.0")


async def test_conversations_with_people_are_no_channels() -> None:
    async with workspace() as (_slack, chat):
        await post(chat, "U0ALICE", "d1.0")
        assert "U0ALICE" not in await chat.channels()
