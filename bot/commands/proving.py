"""Fires the forge's test call at a one-time address and tells whether, or why not, it came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import CommandError, ContentRefused, NotSent, Unsure

if TYPE_CHECKING:
    from datetime import datetime

    from bot.commands.spec import Context, Site
    from bot.outside import ForgeAdmin

#: Seconds a delivery may take after the forge said that it was made.
PATIENCE_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """`at` is None when the project has nothing a test call could send."""

    at: datetime | None
    seconds: float = 0.0


async def prove(
    ctx: Context, admin: ForgeAdmin, site: Site, *, project_id: str, remote_id: str, proof_id: str
) -> Proof:
    """Raises CommandError with the exact cause, or CallError."""
    began = ctx.clock.now()
    fired = await _fire(admin, site, project_id, remote_id)
    if fired is None:
        return Proof(at=None)
    # A proxy may have broken the answer after the request came through: what came, came.
    at = await _seen(ctx, proof_id, patience_s=0.0 if fired.failed else PATIENCE_S)
    if at is not None:
        return Proof(at=at, seconds=max(0.0, (at - began).total_seconds()))
    raise CommandError(_cause(ctx, fired, await admin.last_answer(project_id, remote_id)))


@dataclass(frozen=True, slots=True)
class _Fired:
    #: The forge says that it could not deliver.
    failed: bool = False
    #: Its reason, or why it is not known whether it delivered.
    reason: str = ""


async def _fire(admin: ForgeAdmin, site: Site, project_id: str, remote_id: str) -> _Fired | None:
    """None when there is nothing to send."""
    for trigger in site.test_triggers:
        try:
            await admin.test_hook(project_id, remote_id, trigger)
        except Unsure as error:
            return _Fired(reason=str(error))  # Perhaps it was: looking for it will tell.
        except NotSent as error:
            raise CommandError(f"the test call could not be made: {error}") from error
        except ContentRefused as error:
            if error.code == "no_sample":
                continue
            return _Fired(failed=True, reason=str(error))
        return _Fired()
    return None


async def _seen(ctx: Context, proof_id: str, *, patience_s: float) -> datetime | None:
    waited = 0.0
    while True:
        record = await ctx.hooks.hook(proof_id)
        if record is not None and record.proved_at is not None:
            return record.proved_at
        if waited >= patience_s:
            return None
        await ctx.pause(_LOOK_EVERY_S)
        waited += _LOOK_EVERY_S


def _cause(ctx: Context, fired: _Fired, status: str) -> str:
    said = f" (the forge says: {fired.reason})" if fired.reason else ""
    if status.isdecimal() and not status.startswith("2"):
        return f"{ctx.base} answered {status} to the test call: {_by_status(status)}{said}"
    if not fired.failed:
        sure = "does not say whether" if fired.reason else "says that"
        return (
            f"the forge {sure} it delivered the test call, and none arrived here: is {ctx.base}"
            " (PUBLIC_URL) really this bot? A proxy, a tunnel or another bot may answer"
            f" there{said}"
        )
    for pattern, advice in _REASONS:
        if re.search(pattern, fired.reason, re.IGNORECASE):
            return f"the forge could not deliver the test call to {ctx.base}: {advice}{said}"
    return (
        f"the forge could not deliver the test call to {ctx.base}: check that PUBLIC_URL is right"
        f" and reachable from there{said}"
    )


def _by_status(status: str) -> str:
    if status in _STATUSES:
        return _STATUSES[status]
    if status.startswith("3"):
        return "a redirect; set PUBLIC_URL to the address it leads to (https:// perhaps)"
    if status.startswith("5"):
        return "the proxy in front of the bot does not reach it, or the bot cannot store now"
    return "what answers there is not this bot, or a proxy refuses the request"


_STATUSES: Final = {
    "401": (
        "the secret did not arrive as it was sent; a proxy strips the header X-Gitlab-Token or"
        " X-Hub-Signature-256, or another bot with another database answers there"
    ),
    "403": "a proxy or firewall in front of the bot refuses the forge",
    "404": (
        "another server or another bot answers there, or a proxy does not pass /hooks/ on unchanged"
    ),
    "413": "a proxy in front of the bot accepts only smaller bodies; allow 25 MB",
}
_REASONS: Final = (
    (
        r"blocked|local network|not allowed|localhost",
        "the address is blocked; a GitLab administrator must allow it under Admin → Settings →"
        " Network → Outbound requests",
    ),
    (
        r"certificate|ssl|tls",
        "its TLS certificate is not trusted there; use one of a public authority, or install"
        " yours on the forge",
    ),
    (r"timeout|timed out|expired", "nothing answered in time; a firewall may drop the requests"),
    (
        r"getaddrinfo|resolv|name or service|no address",
        "its host name does not resolve there; check PUBLIC_URL and the forge's DNS",
    ),
    (
        r"refused|failed to open tcp|failed to connect|unreachable|no route",
        "nothing listens there as seen from the forge; check the port, the proxy and the firewall",
    ),
)
