"""When a rule acts, as its file says it: `every`, `batch`, `throttle`, `during`, `wait_for`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.rules.faults import did_you_mean
from bot.rules.habits_times import length, schedule
from bot.rules.nodes import Map, Node, Scalar, kind_word
from bot.rules.times import NOW, Batch, Cron, Daily, Hours, Throttle, Timing, cron, daily, duration

if TYPE_CHECKING:
    from bot.actions.spec import ActionSpec
    from bot.rules.reading import Reading, Scope

#: Fields that tell one thread of a kind from another; beside those of one project, its path.
_HOLDS: Final[Mapping[str, tuple[str, ...]]] = {
    "mr": ("mr", "iid", "url"),
    "issue": ("issue", "iid", "url"),
    "branch": ("branch",),
    "push": ("branch",),
    "tag": ("tag",),
    "commit": ("commit", "sha"),
    "pipeline": ("pipeline", "id", "url"),
    "deployment": ("url",),
    "release": ("release", "tag", "url"),
    "project": ("project",),
}
#: These are the same in no two projects.
_UNIQUE: Final = frozenset({"mr", "issue", "url", "commit", "sha", "pipeline", "release"})
_THREADED: Final = ("reply", "card", "react")


#: As a rule writes that its messages are said one by one, whatever waits.
NEVER: Final = "never"


def read_timing(key: Scalar, node: Node, reading: Reading, scope: Scope) -> object:
    """One of a rule's words about time; None after a fault."""
    return _READERS[key.text](key, node, reading, scope)


def timing_of(given: Mapping[str, Any]) -> Timing:
    """What a rule and its parents said, together."""
    if not given:
        return NOW
    batch = given.get("batch")
    return Timing(
        batch=batch if isinstance(batch, Batch) else None,
        apart=batch == NEVER,
        throttle=given.get("throttle"),
        during=given.get("during"),
        wait_for=given.get("wait_for"),
        every=given.get("every"),
        listed=given.get("list"),
        each=given.get("each"),
    )


def check_timing(
    entry: Map, timing: Timing, actions: tuple[ActionSpec, ...], reading: Reading, scope: Scope
) -> None:
    """What cannot be done together."""
    if timing.listed and timing.each:
        reading.faults.add(
            entry.key("each") or entry, "`list` and `each` exclude each other", _LIST_OR_EACH
        )
    if timing.during and timing.wait_for:
        reading.faults.add(
            entry.key("wait_for") or entry,
            "`during` and `wait_for` exclude each other",
            "`during` drops what comes outside, `wait_for` keeps it for later",
        )
    batch = timing.batch
    waits = "batch" if batch is not None else "wait_for" if timing.wait_for is not None else None
    for spec in actions if waits is not None else ():
        if spec.verb in _AT_ONCE:
            reading.faults.add(
                entry.key(spec.verb) or entry.key(waits or "") or entry,
                f"`{spec.verb}` does not wait: `{waits}` is for messages",
                "`during` and `throttle` fit, or a rule of its own",
            )
        elif spec.verb == "card":
            reading.faults.warn(
                entry.key(waits or "") or entry,
                f"`{waits}` holds a card back: it comes as it was then, and what happens meanwhile"
                " does not reach it",
                f"a card disturbs nobody when it changes: leave `{waits}` away, or `post` instead",
            )
    for spec in actions if batch is not None else ():
        if spec.verb in _THREADED and not _holds_thread(batch.by if batch else (), spec, scope):
            reading.faults.add(
                entry.key(spec.verb) or entry.key("batch") or entry,
                f"`batch` with `{spec.verb}` mixes messages of several threads",
                "name what tells the threads apart: "
                "batch: {quiet: 5m, max_wait: 30m, by: [project, iid]}",
            )


#: What acts outside of chat acts when it is asked to.
_AT_ONCE: Final = frozenset({"comment", "pipeline", "webhook"})
_LIST_OR_EACH: Final = "`list` is one message, `each` one for every item"


def _holds_thread(by: tuple[str, ...], spec: ActionSpec, scope: Scope) -> bool:
    """Whether everything of one key belongs to one thread."""
    if spec.thread is not None and not isinstance(spec.thread, str):
        return all(name in by for name, _ in spec.thread.fields)
    kinds = {spec.thread} if spec.thread else {_kind(name) for name in scope.on}
    return all(
        any(
            field in by and (field in _UNIQUE or field == "project" or "project" in by)
            for field in _HOLDS.get(kind, ("url",))
        )
        for kind in kinds
    )


def _kind(name: str) -> str:
    """`mr` of `mr.opened` and of `comment.mr`."""
    kind, _, detail = name.partition(".")
    return detail if kind == "comment" and detail in _HOLDS else kind


# -- the words -----------------------------------------------------------------------------------


def _every(_key: Scalar, node: Node, reading: Reading, _scope: Scope) -> Daily | Cron | None:
    if not isinstance(node, Map):
        return _daily(node, reading)
    reading.keys(node, ("cron",), "every")
    text = node.get("cron")
    found = cron(text.text) if isinstance(text, Scalar) else "`cron` is missing"
    if isinstance(found, str):
        reading.faults.add(text or node, found, 'cron: "30 9 * * mon-fri"')
        return None
    return replace(found, zone=reading.zone)


def _daily(node: Node, reading: Reading) -> Daily | None:
    found = daily(node.text) if isinstance(node, Scalar) else None
    if found is None:
        hint = schedule(node.text) if isinstance(node, Scalar) else "mon-fri 09:30, daily 09:00"
        reading.faults.add(node, f"{kind_word(node)} is no time", hint)
        return None
    return replace(found, zone=reading.zone)


def _span(table: Map, name: str, reading: Reading) -> timedelta:
    node = table.get(name)
    found = duration(node.text) if isinstance(node, Scalar) else None
    if not found:
        said = f"{kind_word(node)} is no duration" if node is not None else f"`{name}` is missing"
        meant = length(node.text) if isinstance(node, Scalar) else None
        reading.faults.add(node or table, said, f"{name}: {meant or '15m'}")
    return found or timedelta()


def _by(table: Map, reading: Reading, scope: Scope) -> tuple[str, ...]:
    found = table.get("by")
    words = reading.words(found, "by") if found is not None else ()
    return tuple(w.text for w in words if reading.field(w.text, w, scope) is not None)


def _batch(_key: Scalar, node: Node, reading: Reading, scope: Scope) -> Batch | str | None:
    if isinstance(node, Scalar) and node.text == NEVER:
        return NEVER
    if not isinstance(node, Map):
        pause = length(node.text) if isinstance(node, Scalar) else None
        if pause is not None:
            hint = f"batch: {{quiet: {pause}, max_wait: 1h}}, or a time: batch: daily 09:00"
            reading.faults.add(node, f"{kind_word(node)} does not say how it gathers", hint)
            return None
        at = _daily(node, reading)
        return Batch(daily=at) if at is not None else None
    reading.keys(node, ("quiet", "max_wait", "by", "daily"), "batch")
    by = _by(node, reading, scope)
    if (at_node := node.get("daily")) is not None:
        return Batch(daily=_daily(at_node, reading), by=by)
    quiet, wait = _span(node, "quiet", reading), _span(node, "max_wait", reading)
    if wait and quiet > wait:
        reading.faults.add(
            node.get("max_wait") or node, "`max_wait` is shorter than `quiet`: it could never be"
        )
    return Batch(quiet=quiet, max_wait=wait, by=by)


def _throttle(_key: Scalar, node: Node, reading: Reading, scope: Scope) -> Throttle | None:
    if not isinstance(node, Map):
        every = length(node.text) if isinstance(node, Scalar) else None
        said = f"`throttle` must be a map, not {kind_word(node)}"
        reading.faults.add(node, said, f"throttle: {{every: {every or '15m'}}}")
        return None
    table = node
    reading.keys(table, ("every", "by"), "throttle")
    return Throttle(every=_span(table, "every", reading), by=_by(table, reading, scope))


def _named_hours(key: Scalar, node: Node, reading: Reading, _scope: Scope) -> Hours | None:
    name = reading.text(node, key.text)
    if name is not None and name not in reading.hours:
        hint = did_you_mean(name, reading.hours) or _HOURS
        reading.faults.add(node, f"there are no hours `{name}`", hint)
    return reading.hours.get(name) if name is not None else None


_HOURS: Final = (
    'declare them: hours: {work: {days: mon-fri, from: "09:00", to: "18:00"}}, and say the name'
)
_READERS: Final[Mapping[str, Callable[[Scalar, Node, Reading, Scope], object]]] = {
    "every": _every,
    "batch": _batch,
    "throttle": _throttle,
    "during": _named_hours,
    "wait_for": _named_hours,
}
