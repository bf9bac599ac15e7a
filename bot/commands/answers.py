"""What commands answer, in parts they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.survey import is_group
from bot.message import bold, join, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.commands.spec import Context
    from bot.message import Text
    from bot.model import HookRecord, Project
    from bot.outside import RemoteHook

_SHOWN: Final = 5


async def destinations(ctx: Context, project: Project, channel: str | None) -> Text:
    """Where its events would go; `channel` is the hook's own."""
    own = bold(await ctx.channel_name(channel)) if channel else ""
    if is_group(project.id):
        rest = text(", what no rule wants to ", own) if own else text()
        return text("events of its projects would go where the rules send each of them", *rest)
    places = ctx.rules.destinations(project.path)
    named = join(" and ", [bold(place) for place in places[:_SHOWN]])
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    if places and own:
        return text("its events would go to ", named, more, ", what no rule wants to ", own)
    if places:
        return text("its events would go to ", named, more)
    if own:
        return text("its events would go to ", own, " (no rule wants them)")
    return text("no rule wants its events yet, so they are only stored")


def notes(
    *,
    unknown: Iterable[str] = (),
    swept: Iterable[RemoteHook] = (),
    shared: RemoteHook | None = None,
    left: str = "",
) -> tuple[Text, ...]:
    """What else the person should know."""
    found: list[Text] = []
    missing = ", ".join(sorted(unknown))
    if missing:
        found.append(text(f"This forge does not know {missing}: those events will not come."))
    gone = ", ".join(hook.id for hook in swept)
    if gone:
        found.append(text(f"Deleted at the forge, as nothing here belonged to them: hook {gone}."))
    if shared is not None:
        found.append(
            text(
                f"Hook {shared.id} ({shared.url}) was made by hand for the shared secret: while it"
                " is there, every event comes twice. Delete it at the forge."
            )
        )
    if left:
        found.append(text(left))
    return tuple(found)


def described(record: HookRecord) -> str:
    """Its state in a few words."""
    if record.status == "manual":
        return "made by hand" if record.last_seen_at else "made by hand, nothing came yet"
    if record.status == "proving":
        return "being made"
    if record.status == "paused":
        return "paused"
    if record.proved_at is None and record.last_seen_at is None:
        return "not proved, nothing came yet"
    return "proved" if record.proved_at else "active"
