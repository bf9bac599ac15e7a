"""`/hook audit`: who did what, by commands and by rules that act outside of chat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from bot.commands.spec import LOCAL, Arguments, CommandSpec, Context, Takes
from bot.commands.target import target
from bot.errors import CommandError
from bot.message import Code, Mention, Message, bold, join, one_line, text
from bot.outside import Right

if TYPE_CHECKING:
    from bot.commands.spec import AuditEntry
    from bot.message import Span, Text
    from bot.model import Job

_SHOWN: Final = 20
_LETTERS: Final = 120
_MEMBER: Final = re.compile(r"[UW](?=\D*\d)[A-Z0-9]{2,}")


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:  # noqa: ARG001 - every handler's
    if ctx.audit is None:
        raise CommandError("There is no audit here.")
    site, path = target(arguments, ctx.sites) if arguments.project is not None else (None, None)
    found = await ctx.audit.list_audit(limit=_SHOWN, project=path)
    if site is not None:
        # Another instance may have a project of that name.
        found = [one for one in found if one.instance in {"", site.name}]
    about = text(" about ", bold(path)) if path else text()
    if not found:
        return Message(text=text("Nothing was done", about, " yet."))
    zone = ZoneInfo(ctx.rules.timezone())
    return Message(
        text=text("What was done", about, ", newest first"),
        body=(join("\n", [_line(entry, zone) for entry in found]),),
        context=(text("bot audit shows more, and gives it as JSON"),),
    )


def _line(entry: AuditEntry, zone: ZoneInfo) -> Text:
    what = f"{entry.verb} {entry.target}"
    if not entry.rule and entry.words:
        what = entry.words if entry.words.startswith("bot ") else f"/hook {entry.words}"
    by = f" (rule {entry.rule})" if entry.rule else ""
    shown = one_line(entry.detail)
    if len(shown) > _LETTERS:
        shown = f"{shown[: _LETTERS - 1]}…"
    detail = f": {shown}" if shown else ""
    when = f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M}"
    return text(f"• {when} ", _who(entry), " ", Code(what), f"{by} {entry.outcome}{detail}")


def _who(entry: AuditEntry) -> Span | str:
    if entry.who == LOCAL:
        return "the command line"
    if not entry.rule and _MEMBER.fullmatch(entry.who):
        return Mention(entry.who, entry.who)
    return entry.who or "nobody"


SPEC: Final = CommandSpec(
    name="audit",
    usage="audit [group/repo] [--on instance]",
    summary="Shows who did what, newest first.",
    examples=("audit", "audit group/repo"),
    needs=Right.MANAGE,
    acts=False,
    takes=Takes.PERHAPS,
    run=run,
)
