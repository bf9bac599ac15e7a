"""YAML text into nodes that know their file, line and column; its faults are never tracebacks.

Built on the parser's events, with a stack of our own: nesting, aliases and size are bounded before
anything is built, and nothing is guessed about types (see `Scalar`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from bot.rules.faults import TooManyErrors
from bot.rules.nodes import Map, Node, Scalar, Seq, Spot, shorten
from bot.rules.syntax import guess

if TYPE_CHECKING:
    from bot.rules.faults import Faults

#: Characters of one file (rules-language.md 1.4.19 says 4 MB).
SIZE_LIMIT: Final = 4_000_000
DEPTH_LIMIT: Final = 40
#: Keys of one map, entries of one list: as many as there may be rules.
WIDTH_LIMIT: Final = 20_000
#: Nodes that aliases may add by repetition: plain anchors are fine, bombs are not.
ALIAS_LIMIT: Final = 20_000

_UNREADABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def parse(file: str, text: str, faults: Faults) -> Node | None:
    """The document; None when it is empty or could not be read (then there is a fault)."""
    text = text.removeprefix("\ufeff")
    if len(text) > SIZE_LIMIT or len(text.encode(errors="replace")) > SIZE_LIMIT:
        faults.about(file, "the file is over 4 MB", "split it and name the parts in `include:`")
        return None
    bad = _UNREADABLE.search(text)
    if bad is not None:
        faults.add(_spot_at(file, text, bad.start()), "a character that YAML does not allow")
        return None
    composer = _Composer(file, text, faults)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        composer.syntax(error)
    except yaml.YAMLError as error:
        faults.about(file, f"not readable as YAML: {shorten(str(error))}")
    except (_GiveUp, TooManyErrors):
        pass
    else:
        return composer.root
    return None


def _spot_at(file: str, text: str, index: int) -> Spot:
    before = text[:index]
    return Spot(file, before.count("\n") + 1, index - before.rfind("\n"), 1)


_MUSTACHE: Final = "`{{` is read as a YAML map"


class _GiveUp(Exception):
    """The file is not worth reading further."""


@dataclass(slots=True)
class _Open:
    """A list or map whose end has not been reached."""

    at: Spot
    is_map: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    key: Scalar | None = None
    wants_key: bool = True
    #: The key is refused: its value is read and dropped.
    drop: bool = False
    #: It is a `{{` that was not quoted.
    mustache: bool = False
    weight: int = 1

    def key_is(self, word: str) -> bool:
        """Whether what comes next is the value of that key."""
        return self.is_map and not self.wants_key and self.key is not None and self.key.text == word


class _Composer:
    """Takes the parser's events and builds one document."""

    def __init__(self, file: str, text: str, faults: Faults) -> None:
        self.root: Node | None = None
        self._file = file
        self._text = text
        self._faults = faults
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open_anchors: set[str] = set()
        self._aliased = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind == "AliasEvent":
            self._alias(event)
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self._start(event, is_map=kind == "MappingStartEvent")
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._end()
        elif kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                self._faults.add(self._spot(event), "a second document", "one document a file")
                raise _GiveUp

    def _spot(self, event: Any) -> Spot:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Spot(self._file, start.line + 1, start.column + 1, max(1, length))

    def _scalar(self, event: Any) -> None:
        at = self._spot(event)
        plain = event.style in {None, ""} and event.tag is None
        if event.tag is not None:
            self._refuse_tag(at, event)
        node = Scalar(at.file, at.line, at.column, at.length, event.value, plain)
        if event.anchor:
            self._anchors[event.anchor] = (node, 1)
        if event.tag is not None and self._stack and self._stack[-1].key_is("if"):
            # No expression is left of it: nothing more is to be said.
            self._stack[-1].drop = True
        self._put(node, 1)

    def _refuse_tag(self, at: Spot, event: Any) -> None:
        tag = event.tag.removeprefix("tag:yaml.org,2002:")
        if tag == "!include":
            hint = "there is no tag for that: list the file in `include:`"
        elif event.tag.startswith("!"):
            hint = f'quote it: "{tag}{" " + event.value if event.value else ""}"'
            if self._stack and self._stack[-1].key_is("if"):
                hint = f"write `not {tag[1:]}{' ' + event.value if event.value else ''}`"
        else:
            hint = "leave the tag out"
        self._faults.add(at, f"`{tag}` is read as a YAML tag", hint)

    def _alias(self, event: Any) -> None:
        at = self._spot(event)
        known = self._anchors.get(event.anchor)
        if event.anchor in self._open_anchors:
            self._faults.add(at, f"`*{event.anchor}` stands inside what it repeats")
            raise _GiveUp
        if known is None:
            self._faults.add(
                at,
                f"no anchor `&{event.anchor}` above",
                f'for the text itself, quote it: "*{event.anchor}"',
            )
            known = (Scalar(at.file, at.line, at.column, at.length, "", plain=True), 1)
        node, weight = known
        self._aliased += weight
        if self._aliased > ALIAS_LIMIT:
            self._faults.add(at, "aliases repeat too much", f"at most {ALIAS_LIMIT} nodes in all")
            raise _GiveUp
        self._put(node, weight)

    def _start(self, event: Any, *, is_map: bool) -> None:
        at = self._spot(event)
        at = Spot(at.file, at.line, at.column, 1)
        if len(self._stack) >= DEPTH_LIMIT:
            self._faults.add(at, f"nested more than {DEPTH_LIMIT} deep")
            raise _GiveUp
        if event.tag is not None:
            self._faults.add(at, f"`{event.tag}` is read as a YAML tag", "leave it out")
        if event.anchor:
            self._open_anchors.add(event.anchor)
        self._stack.append(_Open(at, is_map, event.anchor))

    def _end(self) -> None:
        done = self._stack.pop()
        at = done.at
        node: Node
        if done.mustache:
            # Told already; what it stands in is read on as if it were a text.
            node = Scalar(at.file, at.line, at.column, at.length, "…", plain=False)
        elif done.is_map:
            node = Map(at.file, at.line, at.column, at.length, tuple(done.entries.values()))
        else:
            node = Seq(at.file, at.line, at.column, at.length, tuple(done.items))
        if done.anchor:
            self._open_anchors.discard(done.anchor)
            self._anchors[done.anchor] = (node, done.weight)
        self._put(node, done.weight)

    def _put(self, node: Node, weight: int) -> None:
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.weight += weight
        if max(len(top.items), len(top.entries)) > WIDTH_LIMIT:
            what = "keys in one map" if top.is_map else "entries in one list"
            self._faults.add(top.at, f"more than {WIDTH_LIMIT} {what}", "split it")
            raise _GiveUp
        if not top.is_map:
            top.items.append(node)
        elif top.wants_key:
            self._key(top, node)
        else:
            if top.key is not None and not top.drop:
                top.entries[top.key.text] = (top.key, node)
            top.wants_key = True

    def _key(self, top: _Open, node: Node) -> None:
        top.wants_key, top.drop, top.key = False, False, None
        if not isinstance(node, Scalar):
            top.drop = True
            text, hint = self._bad_key(node)
            top.mustache = text == _MUSTACHE
            self._faults.add(node, text, hint)
        elif node.text == "<<" and node.plain:
            top.drop = True
            self._faults.add(
                node, "`<<` is not taken", "use `macros`, or a parent rule with `rules:`"
            )
        elif node.text in top.entries:
            top.drop = True
            first = top.entries[node.text][0]
            self._faults.add(
                node, f"`{node.text}` is given twice", f"the first is in line {first.line}"
            )
        else:
            top.key = node

    def _bad_key(self, node: Node) -> tuple[str, str]:
        line = _line(self._text, node.line)
        if line[max(0, node.column - 2) :].startswith(("{{", "{ {")):
            return _MUSTACHE, 'quote the text: "{{ … }}"'
        return "a key must be a plain word", "quote it if it is meant as text"

    def syntax(self, error: yaml.MarkedYAMLError) -> None:
        """A fault for what the parser could not read, with a guess at what was meant; the line
        may have been found at fault already."""
        mark = error.problem_mark or error.context_mark
        if mark is None:
            self._faults.about(self._file, f"not readable as YAML: {error.problem}")
            return
        found = guess(self._text, error.problem or "", mark, error.context_mark)
        if not self._faults.is_told(self._file, found.line + 1):
            at = Spot(self._file, found.line + 1, found.column + 1, found.length)
            self._faults.add(at, found.text, found.hint)


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number)
    return lines[number - 1] if number <= len(lines) else ""
