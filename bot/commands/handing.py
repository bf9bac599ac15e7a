"""Hands a private key over, once: on a page that forgets it, or into a variable at the forge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.commands.spec import LOCAL, Arguments
from bot.commands.survey import asked
from bot.commands.target import target
from bot.errors import CommandError
from bot.message import Code, Link, text

if TYPE_CHECKING:
    from bot.commands.spec import Context, Site
    from bot.handover import Handover
    from bot.message import Text
    from bot.model import Job, Project

_VARIABLE: Final = re.compile(r"(?P<project>[^:]+(?:/[^:]+)+):(?P<name>[A-Za-z_][A-Za-z0-9_]*)")


def names_variable(to: str) -> bool:
    """Whether it is `group/repo:NAME` and no file."""
    match = _VARIABLE.fullmatch(to)
    return match is not None and not to.startswith((".", "/", "~"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of a project's builds."""

    site: Site
    project: Project
    name: str


async def place_for(ctx: Context, job: Job, arguments: Arguments, site: Site) -> Variable | None:
    """Where `--to` says, None for the page. Raises CommandError before anything is made when the
    key could not be handed over."""
    to = arguments.options.get("to")
    if to is None:
        if ctx.one_time is not None:
            return None
        where = "`--to FILE`" if job.who == LOCAL else "`--to group/repo:VARIABLE`"
        raise CommandError(
            "PUBLIC_URL is not set, so there is no page that could show the private key once: name"
            f" where it goes with {where}, or send your own with `--public-key`."
        )
    match = _VARIABLE.fullmatch(to)
    if match is None or not names_variable(to):
        raise CommandError(
            "`--to` names a variable of a project here, `--to group/repo:VARIABLE`; only on the"
            " command line it may be a file (`bot hook key add … --to FILE`)."
        )
    admin = ctx.forge(site.name)
    if admin is None:
        raise CommandError(f"The bot has no token for {site.url} ({site.setting}).")
    _, path = target(Arguments(project=match["project"], on=site.name), ctx.sites)
    project = await asked(path, admin.project(path))
    # Who may not manage that project hears of it now, and not when the key is made.
    await asked(path, admin.keys(project.id))
    return Variable(site=site, project=project, name=match["name"].upper())


async def hand_over(ctx: Context, variable: Variable | None, handover: Handover) -> Text:
    """Where it is now, in words."""
    if variable is None:
        if ctx.one_time is None:
            raise CommandError("There is no page that could show the private key.")
        url = await ctx.one_time(handover)
        return text(
            "The private key is on a ",
            Link("page that shows it once", url),
            f", within the hour, {to_whom(handover.who)}; it is kept nowhere else.",
        )
    admin = ctx.forge(variable.site.name)
    if admin is None:
        raise CommandError(f"The bot has no token for {variable.site.url}.")
    path = variable.project.path
    await asked(path, admin.set_variable(variable.project.id, variable.name, handover.secret))
    protected = " (for protected branches, as a file)" if variable.site.forge == "gitlab" else ""
    return text(
        "The private key is in ",
        Code(variable.name),
        f" of {path}{protected}; it is kept nowhere else.",
    )


def to_whom(who: str) -> str:
    return "to whoever is logged in to the bot's page" if who == LOCAL else "to you after a sign-in"
