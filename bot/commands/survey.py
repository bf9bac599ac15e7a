"""What there is already: our hooks on one project, as the forge and the store know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.errors import CallError, CommandError

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime
    from typing import TypeVar

    from bot.commands.spec import Context, Site
    from bot.model import HookRecord, Project
    from bot.outside import ForgeAdmin, RemoteHook

    T = TypeVar("T")

#: A proof takes seconds, and a killed worker's job is taken over within minutes: what is older
#: has nobody who cares for it.
ABANDONED_AFTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    #: The hook that serves the project, as stored and as it is at the forge.
    live: tuple[HookRecord, RemoteHook] | None
    #: At the forge with an address of ours, but of no use.
    strays: tuple[RemoteHook, ...]
    #: Stored, but gone from the forge or doubled.
    stale: tuple[HookRecord, ...]
    #: Another command is making one at this moment.
    busy: HookRecord | None
    #: Made by hand on the path all hooks may share: its events come twice beside one of ours.
    shared: RemoteHook | None
    #: Of others.
    foreign: tuple[RemoteHook, ...] = ()


def hook_url(ctx: Context, site: Site, hook_id: str) -> str:
    return f"{ctx.base}/hooks/{site.forge}/{hook_id}"


async def asked(path: str, call: Awaitable[T]) -> T:
    """The forge's answer; its refusals name the project and go to the person who asked."""
    try:
        return await call
    except CallError as error:
        raise CommandError(f"{path}: {error}") from error


def is_group(project_id: str) -> bool:
    """Whether it stands for a group: see ForgeAdmin.group."""
    return project_id.startswith("group-")


async def place_of(ctx: Context, admin: ForgeAdmin, site: Site, path: str) -> Project:
    """The project, or the group where the bot has a hook of the whole group."""
    for record in await ctx.hooks.hooks(project=path):
        if record.instance == site.name and is_group(record.project_id):
            return await asked(path, admin.group(path))
    if "/" not in path:
        raise CommandError(
            f"{path} has no hook of the whole group; `/hook add {path}/**` makes one where the"
            " forge has such hooks, else one of each project."
        )
    return await asked(path, admin.project(path))


async def records_of(ctx: Context, site: Site, project: Project) -> tuple[HookRecord, ...]:
    """By id, so that a renamed project keeps its hook; by path those made by hand."""
    return tuple(
        record
        for record in await ctx.hooks.hooks()
        if record.instance == site.name
        and (
            record.project_id == project.id
            or (not record.project_id and record.project.lower() == project.path.lower())
        )
    )


async def covering(ctx: Context, site: Site, path: str) -> HookRecord | None:
    """The hook of a group that the project is in, which brings its events already."""
    for record in await ctx.hooks.hooks():
        above = path.lower().startswith(f"{record.project.lower()}/")
        if above and record.instance == site.name and is_group(record.project_id):
            return record
    return None


async def own_below(ctx: Context, site: Site, group: str) -> tuple[str, ...]:
    """Paths of the group's projects that have hooks of their own."""
    return tuple(
        record.project
        for record in await ctx.hooks.hooks()
        if record.instance == site.name
        and not is_group(record.project_id)
        and record.project.lower().startswith(f"{group.lower()}/")
    )


async def survey(
    ctx: Context, admin: ForgeAdmin, site: Site, project: Project, *, prefer: str = ""
) -> Found:
    """`prefer` is the id of the record that is the live one when there are several."""
    remotes = await asked(project.path, admin.hooks(project.id))
    records = await records_of(ctx, site, project)
    serving = sorted(
        (r for r in records if r.status != "proving"), key=lambda record: record.id != prefer
    )
    pairs = [
        (record, remote)
        for record in serving
        for remote in remotes
        if record.remote_id == remote.id or same_url(remote.url, hook_url(ctx, site, record.id))
    ]
    live = pairs[0] if pairs else None
    now = ctx.clock.now()
    proving = [r for r in records if r.status == "proving"]
    fresh = [r for r in proving if not abandoned(r, now)]
    kept = {live[1].id} if live else set()
    kept |= {
        remote.id
        for remote in remotes
        for record in fresh
        if same_url(remote.url, hook_url(ctx, site, record.id))
    }
    shared = f"{ctx.base}/hooks/{site.forge}"
    ours = [r for r in remotes if _normal(r.url).startswith(_normal(shared) + "/")]
    # Also those we once made under another PUBLIC_URL, by the ids that were written down.
    ours += [pair[1] for pair in pairs if pair[1] not in ours]
    return Found(
        live=live,
        strays=tuple(r for r in dict.fromkeys(ours) if r.id not in kept),
        stale=tuple(
            r for r in (*serving, *proving) if r not in fresh and r is not (live and live[0])
        ),
        busy=fresh[0] if fresh else None,
        shared=next((r for r in remotes if same_url(r.url, shared)), None),
        foreign=tuple(r for r in remotes if r not in ours and not same_url(r.url, shared)),
    )


def abandoned(record: HookRecord, now: datetime) -> bool:
    return record.created_at is None or now - record.created_at > ABANDONED_AFTER


def same_url(one: str, other: str) -> bool:
    return _normal(one) == _normal(other)


def _normal(url: str) -> str:
    parts = urlsplit(url.strip())
    port = "" if f"{parts.scheme}:{parts.port}" in {"http:80", "https:443"} else parts.port or ""
    return f"{parts.scheme}://{parts.hostname or ''}:{port}{parts.path.rstrip('/')}".lower()
