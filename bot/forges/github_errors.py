"""GitHub's errors in our words: the class says what may be done, the text what a person can do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSSLError,
    ConnectionTimeoutError,
    ServerTimeoutError,
)
from gidgethub import BadRequestUnknownError, HTTPException, RateLimitExceeded

from bot.errors import (
    CallError,
    ContentRefused,
    CredentialRefused,
    NotSent,
    Scope,
    TargetRefused,
    Unsure,
)
from bot.message import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST: Final = 300
#: Seconds that GitHub asks to wait when it limits and does not say for how long. Source: its page
#: "Rate limits for the REST API" (read 2026-11).
_AT_LEAST_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried."""

    what: str
    #: Where: the address of the API.
    forge: str
    #: The name of the setting that holds the token.
    setting: str
    #: It may have changed something at GitHub.
    writes: bool
    #: The address that was to be set as the hook's.
    hook_url: str = ""
    #: Who may do it, and what a token needs for it.
    role: str = "admin"
    scope: str = "`admin:repo_hook` (fine-grained: Webhooks, read and write)"
    #: What was sent and nobody may read: some proxies answer with it.
    secrets: tuple[str, ...] = field(default=(), repr=False)


def said(value: object, secrets: tuple[str, ...] = ()) -> str:
    shown = one_line("" if value is None else str(value))
    for secret in filter(None, secrets):
        shown = shown.replace(secret, "***")
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def from_github(error: HTTPException, attempt: Attempt) -> CallError:
    reason, status, headers = _reason(error, attempt.secrets), int(error.status_code), error.headers
    code = str(status)
    if _limited(error, reason, headers):
        return _slow_down(headers, code)
    if status == 401:
        return CredentialRefused(
            "GitHub refuses the bot's token: it is wrong, expired or revoked. Make a new one with"
            f" {attempt.scope}, set {attempt.setting} to it and restart the bot.",
            code=code,
        )
    if status == 403:
        return _forbidden(reason, attempt, headers)
    if status in {404, 410, 451}:
        return _missing(reason, status, attempt)
    if status in {400, 409, 422}:
        return _unfit(reason, code, attempt)
    if 300 <= status < 400:
        return TargetRefused(
            f"GitHub has moved {attempt.what} elsewhere: name it as its page does now.", code=code
        )
    return _unclear(attempt, f"answered {status} {reason}".strip(), code)


def _reason(error: HTTPException, secrets: tuple[str, ...]) -> str:
    """GitHub's message, with what it says of each part of the request."""
    if isinstance(error, BadRequestUnknownError):
        return said(error.response, secrets)
    details = getattr(error, "errors", None)
    if not isinstance(details, list):
        return said(error, secrets)
    parts = [part for one in details if (part := _detail(one))]
    return said("; ".join(parts) or error, secrets)


def _detail(one: Any) -> str:  # GitHub's JSON
    if not isinstance(one, dict):
        return str(one)
    text = one.get("message")
    return str(text or f"{one.get('field') or one.get('resource') or ''} {one.get('code') or ''}")


def _limited(error: HTTPException, reason: str, headers: Mapping[str, str]) -> bool:
    if isinstance(error, RateLimitExceeded) or error.status_code == 429:
        return True
    return error.status_code == 403 and (
        "retry-after" in headers
        or re.search(r"rate limit|abuse", reason, re.IGNORECASE) is not None
    )


def _slow_down(headers: Mapping[str, str], code: str) -> NotSent:
    wait_s = _wait_s(headers)
    shown = f"{wait_s:g} s" if wait_s <= 120 else f"{wait_s / 60:.0f} min"
    return NotSent(
        f"GitHub asks to slow down: try again in {shown}.",
        code="429" if code == "403" else code,
        retry_after=wait_s,
        scope=Scope.METHOD,
    )


def _wait_s(headers: Mapping[str, str]) -> float:
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdecimal():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdecimal():
        try:
            # By GitHub's own clock: ours may differ.
            now = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except ValueError:
            return _AT_LEAST_S
        return max(1.0, float(reset) - now)
    return _AT_LEAST_S


def _forbidden(reason: str, attempt: Attempt, headers: Mapping[str, str]) -> CallError:
    if "x-github-sso" in headers or "SAML" in reason:
        return CredentialRefused(
            f"The organization of {attempt.what} wants single sign-on: authorize the token of"
            f" {attempt.setting} for it under GitHub's Settings → Developer settings → Tokens →"
            " Configure SSO.",
            code="sso",
        )
    if re.search(r"not accessible by|must have .*scope|fine-grained", reason, re.IGNORECASE):
        needed = headers.get("x-accepted-github-permissions", "")
        wanted = f" (GitHub names: {said(needed)})" if needed else ""
        return CredentialRefused(
            f"The bot's token may not do this: give it {attempt.scope}{wanted} and set"
            f" {attempt.setting} to it.",
            code="insufficient_scope",
        )
    if "archived" in reason:
        return TargetRefused(f"{attempt.what} is archived, so nothing can be changed.", code="403")
    return TargetRefused(
        f"GitHub does not let the bot manage {attempt.what} ({reason}): the owner of"
        f" {attempt.setting} must have {attempt.role} rights on the repository.",
        code="403",
    )


def _missing(reason: str, status: int, attempt: Attempt) -> TargetRefused:
    if status != 404:
        return TargetRefused(f"GitHub refuses {attempt.what}: {reason}", code=str(status))
    return TargetRefused(
        f"GitHub has no {attempt.what.removeprefix('the ').removeprefix('a ')}, or the bot's token"
        f" may not see or change it ({reason}: GitHub tells the two apart to nobody). Check the"
        f" spelling; then whoever administers it must give the owner of {attempt.setting}"
        f" {attempt.role} rights, and the token needs {attempt.scope}.",
        code="404",
    )


def _unfit(reason: str, code: str, attempt: Attempt) -> ContentRefused:
    for pattern, own, text in _UNFIT:
        if re.search(pattern, reason, re.IGNORECASE):
            return ContentRefused(text.format(reason=reason, url=attempt.hook_url), code=own)
    return ContentRefused(reason or f"GitHub refuses {attempt.what} ({code})", code=code)


#: Pattern of GitHub's reason, our code for it, our text.
_UNFIT: Final = (
    (
        r"hook already exists",
        "exists",
        "the repository has a hook with this address already ({url}): remove that one first.",
    ),
    (
        r"(more than|maximum).*hooks",
        "too_many_hooks",
        "{reason}: delete hooks nobody needs under the repository's Settings → Webhooks.",
    ),
    (
        r"\burl\b.*(invalid|not supported|missing|isn't|reachable)|invalid.*\burl\b",
        "invalid_url",
        "GitHub does not accept the address {url} ({reason}): it must be one that GitHub can reach"
        " from the internet; set PUBLIC_URL to such an address.",
    ),
    (
        r"key is already in use",
        "taken",
        "GitHub knows this key already, on another repository or account, and does not tell which:"
        " every key works once in all of GitHub. Make a new one.",
    ),
    (
        r"deploy keys are disabled",
        "keys_disabled",
        "{reason}: an owner of the organization may allow them under its Settings → Deploy keys.",
    ),
    (
        r"\bevents?\b",
        "unknown_events",
        "GitHub does not know one of the events: {reason}",
    ),
)


def from_aiohttp(error: ClientError | TimeoutError, attempt: Attempt) -> CallError:
    where = attempt.forge
    if isinstance(error, ClientSSLError):
        return NotSent(
            f"The TLS certificate of {where} is not trusted here: name your authority's file in"
            " SSL_CERT_FILE.",
            code="tls",
        )
    if isinstance(error, ClientConnectorError | ConnectionTimeoutError):
        return NotSent(
            f"{where} cannot be reached from here: check the address, the network and the proxy.",
            code="unreachable",
        )
    if isinstance(error, ServerTimeoutError | TimeoutError):
        return _unclear(attempt, "did not answer in time", "timeout")
    return _unclear(attempt, "broke the connection", type(error).__name__)


def no_api(attempt: Attempt) -> CallError:
    return _unclear(attempt, "answered with something that is not GitHub's API", "parse")


def _unclear(attempt: Attempt, what: str, code: str) -> CallError:
    """Reading again is harmless; a write may have been carried out."""
    kind = Unsure if attempt.writes else NotSent
    return kind(f"GitHub ({attempt.forge}) {what} about {attempt.what}: try again", code=code)
