"""`tests:` of rules files into InlineTests, with every fault told."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from bot.events import samples
from bot.registry import Field, FieldType
from bot.rules.faults import did_you_mean
from bot.rules.inline import Expected, Given, InlineTest
from bot.rules.inline_api import read_api
from bot.rules.match import compile_match
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word, shorten, written
from bot.rules.reading import Scope
from bot.rules.times import clock, duration
from bot.rules.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from zoneinfo import ZoneInfo

    from bot.model import Json, Value
    from bot.rules.reading import Reading

TEST_KEYS: Final = ("name", "at", "api", "given", "expect", "expect_some")
SOURCES: Final = ("event", "file", "stored")
GIVEN_KEYS: Final = (*SOURCES, "after", "with", "headers", "api")
DETAIL_KEYS: Final = (
    "text", "text_contains", "rule", "thread", "emoji", "edit", "broadcast",
)  # fmt: skip
EXPECT_KEYS: Final = (*VERBS, *DETAIL_KEYS)
LIMIT: Final = 500
#: A Monday morning, for tests that do not say when.
START: Final = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 - wall clock of the rules' time zone
_TO_CHANNELS: Final = frozenset({"post", "card", "reply", "react"})
_TEXT: Final = Field("text", FieldType.TEXT, "the text of a message")
#: Values that samples take and that are no fields of rules.
_OF_SAMPLES: Final = ("id", "at", "default_branch", "visibility", "sha", "iid")
_MEANT_GIVEN: Final = {
    "delivery": "here it is called `stored`",
    "sample": "here it is called `event`",
    "wait": "here it is called `after`",
    "fields": "here it is called `with`",
}
_MEANT_TEST: Final = {
    "expects": "did you mean `expect`?",
    "when": "here it is called `given`",
    "then": "here it is called `expect`",
    "timezone": "`defaults: {timezone: …}` holds for tests too",
}


class InlineTests:
    """Reads the `tests:` of one file after another; names are unique in all of them."""

    def __init__(self, reading: Reading, zone: ZoneInfo, rules: Iterable[str]) -> None:
        self._reading = reading
        self._zone = zone
        #: Names of every rule.
        self._rules = frozenset(rules)
        self._names: dict[str, Scalar] = {}

    def read(self, node: Node) -> list[InlineTest]:
        if isinstance(node, Scalar) and node.is_null:
            return []
        if not isinstance(node, Seq):
            told = f"`tests` must be a list, not {kind_word(node)}"
            self._reading.faults.add(node, told, "- {name: …, given: […], expect: […]}")
            return []
        return [test for item in node.items if (test := self._test(item)) is not None]

    def _test(self, node: Node) -> InlineTest | None:
        entry = self._reading.map_of(node, "test")
        if entry is None:
            return None
        begins = entry.key("on") or entry.key("every")
        if begins is not None and entry.key("given") is None:
            # Written at the end of the file, where one adds things.
            told = "this is a rule, and stands below `tests:`"
            self._reading.faults.add(begins, told, "rules stand below `rules:`: move it up there")
            return None
        self._reading.keys(entry, TEST_KEYS, "test", _MEANT_TEST)
        name = self._name(entry)
        api = read_api(entry.get("api"), self._reading)
        given = self._list(entry, "given")
        if not given:
            hint = "given: [{event: push}]"
            self._reading.faults.add(entry.key("given") or entry, "nothing is given", hint)
        steps = [self._given(item, api) for item in given]
        exhaustive = entry.key("expect_some") is None
        if exhaustive is (entry.key("expect") is None):
            self._reading.faults.add(
                entry.key("expect") or entry,
                f"test `{name}` needs `expect` or `expect_some`, one of them",
                "for nothing at all: `expect: []`",
            )
        wanted = self._list(entry, "expect" if exhaustive else "expect_some")
        expected = [self._expected(item) for item in wanted]
        return InlineTest(
            name=name,
            at=entry.key("name") or entry,
            start=self._start(entry.get("at")),
            given=tuple(step for step in steps if step is not None),
            expected=tuple(one for one in expected if one is not None),
            exhaustive=exhaustive,
        )

    def _name(self, entry: Map) -> str:
        node = entry.get("name")
        if node is None:
            hint = "say what it shows: `name: drafts are silent`"
            self._reading.faults.add(entry, "a test needs a `name`", hint)
            return f"{entry.file}:{entry.line}"
        name = self._reading.text(node, "name") or ""
        earlier = self._names.get(name)
        if earlier is not None:
            at = f"by the test in {earlier.file}:{earlier.line}"
            self._reading.faults.add(node, f"the name `{shorten(name)}` is taken", at)
        elif name and isinstance(node, Scalar):
            self._names[name] = node
        return name

    def _list(self, entry: Map, key: str) -> tuple[Node, ...]:
        node = entry.get(key)
        if node is None:
            return ()
        if not isinstance(node, Seq) or len(node.items) > LIMIT:
            told = f"`{key}` must be a list of at most {LIMIT}, not {kind_word(node)}"
            self._reading.faults.add(node, told, f"{key}: [{{…}}]")
            return ()
        return node.items

    def _start(self, node: Node | None) -> datetime:
        if node is None:
            return START.replace(tzinfo=self._zone)
        found = moment(node.text, self._zone) if isinstance(node, Scalar) else None
        if found is None:
            told = f"{kind_word(node)} is no date and time"
            self._reading.faults.add(node, told, 'at: "2026-03-02 10:00"')
        return found or START.replace(tzinfo=self._zone)

    # -- given -----------------------------------------------------------------------------

    def _given(self, node: Node, api: Mapping[str, Value | None]) -> Given | None:
        entry = self._reading.map_of(node, "given")
        if entry is None:
            return None
        self._reading.keys(entry, GIVEN_KEYS, "given", _MEANT_GIVEN)
        sources = [key for key, _ in entry.entries if key.text in SOURCES]
        if len(sources) > 1:
            told = f"`{sources[0].text}` and `{sources[1].text}` exclude each other"
            self._reading.faults.add(sources[1], told, "make it two entries of `given`")
        known = all(key.text in GIVEN_KEYS for key, _ in entry.entries)
        if known and not sources and entry.key("after") is None:
            told = "neither a delivery nor time is given"
            self._reading.faults.add(entry, told, "event: push, or after: 10m")
        event = self._event(entry.get("event"))
        values = self._table(entry.get("with"), "with")
        if entry.get("with") is not None and not sources:
            self._reading.faults.add(entry.key("with") or entry, "`with` changes no delivery")
        late = self._late(entry.get("with"), values)
        self._check_values(event, entry.get("with"), values)
        return Given(
            at=entry,
            after=self._after(entry.get("after")),
            event=event,
            file=self._file(entry.get("file")),
            stored=self._text(entry, "stored"),
            values=values,
            late=late,
            headers=self._headers(entry),
            api={**api, **read_api(entry.get("api"), self._reading)},
        )

    def _after(self, node: Node | None) -> timedelta:
        found = duration(node.text) if isinstance(node, Scalar) else None
        if node is not None and found is None:
            self._reading.faults.add(node, f"{kind_word(node)} is no duration", "after: 10m")
        return found or timedelta()

    def _text(self, entry: Map, key: str) -> str | None:
        node = entry.get(key)
        return None if node is None else self._reading.text(node, key)

    def _event(self, node: Node | None) -> str | None:
        name = self._reading.text(node, "event") if node is not None else None
        if node is None or name is None or _own(name) in samples.NAMES:
            return name
        self._reading.faults.add(node, f"there is no sample of `{name}`", self._instead(name))
        return None

    def _instead(self, name: str) -> str:
        if name in _DERIVED:
            return _DERIVED[name]
        first = next((known for known in samples.NAMES if known.startswith(f"{_own(name)}.")), None)
        if first is not None:
            return f"name the very event, for example `{first}`"
        return did_you_mean(name, samples.NAMES) or f"for example `{samples.NAMES[0]}`"

    def _file(self, node: Node | None) -> str | None:
        path = self._reading.text(node, "file") if node is not None else None
        if node is None or path is None:
            return None
        if path.startswith(("/", "~")) or ".." in path.split("/") or "\\" in path:
            self._reading.faults.add(node, f"`{path}` leads out of the rules' directory")
            return None
        return path.removeprefix("./")

    def _headers(self, entry: Map) -> dict[str, str]:
        node = entry.get("headers")
        if node is not None and entry.get("file") is None:
            self._reading.faults.add(entry.key("headers") or node, "`headers` belong to a `file`")
        return {key.lower(): str(value) for key, value in self._table(node, "headers").items()}

    def _table(self, node: Node | None, what: str) -> dict[str, Json]:
        table = self._reading.map_of(node, what) if node is not None else None
        return {} if table is None else {key.text: plain(value) for key, value in table.entries}

    def _late(self, node: Node | None, values: dict[str, Json]) -> bool:
        """Told by the bot itself, so that no body holds it."""
        told = values.pop("late", False)
        if not isinstance(told, bool) and isinstance(node, Map):
            self._reading.flag(node.get("late") or node, "late")
        return told is True

    def _check_values(self, event: str | None, node: Node | None, values: dict[str, Json]) -> None:
        """A sample takes them, or each that it does not take is told."""
        if event is None or not isinstance(node, Map):
            return
        for key, value in node.entries:
            if key.text not in values:
                continue
            try:
                samples.sample(event, overrides={key.text: values[key.text]})
            except KeyError as error:
                if error.args == (key.text,):
                    self._no_value(event, key)
                else:
                    self._bad_value(key, value)
            except (TypeError, ValueError, AttributeError):
                self._bad_value(key, value)
            else:
                self._of_event(event, key)

    def _no_value(self, event: str, key: Scalar) -> None:
        known = self._reading.catalogue.of_event(_own(event))
        hint = did_you_mean(key.text, (*known, *_OF_SAMPLES))
        if key.text in known:
            hint = "when the forge's API knows it, give it under `api:`; else take a `file:`"
        self._reading.faults.add(key, f"samples cannot be given `{key.text}`", hint)

    def _bad_value(self, key: Scalar, value: Node) -> None:
        self._reading.faults.add(value, f"{kind_word(value)} is no value of `{key.text}`")

    def _of_event(self, event: str, key: Scalar) -> None:
        catalogue = self._reading.catalogue
        name = _own(event)
        if key.text in _OF_SAMPLES or name not in catalogue.by_event:
            return
        if catalogue.field(key.text) is not None and not catalogue.has(name, key.text):
            told = f"`{key.text}` never exists on {event} events"
            self._reading.faults.add(key, told, f"`bot fields {event}` prints what does")

    # -- expect ----------------------------------------------------------------------------

    def _expected(self, node: Node) -> Expected | None:
        entry = self._reading.map_of(node, "expect")
        if entry is None:
            return None
        self._reading.keys(entry, EXPECT_KEYS, "expect", {"emojis": "here it is called `emoji`"})
        verbs = [(key, value) for key, value in entry.entries if key.text in VERBS]
        if len(verbs) != 1:
            told = "an expectation names one verb" if not verbs else "two verbs are two entries"
            self._reading.faults.add(verbs[1][0] if verbs else entry, told, "post: dev")
            return None
        (key, target), *_ = verbs
        self._check_details(entry, key.text)
        return Expected(
            at=entry,
            written=shorten(written(entry)[1:-1], 200),
            verb=key.text,
            target=self._target(key.text, target),
            text=self._matcher(entry.get("text")),
            contains=self._text(entry, "text_contains"),
            rule=self._rule(entry),
            thread=self._text(entry, "thread"),
            emoji=self._text(entry, "emoji"),
            edit=self._flag(entry, "edit"),
            broadcast=self._flag(entry, "broadcast"),
        )

    def _check_details(self, entry: Map, verb: str) -> None:
        for key, _ in entry.entries:
            only = _ONLY.get(key.text)
            if only is not None and verb not in only:
                told = f"a {verb} never has `{key.text}`: this cannot be"
                self._reading.faults.add(key, told, f"`{key.text}` is for {', '.join(only)}")

    def _target(self, verb: str, node: Node) -> str | None:
        """None for nothing: anywhere."""
        if isinstance(node, Scalar) and node.is_null:
            return None
        if verb in _TO_CHANNELS:
            return self._reading.channel(node, Scope())
        text = self._reading.text(node, verb)
        if verb == "dm" and text is not None:
            return self._reading.people.get(text.lower(), text)
        return text

    def _matcher(self, node: Node | None) -> tuple[str, Callable[[str], bool]] | None:
        if node is None or (isinstance(node, Scalar) and self._reading.text(node, "text") is None):
            return None
        match = compile_match(node, _TEXT, self._reading.faults)
        return written(node), lambda text: match(text, lambda _name: None)

    def _rule(self, entry: Map) -> str | None:
        name = self._text(entry, "rule")
        if name is not None and name not in self._rules:
            hint = did_you_mean(name, self._rules)
            node = entry.get("rule") or entry
            self._reading.faults.add(node, f"there is no rule `{name}`: this cannot be", hint)
        return name

    def _flag(self, entry: Map, key: str) -> bool | None:
        node = entry.get(key)
        return None if node is None else self._reading.flag(node, key)


#: Details and the verbs whose effects can have them.
_ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("post", "card", "reply", "dm", "comment"),
    "text_contains": ("post", "card", "reply", "dm", "comment", "webhook", "pipeline"),
    "emoji": ("react",),
    "edit": ("card", "reply"),
    "broadcast": ("reply",),
    "thread": ("post", "card", "reply", "react"),
}
#: What derived events are made of.
_DERIVED: Final = {
    "pipeline.broken": "give `pipeline.failed`: it is broken when the branch was green",
    "pipeline.still_failing": "give `pipeline.failed` twice, with two ids",
    "pipeline.fixed": "give `pipeline.failed`, then `pipeline.success` with a later id",
}


def plain(node: Node) -> Json:
    """The node as JSON: what is written without quotes may be a number, true, false or null."""
    if isinstance(node, Map):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Seq):
        return [plain(item) for item in node.items]
    if node.is_null:
        return None
    flag, number = node.as_bool(), node.as_number()
    return flag if flag is not None else node.text if number is None else number


def moment(text: str, where: ZoneInfo) -> datetime | None:
    """`2026-03-02` or `2026-03-02 10:00`, wall clock in that zone; None when it is neither."""
    day, _, at = text.strip().replace("T", " ").partition(" ")
    found = clock(at) if at else time(0)
    try:
        which = date.fromisoformat(day)
    except ValueError:
        return None
    return None if found is None else datetime.combine(which, found, where)


def _own(name: str) -> str:
    return f"mr.{name[3:]}" if name.startswith("pr.") else name
