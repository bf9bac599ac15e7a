"""The words of looking through the history: what is asked for, and what a list shows of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.model import Delivery, DeliveryId, DeliverySummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Deliveries that fit all of it; None = any."""

    #: `new`, `decided`, `failed`.
    status: str | None = None
    #: Path as in the payload.
    project: str | None = None
    #: Event names, of which one is enough.
    names: frozenset[str] | None = None
    #: Whether something was planned for it.
    acted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One action, as a list shows it."""

    verb: str
    channel: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One delivery with what became of it."""

    summary: DeliverySummary
    #: The event's names; empty until it is decided.
    names: tuple[str, ...] = ()
    #: How many rules came to which verdict.
    verdicts: Mapping[str, int]
    #: The first few actions, and how many there are.
    deeds: tuple[Deed, ...] = ()
    actions: int = 0
    #: As it came; None when it is too large to be looked at for a list.
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a delivery tells of itself, in a few words."""

    project: str = ""
    #: User name at the forge.
    who: str = ""
    #: `!7 Add a cache`, `main`.
    what: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What was found between two points of the history, newest first."""

    found: tuple[Glance, ...]
    #: Where to look on; None at the end of the history.
    after: DeliveryId | None
    #: When what was looked at last came.
    back_to: datetime | None
