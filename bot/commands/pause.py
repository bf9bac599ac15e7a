"""`/hook pause`: the hook stays at the forge and brings nothing, until it is resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.live import live, put
from bot.commands.several import each
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.survey import hook_url
from bot.commands.target import written
from bot.message import Button, Code, Message, bold, text
from bot.outside import HookWish, Right

if TYPE_CHECKING:
    from bot.commands.spec import Site
    from bot.model import Job


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    return await each(ctx, job, arguments, _one)


async def _one(ctx: Context, job: Job, site: Site, path: str) -> Message:  # noqa: ARG001 - the port's
    hook = await live(ctx, site, path)
    record, project = hook.record, hook.project
    again = text(Code(f"/hook resume {written(project)}"), " lets it bring events again.")
    if record.status == "paused" and not hook.remote.triggers:
        return Message(text=text(bold(project.path), " is paused already."), body=(again,))
    wish = HookWish(
        url=hook_url(ctx, site, record.id),
        triggers=frozenset(),
        secret=record.secrets[0],
        branches=hook.remote.branches,
    )
    await put(hook, wish)
    await ctx.hooks.save_hook(replace(record, status="paused", remote_id=hook.remote.id))
    return Message(
        text=text(bold(project.path), f": hook {hook.remote.id} is paused and brings nothing."),
        body=(again, text("What happens meanwhile is not told later.")),
        color="good",
        buttons=(Button("Resume", f"resume {written(project)} --on {site.name}", "primary"),),
    )


SPEC: Final = CommandSpec(
    name="pause",
    usage="pause group/repo … [--on instance]",
    summary="Lets projects' hooks bring nothing until they are resumed.",
    examples=("pause group/repo", "pause group/*"),
    needs=Right.MANAGE,
    takes=Takes.PROJECTS,
    run=run,
)
