"""What Slack's documents forbid fails the test that sends it."""

from __future__ import annotations

from typing import Any, Final

import aiohttp
import pytest

from bot.message import Message, text
from bot.slack.client import SlackChat
from tests.fakes.slack_contract import answer_complaints, complaints
from tests.fakes.slack_server import FakeSlack

GOOD: Final[dict[str, Any]] = {
    "channel": "dev",
    "text": "hi",
    "parse": "none",
    "link_names": False,
}


def mrkdwn(words: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words, "verbatim": True}


def section(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(words), **more}


def plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def button(**more: Any) -> dict[str, Any]:
    made = {"type": "button", "text": plain("Go"), "action_id": "go", **more}
    return {"type": "actions", "elements": [made]}


def of(**more: Any) -> list[str]:
    return complaints("chat.postMessage", GOOD | more)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"blocks": [section("x" * 3000)] * 4},
        {"blocks": [section("x")] * 50},
        {"blocks": [section("<https://a.example|x> <@U1> <!here> <!subteam^S1> &amp; &lt;")]},
        {"blocks": [{"type": "section", "fields": [mrkdwn("x")] * 10}, {"type": "divider"}]},
        {"blocks": [{"type": "header", "text": plain("x" * 150)}, button(style="danger")]},
        {"blocks": [{"type": "context", "elements": [mrkdwn("x")] * 10}]},
        {"attachments": [{"color": "danger", "blocks": [section("x")]}], "blocks": "[]"},
        {"metadata": {"event_type": "e", "event_payload": {"k": "v"}}},
    ],
)
def test_what_slack_takes_passes(content: dict[str, Any]) -> None:
    assert of(**content) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"txet": "x"}, "unknown argument txet"),
        ({"channel": None}, "no channel"),
        ({"text": " "}, "nothing to notify with"),
        ({"text": "x" * 4001}, "text of 4001"),
        ({"text": "<!everybody>"}, "unescaped"),
        ({"text": "a < b"}, "unescaped"),
        ({"text": "R&D"}, "unescaped"),
        ({"text": "<javascript:alert(1)|x>"}, "unescaped"),
        ({"parse": "full"}, "parse is not none"),
        ({"link_names": True}, "link_names"),
        ({"thread_ts": "yesterday"}, "a timestamp"),
        ({"blocks": [section("x")] * 51}, "51 blocks"),
        ({"blocks": [section("x" * 3001)]}, "3001 characters"),
        ({"blocks": [section("")]}, "0 characters"),
        ({"blocks": [section("x" * 2900)] * 5}, "14500 characters in all"),
        ({"blocks": [section("x", block_id="a")] * 2}, "block_id 'a' twice"),
        ({"blocks": [section("x", block_id="a" * 256)]}, "256 characters"),
        ({"blocks": [{"type": "section"}]}, "neither text nor fields"),
        ({"blocks": [{"type": "section", "fields": [mrkdwn("x")] * 11}]}, "11 fields"),
        ({"blocks": [{"type": "section", "fields": [mrkdwn("x" * 2001)]}]}, "2001 characters"),
        ({"blocks": [{"type": "header", "text": plain("x" * 151)}]}, "151 characters"),
        ({"blocks": [{"type": "header", "text": mrkdwn("x")}]}, "text is mrkdwn"),
        ({"blocks": [{"type": "context", "elements": [mrkdwn("x")] * 11}]}, "11 elements"),
        ({"blocks": [{"type": "context", "elements": [{"type": "image"}]}]}, "alt_text"),
        ({"blocks": [button(text=plain("x" * 76))]}, "76 characters"),
        ({"blocks": [button(value="x" * 2001)]}, "value too long"),
        ({"blocks": [button(url="x" * 3001)]}, "url too long"),
        ({"blocks": [button(style="loud")]}, "style 'loud'"),
        ({"blocks": [button(action_id="")]}, "no action_id"),
        ({"blocks": [button(), button()]}, "action_id 'go' twice"),
        ({"blocks": [{"type": "nonsense"}]}, "nobody described"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]}, "verbatim"),
        ({"attachments": [{"color": "pink", "blocks": [section("x")]}]}, "colour 'pink'"),
        ({"attachments": [{"color": "good"}]}, "no blocks"),
        ({"attachments": [{"text": "x", "blocks": [section("x")]}]}, "member text"),
        ({"metadata": {"event_type": "e"}}, "metadata is not"),
        ({"metadata": {"event_type": "e", "event_payload": {"k": "x" * 16_000}}}, "metadata of"),
    ],
)
def test_what_slack_refuses_or_mends_is_told(content: dict[str, Any], words: str) -> None:
    (told, *_) = of(**content)
    assert words in told


def test_what_is_no_message_has_rules_too() -> None:
    assert complaints("chat.shout", {}) == ["chat.shout: no such method"]
    react = {"channel": "#dev", "timestamp": "1.000001", "name": ":x:"}
    told = complaints("reactions.add", react)
    assert len(told) == 2
    assert complaints("conversations.list", {"limit": "1000"})
    assert complaints("conversations.list", {"limit": "999"}) == []


def test_answers_of_commands_have_rules_too() -> None:
    assert answer_complaints({"text": "hi", "response_type": "ephemeral"}) == []
    assert answer_complaints({"delete_original": True}) == []
    assert len(answer_complaints({"texts": "hi", "response_type": "loud"})) == 3


async def post_by_hand() -> None:
    async with FakeSlack() as slack, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {slack.token}"}
        body = {"channel": "dev", "text": "hi", "link_names": False}
        async with session.post(f"{slack.url}chat.postMessage", json=body, headers=headers) as got:
            assert (await got.json())["ok"]


async def test_a_complaint_fails_whoever_sent_it() -> None:
    with pytest.raises(
        AssertionError, match=r"against Slack's documents:\nchat\.postMessage: parse"
    ):
        await post_by_hand()


async def test_the_bots_own_calls_are_clean() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        message = Message(text=text("<!here>"), facts=(("A", text("b")),), color="good")
        place = await chat.post("dev", message, key="k", thread=None, broadcast=False)
        await chat.edit(place, message)
        await chat.react(place, "fire", remove=False)
        assert slack.complaints == []
        assert len(slack.calls) == 3
