"""What both forges write alike: commits and their ids, numbers, lengths of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.model import Ref

if TYPE_CHECKING:
    from bot.model import Json, Person
    from bot.payload import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    sha: str
    title: str
    url: str
    author: Person | None
    paths: tuple[str, ...] = ()


def is_zero(sha: str) -> bool:
    """Git's "no commit": 40 zeros, or 64 in repositories with SHA-256."""
    return bool(sha) and not sha.strip("0")


def commit_ref(sha: str, url: str) -> Ref:
    return Ref(label=sha[:8], url=url)


def first_line(message: str) -> str:
    return message.strip().partition("\n")[0].strip()


def duration(value: Json) -> timedelta | None:
    """Seconds, as a number; None for what is none, or absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    try:
        return timedelta(seconds=value)
    except OverflowError:
        return None


def number(payload: Payload) -> int | None:
    value = payload.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


#: Nothing that a forge puts in the place of an address it hides.
_ADDRESS: Final = re.compile(r"[^@\s<>\[\]]{1,64}@[^@\s<>\[\]]+\.[^@\s<>\[\].]+")


def email(payload: Payload) -> str:
    """An address as the forge shows it; empty when it shows none or hides it."""
    written = payload.text_or().strip()
    hidden = "noreply" in written.lower()
    return written if not hidden and _ADDRESS.fullmatch(written) else ""
