"""The calls the client makes, to the letter; and what it makes of odd answers."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aioresponses import aioresponses
from aioresponses import core as aioresponses_core
from yarl import URL

from bot.errors import CredentialRefused, NotSent, TargetRefused, Unsure
from bot.message import Message, text
from bot.model import Place
from bot.slack.client import SlackChat, is_response_url
from tests.fakes import slack_faults as faults
from tests.fakes.slack_server import FakeSlack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

API = "https://slack.example/api/"
HELLO = Message(text=text("hello"), body=(text("below"),), color="good")
HERE = Place(channel="C0DEV", ts="1700000000.000001")


class CurrentResponse(aiohttp.ClientResponse):
    """aioresponses 0.7.9 does not know an argument that aiohttp 3.14 added."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    monkeypatch.setattr(aioresponses_core, "ClientResponse", CurrentResponse)
    with aioresponses() as mocked:
        yield mocked


@pytest.fixture
async def chat() -> AsyncIterator[SlackChat]:
    now = datetime.now(UTC)
    async with SlackChat.connect("xoxb-token", api_url=API, now=lambda: now) as connected:
        yield connected


def sent(wire: aioresponses, url: str) -> list[Any]:
    """What was sent to an address: each call's JSON or form."""
    calls = wire.requests.get(("POST", URL(url)), [])
    bodies = [call.kwargs.get("json") or call.kwargs.get("data") for call in calls]
    return [json.loads(body) if isinstance(body, bytes) else body for body in bodies]


async def test_a_post_says_all_that_keeps_text_harmless(
    wire: aioresponses, chat: SlackChat
) -> None:
    answer = {"ok": True, "channel": "C0DEV", "ts": "1.000001"}
    wire.post(f"{API}chat.postMessage", payload=answer)
    place = await chat.post("#dev", HELLO, key="k1", thread="1.000000", broadcast=True)
    assert place == Place(channel="C0DEV", ts="1.000001")
    lead = {"type": "mrkdwn", "text": "hello", "verbatim": True}
    below = {"type": "mrkdwn", "text": "below", "verbatim": True}
    bar = {"color": "good", "blocks": [{"type": "section", "text": below}]}
    assert sent(wire, f"{API}chat.postMessage") == [
        {
            "channel": "#dev",
            "text": "hello",
            "blocks": [{"type": "section", "text": lead}],
            "attachments": [bar],
            "thread_ts": "1.000000",
            "reply_broadcast": True,
            "metadata": {"event_type": "bot_delivery", "event_payload": {"key": "k1"}},
            "unfurl_links": False,
            "unfurl_media": False,
            "parse": "none",
            "link_names": False,
        }
    ]


async def test_an_edit_sends_everything_again(wire: aioresponses, chat: SlackChat) -> None:
    wire.post(f"{API}chat.update", payload={"ok": True})
    await chat.edit(HERE, Message(text=text("after")))
    after = {"type": "mrkdwn", "text": "after", "verbatim": True}
    assert sent(wire, f"{API}chat.update") == [
        {
            "channel": "C0DEV",
            "ts": HERE.ts,
            "text": "after",
            "blocks": [{"type": "section", "text": after}],
            "attachments": [],
            "parse": "none",
            "link_names": False,
        }
    ]


async def test_a_reaction_travels_in_the_body(wire: aioresponses, chat: SlackChat) -> None:
    wire.post(f"{API}reactions.add", payload={"ok": True})
    await chat.react(HERE, ":fire:", remove=False)
    assert sent(wire, f"{API}reactions.add") == [
        {"channel": "C0DEV", "timestamp": HERE.ts, "name": "fire"}
    ]


@pytest.mark.parametrize(
    "code",
    ["already_reacted", "no_reaction", "too_many_emoji", "too_many_reactions", "not_reactable"],
)
async def test_a_reaction_that_cannot_matter_is_success(
    wire: aioresponses, chat: SlackChat, code: str
) -> None:
    wire.post(f"{API}reactions.remove", payload={"ok": False, "error": code})
    await chat.react(HERE, "fire", remove=True)


async def test_a_search_asks_for_metadata_from_a_minute_before(
    wire: aioresponses, chat: SlackChat
) -> None:
    wire.post(f"{API}conversations.history", payload={"ok": True, "messages": []})
    since = datetime.fromtimestamp(1_700_000_060, UTC)
    assert await chat.find("C0DEV", key="k", since=since, thread=None) is None
    assert sent(wire, f"{API}conversations.history") == [
        {
            "channel": "C0DEV",
            "oldest": "1700000000.000000",
            "inclusive": "1",
            "include_all_metadata": "1",
            "limit": "200",
        }
    ]


async def test_a_failed_post_is_not_sent_again(wire: aioresponses, chat: SlackChat) -> None:
    wire.post(f"{API}chat.postMessage", exception=aiohttp.ServerDisconnectedError(), repeat=True)
    with pytest.raises(Unsure):
        await chat.post("C0DEV", HELLO, key="k", thread=None, broadcast=False)
    assert len(sent(wire, f"{API}chat.postMessage")) == 1


async def test_a_redirect_is_not_followed(wire: aioresponses, chat: SlackChat) -> None:
    url = f"{API}chat.postMessage"
    wire.post(url, status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(Unsure):
        await chat.post("C0DEV", HELLO, key="k", thread=None, broadcast=False)
    assert list(wire.requests) == [("POST", URL(url))]


async def test_an_answer_to_a_command_is_ephemeral_and_follows_no_redirect(
    wire: aioresponses, chat: SlackChat
) -> None:
    url = "https://hooks.slack.com/commands/T1/2/secret"
    wire.post(url, status=302, headers={"Location": "http://169.254.169.254/"})
    with pytest.raises(Unsure):
        await chat.answer(url, HELLO, replace=True)
    (body,) = sent(wire, url)
    assert body["response_type"] == "ephemeral"
    assert body["replace_original"] is True
    assert list(wire.requests) == [("POST", URL(url))]


async def test_a_failed_answer_keeps_its_address_secret(
    wire: aioresponses, chat: SlackChat
) -> None:
    url = "https://hooks.slack.com/commands/T1/2/secret"
    wire.post(url, exception=aiohttp.InvalidURL(url))
    with pytest.raises(NotSent) as caught:
        await chat.answer(url, HELLO, replace=False)
    assert "secret" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://hooks.slack.com/commands/T1/2/x", True),
        ("http://hooks.slack.com/commands/T1/2/x", False),
        ("https://hooks.slack.com:444/commands/x", False),
        ("https://hooks.slack.com@evil.example/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://evil.example/hooks.slack.com", False),
        ("http://127.0.0.1:9999/commands/1", True),
        ("http://127.0.0.1:9998/commands/1", False),
        ("https://127.0.0.1:9999/commands/1", False),
        ("http://me@127.0.0.1:9999/commands/1", False),
        ("http://169.254.169.254/latest", False),
        ("http://127.0.0.1:port/", False),
        ("", False),
    ],
)
def test_answers_go_to_slack_only(url: str, ours: bool) -> None:
    assert is_response_url(url, api_url="http://127.0.0.1:9999/api/") is ours


async def test_a_foreign_address_is_refused_without_a_call(chat: SlackChat) -> None:
    with pytest.raises(TargetRefused) as caught:
        await chat.answer("https://evil.example/secret", HELLO, replace=False)
    assert "secret" not in str(caught.value)


# -- against the stand-in --------------------------------------------------------------------


async def post(chat: SlackChat, key: str) -> Place:
    return await chat.post("dev", HELLO, key=key, thread=None, broadcast=False)


def recently() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


async def test_a_search_and_a_listing_read_every_page() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        slack.workspace.page_limit = 2
        places = [await post(chat, f"k{number}") for number in range(5)]
        assert await chat.find("dev", key="k0", since=recently(), thread=None) == places[0]
        assert "secret" in await chat.channels()
        assert len(slack.called("conversations.history")) == 3


@pytest.mark.parametrize("hours", [3, -3])
async def test_a_search_goes_by_slacks_clock_however_wrong_our_own_is(hours: int) -> None:
    def now() -> datetime:
        return datetime.now(UTC) + timedelta(hours=hours)

    async with (
        FakeSlack() as slack,
        SlackChat.connect(slack.token, api_url=slack.url, now=now) as chat,
    ):
        begun = now()
        place = await post(chat, "k")
        assert await chat.find("dev", key="k", since=begun, thread=None) == place
        told = float(slack.called("conversations.history")[0].arguments["oldest"])
        assert -70 < told - datetime.now(UTC).timestamp() < 0


async def test_a_search_ends_however_many_pages_there_are() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        slack.workspace.page_limit = 1
        for _ in range(25):
            slack.workspace.say("dev", "chatter")
        assert await chat.find("dev", key="k", since=recently(), thread=None) is None
        assert len(slack.called("conversations.history")) == 20


@pytest.mark.parametrize("scope", ["channels:history", "groups:history"])
async def test_what_the_bot_may_not_read_is_not_found(scope: str) -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        slack.workspace.scopes -= {scope}
        channel = "C0SECRET" if scope == "groups:history" else "C0DEV"
        assert await chat.find(channel, key="k", since=recently(), thread=None) is None
        assert await chat.find("C0PUBLIC", key="k", since=recently(), thread=None) is None


async def test_a_search_that_failed_is_not_taken_for_nothing_found() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        slack.fail("conversations.history", faults.page(502), faults.error("invalid_auth"))
        with pytest.raises(Unsure):
            await chat.find("C0DEV", key="k", since=recently(), thread=None)
        with pytest.raises(CredentialRefused):
            await chat.find("C0DEV", key="k", since=recently(), thread=None)


async def test_another_apps_metadata_is_not_ours() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        theirs = slack.workspace.say("dev", "theirs")
        theirs.metadata = {"event_type": "other", "event_payload": {"key": "k"}}
        assert await chat.find("dev", key="k", since=recently(), thread=None) is None


async def test_channels_are_listed_once() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        first = await chat.channels()
        assert await chat.channels() == first
        with pytest.raises(TargetRefused):
            await chat.react(Place(channel="#nowhere", ts="1.000001"), "fire", remove=False)
        assert len(slack.called("conversations.list")) == 1


async def test_without_the_scope_for_private_channels_the_public_ones_are_listed() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        slack.workspace.scopes -= {"groups:read"}
        channels = await chat.channels()
        assert "dev" in channels
        assert "secret" not in channels
        assert "old" not in channels


async def test_an_expired_response_url_is_refused() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        with pytest.raises(TargetRefused) as caught:
            await chat.answer(slack.url.replace("/api/", "/commands/99"), HELLO, replace=False)
        assert caught.value.code == "expired_url"


async def test_nothing_sent_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        place = await post(chat, "the-key")
        await chat.find("dev", key="the-key", since=recently(), thread=None)
        await chat.react(place, "fire", remove=True)
        ours = [record for record in caplog.records if record.name.startswith(("bot", "slack"))]
    logged = json.dumps([f"{record.getMessage()} {vars(record)}" for record in ours])
    assert "hello" not in logged
    assert slack.token not in logged


async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        await post(chat, "k")
        assert slack.texts("dev") == ["hello"]
