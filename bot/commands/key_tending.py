"""Looks after deploy keys: reminds before they end, deletes those whose time is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.acts import keep_own
from bot.commands.lifetimes import left
from bot.errors import CallError
from bot.message import Code, bold, text

if TYPE_CHECKING:
    from datetime import datetime

    from bot.commands.spec import Context
    from bot.deploy_keys import KeyRecord
    from bot.message import Text

#: Days before the end at which somebody is told, each once.
REMIND: Final = (30, 14, 7, 3, 1)


async def tend_keys(ctx: Context) -> tuple[Text, ...]:
    """What the admins should know."""
    told: list[Text] = []
    for record in await ctx.keys.deploy_keys() if ctx.keys is not None else ():
        told += await _tend(ctx, record)
    return tuple(told)


async def _tend(ctx: Context, record: KeyRecord) -> list[Text]:
    now = ctx.clock.now()
    if record.retire_at is not None and record.retire_at <= now:
        return await _gone(ctx, record, "another key has taken its place")
    if record.expires_at is None or record.retire_at is not None:
        return []
    if record.expires_at <= now:
        return await _gone(ctx, record, "its time is over")
    return await _reminded(ctx, record, now)


async def _gone(ctx: Context, record: KeyRecord, why: str) -> list[Text]:
    """GitHub knows no end of keys, and GitLab leaves them lying."""
    admin = ctx.forge(record.instance)
    if admin is None or ctx.keys is None:
        return []
    try:
        await admin.delete_key(record.project_id, record.remote_id)
    except CallError as error:
        if error.code != "404":
            return []  # The next time perhaps.
    await ctx.keys.save_deploy_key(replace(record, status="removed"))
    name = f"deploy key {record.remote_id} ({record.title})"
    line = text("🔑 ", bold(record.project), f": {name} was deleted, as {why}.")
    await keep_own(ctx, "delete-key", record, line)
    return [line]


async def _reminded(ctx: Context, record: KeyRecord, now: datetime) -> list[Text]:
    if record.expires_at is None or ctx.keys is None:
        return []
    days = (record.expires_at - now).days
    step = min((mark for mark in REMIND if days < mark), default=None)
    if step is None or (record.reminded is not None and record.reminded <= step):
        return []
    await ctx.keys.save_deploy_key(replace(record, reminded=step))
    who = f", asked for by {record.created_by}" if record.created_by else ""
    name = f"deploy key {record.remote_id} ({record.title}{who})"
    return [
        text(
            "🔑 ",
            bold(record.project),
            f": {name} ends {left(record.expires_at, now)}; ",
            Code(f"/hook key rotate {record.project} {record.remote_id}"),
        )
    ]
