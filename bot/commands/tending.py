"""Looks after one hook, and after deploy keys, without anybody asking.

What brings events back is mended when that is allowed; what would make or delete a hook is only
told, because somebody may have meant it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from bot.commands.acts import keep_own
from bot.commands.catching import Caught, catch_up, final_states, missed
from bot.commands.drift import ROTATE, TEST
from bot.commands.live import Live
from bot.commands.reviving import revive
from bot.commands.survey import survey
from bot.commands.sync import compared, project_of
from bot.commands.target import as_written
from bot.commands.upkeep import settle
from bot.commands.wishes import wanted_of
from bot.errors import CallError, CommandError
from bot.message import Code, bold, join, text

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.commands.drift import Finding
    from bot.commands.spec import Context, Site
    from bot.message import Text
    from bot.model import HookRecord

_CHANGED: Final = "~"
_GONE: Final = "+"


class CatchUp(Enum):
    """What is fetched of that which was missed."""

    ALL = "all"
    #: Of each subject the newest only.
    LAST = "last"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What is allowed."""

    mend: bool
    catch_up: CatchUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    #: What the admins should know.
    told: tuple[Text, ...] = ()
    #: Deliveries that are still to be sent again.
    left: int = 0
    #: Keys of deliveries that cannot be had.
    lost: tuple[str, ...] = ()
    #: It was found switched off by its forge, or gone from it; and whether it still is.
    was_off: bool = False
    is_off: bool = False
    #: Keys of deliveries of which nothing more is to be said: later ones have overtaken them, or
    #: it was told that they vanished.
    past: tuple[str, ...] = ()


async def tend(
    ctx: Context,
    record: HookRecord,
    care: Care,
    *,
    thorough: bool = True,
    given_up: Collection[str] = (),
) -> Visit:
    """`thorough`: what the forge remembers of its deliveries is looked at too. Raises CommandError
    or CallError when the forge cannot be asked now."""
    site = next((one for one in ctx.sites if one.name == record.instance), None)
    if site is None or ctx.forge(site.name) is None:
        return Visit()
    await _end_rotation(ctx, record)
    found = await compared(ctx, site, record.project)
    if found is None:
        return Visit()  # Another command is at it.
    open_ = [one for one in found.findings if one.mends != ROTATE]
    told, ill = await _mended(ctx, site, record, open_, care)
    gone = any(one.mark == _GONE for one in open_)
    seen = Visit(told=told, was_off=gone or _is_off(open_), is_off=gone or ill)
    if ill or not found.seen or not (thorough or open_) or record.status == "paused":
        return seen
    caught = await _caught(ctx, site, record, care, given_up)
    return replace(
        seen,
        told=(*told, *_of(record, caught, care)),
        left=caught.left,
        lost=caught.lost,
        past=(*caught.past, *caught.vanished),
    )


async def _end_rotation(ctx: Context, record: HookRecord) -> None:
    """The old secret is forgotten when it counts no more."""
    if len(record.secrets) > len(record.accepted(ctx.clock.now())):
        kept = await ctx.hooks.hook(record.id)
        if kept is not None and kept.secrets == record.secrets:
            await ctx.hooks.save_hook(replace(kept, secrets=kept.secrets[:1], retire_at=None))


# -- mending ---------------------------------------------------------------------------------


async def _mended(
    ctx: Context, site: Site, record: HookRecord, open_: list[Finding], care: Care
) -> tuple[tuple[Text, ...], bool]:
    """What to tell, and whether the hook still brings nothing."""
    if not open_:
        return (), False
    words = join("; ", [one.words for one in open_])
    head = text("🩺 ", bold(record.project), ": ", words)
    off = _is_off(open_)
    changed = [one for one in open_ if one.mark == _CHANGED]
    if not care.mend or not changed:
        return (text(head, ". ", *_advice(record, off=off)),), off
    try:
        await _mend(ctx, site, record, off=off)
    except (CallError, CommandError) as error:
        reason = str(error).partition("\n")[0]
        return (text(head, f". It could not be mended: {reason}"),), off
    await keep_own(ctx, "mend", record, head)
    rest = [one for one in open_ if one not in changed]
    more = _advice(record, off=False) if rest else text()
    return (text(head, ". Mended. ", *more),), False


def _is_off(open_: list[Finding]) -> bool:
    return any(one.mends == TEST for one in open_)


def _advice(record: HookRecord, *, off: bool) -> Text:
    verb = "test" if off else "sync"
    return text(
        Code(f"/hook {verb} {as_written(record.project, record.project_id)}"), " looks after it."
    )


async def _mend(ctx: Context, site: Site, record: HookRecord, *, off: bool) -> None:
    hook = await _live(ctx, site, record)
    if hook is None:
        raise CommandError("it has no hook at the forge any more")
    pair = (hook.record, hook.remote)
    brings = await wanted_of(ctx, site, hook.admin, hook.project, pair)
    if off and not await revive(ctx, site, hook, brings):
        raise CommandError("the project has nothing that a test call could send")
    if not off:
        await settle(
            ctx,
            hook.admin,
            site,
            hook.project,
            (hook.record, hook.remote),
            brings=brings,
            channel=None,
        )


async def _live(ctx: Context, site: Site, record: HookRecord) -> Live | None:
    admin = ctx.forge(site.name)
    if admin is None:
        return None
    project = await project_of(admin, site, record.project, [record])
    found = await survey(ctx, admin, site, project, prefer=record.id)
    if found.live is None:
        return None
    kept, remote = found.live
    return Live(admin=admin, project=project, record=kept, remote=remote, found=found)


# -- what was missed -------------------------------------------------------------------------


async def _caught(
    ctx: Context, site: Site, record: HookRecord, care: Care, given_up: Collection[str]
) -> Caught:
    hook = await _live(ctx, site, record)
    if hook is None or hook.record.id != record.id or care.catch_up is CatchUp.OFF:
        return Caught()
    found = await missed(ctx, hook)
    open_ = tuple(one for one in found.attempts if one.key not in given_up)
    vanished = tuple(one.key for one in found.vanished if one.key not in given_up)
    if not open_:
        return Caught(vanished=vanished)
    if not care.mend:
        lost = tuple(one.key for one in open_)
        return Caught(since=open_[0].at, lost=lost, vanished=vanished)
    last = open_
    if care.catch_up is CatchUp.LAST:
        last = await final_states(hook, replace(found, attempts=open_), given_up)
    caught = await catch_up(ctx, hook, last)
    past = {one.key for one in open_} - {one.key for one in last}
    return replace(caught, past=tuple(sorted(past)), vanished=vanished)


def _of(record: HookRecord, caught: Caught, care: Care) -> tuple[Text, ...]:
    since = f" since {caught.since:%Y-%m-%d %H:%M} UTC" if caught.since is not None else ""
    told: list[Text] = []
    if caught.sent:
        rest = f", {caught.left} to come" if caught.left else ""
        told.append(
            text("🕰 ", bold(record.project), f": {caught.sent} missed{since} were fetched{rest}.")
        )
    if caught.lost:
        why = "could not be fetched" if care.mend else "did not arrive (HOOKS_MEND is off)"
        told.append(text("🕳 ", bold(record.project), f": {len(caught.lost)}{since} {why}."))
    if caught.vanished:
        told.append(
            text(
                "🕳 ",
                bold(record.project),
                f": the forge says that it delivered {len(caught.vanished)} within the last hour,"
                " and none of them came here. Something else answers at PUBLIC_URL (a proxy,"
                " another bot): ",
                Code(f"/hook test {as_written(record.project, record.project_id)}"),
                " finds out.",
            )
        )
    return tuple(told)
