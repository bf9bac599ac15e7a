"""What Slack's answers mean for us: its errors, and the network's, as our tree of errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiohttp

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

if TYPE_CHECKING:
    from collections.abc import Iterator

#: All that a request may raise when the other side misbehaves.
TROUBLE: Final = (aiohttp.ClientError, TimeoutError, OSError)

TOO_MANY: Final = 429
SERVER_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What can be known of an HTTP answer that was no success."""

    status: int
    headers: Mapping[str, str]
    #: Slack's word for it; empty when the body was none of Slack's.
    code: str
    #: The scope it misses, when that is the fault.
    needed: str = ""


def translate(error: Exception, *, method: str, target: str) -> CallError:
    """The error as one of ours; `target` is the channel, for the text."""
    where, name = f"{method} for {target}", type(error).__name__
    if isinstance(error, _UNREACHED):
        return NotSent(f"{where}: cannot connect to Slack ({name})", code="unreachable")
    if isinstance(error, aiohttp.InvalidURL):
        return NotSent(f"{where}: SLACK_API_URL is not an address", code="invalid_url")
    if isinstance(error, TimeoutError):
        return Unsure(f"{where}: no answer in time", code="timeout")
    return Unsure(f"{where}: the connection broke or the answer is no JSON ({name})", code=name)


def refusal(answer: Answer, *, method: str, target: str) -> CallError:
    """An answer that arrived and is not a success."""
    where = f"{method} for {target}"
    if answer.status == TOO_MANY or answer.code in _LIMITED:
        return NotSent(
            f"{where}: Slack limits the rate",
            code=answer.code or "ratelimited",
            retry_after=retry_after(answer.headers),
            scope=Scope.LANE if method == "chat.postMessage" else Scope.METHOD,
        )
    if not answer.code:
        return _wordless(answer.status, where)
    kind = _kind(answer)
    hint = _HINTS.get(answer.code, "")
    if answer.needed:
        hint = f"add the scope {answer.needed} to the Slack app and install it again"
    return kind(f"{where}: {answer.code}{': ' if hint else ''}{hint}", code=answer.code)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; None when the header is missing or is not a number (a date, a proxy's word)."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                seconds = float(value)
            except ValueError:
                return None
            return seconds if math.isfinite(seconds) and seconds >= 0 else None
    return None


def _kind(answer: Answer) -> type[CallError]:
    known = KINDS.get(answer.code)
    if known is not None:
        return known
    if answer.status >= SERVER_FAULT:
        return Unsure
    if answer.code.startswith("slack_connect_") and answer.code.endswith("_blocked"):
        return TargetRefused
    # Slack adds codes at will. `ok: false` means that nothing was posted, and trying the same
    # again for a day would hold the channel; one try as plain text costs little.
    return ContentRefused


def _wordless(status: int, where: str) -> CallError:
    """An answer in which Slack says nothing: a proxy's page, or a broken body."""
    text = f"{where}: HTTP {status} without an answer of Slack's"
    if status >= SERVER_FAULT or status < _CLIENT_FAULT or status == _REQUEST_TIMEOUT:
        return Unsure(text, code=f"{status}")
    return NotSent(f"{text}; is SLACK_API_URL right, or a proxy in between?", code=f"{status}")


def _each(kind: type[CallError], codes: str) -> Iterator[tuple[str, type[CallError]]]:
    return ((code, kind) for code in codes.split())


#: There was no connection yet. They are kinds of TimeoutError and ClientOSError too: ask first.
_UNREACHED: Final = (
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
)
_CLIENT_FAULT: Final = 400
_REQUEST_TIMEOUT: Final = 408
_LIMITED: Final = frozenset({"ratelimited", "rate_limited"})

#: Slack's word -> what to do. Sources: slack-ruby/slack-api-ref (2026-08) and our judgement.
KINDS: Final[Mapping[str, type[CallError]]] = dict(
    (
        *_each(
            NotSent,
            "external_channel_migrating team_added_to_org streaming_state_conflict"
            " message_limit_exceeded",
        ),
        *_each(
            Unsure,
            "internal_error fatal_error service_unavailable request_timeout update_failed",
        ),
        *_each(
            TargetRefused,
            "channel_not_found not_in_channel is_archived is_inactive restricted_action"
            " restricted_action_read_only_channel restricted_action_thread_only_channel"
            " restricted_action_non_threadable_channel restricted_action_thread_locked"
            " thread_locked ekm_access_denied messages_tab_disabled"
            " method_not_supported_for_channel_type channel_is_limited_access team_not_found"
            " user_not_found access_denied used_url expired_url",
        ),
        *_each(
            ContentRefused,
            "invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text"
            " too_many_attachments attachment_payload_limit_exceeded invalid_attachments"
            " metadata_too_large invalid_metadata_format invalid_metadata_schema"
            " markdown_text_conflict cannot_reply_to_message invalid_arguments bad_timestamp"
            " invalid_name too_many_emoji too_many_reactions not_reactable",
        ),
        *_each(
            ParentLost,
            "message_not_found thread_not_found edit_window_closed cant_update_message"
            " block_mismatch",
        ),
        *_each(
            CredentialRefused,
            "invalid_auth not_authed account_inactive token_revoked token_expired missing_scope"
            " no_permission app_access_restricted org_login_required not_allowed_token_type"
            " metadata_must_be_sent_from_app team_access_not_granted two_factor_setup_required"
            " enterprise_is_restricted accesslimited",
        ),
    )
)

_HINTS: Final[Mapping[str, str]] = {
    "channel_not_found": "no such channel, or a private one without the bot; `/invite` it there",
    "not_in_channel": "`/invite` the bot to the channel",
    "is_archived": "the channel is archived; name another one in rules.yaml",
    "message_limit_exceeded": "the workspace has reached the limit of its plan",
    "invalid_auth": "SLACK_BOT_TOKEN is not valid; copy it again from OAuth & Permissions",
    "not_authed": "SLACK_BOT_TOKEN did not arrive; is SLACK_API_URL right?",
    "account_inactive": "the app was removed from the workspace; install it again",
    "token_revoked": "SLACK_BOT_TOKEN was revoked; install the app again",
    "token_expired": "SLACK_BOT_TOKEN has expired; install the app again",
    "not_allowed_token_type": "SLACK_BOT_TOKEN must be a bot token, `xoxb-…`",
    "invalid_name": "Slack knows no such emoji",
    "expired_url": "a command can be answered for 30 minutes only",
}
