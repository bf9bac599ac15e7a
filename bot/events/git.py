"""What both forges write alike: commits and their ids, numbers, lengths of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.model import Json, Person
    from bot.payload import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    sha: str
    title: str
    url: str
    author: Person | None


def is_zero(sha: str) -> bool:
    """Git's "no commit": 40 zeros, or 64 in repositories with SHA-256."""
    return bool(sha) and not sha.strip("0")


def commit_ref(sha: str, url: str) -> Ref:
    return Ref(label=sha[:8], url=url)


#: Of a push, as many as its text shows.
SHOWN: Final = 5


def newest(commits: Payload, read: Callable[[Payload], Commit | None]) -> tuple[Commit, ...]:
    """The last few of a list of commits, in its order."""
    found = [one for one in map(read, islice(reversed(commits), SHOWN)) if one]
    return tuple(reversed(found))


def refs(commits: Payload) -> tuple[Ref, ...]:
    """Title and address of each of a list of commits."""
    return tuple(
        Ref(
            label=first_line(one.text_at("title") or one.text_at("message")),
            url=one.text_at("url"),
        )
        for one in commits
    )


def touched(commits: Payload) -> tuple[str, ...]:
    """The files that a list of commits names, each once."""
    named = (one.list_at(key) for one in commits for key in ("added", "modified", "removed"))
    every = chain.from_iterable(named)
    return tuple(dict.fromkeys(path for path in every if path and isinstance(path, str)))


def first_line(message: str) -> str:
    message = message.strip()
    return message.partition("\n")[0].rstrip() if "\n" in message else message


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


def email(written: str) -> str:
    """An address as the forge shows it; empty when it shows none or hides it."""
    written = written.strip()
    hidden = "noreply" in written.lower()
    return written if not hidden and _ADDRESS.fullmatch(written) else ""


def in_url(name: str, *, safe: str = "/") -> str:
    """A name as a part of an address. Half a surrogate pair, which JSON may hold, becomes `?`."""
    return quote(name, safe=safe, errors="replace")
