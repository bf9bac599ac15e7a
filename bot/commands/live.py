"""The hook that serves a project, for verbs that only change what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.commands.survey import asked, place_of, survey
from bot.commands.target import check_reachable, written
from bot.commands.upkeep import check_idle
from bot.errors import CallError, CommandError, Unsure

if TYPE_CHECKING:
    from bot.commands.spec import Context, Site
    from bot.commands.survey import Found
    from bot.model import HookRecord, Project
    from bot.outside import ForgeAdmin, HookWish, RemoteHook


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    admin: ForgeAdmin
    project: Project
    record: HookRecord
    remote: RemoteHook
    found: Found


async def live(ctx: Context, site: Site, path: str) -> Live:
    """Raises CommandError when there is none, or another command works on it."""
    check_reachable(ctx, site)
    admin = ctx.forge(site.name)
    if admin is None:
        raise CommandError(
            f"{path}: without a token ({site.setting}) the bot cannot touch the hook; change it on"
            " its page at the forge."
        )
    project = await place_of(ctx, admin, site, path)
    found = await survey(ctx, admin, site, project)
    check_idle(found, project)
    if found.live is None:
        raise CommandError(
            f"{project.path} has no hook of this bot; `/hook add {written(project)}` makes one."
        )
    record, remote = found.live
    return Live(admin=admin, project=project, record=record, remote=remote, found=found)


async def put(hook: Live, wish: HookWish) -> RemoteHook:
    """The hook as wished; an unclear answer is made sure by sending the same once more."""
    project, remote_id = hook.project, hook.remote.id
    try:
        return await hook.admin.update_hook(project.id, remote_id, wish)
    except Unsure:
        return await asked(project.path, hook.admin.update_hook(project.id, remote_id, wish))
    except CallError as error:
        raise CommandError(f"{project.path}: {error}") from error
