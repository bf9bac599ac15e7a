"""The sections of a rules file beside its rules: channels, people, hours, mutes, defaults."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from bot.rules.conditions import ON_RULE, read_conditions
from bot.rules.faults import did_you_mean
from bot.rules.habits_times import days_of, time_of_day
from bot.rules.match import compile_text
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word
from bot.rules.reading import Scope
from bot.rules.ruleset import Channel, Rule
from bot.rules.times import Hours, clock, days, until, zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import time

    from bot.rules.reading import Reading

_ID: Final = re.compile(r"(?=\D*\d)[CGD][A-Z0-9]{2,}|#[^\s#@,:<>&|]{1,80}")
_MEMBER: Final = re.compile(r"[UW](?=\D*\d)[A-Z0-9]{2,}")
_GROUP: Final = re.compile(r"S(?=\D*\d)[A-Z0-9]{2,}|@[a-z0-9][a-z0-9._-]{0,60}")
_ALIAS: Final = re.compile(r"[^\s#@{}$][^\s{}]*")
CHANNEL_KEYS: Final = ("id", "name", "confidential", "shared")
DEFAULT_KEYS: Final = ("timezone", "admin", "footer", "private")
MUTE_KEYS: Final = (*ON_RULE[:3], "if", "until", "rule", "channel")
HOURS_KEYS: Final = ("days", "from", "to", "timezone")
_HOURS_KNOWN: Final = frozenset(HOURS_KEYS)
_HOURS_MEANT: Final = {
    "start": "here it is called `from`",
    "end": "here it is called `to`",
    "until": "here it is called `to`",
    "tz": "here it is called `timezone`",
    "zone": "here it is called `timezone`",
    "day": "here it is called `days`",
    "weekdays": "days: mon-fri",
}


@dataclass(slots=True)
class Collected:
    """What the sections of all files said."""

    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    admin: str | None = None
    footer: str | None = None
    private: str | None = None
    bots: list[Callable[[str], bool]] = field(default_factory=list)
    mutes: list[Rule] = field(default_factory=list)
    #: Names of rules that mutes are about, to be looked up when the rules are read.
    muted_rules: list[tuple[str, Node]] = field(default_factory=list)


class Settings:
    """Reads the sections of one file after another into what `Reading` knows."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._seen: dict[tuple[str, str], Scalar] = {}
        self.collected = Collected()

    def read(self, section: Scalar, node: Node) -> None:
        """One section; an empty one says nothing."""
        if isinstance(node, Scalar) and node.is_null:
            return
        _SECTIONS[section.text](self, section, node)

    def _table(self, section: Scalar, node: Node) -> list[tuple[Scalar, Node]]:
        """The entries of a map, each name declared once in all files."""
        table = self._reading.map_of(node, section.text)
        found: list[tuple[Scalar, Node]] = []
        for key, value in table.entries if table is not None else ():
            earlier = self._seen.setdefault((section.text, key.text.lower()), key)
            if earlier is not key:
                where = f"{earlier.file}:{earlier.line}"
                self._reading.faults.add(
                    key, f"`{key.text}` is declared twice in {section.text}", f"first in {where}"
                )
            found.append((key, value))
        return found

    def _channels(self, section: Scalar, node: Node) -> None:
        for key, value in self._table(section, node):
            if not _ALIAS.fullmatch(key.text):
                self._reading.faults.add(key, f"`{key.text}` is no alias", "a word without # or @")
            channel = self._channel(key, value)
            if channel is not None:
                self._reading.channels[key.text] = channel

    def _channel(self, key: Scalar, node: Node) -> Channel | None:
        if not isinstance(node, Map):
            to = self._target(node)
            return Channel(alias=key.text, to=to) if to is not None else None
        self._reading.keys(node, CHANNEL_KEYS, f"channel {key.text}")
        target = node.get("id") or node.get("name")
        if target is None:
            self._reading.faults.add(key, f"channel `{key.text}` has no `id`")
            return None
        to = self._target(target)
        secret, shared = node.get("confidential"), node.get("shared")
        if shared is not None:
            self._reading.choice(shared, "shared", ("ok",))
        flag = secret is not None and self._reading.flag(secret, "confidential")
        if to is None:
            return None
        return Channel(alias=key.text, to=to, confidential=flag, shared_ok=shared is not None)

    def _target(self, node: Node) -> str | None:
        if isinstance(node, Scalar) and _ID.fullmatch(node.text):
            return node.text
        hint = 'an id like C0DEV0001 (Slack: channel details), or "#name" in quotes'
        self._reading.faults.add(node, f"{kind_word(node)} is no channel", hint)
        return None

    def _people(self, section: Scalar, node: Node) -> None:
        for key, value in self._table(section, node):
            member = self._id(value, _MEMBER, "a Slack member id like U0ALICE01")
            if member is not None:
                self._reading.people[key.text.lower()] = member

    def _groups(self, section: Scalar, node: Node) -> None:
        for key, value in self._table(section, node):
            group = self._id(
                value, _GROUP, 'a Slack user group id like S0PAYLEAD, or its "@handle"'
            )
            if group is not None:
                self._reading.groups[key.text] = group

    def _id(self, node: Node, shape: re.Pattern[str], hint: str) -> str | None:
        if isinstance(node, Scalar) and shape.fullmatch(node.text):
            return node.text
        self._reading.faults.add(node, f"{kind_word(node)} is no Slack id", hint)
        return None

    def _bots(self, _section: Scalar, node: Node) -> None:
        for word in self._reading.words(node, "bots"):
            self.collected.bots.append(compile_text(word, self._reading.faults))

    def _templates(self, section: Scalar, node: Node) -> None:
        for key, value in self._table(section, node):
            text = self._reading.text(value, key.text)
            if text is not None and isinstance(value, Scalar):
                self._reading.templates[key.text] = value

    def _defaults(self, _section: Scalar, node: Node) -> None:
        table = self._reading.map_of(node, "defaults")
        if table is None:
            return
        self._reading.keys(table, DEFAULT_KEYS, "defaults")
        for key, value in table.entries:
            if key.text == "timezone":
                self._timezone(value)
            elif key.text == "footer":
                self.collected.footer = self._reading.choice(value, "footer", ("rule",))
            elif key.text == "private":
                self.collected.private = self._reading.choice(value, "private", ("declared",))

    def late_defaults(self, node: Node) -> None:
        """What of `defaults:` names channels, once all of them are known."""
        admin = node.get("admin") if isinstance(node, Map) else None
        if admin is not None:
            self.collected.admin = self._reading.channel(admin, Scope())

    def _timezone(self, node: Node) -> None:
        text = self._reading.text(node, "timezone")
        found = zone(text) if text is not None else None
        if found is not None:
            self.collected.timezone = found
            self._reading.zone = found.key or "UTC"
        elif text is not None:
            self._reading.faults.add(node, f"`{text}` is no time zone", "for example Europe/Prague")

    def _hours(self, section: Scalar, node: Node) -> None:
        for key, value in self._table(section, node):
            window = self._window(key, value)
            if window is not None:
                self._reading.hours[key.text] = window

    def _window(self, key: Scalar, node: Node) -> Hours | None:
        table = self._reading.map_of(node, f"hours.{key.text}")
        if table is None:
            return None
        self._reading.keys(table, HOURS_KEYS, f"hours {key.text}", _HOURS_MEANT)
        which = self._part(table, "days", days, "mon-fri")
        start = self._part(table, "from", clock, '"09:00"')
        end = self._part(table, "to", _end, '"18:00"')
        where = table.get("timezone")
        named = self._part(table, "timezone", zone, "Europe/Prague") if where is not None else None
        if which is None or start is None or end is None:
            return None
        there = named.key if named is not None else self._reading.zone
        return Hours(days=which, start=start, end=end, zone=there, name=key.text)

    def _part(self, table: Map, name: str, read: Callable[[str], Any], example: str) -> Any:
        node = table.get(name)
        if node is None:
            if name == "days":
                return frozenset(range(7))
            if table.is_made_of(_HOURS_KNOWN):
                self._reading.faults.add(table, f"`{name}` is missing", f"{name}: {example}")
            return None
        found = read(node.text) if isinstance(node, Scalar) else None
        if found is None:
            said = f"{kind_word(node)} is no `{name}`"
            self._reading.faults.add(node, said, f"{name}: {_meant(name, node) or example}")
        return found

    def _mute(self, _section: Scalar, node: Node) -> None:
        for item in self._reading.items(node, "mute"):
            entry = self._reading.map_of(item, "mute")
            if entry is not None:
                self.collected.mutes.append(self._one_mute(entry))

    def _one_mute(self, entry: Map) -> Rule:
        self._reading.keys(entry, MUTE_KEYS, "mute")
        found = read_conditions(entry, self._reading, Scope())
        named, where = entry.get("rule"), entry.get("channel")
        rule = self._reading.text(named, "rule") if named is not None else None
        if rule is not None and named is not None:
            self.collected.muted_rules.append((rule, named))
        channel = self._reading.channel(where, Scope()) if where is not None else None
        if not found.conditions and named is None and where is None:
            self._reading.faults.add(entry, "a mute of everything", "project: group/name")
        end = entry.get("until")
        moment = None
        if isinstance(end, Scalar):
            moment = until(end.text, self.collected.timezone)
        if end is not None and moment is None:
            self._reading.faults.add(end, f"{kind_word(end)} is no date", "until: 2026-12-31")
        return Rule(
            name=f"{entry.file}:{entry.line}",
            file=entry.file,
            line=entry.line,
            on=("any",),
            conditions=found.conditions,
            projects=found.projects,
            until=moment,
            of_rule=rule,
            of_channel=channel,
        )

    def late_mutes(self, names: Iterable[str]) -> None:
        """Mutes of rules, once all of those are known."""
        names = tuple(names)
        for rule, node in self.collected.muted_rules:
            if rule not in names:
                hint = did_you_mean(rule, names) or "a rule's `name`"
                self._reading.faults.add(node, f"there is no rule `{rule}`", hint)


def _meant(name: str, node: Node) -> str | None:
    """What was probably meant by a part of `hours` that is none."""
    if isinstance(node, Seq):
        words = [item.text for item in node.items if isinstance(item, Scalar)]
        return days_of(",".join(words)) if name == "days" else None
    text = node.text if isinstance(node, Scalar) else ""
    if name == "days":
        return days_of(text)
    moment = time_of_day(text)
    return f'"{moment}"' if moment is not None and name != "timezone" else None


def _end(text: str) -> time | None:
    """`24:00`, the end of a day, is the next one's beginning."""
    return clock("00:00" if text == "24:00" else text)


_SECTIONS: Final[Mapping[str, Callable[[Settings, Scalar, Node], None]]] = {
    "channels": Settings._channels,
    "people": Settings._people,
    "groups": Settings._groups,
    "bots": Settings._bots,
    "templates": Settings._templates,
    "defaults": Settings._defaults,
    "hours": Settings._hours,
    "mute": Settings._mute,
}
#: In this order, so that each finds what it names.
SECTIONS: Final = ("defaults", "channels", "people", "groups", "bots", "hours", "templates", "mute")
