"""What a hook should bring, and where to, before anything is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.commands.survey import asked, is_group
from bot.errors import CommandError
from bot.message import Code, Message, bold, text
from bot.outside import EVERY_BRANCH, BranchFilter

if TYPE_CHECKING:
    from bot.commands.spec import Context, Site
    from bot.model import HookRecord, Project
    from bot.outside import ForgeAdmin, RemoteHook


@dataclass(frozen=True, slots=True, kw_only=True)
class Brings:
    """What a hook is to bring."""

    triggers: frozenset[str]
    branches: BranchFilter = EVERY_BRANCH


NOTHING: Final = Brings(triggers=frozenset())


def wanted(ctx: Context, site: Site, project: Project, *, anyway: bool) -> Brings:
    """What the rules need; every open trigger when they are not the only ones to decide."""
    needed = ctx.rules.triggers(project.path, site.forge)
    if anyway:
        return Brings(triggers=needed | site.open_triggers)
    return Brings(triggers=needed, branches=ctx.rules.branches(project, site.forge))


async def wanted_of_group(
    ctx: Context, site: Site, admin: ForgeAdmin, place: Project, *, anyway: bool
) -> Brings:
    """What the rules want of any of its projects; of every branch, since each has its own."""
    projects = await asked(place.path, admin.projects(place.path, nested=True))
    triggers = [wanted(ctx, site, project, anyway=anyway).triggers for project in projects]
    return Brings(triggers=frozenset[str]().union(*triggers))


async def wanted_of(
    ctx: Context,
    site: Site,
    admin: ForgeAdmin,
    project: Project,
    live: tuple[HookRecord, RemoteHook],
) -> Brings:
    """Of a hook that is there. What no rule wants any more goes on as it was made."""
    record, remote = live
    anyway = record.channel is not None
    if is_group(project.id):
        found = await wanted_of_group(ctx, site, admin, project, anyway=anyway)
    else:
        found = wanted(ctx, site, project, anyway=anyway)
    if found.triggers:
        return found
    return Brings(triggers=frozenset(record.events), branches=remote.branches)


def no_rule(path: str) -> Message:
    return Message(
        text=text("No rule could match ", bold(path), ", so no hook was made."),
        body=(
            text("Add a rule to rules.yaml, then run the command again:"),
            text(
                Code("- on: [push, mr, pipeline.broken, pipeline.fixed]"),
                "\n",
                Code(f"  project: {path}"),
                "\n",
                Code('  post: "#your-channel"'),
            ),
            text(
                "Or make it without a rule: ",
                Code(f"/hook add {path} #channel"),
                " sends there what no rule wants; ",
                Code(f"/hook add {path} --anyway"),
                " only stores it for now.",
            ),
        ),
        color="warning",
    )


async def resolved(ctx: Context, named: str | None) -> str | None:
    if named is None:
        return None
    found = await ctx.channel(named)
    if found is None:
        raise CommandError(
            f"There is no channel {named} that the bot can see: check its name, and if it is"
            " private invite the bot with `/invite`."
        )
    return found
