"""What can be wrong in a rules file, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from typing_extensions import override


class Level(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in a rules file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    level: Level
    text: str
    #: The offending line as written; None when there is none (a missing file).
    excerpt: str | None = None
    #: Characters to underline, from `column`.
    length: int = 1
    hint: str | None = None

    @override
    def __str__(self) -> str:
        head = f"{self.file}:{self.line}:{self.column} {self.level.value} {self.text}"
        return f"{head} ({self.hint})" if self.hint else head
