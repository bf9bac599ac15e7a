"""`/hook list`: the hooks there are, where their events go, and when something came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.answers import described
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.target import place_target
from bot.errors import CommandError
from bot.message import Code, Link, Message, bold, join, text
from bot.outside import Right

if TYPE_CHECKING:
    from datetime import datetime

    from bot.message import Text
    from bot.model import HookRecord, Job

_SHOWN: Final = 40
_PLACES: Final = 4


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:  # noqa: ARG001 - every handler's
    path = None
    if arguments.project is not None:
        _, path = place_target(arguments, ctx.sites)
    found = await ctx.hooks.hooks(project=path)
    records = [record for record in found if await _may_see(ctx, record)]
    hidden = len(found) - len(records)
    if path and not records and ctx.permission is not None and not ctx.permission.unbounded:
        # The same whether there is none or they are not in it.
        said = " has no hook of this bot, or you are no member of it: "
        return Message(text=text(bold(path), said, Code("/hook whoami"), "."))
    if not records and not hidden:
        return _none(path)
    count = f"{len(records)} hook{'' if len(records) == 1 else 's'}"
    lines = [await _line(ctx, record) for record in records[:_SHOWN]]
    rest = len(records) - _SHOWN
    more = [text(f"and {rest} more: name a project to see its hook")] if rest > 0 else []
    if hidden:
        more.append(_hidden(hidden))
    head = text(count, " of ", bold(path)) if path else text(count)
    return Message(text=head, body=(join("\n", lines),) if lines else (), context=tuple(more))


async def _may_see(ctx: Context, record: HookRecord) -> bool:
    """Whether the person is in the project: names of private ones are not everybody's."""
    permission = ctx.permission
    if permission is None or permission.unbounded:
        return True
    site = next((site for site in ctx.sites if site.name == record.instance), None)
    if site is None or not record.project_id:
        return False
    try:
        return await permission.right(site, record.project_id) >= Right.READ
    except CommandError:
        return False


def _hidden(count: int) -> Text:
    what = "1 is of a project" if count == 1 else f"{count} are of projects"
    return text(
        f"{what} that you are no member of, as far as I know; ",
        Code("/hook whoami"),
        " shows who you are to me",
    )


def _none(path: str | None) -> Message:
    add = Code(f"/hook add {path or 'group/repo'}")
    subject = text(bold(path), " has no hook of this bot") if path else text("There are no hooks")
    return Message(text=text(subject, " yet: ", add, " makes one."))


async def _line(ctx: Context, record: HookRecord) -> Text:
    site = next((site for site in ctx.sites if site.name == record.instance), None)
    many = len({site.forge for site in ctx.sites if site.name != "github"}) > 1
    where = f" on {record.instance}" if many or record.instance not in {"gitlab", "github"} else ""
    web = site.pages if site else ""
    name = Link(record.project, f"{web}/{record.project}") if web else bold(record.project)
    places = await _places(ctx, record)
    return text("• ", name, f"{where}: {described(record)}; {places}{_seen(ctx, record)}")


async def _places(ctx: Context, record: HookRecord) -> str:
    places = ctx.rules.destinations(record.project)
    shown = ", ".join(places[:_PLACES])
    if len(places) > _PLACES:
        shown += f" and {len(places) - _PLACES} more"
    if record.channel:
        own = await ctx.channel_name(record.channel)
        shown = f"{shown}, else to {own}" if shown else own
    return f"to {shown}" if shown else "no rule wants it"


def _seen(ctx: Context, record: HookRecord) -> str:
    if record.last_seen_at is None:
        return ""
    return f"; last delivery {ago(ctx.clock.now(), record.last_seen_at)}"


def ago(now: datetime, then: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "a moment ago"


SPEC: Final = CommandSpec(
    name="list",
    usage="list [group/repo]",
    summary="Shows the hooks of your projects, where events go, and when something came.",
    examples=("list", "list group/repo"),
    takes=Takes.PERHAPS,
    run=run,
)
