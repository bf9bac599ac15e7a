"""`/hook resume`: a paused hook brings again what the rules need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.answers import destinations
from bot.commands.live import live
from bot.commands.several import each
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.upkeep import in_order, settle
from bot.commands.wishes import wanted_of
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
    pair = (record, hook.remote)
    brings = await wanted_of(ctx, site, hook.admin, project, pair)
    # It may have been resumed here, and the forge did not take it.
    if record.status != "paused" and in_order(ctx, site, project, pair, brings):
        return Message(text=text(bold(project.path), " is not paused; ", where, "."))
    await settle(ctx, hook.admin, site, project, pair, brings=brings, channel=None)
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
