"""Commands as Slack sends them: over HTTP and through Socket Mode, kept before they are told."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import CredentialRefused, StoreError
from bot.slack.listener import CommandRequest, SlackListener
from tests.fakes import slack_faults
from tests.fakes.slack_server import FakeSlack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


class Desk:
    """Takes commands, or cannot."""

    def __init__(self) -> None:
        self.kept: list[CommandRequest] = []
        self.error: Exception | None = None
        self.never = False

    async def submit(self, request: CommandRequest) -> None:
        if self.never:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        self.kept.append(request)


class Bot:
    def __init__(self, slack: FakeSlack, desk: Desk, listener: SlackListener, url: str) -> None:
        self.slack = slack
        self.desk = desk
        self.listener = listener
        self.url = url

    async def send(self, body: bytes, headers: Mapping[str, str]) -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}slack/events", data=BytesIO(body), headers=headers) as got,
        ):
            return got.status

    def body(self, typed: str = "/hook list") -> str:
        where = self.slack.workspace.channel("dev")
        return urlencode(self.slack.commands.form(typed, user="U0ALICE", channel=where))


@asynccontextmanager
async def running(*, signing: bool = True) -> AsyncIterator[Bot]:
    desk = Desk()
    async with FakeSlack() as slack:
        listener = SlackListener(
            token=slack.token,
            signing_secret=slack.signing_secret if signing else None,
            api_url=slack.url,
            submit=desk.submit,
        )
        app = web.Application()
        app.router.add_post("/slack/events", listener.handle)
        async with TestServer(app, host="127.0.0.1") as server:
            yield Bot(slack, desk, listener, str(server.make_url("/")))


@pytest.fixture
async def bot(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setattr("bot.slack.home._ASK_S", 60.0)
    async with running() as started:
        yield started


async def test_a_command_is_kept_and_acknowledged_with_what_is_being_done(bot: Bot) -> None:
    ack = await bot.slack.command(bot.url, "/hook add shop/api", user="U0ALICE", channel="dev")
    assert (ack.status, ack.text) == (200, "Adding a hook to `shop/api` …")
    (kept,) = bot.desk.kept
    assert (kept.text, kept.user_id, kept.channel_id) == ("add shop/api", "U0ALICE", "C0DEV")
    assert kept.response_url.startswith(bot.slack.url.removesuffix("/api/"))
    assert kept.response_url not in repr(kept)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Looking up what I can do …"),
        ("help", "Looking up what I can do …"),
        ("list", "Looking up the hooks …"),
        ("LIST shop/api", "Looking up the hooks of `shop/api` …"),
        ("remove shop/api", "Removing the hook of `shop/api` …"),
        ("test shop/api --on gitlab", "Testing the hook of `shop/api` …"),
        ("add", "Working on `/hook add` …"),
        ("add <#C0DEV|dev>", "Working on `/hook add #dev` …"),
        ("dance &lt;!channel&gt;", "Working on `/hook dance &lt;!channel&gt;` …"),
        ("dance `<!channel>`", "Working on `/hook dance ˋ&lt;!channel&gt;ˋ` …"),
    ],
)
async def test_the_acknowledgement_names_the_deed_and_pings_nobody(
    bot: Bot, typed: str, told: str
) -> None:
    assert (await bot.slack.command(bot.url, f"/hook {typed}")).text == told


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("add <https://gitlab.com/shop/api>", "add https://gitlab.com/shop/api"),
        ("add <https://x.example/a?b=1&amp;c|x.example>", "add https://x.example/a?b=1&c"),
        ("add shop/api <#C0DEV|dev>", "add shop/api <#C0DEV|dev>"),
        ("add &amp;lt;", "add &lt;"),
    ],
)
async def test_slacks_wrapping_is_taken_off(bot: Bot, sent: str, kept: str) -> None:
    await bot.slack.command(bot.url, f"/hook {sent}")
    assert bot.desk.kept[0].text == kept


async def test_each_typing_has_an_id_of_its_own(bot: Bot) -> None:
    await bot.slack.command(bot.url, "/hook list")
    await bot.slack.command(bot.url, "/hook list")
    assert len({kept.id for kept in bot.desk.kept}) == 2


async def test_the_same_request_twice_has_the_same_id(bot: Bot) -> None:
    body = bot.body()
    for _ in range(2):
        assert await bot.send(body.encode(), bot.slack.commands.signed(body)) == 200
    first, second = bot.desk.kept
    assert first == second


async def test_a_command_that_cannot_be_kept_says_so(bot: Bot) -> None:
    bot.desk.error = StoreError("disk full")
    ack = await bot.slack.command(bot.url, "/hook add shop/api")
    assert ack.status == 200
    assert ack.text.startswith("I could not take `/hook add shop/api` just now.")


async def test_a_store_that_does_not_answer_is_not_waited_for(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.listener._STORE_S", 0.05)
    bot.desk.never = True
    ack = await bot.slack.command(bot.url, "/hook list")
    assert ack.text.startswith("I could not take `/hook list` just now.")


async def test_the_command_may_have_another_name(bot: Bot) -> None:
    await bot.slack.command(bot.url, "/hook-staging list")
    assert bot.desk.kept[0].text == "list"


async def test_slack_is_asked_once_which_workspace_is_ours(bot: Bot) -> None:
    for _ in range(3):
        await bot.slack.command(bot.url, "/hook list")
    assert [call.method for call in bot.slack.calls] == ["auth.test"]


async def test_a_command_is_taken_while_slack_does_not_say_which_workspace_is_ours(
    bot: Bot,
) -> None:
    bot.slack.fail("auth.test", slack_faults.status(503))
    for _ in range(2):
        assert (await bot.slack.command(bot.url, "/hook list")).status == 200
    assert len(bot.desk.kept) == 2
    assert len(bot.slack.called("auth.test")) == 2


# -- what is not Slack's ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"X-Slack-Signature": "v0=00"},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=ä".encode().decode("latin-1")},
        {"X-Slack-Request-Timestamp": "abc"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1" * 5000},
        {"X-Slack-Request-Timestamp": "1700000000"},
    ],
)
async def test_what_slack_did_not_sign_is_refused(bot: Bot, change: dict[str, str]) -> None:
    body = bot.body()
    headers = bot.slack.commands.signed(body) | change
    assert await bot.send(body.encode(), headers) == 401
    assert bot.desk.kept == []


async def test_an_old_request_is_refused_although_it_is_signed(bot: Bot) -> None:
    body = bot.body()
    headers = bot.slack.commands.signed(body, at="1700000000")
    assert await bot.send(body.encode(), headers) == 401


@pytest.mark.parametrize(
    ("ours", "theirs"), [("team_id=T0TEAM", "team_id=T0ELSEWHERE"), ("team_id=T0TEAM", "x=y")]
)
async def test_a_signed_command_of_another_workspace_is_refused(
    bot: Bot, ours: str, theirs: str
) -> None:
    body = bot.body().replace(ours, theirs)
    assert theirs in body
    assert await bot.send(body.encode(), bot.slack.commands.signed(body)) == 403
    assert bot.desk.kept == []


@pytest.mark.parametrize(
    "sender",
    [
        '"team": {"id": "T0ELSEWHERE"}, "user": {"id": "U0ALICE"}',
        '"team": {"id": "T0TEAM"}, "user": {"id": "U0ALICE", "team_id": "T0ELSEWHERE"}',
        '"team": null, "enterprise": {"id": "E0ORG"}, "user": {"id": "U0ALICE"}',
    ],
)
async def test_a_button_pressed_by_a_guest_from_another_workspace_does_nothing(
    bot: Bot, sender: str
) -> None:
    body = f"payload={quote(_pressed(sender))}"
    assert await bot.send(body.encode(), bot.slack.commands.signed(body)) == 403
    assert bot.desk.kept == []


async def test_an_app_of_a_whole_organisation_serves_each_of_its_workspaces(bot: Bot) -> None:
    said = (
        b'{"ok": true, "team_id": "T0ONE", "enterprise_id": "E0ORG", "is_enterprise_install": true}'
    )
    bot.slack.fail("auth.test", slack_faults.garbage(said))
    for sender, status in (
        ('"team": null, "enterprise": {"id": "E0ORG"}, "user": {"id": "U0ALICE"}', 200),
        (
            '"team": {"id": "T0TWO"}, "enterprise": {"id": "E0OTHER"}, "user": {"id": "U0ALICE"}',
            403,
        ),
    ):
        body = f"payload={quote(_pressed(sender))}"
        assert await bot.send(body.encode(), bot.slack.commands.signed(body)) == status


def _pressed(sender: str) -> str:
    return (
        '{"type": "block_actions", "trigger_id": "t1", "response_url": "https://hooks.slack.com/x",'
        ' "actions": [{"type": "button", "action_id": "run-0", "block_id": "b", "value": "list"}],'
        f' "channel": {{"id": "C0DEV"}}, {sender}}}'
    )


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{oops", b"", b"ssl_check=1"])
async def test_an_unsigned_body_is_never_parsed(bot: Bot, body: bytes) -> None:
    headers = bot.slack.commands.signed("another") | {"Content-Type": "application/json"}
    assert await bot.send(body, headers) == 401


async def test_a_huge_body_is_refused_before_it_is_read(bot: Bot) -> None:
    assert await bot.send(b"x" * ((1 << 20) + 1), bot.slack.commands.signed("")) == 413


async def test_without_a_signing_secret_nothing_is_accepted_over_http() -> None:
    async with running(signing=False) as bot:
        body = bot.body()
        assert await bot.send(body.encode(), bot.slack.commands.signed(body)) == 404
        assert bot.desk.kept == []


async def test_slack_verifies_the_address_with_a_challenge(bot: Bot) -> None:
    body = '{"type": "url_verification", "challenge": "c1"}'
    headers = bot.slack.commands.signed(body) | {"Content-Type": "application/json"}
    assert await bot.send(body.encode(), headers) == 200


async def test_no_request_is_ever_logged(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = bot.body("/hook add the-project")
    for change in ({}, {"X-Slack-Signature": "v0=00"}):
        await bot.send(body.encode(), bot.slack.commands.signed(body) | change)
    bot.desk.error = StoreError("disk full")
    await bot.slack.command(bot.url, "/hook add the-project")
    logged = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "the-project" not in logged
    assert "commands/1" not in logged


async def test_the_shortcut_asks_why_of_a_message(bot: Bot) -> None:
    payload = (
        '{"type": "message_action", "callback_id": "why", "trigger_id": "t1",'
        ' "team": {"id": "T0TEAM"}, "user": {"id": "U0ALICE"}, "channel": {"id": "C0DEV"},'
        ' "message": {"ts": "1.000001"}, "response_url": "https://hooks.slack.com/x"}'
    )
    body = f"payload={quote(payload)}"
    assert await bot.send(body.encode(), bot.slack.commands.signed(body)) == 200
    assert [kept.text for kept in bot.desk.kept] == ["why C0DEV/1.000001"]


# -- Socket Mode -----------------------------------------------------------------------------


async def test_commands_come_through_socket_mode() -> None:
    async with running(signing=False) as bot, bot.listener.socket_mode(bot.slack.app_token):
        told: dict[str, Any] = await bot.slack.socket_command("/hook add shop/api")
        assert told["text"] == "Adding a hook to `shop/api` …"
        assert [kept.text for kept in bot.desk.kept] == ["add shop/api"]


async def test_socket_mode_comes_again_when_slack_asks_it_to() -> None:
    async with running(signing=False) as bot, bot.listener.socket_mode(bot.slack.app_token):
        await bot.slack.socket_command("/hook list")
        await bot.slack.commands.refresh_sockets()
        told = await bot.slack.socket_command("/hook list")
        assert told["text"] == "Looking up the hooks …"
        assert len(bot.slack.called("apps.connections.open")) == 3


async def test_a_refused_app_token_is_told_at_once() -> None:
    async with running(signing=False) as bot:
        with pytest.raises(CredentialRefused) as caught:
            async with bot.listener.socket_mode("xapp-wrong"):
                pass
        assert "SLACK_APP_TOKEN is refused: invalid_auth" in str(caught.value)
        assert "xapp-wrong" not in str(caught.value)


async def test_a_slack_that_is_away_does_not_keep_the_bot_from_starting() -> None:
    async with FakeSlack() as slack:
        url = slack.url
    desk = Desk()
    listener = SlackListener(token="xoxb-x", signing_secret=None, api_url=url, submit=desk.submit)
    async with listener.socket_mode("xapp-x"):
        assert desk.kept == []
