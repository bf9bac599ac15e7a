"""Deliveries as events: what is read late is the same as what is read at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot import events
from bot.model import Delivery, DeliveryId, Lane
from bot.payload import read_object
from bot.registry import Source
from bot.rules.decide import lookup_of
from bot.rules.load import load
from bot.worker.understanding import understand
from tests.events.reading import NAMES, body_of, forge_of, header_of
from tests.worker.bench import START

if TYPE_CHECKING:
    from bot.model import Event

_RULES = load({"rules.yaml": "version: 1"}, "rules.yaml")
#: More than any push brings beside its commits.
_LONG = {"padding": "." * 10_000}


def _seen(event: Event) -> tuple[object, ...]:
    """All that rules, cards and texts can see of it."""
    asked = ("commits", "commits.0.id", "commits.0.title", "commits.0.modified", "commits.99.id")
    lookup = lookup_of(event, _RULES)
    spec = events.SPECS[event.kind]
    return (
        (event.names, event.project, event.actor, event.subject, event.subjects, event.links),
        dict(event.fields),
        [lookup(f"payload.{name}") for name in (*asked, "ref", "padding")],
        spec.line(event),
        spec.reply(event) if spec.reply else None,
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("push_")])
def test_a_push_whose_commits_are_read_late_is_the_same(name: str) -> None:
    body = json.dumps(body_of(name) | _LONG).encode()
    forge, header = forge_of(name), header_of(name)
    delivery = Delivery(
        id=DeliveryId("d1"),
        forge=forge,
        instance=forge,
        hook="shared",
        key="k",
        event=header,
        lane=Lane("decide:x"),
        headers={},
        body=body,
        received_at=START,
    )
    source = Source(forge=forge, instance=forge, event=header)
    assert _seen(understand(delivery)) == _seen(events.understand(source, read_object(body)))
