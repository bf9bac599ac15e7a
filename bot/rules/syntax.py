"""What was probably meant where a file cannot be read as YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMENT: Final = re.compile(r"(?<=[\s,\[:])\s(#[\w-]+)")
_KEY: Final = re.compile(r"\s*(?:- +)*([\w.$-]+|\"[^\"]*\"):(?:\s|$)")
_GLUED: Final = re.compile(r"\s*(?:- +)*([\w.-]+):(\S.*)$")
_BEFORE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A place, counted from 0, with what is wrong there and what to do."""

    line: int
    column: int
    length: int = 1
    text: str
    hint: str | None


class Lines:
    """The text's lines, and where the parser stopped."""

    def __init__(self, text: str, problem: str, mark: Any, context: Any) -> None:
        self._lines = text.split("\n")
        self.problem = problem
        #: (line, column) of both, from 0; `context` is where the thing it was in began.
        self.mark: tuple[int, int] = (mark.line, mark.column)
        self.context: tuple[int, int] | None = context and (context.line, context.column)

    def __getitem__(self, number: int) -> str:
        return self._lines[number].rstrip("\r") if 0 <= number < len(self._lines) else ""

    @property
    def line(self) -> str:
        return self[self.mark[0]]

    def above(self, number: int) -> int | None:
        """The nearest line above that says something."""
        for at in range(number - 1, -1, -1):
            if self[at].strip() and not self[at].lstrip().startswith("#"):
                return at
        return None


def guess(text: str, problem: str, mark: Any, context: Any) -> Guess:
    """`problem`, `mark`, `context`: of the parser's error."""
    lines = Lines(text, problem, mark, context)
    for look in _LOOKS:
        found = look(lines)
        if found is not None:
            return found
    line, column = lines.mark
    said = f"not readable as YAML: {problem or 'not readable'}"
    return Guess(line=line, column=column, text=said, hint=None)


def _about_word(lines: Lines) -> Guess | None:
    for place in (lines.context, lines.mark):
        if place is None:
            continue
        line, column = place
        rest = lines[line][column:]
        if rest.lstrip(" ").startswith("\t"):
            said, hint = "a tab indents this line", "indent with spaces, not tabs"
            return Guess(line=line, column=column, text=said, hint=hint)
        word = re.split(r"[\s,\]}]", rest, maxsplit=1)[0]
        if word.startswith(("*", "@", "`", "!", "%", "&")):
            said = f"`{word}` means something else in YAML"
            hint = f'a word that begins with `{word[0]}` needs quotes: "{word}"'
            return Guess(line=line, column=column, length=len(word), text=said, hint=hint)
    return None


def _comment(lines: Lines) -> Guess | None:
    """A channel's name that took the closing bracket with it."""
    if "expected" not in lines.problem:
        return None
    for number in range(lines.mark[0], max(-1, lines.mark[0] - _BEFORE), -1):
        found = _COMMENT.search(lines[number])
        if found is not None and _is_open(lines[number][: found.start()]):
            return Guess(
                line=number,
                column=found.start(1),
                length=len(found[1]),
                text=f"`{found[1]}` begins a comment",
                hint=f'a channel name needs quotes: "{found[1]}"',
            )
    return None


def _is_open(line: str) -> bool:
    """Whether a bracket of the line is not closed in it."""
    return line.count("{") > line.count("}") or line.count("[") > line.count("]")


def _after_quote(lines: Lines) -> Guess | None:
    """A text whose first part alone is in quotes, or that holds an apostrophe."""
    line, column = lines.mark
    before, after = lines[line][:column].rstrip(), lines[line][column:]
    if before[-1:] not in {'"', "'"} or not after.strip() or after[0] in ",]}#:":
        return None
    quote = before[-1]
    start = before.find(quote)
    if quote == "'" and after[:1].isalpha():
        hint = "inside '…' an apostrophe is written twice: '', or use \"…\""
    else:
        hint = f"quote the whole text: '{lines[line][start:].rstrip()}'"
    said = "the text goes on after its closing quote"
    return Guess(line=line, column=column, length=len(after.rstrip()), text=said, hint=hint)


def _unclosed(lines: Lines) -> Guess | None:
    """A quote or a bracket that is never closed."""
    if lines.context is None:
        return None
    line, column = lines.context
    sign = lines[line][column : column + 1]
    if sign in {'"', "'"} and "end of stream" in lines.problem:
        said, hint = "a quote is not closed", f"put the closing {sign} at the end of the text"
        return Guess(line=line, column=column, text=said, hint=hint)
    if sign in {"{", "["} and lines.mark[0] > line:
        close = "}" if sign == "{" else "]"
        return Guess(
            line=line, column=column, text=f"`{sign}` is not closed", hint=f"`{close}` is missing"
        )
    return None


def _colon(lines: Lines) -> Guess | None:
    """A colon where none can be: within a text, or behind a wrong indentation."""
    line, column = lines.mark
    if lines.line[column : column + 1] != ":":
        return None
    key = _KEY.match(lines.line)
    if key is not None and key.end(1) < column:
        said = "this `:` makes no sense within a text"
        return Guess(
            line=line, column=column, text=said, hint="a text that holds `: ` needs quotes"
        )
    return _indented(lines)


def _indented(lines: Lines) -> Guess | None:
    """A key that stands in no column that is open."""
    line = lines.mark[0]
    key, above = _KEY.match(lines[line]), lines.above(line)
    other = _KEY.match(lines[above]) if above is not None else None
    glued = _GLUED.match(lines[above]) if above is not None and other is None else None
    if glued is not None and above is not None:
        return Guess(
            line=above,
            column=glued.start(1),
            length=len(glued[1]) + 1,
            text=f"`{glued[0].strip(' -')}` is no `key: value`",
            hint=f"a space after the colon: `{glued[1]}: {glued[2]}`",
        )
    if key is None or other is None or key.start(1) == other.start(1):
        return None
    return Guess(
        line=line,
        column=key.start(1),
        length=len(key[1]),
        text=f"`{key[1]}` is indented so that it belongs to nothing",
        hint=f"what belongs together begins in one column: here {other.start(1) + 1},"
        f" below `{other[1]}`",
    )


def _no_colon(lines: Lines) -> Guess | None:
    """A line that is neither a key nor an entry of a list."""
    if "expected ':'" not in lines.problem:
        return None
    line, column = lines.context or lines.mark
    words = lines[line][column:].strip()
    glued = _GLUED.match(words)
    space = f"a space after the colon: `{glued[1]}: {glued[2]}`" if glued else None
    hint = space or "is a `:` missing?"
    said = f"`{words[:60]}` is no `key: value`"
    return Guess(line=line, column=column, length=max(1, len(words)), text=said, hint=hint)


def _bracket(lines: Lines) -> Guess | None:
    """Between brackets: one too many, or no comma."""
    line, column = lines.mark
    sign = lines.line[column : column + 1]
    if sign in {"}", "]"}:
        said, hint = f"a `{sign}` too many", "each closes the one that was opened last"
    elif "expected ','" in lines.problem:
        said, hint = "the next value begins too soon", "is a `,` missing?"
    else:
        return None
    return Guess(line=line, column=column, text=said, hint=hint)


def _entry(lines: Lines) -> Guess | None:
    """A `-` in the wrong place."""
    line, column = lines.mark
    if not lines.line[column:].startswith("-"):
        return None
    if "block sequence entries" in lines.problem:
        said, hint = "a list begins in a line of its own", "break the line before the `-`"
    else:
        said, hint = (
            "this `-` is in no column of a list",
            "the entries of a list begin in one column",
        )
        others = (lines[at] for at in range(line - 1, -1, -1) if lines[at].lstrip().startswith("-"))
        other = next(others, None)
        if other is not None:
            hint += f": here {other.index('-') + 1}"
    return Guess(line=line, column=column, text=said, hint=hint)


_LOOKS: Final[tuple[Callable[[Lines], Guess | None], ...]] = (
    _about_word, _comment, _after_quote, _unclosed, _colon, _no_colon, _bracket, _entry, _indented,
)  # fmt: skip
