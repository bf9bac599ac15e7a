"""Fetches what a hook could not deliver while the bot was away, in order, marked as late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.errors import CallError, NotSent, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from bot.commands.live import Live
    from bot.commands.spec import Context
    from bot.outside import Attempt

#: GitLab forgets after seven days, and sends five of one hook again within a minute.
_WEEK: Final = timedelta(days=7)
_HOUR: Final = timedelta(hours=1)
AT_ONCE: Final = 5
#: The forge's clock is another one, and tells whole seconds.
_CLOCKS: Final = timedelta(minutes=2)
#: What we answered so is no accident: it would be answered so again.
_NEVER: Final = frozenset({400, 404, 405, 413, 415})
#: Every process has heard of the announcement by then: see worker/lateness.py.
_HEARD_S: Final = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    #: Sent again just now.
    sent: int = 0
    #: Still to be sent.
    left: int = 0
    #: The forge will not send them again, or they were refused again.
    lost: tuple[str, ...] = ()
    #: Overtaken by later ones of the same subject.
    past: tuple[str, ...] = ()
    #: Somebody else took them.
    vanished: tuple[str, ...] = ()
    #: When the first of them should have come.
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Each delivery once, by its first attempt, oldest first."""

    #: What the forge could not deliver and the inbox lacks.
    attempts: tuple[Attempt, ...] = ()
    #: All of the same time.
    around: tuple[Attempt, ...] = ()
    #: Of the last hour: the forge says that they were taken, and the inbox lacks them.
    vanished: tuple[Attempt, ...] = ()


async def missed(ctx: Context, hook: Live) -> Missed:
    now = ctx.clock.now()
    since = max(now - _WEEK, (hook.record.created_at or now) - _CLOCKS)
    found = await hook.admin.attempts(hook.project.id, hook.remote.id, since=since)
    arrived = {one.key for one in found if one.delivered}
    around: dict[str, Attempt] = {}
    failed: dict[str, Attempt] = {}
    for one in reversed(found):
        if one.key:
            around.setdefault(one.key, one)
        if one.key and one.key not in arrived and one.status not in _NEVER:
            failed.setdefault(one.key, one)
    taken = {one.key: one for one in found if one.delivered and _ought_to_be_here(one, hook, now)}
    if ctx.received is not None and (failed or taken):
        here = await ctx.received(hook.record.id, [*failed, *taken])
        failed = {key: one for key, one in failed.items() if key not in here}
        taken = {key: one for key, one in taken.items() if key not in here}
    return Missed(
        attempts=tuple(failed.values()),
        around=tuple(around.values()),
        vanished=tuple(taken.values()),
    )


def _ought_to_be_here(one: Attempt, hook: Live, now: datetime) -> bool:
    """Proofs and pings are kept nowhere; what is older may have been forgotten on purpose."""
    proved = hook.record.proved_at or hook.record.created_at
    since = max(now - _HOUR, proved + _CLOCKS) if proved is not None else now - _HOUR
    return bool(one.key) and one.event != "ping" and since < one.at < now - _CLOCKS


async def final_states(hook: Live, found: Missed, given_up: Collection[str]) -> tuple[Attempt, ...]:
    """Of each subject the last event, and nothing when that one arrived; what is about nothing in
    particular stays."""
    first = found.attempts[0].at
    around = [one for one in found.around if one.at >= first and one.key not in given_up]
    told = await hook.admin.detailed(hook.project.id, hook.remote.id, around)
    last = {one.subject: one.key for one in told if one.subject}
    past = {one.key for one in told if one.subject and last[one.subject] != one.key}
    return tuple(one for one in found.attempts if one.key not in past)


async def catch_up(
    ctx: Context, hook: Live, attempts: Sequence[Attempt], *, at_once: int = AT_ONCE
) -> Caught:
    """As many as the forge sends at once; the rest is for the next time."""
    if not attempts:
        return Caught()
    now_due = attempts[:at_once]
    if ctx.announce is not None:
        await ctx.announce(hook.record.id, {one.key: one.at for one in now_due})
        await ctx.pause(_HEARD_S)
    sent: list[Attempt] = []
    refused: list[Attempt] = []
    for one in now_due:
        try:
            await hook.admin.resend(hook.project.id, hook.remote.id, one.id)
        except NotSent:
            break
        except Refused:
            refused.append(one)
        except CallError:
            continue  # Perhaps it came: the inbox will tell the next time.
        else:
            sent.append(one)
    # Where others arrive, what is refused again is lost; else the bot is not reached just now.
    lost = tuple(one.key for one in refused) if sent else ()
    return Caught(
        sent=len(sent), left=len(attempts) - len(sent) - len(lost), lost=lost, since=attempts[0].at
    )
