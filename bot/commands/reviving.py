"""Brings a hook back that the forge switched off after failures.

A test call that arrives does it, and nothing tells it from a real event: so the hook is moved to a
one-time address for that moment. It stays the same hook, and what it could not deliver before can
be sent again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.commands.live import put
from bot.commands.proving import prove
from bot.commands.survey import hook_url
from bot.errors import CallError, CommandError
from bot.model import HookRecord
from bot.outside import HookWish

if TYPE_CHECKING:
    from bot.commands.live import Live
    from bot.commands.spec import Context, Site
    from bot.commands.wishes import Brings


async def revive(ctx: Context, site: Site, hook: Live, brings: Brings) -> bool:
    """False when the project has nothing that a test call could send. Raises CommandError or
    CallError when the forge does not reach the bot; the hook is then as it was."""
    proof = _proof(ctx, hook.record)
    await ctx.hooks.save_hook(proof)
    secret = hook.record.secrets[0]
    aside = HookWish(url=hook_url(ctx, site, proof.id), triggers=frozenset(), secret=secret)
    back = HookWish(
        url=hook_url(ctx, site, hook.record.id),
        triggers=brings.triggers,
        secret=secret,
        branches=brings.branches,
    )
    try:
        await put(hook, aside)
        seen = await prove(
            ctx,
            hook.admin,
            site,
            project_id=hook.project.id,
            remote_id=hook.remote.id,
            proof_id=proof.id,
        )
    except (CallError, CommandError):
        await put(hook, back)
        raise
    finally:
        await ctx.hooks.save_hook(replace(proof, status="removed"))
    await put(hook, back)
    if seen.at is None:
        return False
    record = replace(hook.record, proved_at=seen.at, events=tuple(sorted(brings.triggers)))
    await ctx.hooks.save_hook(record)
    return True


def _proof(ctx: Context, record: HookRecord) -> HookRecord:
    return replace(
        record,
        id=ctx.new_id(),
        # The hook at the forge is the other record's.
        remote_id="",
        status="proving",
        channel=None,
        created_at=ctx.clock.now(),
        proved_at=None,
        last_seen_at=None,
    )
