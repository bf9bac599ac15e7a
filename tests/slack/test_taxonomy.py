"""What each way of failing means: over real HTTP where the wire matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.errors import (
    CallError,
    ContentRefused,
    CredentialRefused,
    NotSent,
    ParentLost,
    Scope,
    TargetRefused,
    Unsure,
)
from bot.message import Message, text
from bot.model import Place
from bot.slack.client import SlackChat
from bot.slack.taxonomy import Answer, refusal, retry_after, translate
from tests.fakes import slack_faults as faults
from tests.fakes.slack_server import FakeSlack

if TYPE_CHECKING:
    from tests.fakes.slack_faults import Fault

HELLO = Message(text=text("hello"))

CODES = {
    NotSent: "external_channel_migrating team_added_to_org message_limit_exceeded ratelimited"
    " rate_limited",
    Unsure: "internal_error fatal_error service_unavailable request_timeout update_failed",
    TargetRefused: "channel_not_found not_in_channel is_archived is_inactive restricted_action"
    " thread_locked team_not_found user_not_found messages_tab_disabled ekm_access_denied"
    " restricted_action_read_only_channel slack_connect_file_link_sharing_blocked expired_url",
    ContentRefused: "invalid_blocks msg_blocks_too_long msg_too_long no_text too_many_attachments"
    " metadata_too_large invalid_arguments invalid_name a_code_of_tomorrow",
    ParentLost: "message_not_found thread_not_found cant_update_message edit_window_closed"
    " block_mismatch",
    CredentialRefused: "invalid_auth not_authed account_inactive token_revoked token_expired"
    " missing_scope no_permission not_allowed_token_type",
}
TABLE = [(code, kind) for kind, codes in CODES.items() for code in codes.split()]


@pytest.mark.parametrize(("code", "kind"), TABLE)
def test_a_code_says_what_to_do(code: str, kind: type[CallError]) -> None:
    answer = Answer(status=200, headers={}, code=code)
    error = refusal(answer, method="chat.postMessage", target="#dev")
    assert type(error) is kind
    assert error.code == code
    assert f"chat.postMessage for #dev: {code}" in str(error) or type(error) is NotSent


async def refused(slack: FakeSlack, *queued: Fault, timeout_s: float = 15.0) -> CallError:
    """How a post ends."""
    slack.fail("chat.postMessage", *queued)
    async with SlackChat.connect(slack.token, api_url=slack.url, timeout_s=timeout_s) as chat:
        with pytest.raises(CallError) as caught:
            await chat.post("#dev", HELLO, key="k", thread=None, broadcast=False)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.status(500), Unsure),
        (faults.status(503, record=True), Unsure),
        (faults.page(502), Unsure),
        (faults.page(504, record=True), Unsure),
        (faults.words(503), Unsure),
        (faults.words(200), Unsure),
        (faults.page(200), Unsure),
        (faults.garbage(), Unsure),
        (faults.garbage(b"[1]"), Unsure),
        (faults.garbage(b'"text"'), Unsure),
        (faults.garbage(b"\xff\xfe"), Unsure),
        (faults.garbage(b""), Unsure),
        (faults.garbage(b"{}"), Unsure),
        (faults.garbage(b'{"ok": true}'), Unsure),
        (faults.garbage(code=500), Unsure),
        (faults.reset(), Unsure),
        (faults.reset(record=True), Unsure),
        (faults.error("internal_error", status=500), Unsure),
        (faults.error("channel_not_found", status=404), TargetRefused),
        (faults.page(404), NotSent),
        (faults.page(403), NotSent),
        (faults.page(408), Unsure),
        (faults.rate_limited(), NotSent),
        (faults.error("ratelimited"), NotSent),
        (faults.error("invalid_auth", status=401), CredentialRefused),
    ],
)
async def test_a_broken_answer_is_never_taken_for_a_refusal(
    fault: Fault, kind: type[CallError]
) -> None:
    async with FakeSlack() as slack:
        error = await refused(slack, fault)
        assert type(error) is kind
        assert slack.token not in str(error)
        assert len(slack.messages("dev")) == int(fault.record)
        assert len(slack.called("chat.postMessage")) == 1


@pytest.mark.parametrize("recorded", [False, True])
async def test_no_answer_in_time_may_have_been_sent(recorded: bool) -> None:
    async with FakeSlack() as slack:
        error = await refused(slack, faults.hang(record=recorded), timeout_s=1.0)
    assert type(error) is Unsure
    assert error.code == "timeout"


async def test_a_server_that_is_not_there_got_nothing() -> None:
    async with FakeSlack() as slack:
        url = slack.url
    async with SlackChat.connect("xoxb-x", api_url=url) as chat:
        with pytest.raises(NotSent) as caught:
            await chat.post("#dev", HELLO, key="k", thread=None, broadcast=False)
    assert caught.value.code == "unreachable"


async def test_a_rate_limit_on_posting_holds_the_channel() -> None:
    async with FakeSlack() as slack:
        error = await refused(slack, faults.rate_limited("7"))
    assert isinstance(error, NotSent)
    assert (error.retry_after, error.scope) == (7.0, Scope.LANE)


async def test_a_rate_limit_on_anything_else_holds_the_method() -> None:
    async with FakeSlack() as slack, SlackChat.connect(slack.token, api_url=slack.url) as chat:
        slack.fail("chat.update", faults.rate_limited("30"))
        with pytest.raises(NotSent) as caught:
            await chat.edit(Place(channel="C0DEV", ts="1.000001"), HELLO)
    assert (caught.value.retry_after, caught.value.scope) == (30.0, Scope.METHOD)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_nothing(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-AFTER": value}) == seconds


async def test_a_retry_after_that_is_no_number_is_still_a_rate_limit() -> None:
    async with FakeSlack() as slack:
        error = await refused(slack, faults.rate_limited("tomorrow"))
    assert isinstance(error, NotSent)
    assert error.retry_after is None


def test_a_missing_scope_is_named() -> None:
    answer = Answer(status=200, headers={}, code="missing_scope", needed="chat:write")
    error = refusal(answer, method="chat.postMessage", target="#dev")
    assert "add the scope chat:write" in str(error)


def test_a_connection_that_took_too_long_to_make_got_nothing() -> None:
    error = translate(aiohttp.ConnectionTimeoutError(), method="chat.postMessage", target="#dev")
    assert type(error) is NotSent


def test_an_answer_that_took_too_long_may_have_been_preceded_by_the_deed() -> None:
    error = translate(aiohttp.SocketTimeoutError(), method="chat.postMessage", target="#dev")
    assert type(error) is Unsure
