"""The fenced blocks of a Markdown file, each with its language and the comment above it."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_FENCE: Final = re.compile(
    r"(?:^[ ]*<!-- (?P<note>[^\n]*?) -->\n)?"
    r"^(?P<indent>[ ]*)```(?P<language>[a-z]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    file: str
    line: int
    language: str
    text: str
    #: What the comment above it says: `not run: why`, `broken: rules.yaml`.
    note: str

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"


def blocks(file: str, *languages: str) -> list[Block]:
    """Those in one of the languages; all of them when none is named."""
    source = (ROOT / file).read_text("utf-8")
    found = [
        Block(
            file=file,
            line=source.count("\n", 0, match.start("language")) + 1,
            language=match["language"],
            text=textwrap.dedent(match["text"]),
            note=match["note"] or "",
        )
        for match in _FENCE.finditer(source)
    ]
    return [block for block in found if not languages or block.language in languages]


def pages() -> list[str]:
    """Every page that people read, the decisions included."""
    docs = sorted((ROOT / "docs").rglob("*.md"))
    return ["README.md", "CHANGELOG.md", *(page.relative_to(ROOT).as_posix() for page in docs)]


def with_declared(block: Block) -> str:
    """The block with those sections of the first in docs/rules.md that it does not have itself:
    what the examples take as declared."""
    declared = blocks("docs/rules.md", "yaml")[0].text
    sections = re.split(r"^(?=\w)", declared, flags=re.MULTILINE)[1:]
    said = set(re.findall(r"^(\w+):", block.text, re.MULTILINE))
    return "".join([*(s for s in sections if s.partition(":")[0] not in said), block.text])
