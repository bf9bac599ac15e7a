"""Faults of rules files: collected all at once, shown to people and to machines."""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from bot.errors import RulesError
from bot.model import Fault, Level
from bot.rules.nodes import Spot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Of errors, and of warnings: one bad edit must not flood a terminal.
FAULT_LIMIT: Final = 500


class TooManyErrors(Exception):
    """So much is wrong that the rest is not looked at: finding it, and guessing at what was meant,
    takes longer than anybody reads."""


class Faults:
    """Collects what is wrong in a set of files, each fault once. Adding one error more than
    FAULT_LIMIT raises TooManyErrors."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._lines: dict[str, list[str]] = {}
        self._found: dict[tuple[str, int, int, str], Fault] = {}
        self._left = dict.fromkeys(Level, FAULT_LIMIT)

    @property
    def count(self) -> int:
        return len(self._found)

    def add(self, at: Spot, text: str, hint: str | None = None) -> None:
        self._add(at, text, hint, Level.ERROR)

    def warn(self, at: Spot, text: str, hint: str | None = None) -> None:
        self._add(at, text, hint, Level.WARNING)

    def about(self, file: str, text: str, hint: str | None = None) -> None:
        """A fault of the file as a whole."""
        self._keep(Fault(file=file, line=1, column=1, level=Level.ERROR, text=text, hint=hint))

    def _add(self, at: Spot, text: str, hint: str | None, level: Level) -> None:
        line = self._line(at)
        self._keep(
            Fault(
                file=at.file,
                line=at.line,
                column=at.column,
                level=level,
                text=text,
                excerpt=line,
                length=max(1, min(at.length, len(line or "") - at.column + 1)),
                hint=hint,
            )
        )

    def _keep(self, fault: Fault) -> None:
        key = fault.file, fault.line, fault.column, fault.text
        if key in self._found:
            return
        if self._left[fault.level] > 0:
            self._left[fault.level] -= 1
            self._found[key] = fault
        elif fault.level is Level.ERROR:
            raise TooManyErrors

    def _line(self, at: Spot) -> str | None:
        if at.file not in self._lines:
            self._lines[at.file] = lines_of(self._sources.get(at.file, ""))
        lines = self._lines[at.file]
        return lines[at.line - 1] if 0 < at.line <= len(lines) else None

    def within(self, at: Spot, start: int, length: int, *, quoted: bool) -> Spot:
        """The place of a part of a one-line text, counted from its first character."""
        column = at.column + start + quoted
        line = self._line(at) or ""
        if at.length <= 1 or column > len(line):
            return at
        return Spot(at.file, at.line, column, length)

    def line_of(self, at: Spot, number: int, word: str) -> Spot:
        """The place of a word in the n-th line (from 1) of a text that may be a block of lines."""
        first = self._line(at) or ""
        block = first[at.column - 1 : at.column] in {"|", ">"}
        line = at.line + (number if block else number - 1)
        text = self._line(Spot(at.file, line, 1, 1)) or ""
        start = 0 if line != at.line else at.column - 1
        found = text.find(word, start) if word else -1
        if found >= 0:
            return Spot(at.file, line, found + 1, len(word))
        return at if line == at.line else Spot(at.file, line, 1, max(1, len(text)))

    def is_told(self, file: str, line: int) -> bool:
        """Whether there is a fault in that line already."""
        return any(at[:2] == (file, line) for at in self._found)

    def of_level(self, level: Level) -> tuple[Fault, ...]:
        found = [fault for fault in self._found.values() if fault.level is level]
        return tuple(sorted(found, key=_place))

    def raise_if_any(self) -> None:
        """Raises RulesError with errors and warnings together."""
        if self.of_level(Level.ERROR):
            raise self.error()

    def error(self) -> RulesError:
        """All that was found, sorted by place."""
        return RulesError(sorted(self._found.values(), key=_place), sources=self._sources)


def _place(fault: Fault) -> tuple[str, int, int, str]:
    return fault.file, fault.line, fault.column, fault.text


def lines_of(text: str) -> list[str]:
    """Lines as YAML counts them, without the mark that some editors begin a file with."""
    text = text.removeprefix("\ufeff")
    for other in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(other, "\n")
    return text.split("\n")


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """`did you mean `x`?` for the known word nearest to it."""
    return _closest(word[:80].lower(), tuple(known))


#: Of more words than this only those are compared that begin alike.
_COMPARED: Final = 200


@functools.lru_cache(maxsize=1_000)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    if len(known) > _COMPARED:
        known = tuple(_by_start(known).get(word[:2], ())[:_COMPARED])
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else None


@functools.lru_cache(maxsize=4)
def _by_start(known: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for one in sorted(known, key=len):
        found.setdefault(one[:2].lower(), []).append(one)
    return found


def choices(known: Sequence[str], limit: int = 12) -> str:
    shown = ", ".join(known[:limit])
    return shown + (" …" if len(known) > limit else "")


#: Lines shown above the one at fault.
_BEFORE: Final = 2
_WIDE: Final = 160


def render_fault(fault: Fault, source: str | None = None) -> str:
    """The fault with the lines around it, a caret line and the hint. `source`: the file's text."""
    head = f"{fault.file}:{fault.line}:{fault.column}  {fault.level.value}  {fault.text}"
    if fault.excerpt is None:
        return head if fault.hint is None else f"{head}\n   {fault.hint}"
    lines = lines_of(source) if source is not None else []
    first = max(1, fault.line - _BEFORE)
    before = [(n, lines[n - 1]) for n in range(first, fault.line) if n <= len(lines)]
    margin = len(str(fault.line)) + 3
    shown = [f"{n:>{margin}} | {_flat(line)[:_WIDE]}" for n, line in before if line.strip()]
    excerpt, column = _window(_flat(fault.excerpt), fault.column)
    shown.append(f"{fault.line:>{margin}} | {excerpt}")
    caret = " " * (margin + 3 + column - 1) + "^" * max(1, min(fault.length, _WIDE - column))
    shown.append(f"{caret} {fault.hint}" if fault.hint else caret)
    return "\n".join([head, *shown])


def _flat(line: str) -> str:
    return "".join(" " if c == "\t" else c if c.isprintable() else "�" for c in line)


def _window(line: str, column: int) -> tuple[str, int]:
    """A long line cut around the column, and where the column is then."""
    if len(line) <= _WIDE:
        return line, column
    start = max(0, column - 1 - _WIDE // 2)
    return line[start : start + _WIDE], column - start


def as_text(faults: Sequence[Fault], sources: Mapping[str, str]) -> str:
    return "\n".join(render_fault(fault, sources.get(fault.file)) for fault in faults)


def as_json(faults: Sequence[Fault]) -> str:
    """A JSON list of objects, one per fault."""
    return json.dumps([_object(fault) for fault in faults], indent=2, ensure_ascii=False)


def _object(fault: Fault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "length": fault.length,
        "level": fault.level.value,
        "text": fault.text,
        "hint": fault.hint,
        "excerpt": fault.excerpt,
    }


def as_github(faults: Sequence[Fault]) -> str:
    """Workflow commands that GitHub Actions shows as annotations."""
    return "\n".join(
        f"::{fault.level.value} file={_escaped(fault.file, of='property')},line={fault.line},"
        f"col={fault.column},endColumn={fault.column + fault.length}::"
        f"{_escaped(_said(fault), of='message')}"
        for fault in faults
    )


def _escaped(value: str, *, of: str) -> str:
    value = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    if of == "property":
        value = value.replace(":", "%3A").replace(",", "%2C")
    return value


def as_gitlab(faults: Sequence[Fault]) -> str:
    """A code-quality report."""
    return json.dumps(
        [
            {
                "description": _said(fault),
                "check_name": "rules",
                "fingerprint": hashlib.sha256(
                    f"{fault.file}\0{fault.text}\0{fault.excerpt}\0{fault.line}".encode(
                        errors="replace"
                    )
                ).hexdigest(),
                "severity": _SEVERITY[fault.level],
                "location": {"path": fault.file, "lines": {"begin": fault.line}},
            }
            for fault in faults
        ],
        indent=2,
        ensure_ascii=False,
    )


_SEVERITY: Final = {Level.ERROR: "major", Level.WARNING: "minor"}


def _said(fault: Fault) -> str:
    return f"{fault.text}: {fault.hint}" if fault.hint else fault.text


#: The formats of `bot check --format`.
FORMATS: Final = ("text", "json", "github", "gitlab")


def format_faults(faults: Sequence[Fault], sources: Mapping[str, str], *, as_: str) -> str:
    """The faults in one of FORMATS."""
    if as_ == "text":
        return as_text(faults, sources)
    return {"json": as_json, "github": as_github, "gitlab": as_gitlab}[as_](faults)
