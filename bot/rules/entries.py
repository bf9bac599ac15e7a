"""The entries of `rules:` into Rules: parents folded in, `first` children, every fault told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from bot.rules.catalogue import ANY, LISTS, SUBJECTS
from bot.rules.conditions import ON_RULE, Conditions, cost, read_conditions
from bot.rules.habits import RULE_KEYS as MEANT_KEYS
from bot.rules.habits import subject_hint
from bot.rules.habits_events import event_hint
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word
from bot.rules.reading import Reading, Scope
from bot.rules.ruleset import Condition, Rule
from bot.rules.timing import NEVER, check_timing, read_timing, timing_of
from bot.rules.verbs import GUARDED, OPEN, VERBS, long_form, made_names, mergeable, read_verb

if TYPE_CHECKING:
    from collections.abc import Iterable

DEPTH_LIMIT: Final = 5
_FOLDING: Final = frozenset({"every", "batch", "list"})
_TIMING: Final = ("batch", "throttle", "during", "wait_for")
_WHEN: Final = ("on", "every", "list", "each")
RULE_KEYS: Final = (
    "name", *_WHEN, *ON_RULE, "if", "once", "first", "rules", "stop", "own", "allow",
    *_TIMING, *VERBS, "use", "with",
)  # fmt: skip
_RULE_KEYS: Final = frozenset(RULE_KEYS)
CHILD_KEYS: Final = ("name", *ON_RULE, "if", "once", "stop", *_TIMING, *VERBS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What parents hand down."""

    scope: Scope = field(default_factory=Scope)
    conditions: Conditions = field(default_factory=Conditions)
    #: The innermost entry's conditions alone.
    own: tuple[Condition, ...] = ()
    #: Verb -> its node, as a parent wrote it.
    verbs: tuple[tuple[Scalar, Node], ...] = ()
    #: `once`, `own`, `allow` and times, as a parent gave them.
    given: tuple[tuple[str, Any], ...] = ()
    allow: frozenset[str] = frozenset()
    depth: int = 0
    #: Before each name: `team_feed/`.
    prefix: str = ""
    included: bool = False


class Entries:
    """Reads the rules of one file after another; names are unique in all of them."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._names: dict[str, Scalar | Map] = {}
        self._repeated: Counter[str] = Counter()
        #: By the words of `on:` and what the parents hand down: nearly all rules share theirs.
        self._scopes: dict[tuple[tuple[str, ...], Scope], Scope] = {}

    def rules(self, node: Node, frame: Frame) -> list[Rule]:
        """One entry: one rule, or those below a parent."""
        entry = self._reading.map_of(node, "rule")
        if entry is None:
            return []
        if not entry.is_made_of(_RULE_KEYS):
            self._reading.keys(entry, RULE_KEYS, "rule", self._meant(entry))
        inner = self._frame(entry, frame)
        below = entry.get("rules")
        if below is not None:
            return self._below(entry, below, inner)
        return [self._rule(entry, inner)]

    def _meant(self, entry: Map) -> dict[str, str]:
        """Fields that stand beside `if:` instead of in it."""
        known = self._reading.catalogue.field
        fields = {key.text: f"`{key.text}` goes under `if:`" for key, _ in entry.entries}
        meant = {**{k: v for k, v in fields.items() if known(k) is not None}, **MEANT_KEYS}
        empty = next((k for k, v in entry.entries if k.text in VERBS and _is_null(v)), None)
        if empty is not None:
            # `post:` with what belongs to it in its own column.
            below = f"indent it, so that it stands below `{empty.text}:`"
            meant |= dict.fromkeys(VERBS[empty.text], below)
        return meant

    def _below(self, entry: Map, node: Node, frame: Frame) -> list[Rule]:
        faults = self._reading.faults
        for word in ("first", "stop", "name"):
            if entry.key(word) is not None and word != "name":
                faults.add(entry.key(word) or entry, f"`{word}` and `rules` exclude each other")
        if frame.depth > DEPTH_LIMIT:
            faults.add(entry, f"parents nest at most {DEPTH_LIMIT} deep")
            return []
        if not isinstance(node, Seq) or not node.items:
            faults.add(node, f"`rules` must be a list of rules, not {_wrong(node)}")
            return []
        return [rule for item in node.items for rule in self.rules(item, frame)]

    # -- what is handed down --------------------------------------------------------------

    def _frame(self, entry: Map, frame: Frame) -> Frame:
        scope = self._scope(entry, frame.scope)
        if any(key.text in _FOLDING for key, _ in entry.entries):
            scope = replace(
                scope,
                timed=scope.timed or entry.key("every") is not None,
                folded=scope.folded
                or _gathers(entry.get("batch"))
                or entry.key("list") is not None,
            )
        own = read_conditions(entry, self._reading, scope)
        secret = frame.conditions.confidential or own.confidential
        conditions = Conditions(
            conditions=(*frame.conditions.conditions, *own.conditions),
            confidential=secret,
            projects=own.projects or frame.conditions.projects,
        )
        verbs = self._verbs(entry, frame)
        allow = frame.allow | self._allow(entry)
        names = frozenset(made_names(verbs))
        if secret != scope.confidential or names != scope.names:
            scope = replace(scope, confidential=secret, names=names)
        return Frame(
            scope=scope,
            conditions=conditions,
            own=own.conditions,
            verbs=verbs,
            given=tuple({**dict(frame.given), **self._given(entry, scope)}.items()),
            allow=allow,
            depth=frame.depth + 1,
            prefix=frame.prefix,
            included=frame.included,
        )

    def _scope(self, entry: Map, above: Scope) -> Scope:
        node = entry.get("on")
        if node is None:
            return above
        if isinstance(node, Map):
            said, hint = "`on` must be an event or a list of events, not a map", "on: [push, mr]"
            self._reading.faults.add(node, said, f"{hint}; `branch:` and `if:` stand beside it")
            return above
        heard = self._reading.words(node, "on")
        key = (tuple(word.text for word in heard), above)
        if key not in self._scopes:
            before = self._reading.faults.count
            made = self._hearing(heard, above)
            if self._reading.faults.count > before:
                return made
            self._scopes[key] = made
        return self._scopes[key]

    def _hearing(self, heard: Iterable[Scalar], above: Scope) -> Scope:
        words: list[tuple[str, tuple[str, ...]]] = []
        for word in heard:
            names = self._reading.catalogue.expand(word.text)
            if names is None:
                hint = event_hint(word.text, self._reading.catalogue)
                self._reading.faults.add(word, f"unknown event `{word.text}`", hint)
                continue
            kept = _both(names, above.on)
            if not kept:
                told = ", ".join(w for w, _ in above.words)
                self._reading.faults.add(word, f"`{word.text}` is never one of the parent's {told}")
                continue
            words.append((word.text, kept))
        on = tuple(dict.fromkeys(name for _, names in words for name in names))
        return replace(above, on=on, words=tuple(words))

    def _verbs(self, entry: Map, frame: Frame) -> tuple[tuple[Scalar, Node], ...]:
        """The entry's verbs, each completed by the parent's; all of the parent's when it has
        none itself."""
        above = {key.text: (key, node) for key, node in frame.verbs}
        own = [(key, node) for key, node in entry.entries if key.text in VERBS]
        if not own:
            return frame.verbs
        return tuple(
            (key, self._completed(key, node, above[key.text][1]) if key.text in above else node)
            for key, node in own
        )

    def _completed(self, key: Scalar, node: Node, above: Node) -> Node:
        whole = long_form(key.text, key, node, self._reading) if mergeable(node) else None
        base = long_form(key.text, key, above, self._reading) if mergeable(above) else None
        if whole is None or base is None:
            return node
        own = {name.text for name, _ in whole.entries}
        for group in ({"to", "by", "map", "default"}, {"text", "template"}):
            own |= group if own & group else set()
        kept = [(name, value) for name, value in base.entries if name.text not in own]
        return replace(whole, entries=(*kept, *whole.entries))

    def _allow(self, entry: Map) -> frozenset[str]:
        node = entry.get("allow")
        if node is None:
            return frozenset()
        words = self._reading.words(node, "allow")
        found = (self._reading.choice(word, "verb to allow", GUARDED) for word in words)
        return frozenset(word for word in found if word is not None)

    def _given(self, entry: Map, scope: Scope) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for key, node in entry.entries:
            if key.text == "once":
                given["once"] = self._reading.choice(node, "once", SUBJECTS, subject_hint)
            elif key.text == "own":
                given["own"] = self._reading.flag(node, "own")
            elif key.text in (*_TIMING, "every"):
                given[key.text] = read_timing(key, node, self._reading, scope)
            elif key.text in {"list", "each"}:
                given[key.text] = self._reading.choice(node, key.text, LISTS)
        return given

    # -- one rule --------------------------------------------------------------------------

    def _rule(self, entry: Map, frame: Frame) -> Rule:
        name = self._name(entry, frame)
        given = dict(frame.given)
        self._check_when(entry, frame, given)
        stop = self._flag(entry, "stop")
        first = self._first(entry, frame)
        actions = () if first else self._actions(frame)
        if not (actions or first or stop or frame.verbs or entry.get("first") or _strange(entry)):
            self._reading.faults.add(
                _at(entry), "the rule does nothing", "say what to do: `post: dev`"
            )
        self._lint_name(entry, given)
        check_timing(entry, timing_of(given), actions, self._reading, frame.scope)
        return Rule(
            name=name,
            file=entry.file,
            line=entry.line,
            on=frame.scope.on,
            conditions=_sorted(frame.conditions.conditions),
            projects=frame.conditions.projects,
            confidential=frame.conditions.confidential,
            own=bool(given.get("own")),
            actions=actions,
            first=first,
            stop=stop,
            included=frame.included,
            once=given.get("once"),
            timing=timing_of(given),
        )

    def _check_when(self, entry: Map, frame: Frame, given: dict[str, Any]) -> None:
        timed = "every" in given
        told = entry.get("on") is not None or frame.scope.words
        if timed and told:
            self._reading.faults.add(
                entry.key("every") or entry, "`on` and `every` exclude each other"
            )
        if timed and not {"list", "each"} & set(given):
            self._reading.faults.add(
                entry.key("every") or entry, "`every` needs `list:` or `each:`", "list: open_mrs"
            )
        if not timed and entry.get("on") is None and not (frame.scope.on or _strange(entry)):
            self._reading.faults.add(_at(entry), "the rule does not say when", "add `on: push`")

    def _actions(self, frame: Frame) -> tuple[Any, ...]:
        found: list[Any] = []
        for key, node in frame.verbs:
            if key.text in GUARDED and key.text not in frame.allow:
                self._reading.faults.add(
                    key, f"`{key.text}` must be allowed by the rule", f"allow: [{key.text}]"
                )
            if key.text in OPEN and frame.scope.confidential:
                said = f"this rule is for confidential events, a {key.text} is not"
                self._reading.faults.add(key, said, "post to a channel that is declared for them")
            found += read_verb(key.text, key, node, self._reading, frame.scope)
        return tuple(found)

    def _first(self, entry: Map, frame: Frame) -> tuple[Rule, ...]:
        node = entry.get("first")
        if node is None:
            return ()
        if not isinstance(node, Seq) or not node.items:
            self._reading.faults.add(node, f"`first` must be a list of rules, not {_wrong(node)}")
            return ()
        children = [self._child(item, frame) for item in node.items]
        return tuple(child for child in children if child is not None)

    def _child(self, node: Node, frame: Frame) -> Rule | None:
        """A child of `first`: its own conditions only, the parent's hold already."""
        entry = self._reading.map_of(node, "first")
        if entry is None:
            return None
        words = dict.fromkeys(_WHEN, "the children of `first` share their parent's")
        words |= {"first": "`first` does not nest", "rules": "`first` holds rules, not parents"}
        self._reading.keys(entry, CHILD_KEYS, "a child of `first`", {**self._meant(entry), **words})
        inner = self._frame(entry, frame)
        given = dict(inner.given)
        stop = self._flag(entry, "stop")
        actions = self._actions(inner)
        if not inner.verbs and not stop:
            self._reading.faults.add(_at(entry), "the rule does nothing", "say what: `post: dev`")
        self._lint_name(entry, given)
        check_timing(entry, timing_of(given), actions, self._reading, inner.scope)
        return Rule(
            name=self._name(entry, inner),
            file=entry.file,
            line=entry.line,
            on=inner.scope.on,
            conditions=inner.own,
            projects=inner.conditions.projects,
            confidential=inner.conditions.confidential,
            own=bool(given.get("own")),
            actions=actions,
            stop=stop,
            included=frame.included,
            once=given.get("once"),
            timing=timing_of(given),
        )

    # -- names -----------------------------------------------------------------------------

    def _flag(self, entry: Map, key: str) -> bool:
        node = entry.get(key)
        return node is not None and self._reading.flag(node, key)

    def _name(self, entry: Map, frame: Frame) -> str:
        node = entry.get("name")
        text = self._reading.text(node, "name") if node is not None else None
        name = frame.prefix + (text or f"{entry.file}:{entry.line}")
        if text is None and name in self._names:  # two rules begin on one line
            name = f"{name}:{entry.column}"
            # An alias repeats a rule at one and the same place.
            self._repeated[name] += 1
            name += f"#{self._repeated[name]}" if self._repeated[name] > 1 else ""
        earlier = self._names.get(name)
        if earlier is not None:
            self._reading.faults.add(
                node or entry,
                f"the name `{name}` is taken",
                f"by the rule in {earlier.file}:{earlier.line}",
            )
        self._names.setdefault(name, entry)
        return name

    def _lint_name(self, entry: Map, given: dict[str, Any]) -> None:
        kept = [
            word for word in ("once", "throttle", "batch") if given.get(word) not in {None, NEVER}
        ]
        if kept and entry.get("name") is None:
            self._reading.faults.warn(
                _at(entry),
                f"a rule with `{kept[0]}` needs a `name`",
                "else an edit above forgets it",
            )


def _strange(entry: Map) -> bool:
    """It has a key that is none, and that fault says what to do."""
    return not entry.is_made_of(_RULE_KEYS)


def _gathers(node: Node | None) -> bool:
    return node is not None and not (isinstance(node, Scalar) and node.text == NEVER)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _wrong(node: Node) -> str:
    return "an empty one" if isinstance(node, Seq) else kind_word(node)


def _at(entry: Map) -> Scalar | Map:
    """Its first key: the place a reader looks at."""
    return entry.entries[0][0] if entry.entries else entry


def _both(names: Iterable[str], above: tuple[str, ...]) -> tuple[str, ...]:
    """The names that the parent listens to as well."""
    names = tuple(names)
    if not above or ANY in above:
        return names
    if names == (ANY,):
        return above
    return tuple(name for name in names if name in above)


def _sorted(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Cheapest first, a parent's before its child's."""
    return tuple(sorted(conditions, key=cost))
