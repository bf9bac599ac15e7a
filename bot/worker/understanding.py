"""A delivery as an event, and what a decision about it will ask for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from bot import events
from bot.errors import PayloadError
from bot.payload import open_object, read_object, unwrapped
from bot.ports import Settled
from bot.registry import Source
from bot.rules.decide import foreseen

if TYPE_CHECKING:
    from bot.model import Delivery, Event, Needs

log = structlog.get_logger()

#: Deliveries that bring commits, of which few are told.
_PUSHES: Final = frozenset({"Push Hook", "push"})
#: Bytes that commits alone make so many.
_MANY: Final = 8 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    event: Event
    #: The same for one event that came through two hooks.
    content: str
    needs: Needs


def read(delivery: Delivery) -> Understood | Settled:
    """What it is, or why that cannot be told."""
    try:
        event = understand(delivery)
    except PayloadError as error:
        return Settled(delivery=delivery.id, status="failed", error=str(error))
    except Exception as error:
        log.exception("decision failed", delivery=delivery.id)
        return failed(delivery, error)
    content = content_of(delivery)
    needs = foreseen(event, events.SPECS, content=content)
    return Understood(event=event, content=content, needs=needs)


def understand(delivery: Delivery) -> Event:
    """Raises PayloadError."""
    source = Source(forge=delivery.forge, instance=delivery.instance, event=delivery.event)
    many = len(delivery.body) > _MANY and delivery.event in _PUSHES
    body = open_object(delivery.body, "commits") if many else read_object(delivery.body)
    return events.understand(source, body)


def content_of(delivery: Delivery) -> str:
    """A hash of what the forge sent, and under which name."""
    head = f"{delivery.instance}\n{delivery.event}\n".encode()
    return hashlib.sha256(head + unwrapped(delivery.body)).hexdigest()


def failed(delivery: Delivery, error: Exception) -> Settled:
    text = f"{type(error).__name__} while deciding; see the log"
    return Settled(delivery=delivery.id, status="failed", error=text)
