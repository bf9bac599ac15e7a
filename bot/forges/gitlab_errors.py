"""GitLab's errors in our words: the class says what may be done, the text what a person can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import requests
import urllib3
from gitlab.exceptions import GitlabParsingError, RedirectError

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
    from gitlab.exceptions import GitlabError

_LONGEST: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried."""

    what: str
    #: Where: the address of the instance.
    forge: str
    #: The name of the setting that holds the token.
    setting: str
    #: It may have changed something at GitLab.
    writes: bool
    #: The address that was to be set as the hook's.
    hook_url: str = ""
    #: Who may do it.
    role: str = "Maintainer or Owner"
    #: What was sent and nobody may read: some proxies answer with it.
    secrets: tuple[str, ...] = field(default=(), repr=False)


def said(value: object, secrets: tuple[str, ...] = ()) -> str:
    """GitLab's own words on one line: it sends a text, a list or a mapping of either."""
    if isinstance(value, Mapping):
        parts = (
            said(inner, secrets) if key == "base" else f"{key} {said(inner, secrets)}"
            for key, inner in value.items()
        )
        return "; ".join(parts)
    if isinstance(value, list | tuple):
        return ", ".join(said(inner, secrets) for inner in value)
    shown = one_line("" if value is None else str(value))
    for secret in filter(None, secrets):
        shown = shown.replace(secret, "***")
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def from_gitlab(error: GitlabError, attempt: Attempt, retry_after: float | None) -> CallError:
    reason, code = said(error.error_message, attempt.secrets), str(error.response_code or "")
    if isinstance(error, RedirectError):
        return NotSent(
            f"{attempt.forge} redirects elsewhere: set its address"
            f" ({attempt.setting.replace('TOKEN', 'URL')}) to where it leads, `https://` included",
            code="redirect",
        )
    if isinstance(error, GitlabParsingError):
        return no_api(attempt)
    if code == "401":
        return CredentialRefused(
            f"GitLab refuses the bot's token: it is wrong, expired or revoked. Make a new one with"
            f" scope `api`, set {attempt.setting} to it and restart the bot.",
            code=code,
        )
    if code == "403":
        return _forbidden(reason, attempt)
    if code == "404":
        return TargetRefused(
            f"GitLab has no {attempt.what.removeprefix('the ')}, or the bot's token cannot see it"
            f" ({reason or 'not found'}): check the spelling, or invite the user of"
            f" {attempt.setting} to the project as Maintainer.",
            code=code,
        )
    if code == "429":
        wait = f"{retry_after:g} s" if retry_after is not None else "a minute"
        return NotSent(
            f"GitLab asks to slow down: try again in {wait}.",
            code=code,
            retry_after=retry_after,
            scope=Scope.METHOD,
        )
    if code in {"400", "409", "422"}:
        return _unfit(reason, code, attempt)
    return _unclear(attempt, f"answered {code or 'nothing'} {reason}".strip(), code or "unknown")


def no_api(attempt: Attempt) -> CallError:
    return _unclear(attempt, "answered with something that is not GitLab's API", "parse")


def _forbidden(reason: str, attempt: Attempt) -> CallError:
    if "insufficient_scope" in reason or "higher privileges" in reason:
        return CredentialRefused(
            f"The bot's token lacks the scope `api`: make one that has it and set"
            f" {attempt.setting}.",
            code="insufficient_scope",
        )
    return TargetRefused(
        f"GitLab does not let the bot manage {attempt.what} ({reason}): the user of"
        f" {attempt.setting} must be {attempt.role} of the project; its owners can make it so.",
        code="403",
    )


def _unfit(reason: str, code: str, attempt: Attempt) -> CallError:
    if re.search(r"maximum number of .*hooks", reason, re.IGNORECASE):
        return ContentRefused(
            f"{reason}: delete hooks nobody needs under the project's Settings → Webhooks.",
            code="too_many_hooks",
        )
    if attempt.hook_url and re.search(r"\burl\b", reason, re.IGNORECASE):
        return ContentRefused(
            f"GitLab does not accept the address {attempt.hook_url} ({reason}). It says so of"
            " malformed addresses and of blocked ones: for an address in the local network an"
            " administrator must allow it under Admin → Settings → Network → Outbound requests;"
            " else set PUBLIC_URL to one that GitLab can reach.",
            code="invalid_url",
        )
    return ContentRefused(reason or f"GitLab refuses {attempt.what} ({code})", code=code)


def from_requests(error: requests.RequestException, attempt: Attempt) -> CallError:
    where = attempt.forge
    if isinstance(error, requests.exceptions.SSLError):
        return NotSent(
            f"The TLS certificate of {where} is not trusted here: name your authority's file in"
            " REQUESTS_CA_BUNDLE.",
            code="tls",
        )
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return NotSent(
            f"{where} cannot be reached from here: check the address, the network and the proxy.",
            code="unreachable",
        )
    if isinstance(error, requests.Timeout):
        return _unclear(attempt, "did not answer in time", "timeout")
    return _unclear(attempt, "broke the connection", type(error).__name__)


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _unclear(attempt: Attempt, what: str, code: str) -> CallError:
    """Reading again is harmless; a write may have been carried out."""
    kind = Unsure if attempt.writes else NotSent
    return kind(f"GitLab ({attempt.forge}) {what} about {attempt.what}: try again", code=code)
