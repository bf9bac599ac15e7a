"""`/hook resume`: a paused hook brings again what the rules need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.answers import destinations
from bot.commands.live import live
from bot.commands.several import each
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.upkeep import settle
from bot.commands.wishes import wanted
from bot.message import Message, bold, text
from bot.outside import Right

if TYPE_CHECKING:
    from bot.commands.spec import Site
    from bot.model import Job


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    return await each(ctx, job, arguments, _one)


async def _one(ctx: Context, job: Job, site: Site, path: str) -> Message:  # noqa: ARG001 - the port's
    hook = await live(ctx, site, path)
    record, project = hook.record, hook.project
    where = await destinations(ctx, project, record.channel)
    if record.status != "paused":
        return Message(text=text(bold(project.path), " is not paused; ", where, "."))
    triggers = wanted(ctx, site, project.path, anyway=record.channel is not None)
    await settle(
        ctx,
        hook.admin,
        site,
        project,
        (record, hook.remote),
        # No rule wants it any more: it goes on as it was.
        triggers=triggers or frozenset(record.events),
        channel=None,
    )
    return Message(
        text=text(bold(project.path), f": hook {hook.remote.id} is active again; ", where, "."),
        color="good",
    )


SPEC: Final = CommandSpec(
    name="resume",
    usage="resume group/repo … [--on instance]",
    summary="Lets paused hooks bring again what the rules need.",
    examples=("resume group/repo", "resume group/*"),
    needs=Right.MANAGE,
    takes=Takes.PROJECTS,
    run=run,
)
