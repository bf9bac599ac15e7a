"""`/hook rotate`: a new secret, without a moment in which an authentic delivery is refused.

First the bot accepts both, then the forge gets the new one; the first delivery that comes with it
proves it, and a few minutes later the old one counts no more (web/receive.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.live import live, put
from bot.commands.several import each
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.survey import hook_url
from bot.commands.target import written
from bot.errors import CommandError
from bot.message import Code, Message, bold, text
from bot.outside import HookWish, Right

if TYPE_CHECKING:
    from bot.commands.live import Live
    from bot.commands.spec import Site
    from bot.model import HookRecord, Job
    from bot.outside import RemoteHook

#: Processes that hold the hook in memory look it up anew at most once a second.
_KNOWN_EVERYWHERE_S: Final = 2.0


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    return await each(ctx, job, arguments, one)


async def one(ctx: Context, job: Job, site: Site, path: str) -> Message:  # noqa: ARG001 - the port's
    hook = await live(ctx, site, path)
    record, project, now = hook.record, hook.project, ctx.clock.now()
    if len(record.secrets) > 1 and record.retire_at is not None and now < record.retire_at:
        until = f"{record.retire_at:%H:%M} UTC"
        return Message(
            text=text(
                bold(project.path),
                f" has a new secret already, and it is proved; the old one counts until {until}.",
            ),
            color="good",
        )
    begun = len(record.secrets) > 1 and record.retire_at is None
    if not begun:
        fresh = (ctx.new_secret(), *record.accepted(now)[:1])
        record = replace(record, secrets=fresh, retire_at=None)
        await ctx.hooks.save_hook(record)
        await ctx.pause(_KNOWN_EVERYWHERE_S)
    remote = await _sent(ctx, site, hook, record)
    return _answer(hook, remote, begun=begun)


async def _sent(ctx: Context, site: Site, hook: Live, record: HookRecord) -> RemoteHook:
    wish = HookWish(
        url=hook_url(ctx, site, record.id),
        triggers=hook.remote.triggers,
        secret=record.secrets[0],
        branches=hook.remote.branches,
    )
    try:
        return await put(hook, wish)
    except CommandError as error:
        raise CommandError(
            f"{error}\nWhichever of its two secrets the forge has now, both are accepted; run"
            f" `/hook rotate {written(hook.project)}` again to finish."
        ) from error


def _answer(hook: Live, remote: RemoteHook, *, begun: bool) -> Message:
    path = hook.project.path
    how = (
        "It signs every delivery and is never sent along."
        if remote.signed
        else "This forge sends it along with every delivery; newer versions sign instead."
    )
    done = "the rotation that was begun goes on: the" if begun else "the"
    return Message(
        text=text(bold(path), f": {done} forge has the new secret of hook {remote.id}."),
        body=(
            text(
                "Both secrets are accepted until the first delivery comes with the new one; ",
                Code(f"/hook show {written(hook.project)}"),
                " tells whether it did.",
            ),
            *((text(how),) if hook.record.forge == "gitlab" else ()),
        ),
        color="good",
    )


SPEC: Final = CommandSpec(
    name="rotate",
    usage="rotate group/repo … [--on instance]",
    summary="Gives projects' hooks new secrets; nothing is refused meanwhile.",
    examples=("rotate group/repo", "rotate group/**"),
    needs=Right.MANAGE,
    takes=Takes.PROJECTS,
    run=run,
)
