"""Inline tests as parsed: what is given, and what is expected of the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.model import Json, Value
    from bot.rules.nodes import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Time that passes, then perhaps a delivery: a sample's, a file's or a stored one."""

    at: Spot
    after: timedelta = timedelta()
    #: A sample's name.
    event: str | None = None
    #: Path of a raw delivery, relative to the rules' directory.
    file: str | None = None
    #: Id of a delivery of the history.
    stored: str | None = None
    #: Values of fields that replace those of the delivery.
    values: Mapping[str, Json] = field(default_factory=dict)
    #: It was missed, and is fetched now.
    late: bool = False
    #: Header names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What the forge's API would say, by field.
    api: Mapping[str, Value | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One effect that the rules should have; a member that is None may be anything."""

    at: Spot
    #: As in the file, on one line.
    written: str
    verb: str
    #: Channel id, `#name`, or whatever else the verb is aimed at.
    target: str | None = None
    #: As in the file, with the test: of the lead line or of all lines.
    text: tuple[str, Callable[[str], bool]] | None = None
    contains: str | None = None
    rule: str | None = None
    #: A kind of subject (`mr`), or the key that a rule's template makes.
    thread: str | None = None
    #: `-name` when it is taken away.
    emoji: str | None = None
    #: Whether it changes a card that is there.
    edit: bool | None = None
    broadcast: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineTest:
    name: str
    at: Spot
    #: When it begins.
    start: datetime
    given: tuple[Given, ...]
    expected: tuple[Expected, ...]
    #: `expect`: exactly these, in this order. `expect_some`: these among others.
    exhaustive: bool
