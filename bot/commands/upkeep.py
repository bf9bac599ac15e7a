"""Keeps the hooks there are in order: settings as wished, nothing doubled, nothing forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.commands.survey import asked, hook_url, same_url
from bot.errors import CommandError
from bot.outside import HookWish

if TYPE_CHECKING:
    from bot.commands.spec import Context, Site
    from bot.commands.survey import Found
    from bot.model import HookRecord, Project
    from bot.outside import ForgeAdmin, RemoteHook


def check_idle(found: Found, project: Project) -> None:
    """Raises CommandError while another command works on the project."""
    if found.busy is not None:
        raise CommandError(
            f"{project.path}: another command ({found.busy.created_by}) is making a hook for it at"
            " this moment. Wait a minute, then look with `/hook list`."
        )


async def sweep(
    ctx: Context, admin: ForgeAdmin, project: Project, found: Found
) -> tuple[RemoteHook, ...]:
    """Hooks at the forge that come to us and serve nothing are deleted; returns them."""
    for remote in found.strays:
        await asked(project.path, admin.delete_hook(project.id, remote.id))
    for record in found.stale:
        await ctx.hooks.save_hook(replace(record, status="removed"))
    return found.strays


def in_order(
    ctx: Context,
    site: Site,
    project: Project,
    live: tuple[HookRecord, RemoteHook],
    triggers: frozenset[str],
) -> bool:
    record, remote = live
    return (
        same_url(remote.url, hook_url(ctx, site, record.id))
        and remote.triggers == triggers
        and bool(record.secrets)
        and record.status != "paused"
        and record.project == project.path
    )


async def settle(
    ctx: Context,
    admin: ForgeAdmin,
    site: Site,
    project: Project,
    live: tuple[HookRecord, RemoteHook],
    *,
    triggers: frozenset[str],
    channel: str | None,
) -> tuple[HookRecord, RemoteHook]:
    """The live hook with exactly these settings, its secret sent again."""
    record, remote = live
    record = replace(
        record,
        project_id=project.id,
        project=project.path,
        remote_id=remote.id,
        secrets=record.secrets or (ctx.new_secret(),),
        channel=channel or record.channel,
        status="active",
    )
    # First here, then there: what the forge sends must be accepted at any moment between.
    await ctx.hooks.save_hook(record)
    wish = HookWish(url=hook_url(ctx, site, record.id), triggers=triggers, secret=record.secrets[0])
    remote = await asked(project.path, admin.update_hook(project.id, remote.id, wish))
    record = replace(record, events=tuple(sorted(triggers)))
    await ctx.hooks.save_hook(record)
    return record, remote
