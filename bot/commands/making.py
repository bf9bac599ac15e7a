"""Makes a hook and proves it, step by step, so that a killed worker's job goes on where it was.

The ids are written down first, so every later step can be found again: the records in the store
by id, the hook at the forge by its address. A step that was done is not done twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.commands.proving import Proof, prove
from bot.commands.survey import hook_url, records_of, same_url
from bot.commands.wishes import NOTHING, Brings
from bot.errors import CallError, CommandError, Unsure
from bot.model import HookRecord
from bot.outside import HookWish

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.commands.spec import Context, Site
    from bot.model import Json, Project
    from bot.outside import ForgeAdmin, RemoteHook

#: Seconds for making, and for cleaning up behind it: together less than a job may take.
_BUDGET_S: Final = 45.0
_UNDO_BUDGET_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The hook that is wanted."""

    admin: ForgeAdmin
    site: Site
    project: Project
    brings: Brings
    channel: str | None
    who: str
    #: Only prove that the forge reaches us, and leave nothing behind.
    trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    record: HookRecord
    proof: Proof
    #: Wished triggers that this forge does not know.
    unknown: frozenset[str] = frozenset()
    #: What could not be cleaned up, in words.
    left: str = ""


@dataclass(frozen=True, slots=True)
class _Ids:
    proof: str
    final: str


def begun(progress: Mapping[str, Json]) -> bool:
    """Whether an earlier run of the job came as far as making the hook."""
    return "proof" in progress


async def make(ctx: Context, plan: Plan, progress: Mapping[str, Json]) -> Made:
    """Raises CommandError when it could not be made; then nothing is left, or it is named."""
    ids = await _name(ctx, plan, progress)
    try:
        _check_not_failed(progress)
        async with asyncio.timeout(_BUDGET_S):
            return await _make(ctx, plan, ids)
    except (CallError, CommandError, TimeoutError) as error:
        cause = str(error) or f"the forge took longer than {_BUDGET_S:g} s"
        # Written down, so that a restart does not begin anew what is being taken back.
        await ctx.progress({**_written(plan, ids), "failed": cause})
        left = await _undo(ctx, plan, ids, unsure=isinstance(error, Unsure | TimeoutError))
        left = left or "No hook is left at the forge."
        raise CommandError(f"{plan.project.path}: {cause}\n{left}") from error


async def _name(ctx: Context, plan: Plan, progress: Mapping[str, Json]) -> _Ids:
    if begun(progress):
        return _Ids(str(progress["proof"]), str(progress["final"]))
    ids = _Ids(ctx.new_id(), ctx.new_id())
    await ctx.progress(_written(plan, ids))
    return ids


def _check_not_failed(progress: Mapping[str, Json]) -> None:
    """An earlier run that failed is not tried again: its cleaning up goes on."""
    failed = progress.get("failed")
    if failed is not None:
        raise CommandError(str(failed))


def _written(plan: Plan, ids: _Ids) -> dict[str, Json]:
    return {"proof": ids.proof, "final": ids.final, "trial": plan.trial}


async def _make(ctx: Context, plan: Plan, ids: _Ids) -> Made:
    record = await ctx.hooks.hook(ids.final)
    proof = await _proof_record(ctx, plan, ids)
    remote = await _remote(ctx, plan, ids, proof.secrets[0])
    if record is not None and same_url(remote.url, hook_url(ctx, plan.site, ids.final)):
        seen = Proof(at=record.proved_at)  # An earlier run of this job did the rest.
    else:
        seen = await _proved(ctx, plan, ids, remote)
        if plan.trial:
            left = await _undo(ctx, plan, ids, unsure=False)
            return Made(record=proof, proof=seen, left=left)
        record = replace(
            proof, id=ids.final, remote_id=remote.id, status="active", proved_at=seen.at
        )
        # Before the address changes: a real event may come the moment after.
        await ctx.hooks.save_hook(record)
        await _move(ctx, plan, ids, remote.id, proof.secrets[0])
    await ctx.hooks.save_hook(replace(proof, status="removed"))
    return Made(record=record, proof=seen, unknown=plan.brings.triggers - remote.triggers)


async def _proof_record(ctx: Context, plan: Plan, ids: _Ids) -> HookRecord:
    known = await ctx.hooks.hook(ids.proof)
    if known is not None:
        return known
    record = HookRecord(
        id=ids.proof,
        forge=plan.site.forge,
        instance=plan.site.name,
        project_id=plan.project.id,
        project=plan.project.path,
        remote_id="",
        secrets=(ctx.new_secret(),),
        events=tuple(sorted(plan.brings.triggers)),
        channel=plan.channel,
        status="proving",
        created_by=plan.who,
        created_at=ctx.clock.now(),
    )
    await ctx.hooks.save_hook(record)
    # Looked for after ours is written: of two commands at the same moment at least one sees the
    # other and steps back, so there are never two hooks.
    for other in await records_of(ctx, plan.site, plan.project):
        if other.status == "proving" and other.id != ids.proof:
            raise CommandError("another command is making a hook for it at this moment; wait")
    return record


async def _remote(ctx: Context, plan: Plan, ids: _Ids, secret: str) -> RemoteHook:
    found = await _ours(ctx, plan, ids)
    if found:
        return found[0]
    await ctx.say(f"Creating the hook on {plan.project.path} …")
    try:
        return await plan.admin.create_hook(plan.project.id, _wish(ctx, plan, ids.proof, secret))
    except Unsure:
        found = await _ours(ctx, plan, ids)
        if found:
            return found[0]
        raise


async def _ours(ctx: Context, plan: Plan, ids: _Ids) -> tuple[RemoteHook, ...]:
    urls = [hook_url(ctx, plan.site, hook_id) for hook_id in (ids.proof, ids.final)]
    return tuple(
        hook
        for hook in await plan.admin.hooks(plan.project.id)
        if any(same_url(hook.url, url) for url in urls)
    )


async def _proved(ctx: Context, plan: Plan, ids: _Ids, remote: RemoteHook) -> Proof:
    proof = await ctx.hooks.hook(ids.proof)
    if proof is not None and proof.proved_at is not None:
        return Proof(at=proof.proved_at)
    await ctx.say(f"Proving it: {plan.site.name} sends a test call to {ctx.base} …")
    return await prove(
        ctx,
        plan.admin,
        plan.site,
        project_id=plan.project.id,
        remote_id=remote.id,
        proof_id=ids.proof,
    )


async def _move(ctx: Context, plan: Plan, ids: _Ids, remote_id: str, secret: str) -> None:
    wish = _wish(ctx, plan, ids.final, secret)
    try:
        await plan.admin.update_hook(plan.project.id, remote_id, wish)
    except Unsure:
        # The same change once more does no harm, and its answer makes it sure.
        await plan.admin.update_hook(plan.project.id, remote_id, wish)


def _wish(ctx: Context, plan: Plan, hook_id: str, secret: str) -> HookWish:
    brings = NOTHING if plan.trial else plan.brings
    return HookWish(
        url=hook_url(ctx, plan.site, hook_id),
        triggers=brings.triggers,
        secret=secret,
        branches=brings.branches,
    )


async def _undo(ctx: Context, plan: Plan, ids: _Ids, *, unsure: bool) -> str:
    """What may be left behind, in words; empty when nothing is."""
    address = f"{hook_url(ctx, plan.site, ids.proof)} or …/{ids.final}"
    # After an unclear answer the forge may still be about to make what is not listed yet.
    left = f"A hook to {address} may appear at the forge later; " if unsure else ""
    found: tuple[RemoteHook, ...] = ()
    try:
        async with asyncio.timeout(_UNDO_BUDGET_S):
            found = await _ours(ctx, plan, ids)
            for remote in found:
                await plan.admin.delete_hook(plan.project.id, remote.id)
                left = ""
    except (CallError, TimeoutError):
        names = ", ".join(f"{hook.id} ({hook.url})" for hook in found)
        what = f"Hook {names} could not be deleted" if names else f"A hook to {address} may be left"
        left = f"{what}; "
    for hook_id in (ids.proof, ids.final):
        record = await ctx.hooks.hook(hook_id)
        if record is not None:
            await ctx.hooks.save_hook(replace(record, status="removed"))
    if not left:
        return ""
    return (
        f"{left}delete it under the project's Settings → Webhooks, or with"
        f" `/hook remove {plan.project.path}`."
    )
