"""A comparison of two sets of rules for people and for machines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.rules.comparison import every_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from bot.model import Json
    from bot.rules.comparison import Example, Tally
    from bot.rules.ruleset import Ruleset

#: Examples shown to people; `--json` has all that were kept.
_SHOWN: Final = 20
_NEVER: Final = 10
#: Direct messages a day above which a person is named.
_MANY: Final = 10
_SIGNS: Final = {"+": "+", "-": "−", "~": "~", ">": ">"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    tally: Tally
    old: Ruleset
    new: Ruleset
    #: What the two sides are called.
    old_name: str
    new_name: str
    span: timedelta
    #: Seconds that the replay took; None for a live comparison.
    took_s: float | None
    zone: tzinfo
    #: Channel id -> its name, without `#`.
    names: Callable[[str], str | None] = lambda _channel: None
    #: The one rule that was compared.
    rule: str | None = None

    def label(self, channel: str) -> str:
        """`#name`, the alias, or what stands in the rules."""
        if channel.startswith("#"):
            return channel
        known = self.names(channel) or _alias(channel, self.new) or _alias(channel, self.old)
        return f"#{known}" if known else channel

    def person(self, channel: str) -> str:
        by_id = {
            slack_id: name for name, slack_id in {**self.old.people, **self.new.people}.items()
        }
        return by_id.get(channel, channel)

    @property
    def never(self) -> list[tuple[str, str]]:
        """Rules of the new side that wanted no delivery: name and place."""
        fired = self.tally["new_fired"]
        return [
            (rule.name, f"{rule.file}:{rule.line}")
            for rule in every_rule(self.new)
            if not rule.first and rule.name not in fired and self.rule in {None, rule.name}
        ]


def _alias(channel: str, ruleset: Ruleset) -> str | None:
    return next((known.alias for known in ruleset.channels.values() if known.to == channel), None)


# -- for people -----------------------------------------------------------------------------


def as_text(report: Report) -> str:
    return "\n".join(
        (
            *_head(report),
            *_table(report),
            *_sums(report),
            *_silent(report),
            *(_example(one, report) for one in _few(report.tally.examples)),
        )
    )


def _head(report: Report) -> Iterable[str]:
    count = report.tally["totals"]["deliveries"]
    parts = [_long(report.span), f"{_grouped(count)} deliver{'y' if count == 1 else 'ies'}"]
    if report.took_s is not None:
        parts.append(f"{report.took_s:.1f} s")
    yield f"{', '.join(parts)}     old {report.old_name}   new {report.new_name}"


def _long(span: timedelta) -> str:
    hours = round(span.total_seconds() / 3600)
    if hours >= 48:
        return f"{round(hours / 24)} d"
    return f"{hours} h" if hours else f"{round(span.total_seconds() / 60)} min"


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def _table(report: Report) -> Iterable[str]:
    rows = _rows(report)
    if not rows:
        yield "no messages, neither before nor after"
        return
    wide = max(8, *(len(row[0]) for row in rows))
    yield f"{'':{wide}}{'old':>8}{'new':>8}     ±"
    for label, old, new, change, said in rows:
        line = f"{label:{wide}}{_grouped(old):>8}{_grouped(new):>8}    {change:<14}{said}"
        yield line.rstrip()


def _rows(report: Report) -> list[tuple[str, int, int, str, str]]:
    tally = report.tally
    channels = sorted(
        {*tally["old"], *tally["new"]}, key=lambda c: (-tally["old"][c], -tally["new"][c], c)
    )
    rows = [
        (
            report.label(channel),
            tally["old"][channel],
            tally["new"][channel],
            _change(tally["removed"][channel], tally["added"][channel]),
            _busiest(channel, tally),
        )
        for channel in channels
    ]
    old, new = sum(tally["old_people"].values()), sum(tally["new_people"].values())
    if old or new:
        totals = tally["totals"]
        change = _change(totals["direct messages-"], totals["direct messages+"])
        rows.append(("DM", old, new, change, _crowded(report)))
    return rows


def _change(removed: int, added: int) -> str:
    parts = [f"−{_grouped(removed)}"] if removed else []
    return " ".join([*parts, f"+{_grouped(added)}"] if added else parts)


def _busiest(channel: str, tally: Tally) -> str:
    old, new = (_peak(tally[name], channel) for name in ("old_hours", "new_hours"))
    return "" if old == new else f"busiest hour {old} → {new}"


def _peak(hours: Counter[str], channel: str) -> int:
    return max((n for key, n in hours.items() if key.partition("\t")[2] == channel), default=0)


def _crowded(report: Report) -> str:
    """Who gets many in a day, the most first."""
    peaks: Counter[str] = Counter()
    for key, count in report.tally["new_days"].items():
        person = key.partition("\t")[2]
        peaks[person] = max(peaks[person], count)
    many = [(report.person(who), n) for who, n in peaks.most_common() if n > _MANY]
    if not many:
        return ""
    named = ", ".join(f"{who} {n}" for who, n in many[:3])
    people = "1 person" if len(many) == 1 else f"{len(many)} people"
    return f"{people} > {_MANY} a day: {named}{' …' if len(many) > 3 else ''}"


def _sums(report: Report) -> Iterable[str]:
    totals = report.tally["totals"]
    words = totals["messages~"] + totals["direct messages~"]
    yield " · ".join(
        (
            f"changed text {words}",
            f"moved channel {totals['moved']}",
            *(f"{kind} {_both(totals, kind)}" for kind in ("reactions", "card edits")),
            f"forge actions {_both(totals, 'forge actions')}",
        )
    )
    if totals["unreadable"]:
        yield f"not readable: {totals['unreadable']} deliveries"
    if totals["skipped"]:
        yield f"not compared, to spare the live rules: {totals['skipped']} deliveries"
    if totals["failed"]:
        yield f"not compared, because the trial failed (see the log): {totals['failed']} deliveries"


def _both(totals: Counter[str], kind: str) -> str:
    return _change(totals[f"{kind}-"], totals[f"{kind}+"]) or "+0"


def _silent(report: Report) -> Iterable[str]:
    tally = report.tally
    never = report.never
    if never:
        yield f"rules that never fire: {_listed([_named(*one) for one in never])}"
    unknown = {**tally["old_unknown"], **tally["new_unknown"]}
    if unknown:
        places = {rule.name: f"{rule.file}:{rule.line}" for rule in every_rule(report.new)}
        named = [f"{_named(name, places.get(name, ''))} {n} times" for name, n in unknown.items()]
        yield f"unknown, because history lacks what they ask: {_listed(named)}"
    if tally["errors"]:
        yield "errors: " + _listed([f"{name} {n} times" for name, n in tally["errors"].items()])


def _listed(words: Sequence[str]) -> str:
    more = f", … ({len(words)})" if len(words) > _NEVER else ""
    return ", ".join(words[:_NEVER]) + more


def _named(rule: str, place: str) -> str:
    return rule if not place or rule.startswith(place) else f"{rule} ({place})"


def _few(examples: Sequence[Example]) -> Sequence[Example]:
    return sorted(examples, key=lambda one: one.at)[:_SHOWN]


def _example(example: Example, report: Report) -> str:
    at = datetime.fromisoformat(example.at).astimezone(report.zone)
    where = report.person(example.channel)
    where = report.label(example.channel) if where == example.channel else f"@{where}"
    why = example.why
    if example.sign == ">":
        why = f"was {report.label(why)}"
    elif example.sign == "~":
        why = f'was "{why}"'
    said = f"{_named(example.rule, example.place)}{f': {why}' if why else ''}"
    quoted = f'"{example.text}"'
    return f"{_SIGNS[example.sign]} {at:%d %b %H:%M}  {where:<12} {quoted:<50} {said}"


# -- for machines ---------------------------------------------------------------------------


def as_json(report: Report) -> Json:
    """One object; channels by the id or `#name` in the rules."""
    tally = report.tally
    totals = tally["totals"]
    return {
        "old": report.old_name,
        "new": report.new_name,
        "days": round(report.span.total_seconds() / 86400, 2),
        "took_s": report.took_s,
        "deliveries": totals["deliveries"],
        "unreadable": totals["unreadable"],
        "skipped": totals["skipped"],
        "failed": totals["failed"],
        "added": tally.added,
        "moved": totals["moved"],
        "reworded": totals["messages~"] + totals["direct messages~"],
        "channels": {channel: _channel(channel, report) for channel in _channels(tally)},
        "direct_messages": {
            who: {"old": tally["old_people"][who], "new": tally["new_people"][who]}
            for who in sorted({*tally["old_people"], *tally["new_people"]})
        },
        **{
            kind.replace(" ", "_"): {"added": totals[f"{kind}+"], "removed": totals[f"{kind}-"]}
            for kind in ("reactions", "card edits", "forge actions")
        },
        "never_fire": [{"rule": name, "place": place} for name, place in report.never],
        "unknown": {**tally["old_unknown"], **tally["new_unknown"]},
        "errors": dict(tally["errors"]),
        "examples": tally.dump()["examples"],
    }


def _channels(tally: Tally) -> list[str]:
    return sorted({*tally["old"], *tally["new"]})


def _channel(channel: str, report: Report) -> dict[str, Any]:
    tally = report.tally
    return {
        "name": report.label(channel),
        **{name: tally[name][channel] for name in ("old", "new", "added", "removed", "reworded")},
        "busiest_hour": {side: _peak(tally[f"{side}_hours"], channel) for side in ("old", "new")},
    }
