"""The channels that rules name beside those that the chat has: what cannot be reached. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.model import Fault, Level
from bot.rules.faults import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.outside import Room
    from bot.rules.ruleset import Ruleset

_INVITE: Final = "invite it there: /invite @ and the bot's name"


def unreachable(ruleset: Ruleset, rooms: Sequence[Room]) -> tuple[Fault, ...]:
    """A warning for each channel that is not there, or that the bot is not in, at the first rule
    that names it. `rooms`: all that the chat shows the bot; of private ones, those it is in."""
    by_id = {room.id: room for room in rooms}
    by_name = {room.name.lower(): room for room in rooms}
    aliases = {known.to: known.alias for known in ruleset.channels.values()}
    found: list[Fault] = []
    for channel, place in _named(ruleset):
        room = by_name.get(channel[1:].lower()) if channel[0] == "#" else by_id.get(channel)
        if room is not None and room.joined:
            continue
        alias = f" (`{aliases[channel]}`)" if channel in aliases else ""
        if room is not None:
            text = f"the bot is not in #{room.name}{alias}: nothing but plain posts gets there"
            found.append(replace(place, text=text, hint=_INVITE))
            continue
        close = did_you_mean(channel[1:], by_name) if channel[0] == "#" else None
        hint = close.replace("`", "`#", 1) if close else f"is it private? {_INVITE}"
        text = f"Slack shows the bot no channel `{channel}`{alias}"
        found.append(replace(place, text=text, hint=hint))
    return tuple(found)


def _named(ruleset: Ruleset) -> Iterator[tuple[str, Fault]]:
    """Each channel once, with an empty warning at its place."""
    told: set[str] = set()
    for rule in ruleset.rules:
        for each in (rule, *rule.first):
            for spec in each.actions:
                for channel in spec.to.channels:
                    # A conversation with one person is nothing to be in.
                    if channel not in told and channel[0] != "D":
                        told.add(channel)
                        yield (
                            channel,
                            Fault(
                                file=each.file,
                                line=spec.line,
                                column=1,
                                level=Level.WARNING,
                                text="",
                            ),
                        )
