"""`/hook mute` and `/hook unmute`: a project, a group, a rule or a channel is quiet for a while."""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from bot.commands.refusals import admins_only
from bot.commands.spec import LOCAL, Arguments, CommandSpec, Context, Takes
from bot.errors import CommandError
from bot.message import Code, Message, bold, join, text
from bot.outside import Right
from bot.rules.hours import next_after
from bot.rules.mutes import Mute
from bot.rules.times import Daily, clock, duration, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.commands.spec import Mutes
    from bot.message import Text
    from bot.model import Job

_EVERY_DAY: Final = frozenset(range(7))
_LONGEST: Final = timedelta(days=366)
_PATH: Final = re.compile(r"[^\s*{}/]+(/[^\s*{}/]+)*/(\*\*|[^\s*{}/]+)")


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    mutes = kept_mutes(ctx)
    if not arguments.words and arguments.channel is None:
        return await _listed(ctx, mutes)
    words, end = _split(arguments.words, ctx)
    found = await meant(words, arguments.channel, ctx)
    await demand(found, ctx, job)
    mute = Mute(
        project=found.project,
        rule=found.rule,
        channel=found.channel,
        until=end,
        by=job.who,
    )
    await mutes.mute(mute, now=ctx.clock.now())
    return Message(
        text=text("🔇 ", await told(mute, ctx), " is muted", _until(mute, ctx), "."),
        context=(
            text(
                "What comes meanwhile is not said later; bot explain and /hook why show it as"
                " withheld. What waited from before is said when the mute ends."
            ),
        ),
    )


def kept_mutes(ctx: Context) -> Mutes:
    if ctx.mutes is None:
        raise CommandError("There is no store of mutes here.")
    return ctx.mutes


async def demand(about: Mute, ctx: Context, job: Job) -> None:
    """Everybody may mute the channel they are in, and a project that they manage wherever there
    is one of that name; all else is for admins. Raises Forbidden."""
    permission = ctx.permission
    if permission is None or permission.unbounded or about.channel == job.channel != "":
        return
    sites = [site for site in ctx.sites if ctx.forge(site.name) is not None]
    if about.project is None or "/" not in about.project or not sites:
        raise admins_only(ctx, permission.verb)
    for site in sites:
        await permission.demand_path(site, about.project, Right.MANAGE)


# -- what is meant -------------------------------------------------------------------------------


def _split(words: Sequence[str], ctx: Context) -> tuple[Sequence[str], datetime | None]:
    """The words before `for` or `until`, and when it ends; rules may have such words too."""
    for place in range(len(words) - 1, -1, -1):
        if words[place].lower() in {"for", "until"}:
            end = _end(words[place].lower(), " ".join(words[place + 1 :]), ctx)
            if end is not None:
                return words[:place], end
            if " ".join(words) not in ctx.rules.names():
                told = " ".join(words[place:])
                raise CommandError(
                    f"`{told}` is no time: say `for 2h`, `until 18:00` or `until 2026-12-31`."
                )
    return words, None


def _end(word: str, said: str, ctx: Context) -> datetime | None:
    now, zone = ctx.clock.now(), ctx.rules.timezone()
    if word == "for":
        length = duration(said)
        return now + min(length, _LONGEST) if length else None
    at = clock(said)
    if at is not None:
        return next_after(Daily(days=_EVERY_DAY, at=at, zone=zone), now)
    end = until(said, ZoneInfo(zone))
    if end is not None and end <= now:
        raise CommandError(f"{said} is over already.")
    return end


async def meant(
    words: Sequence[str], channel: str | None, ctx: Context, *, known: bool = True
) -> Mute:
    name = " ".join(words).strip("\"'“”`")
    if channel is not None:
        if name:
            raise CommandError(f"A channel or `{name}`? One mute is about one thing.")
        found = await ctx.channel(channel)
        if found is None:
            raise CommandError(f"There is no channel {channel} that I can see.")
        return Mute(channel=found)
    if name in ctx.rules.names():
        return Mute(rule=name)
    if _PATH.fullmatch(name):
        return Mute(project=name.removesuffix("/**"))
    if not known:
        return Mute(rule=name)
    close = get_close_matches(name, ctx.rules.names(), n=1)
    hint = f" Did you mean the rule `{close[0]}`?" if close else ""
    raise CommandError(
        f"`{name}` is no rule, project (group/repo), group (group/**) or #channel.{hint}"
    )


# -- what is said --------------------------------------------------------------------------------


async def _listed(ctx: Context, mutes: Mutes) -> Message:
    found = await mutes.mutes(now=ctx.clock.now())
    if not found:
        return Message(text=text("Nothing is muted from chat."))
    rows: list[Text] = []
    for mute in found:
        by = f", by {mute.by}" if mute.by == LOCAL else text(", by ", Code(mute.by))
        rows.append(text("• ", await told(mute, ctx), _until(mute, ctx), by))
    return Message(
        text=text(bold("Muted from chat")),
        body=(join("\n", rows),),
        context=(text("/hook unmute … takes one back; the rules file may mute more"),),
    )


async def told(mute: Mute, ctx: Context) -> Text:
    if mute.channel is not None:
        return text(await ctx.channel_name(mute.channel))
    if mute.rule is not None:
        return text("the rule ", Code(mute.rule))
    return text(Code(mute.project or ""))


def _until(mute: Mute, ctx: Context) -> str:
    if mute.until is None:
        return " until it is taken back"
    zone = ctx.rules.timezone()
    return f" until {mute.until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


SPEC: Final = CommandSpec(
    name="mute",
    usage="mute [group/repo | group/** | rule | #channel] [for 2h | until 18:00]",
    summary="Keeps a project, rule or channel quiet for a while; alone, lists what is muted.",
    examples=(
        "mute group/repo for 2h",
        "mute went red until 2026-12-31",
        "mute #dev until 18:00",
    ),
    takes=Takes.WORDS,
    channel=True,
    acts=True,
    run=run,
)
