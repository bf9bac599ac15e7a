"""Makes a deploy key and hands its private half over, so that nothing is left when it fails.

A killed worker's job begins anew: the private half of what it made is lost, so that key goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.commands.handing import hand_over
from bot.commands.key_pair import fingerprint, new_pair
from bot.commands.survey import asked
from bot.deploy_keys import KeyRecord
from bot.errors import CallError, CommandError, ContentRefused, Unsure
from bot.handover import Handover
from bot.message import text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.commands.handing import Variable
    from bot.commands.spec import Context, Site
    from bot.message import Text
    from bot.model import Job, Json, Project
    from bot.outside import DeployKey, ForgeAdmin

_TRIES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    site: Site
    project: Project
    title: str
    writes: bool
    expires_at: datetime | None
    #: Somebody's own; None = a new pair is made.
    public: str | None = None
    #: Where the private half goes; None = a page.
    variable: Variable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    record: KeyRecord
    #: Where the private half is.
    where: Text
    #: It was on the project before: nothing was changed, at the forge or here.
    there: bool = False


async def make_key(
    ctx: Context,
    job: Job,
    admin: ForgeAdmin,
    wish: KeyWish,
    *,
    beside: Mapping[str, Json] | None = None,
) -> MadeKey:
    """`beside`: what else the job has written down. Raises CommandError; then no key is left, or
    it is named."""
    await _sweep(ctx, job, admin, wish)
    pair = new_pair() if wish.public is None else None
    public = pair.public if pair is not None else wish.public or ""
    name = fingerprint(public)
    if pair is not None:
        await ctx.progress({**(beside or {}), "key": name})
    same = await _there(admin, wish, name)
    where: Text = text("Its private half stays with whoever made it.")
    if same is not None and job.progress.get("adding") != name:
        return MadeKey(record=await _known(ctx, job, wish, same, name), where=where, there=True)
    if pair is None:
        # A killed worker's job finds its own key there, and did add it.
        await ctx.progress({**(beside or {}), "adding": name})
    remote = same or await _added(ctx, admin, wish, public, name)
    if pair is not None:
        try:
            where = await hand_over(ctx, wish.variable, _handover(job, wish, pair.private))
        except (CallError, CommandError) as error:
            left = await _taken_back(admin, wish, remote)
            raise CommandError(f"{wish.project.path}: {error}\n{left}") from error
    record = _record(ctx, job, wish, remote, name)
    await _save(ctx, record)
    return MadeKey(record=record, where=where)


async def _sweep(ctx: Context, job: Job, admin: ForgeAdmin, wish: KeyWish) -> None:
    """What an earlier run of this job made: its answer, and the page's address in it, are lost."""
    lost = job.progress.get("key")
    if not lost:
        return
    for key in await asked(wish.project.path, admin.keys(wish.project.id)):
        if key.fingerprint == lost:
            await asked(wish.project.path, admin.delete_key(wish.project.id, key.id))
    for record in await ctx.keys.deploy_keys() if ctx.keys is not None else ():
        if ctx.keys is not None and record.fingerprint == lost:
            await ctx.keys.save_deploy_key(replace(record, status="removed"))


async def _there(admin: ForgeAdmin, wish: KeyWish, name: str) -> DeployKey | None:
    keys = await asked(wish.project.path, admin.keys(wish.project.id))
    return next((key for key in keys if key.fingerprint == name), None)


async def _added(
    ctx: Context, admin: ForgeAdmin, wish: KeyWish, public: str, name: str
) -> DeployKey:
    path = wish.project.path
    await ctx.say(f"Adding a deploy key to {path} …")
    try:
        return await admin.add_key(
            wish.project.id,
            title=wish.title,
            public_key=public,
            writes=wish.writes,
            expires_at=wish.expires_at,
        )
    except Unsure as error:
        found = await _there(admin, wish, name)
        if found is not None:
            return found
        raise CommandError(f"{path}: {error}; no key was added") from error
    except CallError as error:
        raise CommandError(f"{path}: {error}{_advice(error)}") from error


def _advice(error: CallError) -> str:
    if isinstance(error, ContentRefused) and error.code == "taken":
        return (
            "\nNothing was changed. Whoever has it there can take it away, and then this command"
            " adds it here; or without `--public-key` a new pair is made."
        )
    return ""


def _handover(job: Job, wish: KeyWish, private: str) -> Handover:
    return Handover(
        title=f"Private deploy key of {wish.project.path}",
        secret=private,
        who=job.who,
        instance=wish.site.name,
        project=wish.project.path,
    )


async def _taken_back(admin: ForgeAdmin, wish: KeyWish, remote: DeployKey) -> str:
    try:
        await admin.delete_key(wish.project.id, remote.id)
    except CallError:
        return (
            f"Deploy key {remote.id} ({remote.title}) is left at the forge without anybody who has"
            f" its private half: `/hook key remove {wish.project.path} {remote.id}`."
        )
    return "No key is left at the forge."


def _record(ctx: Context, job: Job, wish: KeyWish, remote: DeployKey, name: str) -> KeyRecord:
    return KeyRecord(
        id=ctx.new_id(),
        instance=wish.site.name,
        project_id=wish.project.id,
        project=wish.project.path,
        remote_id=remote.id,
        title=remote.title or wish.title,
        fingerprint=name,
        writes=remote.writes,
        created_by=job.who,
        created_at=ctx.clock.now(),
        expires_at=wish.expires_at,
    )


async def _known(ctx: Context, job: Job, wish: KeyWish, remote: DeployKey, name: str) -> KeyRecord:
    """What is remembered of a key that is there; of somebody else's, what the forge tells."""
    told = _record(ctx, job, wish, remote, name)
    told = replace(told, created_by="", created_at=remote.created_at, expires_at=remote.expires_at)
    own = await _remembered(ctx, told)
    if own is None:
        return told
    # Rights and title may have been changed at the forge since.
    return replace(
        told,
        created_by=own.created_by,
        created_at=remote.created_at or own.created_at,
        expires_at=remote.expires_at or own.expires_at,
        retire_at=own.retire_at,
    )


async def _save(ctx: Context, record: KeyRecord) -> None:
    """In place of what is remembered of the same key."""
    if ctx.keys is None:
        return
    known = await _remembered(ctx, record)
    await ctx.keys.save_deploy_key(replace(record, id=known.id) if known else record)


async def _remembered(ctx: Context, record: KeyRecord) -> KeyRecord | None:
    for known in await ctx.keys.deploy_keys(project=record.project) if ctx.keys is not None else ():
        if known.instance == record.instance and known.remote_id == record.remote_id:
            return known
    return None
