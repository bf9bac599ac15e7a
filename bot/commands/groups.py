"""Hooks of whole groups, where the forge has them: one hook instead of one for each project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.commands.refusals import Forbidden
from bot.commands.target import group_of, group_target
from bot.commands.wishes import wanted_of_group
from bot.errors import CallError, CommandError, Refused

if TYPE_CHECKING:
    from bot.commands.spec import Arguments, Context, Site
    from bot.commands.wishes import Brings
    from bot.model import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    site: Site
    #: Stands for the group wherever a hook's project does.
    place: Project
    brings: Brings


async def whole_group(ctx: Context, arguments: Arguments) -> Group | None:
    """The group of `group/**`. None for anything else, and where the forge's licence has no hooks
    of groups or the person or the bot does not own it: then every project gets its own."""
    (written,) = arguments.projects
    group = group_of(written)
    if group is None or not group[1]:
        return None
    site, path = group_target(arguments, group[0], ctx.sites)
    admin = ctx.forge(site.name)
    if admin is None:
        return None
    try:
        place = await admin.group(path)
        await admin.hooks(place.id)
    except (Forbidden, Refused):
        return None
    except CallError as error:
        # Not now is not never: hooks of the projects would come beside the group's own.
        raise CommandError(f"{path}: {error}") from error
    anyway = arguments.channel is not None or "anyway" in arguments.flags
    brings = await wanted_of_group(ctx, site, admin, place, anyway=anyway)
    return Group(site=site, place=place, brings=brings)
