"""`/hook why`: why a message is here, or what became of a merge request's last event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.permission import Permission
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.target import target
from bot.commands.tracing import place_of, report_of, understand
from bot.errors import CommandError, PayloadError
from bot.message import Code, Message, Text, bold, join, text
from bot.model import DeliveryId, Outcome
from bot.outside import Right
from bot.rules.report_text import MARKS, effect_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.commands.tracing import History
    from bot.model import Event, Job, OutboxItem, Place
    from bot.rules.explain import Line
    from bot.rules.report import Entry, Report

#: The newest deliveries of a project that are looked through for one merge request.
_LOOKED_AT: Final = 200
_SHOWN: Final = 12
_USAGE: Final = (
    "Which message, or which merge request? Paste a message's link (⋮ > Copy link), or the address"
    " of a merge request or issue."
)


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    if ctx.history is None:
        raise CommandError("The history of deliveries is not at hand here; `bot explain` has it.")
    word = (arguments.project or "").strip("<>").partition("|")[0]
    if not word:
        raise CommandError(_USAGE)
    place = place_of(word)
    if place is not None:
        return await _of_message(ctx, ctx.history, job, place)
    if "://" not in word:
        raise CommandError(_USAGE)
    return await _of_page(ctx, ctx.history, job, word, arguments)


async def _of_message(ctx: Context, history: History, job: Job, place: Place) -> Message:
    items = await history.done_at(place)
    if not items:
        raise CommandError(
            "That message is none of mine, or older than what I remember (the history is pruned)."
        )
    found = await _told(ctx, history, job, items[0].delivery)
    return Message(
        text=found.text,
        body=(*found.body, *_beside(items[1:]), *_later(items[1:])),
        context=found.context,
    )


def _beside(items: Sequence[OutboxItem]) -> tuple[Text, ...]:
    """What the same message tells too, because its channel was behind."""
    folded = [item for item in items if item.state == "folded"]
    lines = [text(bold(item.action.rule), " ", Code(item.delivery)) for item in folded[:_SHOWN]]
    more = f" and {len(folded) - _SHOWN} more" if len(folded) > _SHOWN else ""
    return (text("Folded into it: ", join("; ", lines), more),) if lines else ()


def _later(items: Sequence[OutboxItem]) -> tuple[Text, ...]:
    """What was done to it afterwards."""
    done = [item for item in items if item.state != "folded"]
    lines = [
        text(f"{item.action.verb} by ", bold(item.action.rule), " ", Code(item.delivery))
        for item in done[-_SHOWN:]
    ]
    return (text("Later: ", join("; ", lines)),) if lines else ()


async def _of_page(
    ctx: Context, history: History, job: Job, address: str, arguments: Arguments
) -> Message:
    _site, path = target(arguments, ctx.sites)
    page = address.partition("#")[0].partition("?")[0].rstrip("/")
    for summary in await history.list_deliveries(limit=_LOOKED_AT, project=path):
        kept = await history.delivery(summary.id)
        if kept is None or kept[1] != "decided":
            continue
        try:
            url = understand(kept[0]).url
        except PayloadError:
            continue
        if url.partition("#")[0].rstrip("/") == page:
            return await _told(ctx, history, job, summary.id)
    raise CommandError(
        f"No delivery about that page among the last {_LOOKED_AT} of {path}: is there a hook"
        f" (`/hook list {path}`), and does it send such events?"
    )


async def _told(ctx: Context, history: History, job: Job, delivery: DeliveryId) -> Message:
    found = await report_of(history, delivery)
    if found is None:
        raise CommandError(f"Delivery {delivery} is not kept any more, so I cannot tell.")
    told, ruleset = found
    if job.channel not in await _channels(history, delivery):
        await _demand(ctx, job, told.event)
    aliases = {c.to: c.alias for c in ruleset.channels.values()} if ruleset is not None else {}
    return _message(told, aliases)


async def _demand(ctx: Context, job: Job, event: Event | None) -> None:
    """Whoever was not in a channel that it went to must be able to see it at the forge. Without
    the event nobody knows how private it was. Raises CommandError."""
    permission = ctx.permission or Permission(ctx, job, SPEC)
    if permission.unbounded:
        return
    confidential = event is None or event.confidential
    project = event.project if event is not None else None
    if not confidential and project is not None and project.visibility == "public":
        return
    site = next((one for one in ctx.sites if event and one.name == event.instance), None)
    if site is None or project is None:
        raise CommandError(
            "That is about something confidential, or not everybody's: ask in the channel it went"
            " to."
        )
    # Guests of a project do not see what is confidential there.
    await permission.demand(site, project, Right.WRITE if confidential else Right.READ)


async def _channels(history: History, delivery: DeliveryId) -> frozenset[str]:
    """Where its messages are."""
    raw = await history.decision(delivery) or {"actions": ()}
    return frozenset(one["place"]["channel"] for one in raw["actions"] if one["place"])


def _message(told: Report, aliases: Mapping[str, str]) -> Message:
    project = told.event.project.path if told.event and told.event.project else ""
    names = ", ".join(told.trace.names) or "an event without a name"
    entries = told.entries[:_SHOWN]
    more = told.others + len(told.entries) - len(entries)
    foot = f"delivery {told.delivery} · rules {told.trace.ruleset[:8]}"
    if more:
        foot += f" · {more} more rules did not want it (bot explain {told.delivery} --all)"
    return Message(
        text=text(bold(names), f" in {project}" if project else ""),
        body=tuple(join("\n", list(_entry(entry, aliases))) for entry in entries),
        context=(text(foot),),
    )


def _entry(entry: Entry, aliases: Mapping[str, str]) -> Iterator[Text]:
    place = f"  {entry.file}:{entry.line}" if entry.file else ""
    reason = f"  {entry.reason}" if entry.reason else ""
    if entry.outcome is Outcome.WITHHELD:
        reason = f"  matched, withheld: {entry.reason}"
    yield text(f"{MARKS[entry.outcome]} ", bold(entry.rule), place, reason)
    for effect in entry.effects:
        yield text(f"    {effect_line(effect, aliases)}")
    if entry.outcome is Outcome.NO_MATCH:
        told = entry.explained
        failed = told.failed if told is not None else ()
        yield from (_line(line) for line in failed)
        if told is None and entry.failed is not None:
            seen = "absent" if entry.failed.seen is None else entry.failed.seen
            yield text("    ✗ ", Code(f"{entry.failed.field}: {entry.failed.wanted}"), f" ← {seen}")


def _line(line: Line) -> Text:
    seen = "absent" if line.seen is None else line.seen
    hint = f"  ({line.hint})" if line.hint else ""
    return text("    ✗ ", Code(f"{line.field or 'if'}: {line.wanted}"), f" ← {seen}{hint}")


SPEC: Final = CommandSpec(
    name="why",
    usage="why <link to a message, or to a merge request>",
    summary="Tells which rule made a message, and why the others did not.",
    examples=(
        "why https://team.slack.com/archives/C0DEV0001/p1763844574000100",
        "why https://gitlab.example.com/group/repo/-/merge_requests/7",
    ),
    takes=Takes.PERHAPS,
    run=run,
)
