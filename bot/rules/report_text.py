"""A Report as lines of text and as JSON: `bot explain`, `/hook why`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.message import one_line
from bot.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import tzinfo

    from bot.model import Event
    from bot.rules.explain import Explained, Line
    from bot.rules.report import Effect, Entry, Report

#: By outcome; `None` was not tried.
MARKS: Final[Mapping[Outcome | None, str]] = {
    Outcome.SENT: "✓",
    Outcome.NO_MATCH: "✗",
    Outcome.WITHHELD: "◌",
    Outcome.UNKNOWN: "?",
    Outcome.ERROR: "!",
    None: "–",
}
#: Columns are padded up to this many characters.
_WIDE: Final = 44
_DONE: Final = {"post": "posted", "card": "posted", "reply": "replied", "react": "added"}


def as_text(report: Report, zone: tzinfo, aliases: Mapping[str, str]) -> str:
    """`aliases`: what rules call a channel, by id or `#name`."""
    lines = [_head(report, zone)]
    wide = min(_WIDE, max((len(entry.rule) for entry in report.entries), default=0))
    places = [_place(entry) for entry in report.entries]
    places_wide = min(_WIDE, max(map(len, places), default=0))
    for entry, place in zip(report.entries, places, strict=True):
        lead = f"{MARKS[entry.outcome]} {entry.rule:<{wide}}  {place:<{places_wide}}"
        outcome, *more = _outcome(entry, aliases)
        lines.append(f"{lead}   {outcome}".rstrip())
        lines += [f"{'':<{len(lead)}}   {line}".rstrip() for line in more]
        lines += [f"    {line}" for line in _conditions(entry)]
    if report.others:
        count = f"{report.others:,}".replace(",", " ")
        rules = "rule no candidate" if report.others == 1 else "rules not candidates"
        lines.append(f"· {count} {rules} (event type or project); --all lists them")
    return "\n".join(lines)


def _head(report: Report, zone: tzinfo) -> str:
    event = report.event
    parts = [f"delivery {report.delivery}"]
    if event is not None:
        parts += [event.forge, _about(report, event)]
        if event.actor is not None:
            parts.append(f"by {one_line(event.actor.username)}")
    else:
        parts.append(", ".join(report.trace.names) or "no event")
    if report.received_at is not None:
        parts.append(f"{report.received_at.astimezone(zone):%d %b %H:%M:%S}")
    return f"{'  '.join(parts)}   ruleset {report.trace.ruleset[:8]}"


def _about(report: Report, event: Event) -> str:
    names = ", ".join(report.trace.names) or event.kind
    project = one_line(event.project.path) if event.project is not None else ""
    number = event.fields.get("iid")
    sign = {"mr": "!", "issue": "#"}.get(event.kind, "")
    subject = f"{sign}{number}" if sign and number is not None else ""
    return "  ".join(filter(None, (names, " ".join(filter(None, (project, subject))))))


def _place(entry: Entry) -> str:
    return f"{entry.file}:{entry.line}" if entry.file else ""


def _outcome(entry: Entry, aliases: Mapping[str, str]) -> list[str]:
    """What was done, or why nothing: at least one line."""
    if entry.effects:
        lines = [effect_line(effect, aliases) for effect in entry.effects]
        return [*lines, *([f"also: {entry.reason}"] if entry.reason else [])]
    match entry.outcome:
        case Outcome.NO_MATCH:
            return [_failed(entry)]
        case Outcome.WITHHELD:
            return [f"matched, withheld: {entry.reason}"]
        case Outcome.SENT:
            return [entry.reason]
        case None:
            return [entry.reason]
        case _:
            return [f"{entry.outcome.value}: {entry.reason}"]


def _failed(entry: Entry) -> str:
    told = entry.explained
    if told is None or not told.failed:
        return entry.reason
    return f"{len(told.failed)} of {len(told.lines)} failed"


def effect_line(effect: Effect, aliases: Mapping[str, str]) -> str:
    where = aliases.get(effect.channel, effect.channel)
    where = f"#{where}" if effect.channel in aliases else where
    done = _DONE.get(effect.verb, "done")
    if effect.verb == "react" and effect.emoji:
        done = f"took away :{effect.emoji[1:]}:" if effect.emoji[0] == "-" else f":{effect.emoji}:"
    if effect.edit:
        done = "edited"
    said = done if effect.state == "done" else _STATES.get(effect.state, effect.state)
    if effect.verb == "react" and effect.state != "done":
        said = f"{done} {said}"
    parts = [f"→ {effect.verb} {where}", said]
    if effect.state == "folded" and effect.into:
        parts[-1] += f" into {effect.into}"
    if effect.ts:
        parts[-1] += f" (ts {effect.ts})"
    if effect.error:
        parts.append(one_line(effect.error))
    if effect.took_ms is not None:
        parts.append(f"{effect.took_ms:.0f} ms")
    return "  ".join(parts)


_STATES: Final = {
    "todo": "waiting",
    "sending": "under way",
    "dead": "given up",
    "merged": "merged into a later one that waited",
    "folded": "folded",
    "planned": "planned",
}


def _conditions(entry: Entry) -> Iterator[str]:
    """Those of a rule that did not match; of others they all hold."""
    if entry.outcome is not Outcome.NO_MATCH and entry.outcome is not None:
        return
    if entry.explained is not None:
        yield from _rows(entry.explained)
    elif entry.failed is not None:
        check = entry.failed
        seen = "absent" if check.seen is None else check.seen
        yield f"✗ {check.field:<10} {check.wanted}   ← {seen}"


def _rows(told: Explained) -> Iterator[str]:
    rows = [*_flat(told.lines, 0)]
    for number, child in enumerate(told.children, 1):
        mark = "✓" if child.matched else "✗"
        rows.append((f"{mark} first {number}", child.rule.name, "", ""))
        rows += _flat(child.lines, 1)
    wide = [min(_WIDE, max((len(row[i]) for row in rows), default=0)) for i in (0, 1, 2)]
    for first, wanted, seen, hint in rows:
        yield f"{first:<{wide[0]}}  {wanted:<{wide[1]}}  {seen:<{wide[2]}}  {hint}".rstrip()
    if not told.matched and told.rule.once is not None:
        yield f"– {'once':<{wide[0] - 2}}  not reached"


def _flat(lines: Iterable[Line], depth: int) -> Iterator[tuple[str, str, str, str]]:
    for line in lines:
        mark = "✓" if line.passed else "✗"
        seen = "absent" if line.seen is None else line.seen
        name = "  " * depth + f"{mark} {line.field}".rstrip()
        yield name, line.wanted, "" if line.passed and line.parts else f"← {seen}", line.hint
        if not line.passed or not line.field:
            yield from _flat(line.parts, depth + 1)


# -- for machines --------------------------------------------------------------------------------


def as_json(report: Report) -> dict[str, Any]:
    event = report.event
    return {
        "delivery": report.delivery,
        "names": list(report.trace.names),
        "ruleset": report.trace.ruleset,
        "forge": event.forge if event else None,
        "project": event.project.path if event and event.project else None,
        "actor": event.actor.username if event and event.actor else None,
        "received_at": report.received_at.isoformat() if report.received_at else None,
        "rules": [_entry_json(entry) for entry in report.entries],
        "others": report.others,
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    told = entry.explained
    return {
        "rule": entry.rule,
        "file": entry.file,
        "line": entry.line,
        "outcome": entry.outcome.value if entry.outcome else "not reached",
        "reason": entry.reason,
        "actions": [
            {
                "verb": one.verb,
                "to": one.channel,
                "state": one.state,
                "into": one.into,
                "edit": one.edit,
                "emoji": one.emoji,
                "ts": one.ts,
                "error": one.error,
                "took_ms": one.took_ms,
            }
            for one in entry.effects
        ],
        "conditions": [_line_json(line) for line in told.lines] if told else None,
        "first": [
            {"rule": child.rule.name, "conditions": [_line_json(line) for line in child.lines]}
            for child in told.children
        ]
        if told
        else [],
    }


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "field": line.field or None,
        "wanted": line.wanted,
        "seen": line.seen,
        "passed": line.passed,
        "hint": line.hint or None,
        "parts": [_line_json(part) for part in line.parts],
    }
