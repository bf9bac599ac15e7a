"""Keeps the hooks there are in order: settings as wished, nothing doubled, nothing forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.commands.survey import asked, hook_url, same_url
from bot.errors import CommandError
from bot.outside import EVERY_BRANCH, BranchFilter, HookWish

if TYPE_CHECKING:
    from bot.commands.spec import Context, Site
    from bot.commands.survey import Found
    from bot.commands.wishes import Brings
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
    brings: Brings,
) -> bool:
    record, remote = live
    return (
        same_url(remote.url, hook_url(ctx, site, record.id))
        and not any(differing(record, remote, brings.triggers))
        and remote.branches == possible(brings.branches, remote)
        and bool(record.secrets)
        and record.status != "paused"
        and record.project == project.path
    )


def differing(
    record: HookRecord, remote: RemoteHook, triggers: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """What is missing and what is too much. What an older forge was asked for and did not take is
    not missing: it will not take it the next time either."""
    missing = triggers - remote.triggers - (remote.unheard & frozenset(record.events))
    return missing, remote.triggers - triggers


def possible(branches: BranchFilter, remote: RemoteHook) -> BranchFilter:
    """As far as its forge has such filters: what is too much is better than what is lost."""
    return branches if branches.kind in remote.filters else EVERY_BRANCH


async def settle(
    ctx: Context,
    admin: ForgeAdmin,
    site: Site,
    project: Project,
    live: tuple[HookRecord, RemoteHook],
    *,
    brings: Brings,
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
    wish = HookWish(
        url=hook_url(ctx, site, record.id),
        triggers=brings.triggers,
        secret=record.secrets[0],
        branches=brings.branches,
    )
    remote = await asked(project.path, admin.update_hook(project.id, remote.id, wish))
    record = replace(record, events=tuple(sorted(brings.triggers)))
    await ctx.hooks.save_hook(record)
    return record, remote
