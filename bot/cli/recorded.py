"""A stored delivery as the back-test and the rehearsal take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.actions.values import load_value
from bot.registry import Source
from bot.rules.backtest import Recorded
from bot.worker.understanding import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Delivery


def recorded(
    delivery: Delivery, routes: Mapping[str, str | None], learned: Mapping[str, Any]
) -> Recorded:
    """`routes`: the default route of each hook, by its id. `learned`: as the decision kept it."""
    told = {name: load_value(value) for name, value in learned.items()}
    return Recorded(
        id=delivery.id,
        source=Source(forge=delivery.forge, instance=delivery.instance, event=delivery.event),
        body=delivery.body,
        received_at=delivery.received_at,
        hook=delivery.hook,
        content=content_of(delivery),
        route=routes.get(delivery.hook),
        late=told.get("late") is True,
        history={name: value for name, value in told.items() if value is not None},
    )
