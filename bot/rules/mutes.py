"""What is muted now: by the rules file, and from chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bot.actions.spec import Lookup
    from bot.model import Json
    from bot.rules.ruleset import Rule, Ruleset

#: The state key of the mutes from chat: a list of `dump_mute`.
CHAT_MUTES: Final = "mutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """One mute; what it does not name it is not about."""

    #: A project's or group's path, or a test of the file's conditions.
    project: str | None = None
    matches: Callable[[Lookup], bool] | None = None
    rule: str | None = None
    #: Id or `#name`.
    channel: str | None = None
    until: datetime | None = None
    #: Who said it, in chat; or where it stands in the file.
    by: str = ""
    file: str = ""
    line: int = 0

    def holds(self, lookup: Lookup) -> bool:
        """Whether it is about the event, rule and channel aside."""
        if self.project is not None and not covers(self.project, str(lookup("project") or "")):
            return False
        return self.matches is None or self.matches(lookup)

    @property
    def reason(self) -> str:
        until = f" until {self.until.isoformat(timespec='minutes')}" if self.until else ""
        by = f" by {self.by}" if self.by else ""
        return f"muted{by}{until}"


def covers(name: str, project: str) -> bool:
    """Whether the path is the project's, or that of a group above it."""
    name, project = name.casefold().strip("/"), project.casefold()
    return project == name or project.startswith(f"{name}/")


def mutes_of(ruleset: Ruleset, chat: Json, *, now: datetime) -> tuple[Mute, ...]:
    """Those in force. `chat`: the state under CHAT_MUTES."""
    every = [*map(_of_file, ruleset.mutes), *map(load_mute, chat or ())]
    return tuple(mute for mute in every if mute.until is None or mute.until > now)


def _of_file(rule: Rule) -> Mute:
    def matches(lookup: Lookup) -> bool:
        return all(condition.passed(lookup) for condition in rule.conditions)

    return Mute(
        matches=matches,
        rule=rule.of_rule,
        channel=rule.of_channel,
        until=rule.until,
        file=rule.file,
        line=rule.line,
    )


def dump_mute(mute: Mute) -> dict[str, Any]:
    """One from chat, as JSON."""
    return {
        "project": mute.project,
        "rule": mute.rule,
        "channel": mute.channel,
        "until": mute.until.isoformat() if mute.until else None,
        "by": mute.by,
    }


def load_mute(raw: Mapping[str, Json]) -> Mute:
    until = datetime.fromisoformat(raw["until"]) if raw["until"] else None
    return Mute(
        project=raw["project"],
        rule=raw["rule"],
        channel=raw["channel"],
        until=until,
        by=raw["by"],
    )


class Muting:
    """The mutes that are about one event."""

    def __init__(
        self, mutes: Iterable[Mute], lookup: Lookup, channel: Callable[[str], str]
    ) -> None:
        self._mutes = [mute for mute in mutes if mute.holds(lookup)]
        self._channel = channel

    def everything(self) -> Mute | None:
        """The mute that leaves nothing of the event."""
        return next((m for m in self._mutes if m.rule is None and m.channel is None), None)

    def of(self, rule: str, channel: str | None = None) -> Mute | None:
        """The mute of a rule, or of what it sends to a channel."""
        return next(self._of(rule, channel), None)

    def _of(self, rule: str, channel: str | None) -> Iterator[Mute]:
        for mute in self._mutes:
            if mute.rule not in {None, rule}:
                continue
            if mute.channel is None or channel == self._channel(mute.channel):
                yield mute
