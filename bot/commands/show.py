"""`/hook show`: everything about one hook, as stored, at the forge, and by its last deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.commands.answers import described, destinations
from bot.commands.drift import findings, should_be
from bot.commands.list_hooks import ago
from bot.commands.live import live
from bot.commands.spec import Arguments, CommandSpec, Context
from bot.commands.survey import hook_url, same_url
from bot.commands.target import place_target, written
from bot.errors import CallError
from bot.message import Button, Code, Message, bold, join, text
from bot.outside import EVERY_BRANCH, Right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.commands.drift import Finding
    from bot.commands.live import Live
    from bot.commands.spec import Site
    from bot.message import Text
    from bot.model import HookRecord, Job
    from bot.outside import Attempt, RemoteHook

_LOOKED_BACK: Final = timedelta(days=2)
_SHOWN: Final = 5


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:  # noqa: ARG001 - every handler's
    site, path = place_target(arguments, ctx.sites)
    hook = await live(ctx, site, path)
    record, remote, project = hook.record, hook.remote, hook.project
    told = await drift_of(ctx, site, hook)
    attempts = await _attempts(ctx, hook)
    where = await destinations(ctx, project, record.channel)
    lines = [
        text("State: ", described(record), f"; at the forge {remote.health.replace('_', ' ')}"),
        text("Brings: ", *_brought(remote)),
        text("Secret: ", *_secret(ctx, hook)),
        text("Made: ", *_made(record)),
        text("Last delivery: ", _last(ctx, record)),
    ]
    body = [join("\n", [text("• ", line) for line in lines])]
    if told:
        body.append(join("\n", [text(f"{one.mark} ", one.words) for one in told]))
    if attempts:
        body.append(_failures(ctx, attempts))
    return Message(
        text=text(bold(project.path), f": hook {remote.id} on {site.name}; ", where, "."),
        body=tuple(body),
        context=(text(Code(remote.url)),),
        color="warning" if told else "good",
        buttons=_buttons(site, hook, mend=bool(told)),
    )


async def drift_of(ctx: Context, site: Site, hook: Live) -> tuple[Finding, ...]:
    url = hook_url(ctx, site, hook.record.id)
    return findings(
        hook.found,
        hook.project,
        await should_be(ctx, site, hook.admin, hook.project, url),
        same=same_url(hook.remote.url, url),
    )


def _brought(remote: RemoteHook) -> Text:
    triggers = ", ".join(sorted(remote.triggers)) or "nothing"
    if remote.branches == EVERY_BRANCH or not remote.triggers:
        return text(triggers)
    return text(triggers, "; pushes of ", Code(remote.branches.pattern), " only")


def _secret(ctx: Context, hook: Live) -> Text:
    record, now = hook.record, ctx.clock.now()
    kind = "signs every delivery" if hook.remote.signed else "sent along or signed with, as it can"
    if hook.record.forge == "gitlab" and not hook.remote.signed:
        kind = "sent along with every delivery"
    if len(record.secrets) == 1 or len(record.accepted(now)) == 1:
        return text(kind)
    if record.retire_at is None:
        return text(kind, "; a new one waits for its first delivery, both are accepted")
    return text(kind, f"; a new one is proved, the old one ends at {record.retire_at:%H:%M} UTC")


def _made(record: HookRecord) -> Text:
    at = f" on {record.created_at:%Y-%m-%d}" if record.created_at is not None else ""
    proved = f", proved on {record.proved_at:%Y-%m-%d %H:%M} UTC" if record.proved_at else ""
    return text(f"by {record.created_by or 'somebody'}{at}{proved}")


def _last(ctx: Context, record: HookRecord) -> str:
    if record.last_seen_at is None:
        return "none yet"
    return ago(ctx.clock.now(), record.last_seen_at)


async def _attempts(ctx: Context, hook: Live) -> tuple[Attempt, ...]:
    """Those that failed lately; it only embellishes."""
    since = ctx.clock.now() - _LOOKED_BACK
    try:
        found = await hook.admin.attempts(hook.project.id, hook.remote.id, since=since)
    except CallError:
        return ()
    arrived = {one.key for one in found if one.delivered and one.key}
    return tuple(one for one in found if not one.delivered and one.key not in arrived)


def _failures(ctx: Context, attempts: Sequence[Attempt]) -> Text:
    now = ctx.clock.now()
    lines = [
        text(f"• {one.event or 'a delivery'}, {ago(now, one.at)}: ", one.error or f"{one.status}")
        for one in attempts[:_SHOWN]
    ]
    more = f" (the latest {_SHOWN} are shown)" if len(attempts) > _SHOWN else ""
    head = text(f"{len(attempts)} did not arrive in two days{more}:")
    return join("\n", [head, *lines])


def _buttons(site: Site, hook: Live, *, mend: bool) -> tuple[Button, ...]:
    about = f"{written(hook.project)} --on {site.name}"
    paused = hook.record.status == "paused"
    turn = Button("Resume", f"resume {about}") if paused else Button("Pause", f"pause {about}")
    first = (Button("Mend", f"sync {about}", "primary"),) if mend else ()
    return (
        *first,
        Button("Test", f"test {about}"),
        turn,
        Button("New secret", f"rotate {about}"),
        Button("Remove", f"remove {about}", "danger"),
    )


SPEC: Final = CommandSpec(
    name="show",
    usage="show group/repo [--on instance]",
    summary="Shows a project's hook, how it differs from what it should be, what did not arrive.",
    examples=("show group/repo", "show group/**"),
    needs=Right.MANAGE,
    acts=False,
    run=run,
)
