"""Where an event may be told (1.4.14): what the rules declare of a channel, and who reads there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from bot.model import Event
    from bot.rules.ruleset import Channel, Ruleset


def is_private(event: Event) -> bool:
    """Of a project that is not public; also when the event does not tell, or has none."""
    known = event.project.visibility if event.project is not None else ""
    return (known or event.fields.get("visibility")) != "public"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Of what goes to channels; direct messages have rules of their own."""

    ruleset: Ruleset
    #: `#name` or id as written -> channel id where it is known.
    channel: Callable[[str], str]
    #: Ids of channels that people of another organisation read.
    shared: Container[str]
    confidential: bool
    private: bool

    def refuses(self, channel: str) -> str | None:
        """Why nothing of it may go there; None when it may."""
        if not self.confidential and not self.private:
            return None
        kind = "confidential" if self.confidential else "private"
        foreign = self.channel(channel) in self.shared
        strict = self.ruleset.private is not None and self.private
        if not (self.confidential or foreign or strict):
            return None
        declared = self._declared.get(self.channel(channel))
        shown = f"#{declared.alias}" if declared is not None else channel
        if self.confidential and (declared is None or not declared.confidential):
            return f"confidential: {shown} is not declared `confidential: true`"
        if foreign and (declared is None or not declared.shared_ok):
            return (
                f"{kind}: {shown} is shared with another organisation and not declared `shared: ok`"
            )
        if strict and declared is None:
            return f"private: {shown} is not declared under `channels:`"
        return None

    @cached_property
    def _declared(self) -> Mapping[str, Channel]:
        """One channel may have several aliases: what any of them allows is allowed."""
        found: dict[str, Channel] = {}
        for one in self.ruleset.channels.values():
            place = self.channel(one.to)
            found[place] = one if place not in found else _both(found[place], one)
        return found


def _both(one: Channel, other: Channel) -> Channel:
    return replace(
        one,
        confidential=one.confidential or other.confidential,
        shared_ok=one.shared_ok or other.shared_ok,
    )
