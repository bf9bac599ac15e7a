"""A database of stored deliveries to replay: a company's fortnight."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.events.samples import sample
from bot.model import Delivery, DeliveryId, Lane
from bot.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS: Final = 14
KEY: Final = "benchmark-benchmark"
RULES: Final = """\
rules:
  - {name: cards, on: mr, project: "group1*/**", card: {to: "#dev", follow: [comments, pipeline]}}
  - {name: red, on: pipeline.broken, branch: [$default], post: "#ci"}
  - {name: pushes, on: push, project: "group2/**", post: "#dev"}
  - {name: jobs, on: job, if: {status: failed}, post: "#ci"}
  - {name: tags, on: tag, post: {to: "#rel", text: "{{ project }} {{ tag }}"}}
"""
_BATCH: Final = 500
#: By how often they come.
_EVENTS: Final = (
    *("push",) * 4, *("pipeline.success",) * 3, *("comment.mr",) * 3, *("job.success",) * 3,
    *("mr.updated",) * 3, "mr.opened", "mr.merged", "pipeline.failed", "issue.opened", "tag",
)  # fmt: skip


def deliveries(count: int, *, until: datetime, seed: int = 3) -> Iterator[Delivery]:
    """Evenly over the days before `until`, oldest first."""
    dice = random.Random(seed)  # noqa: S311 - a fixed draw, no secret
    step = timedelta(days=DAYS) / count
    for number in range(count):
        project = f"group{dice.randrange(40)}/team{dice.randrange(5)}/app{dice.randrange(10)}"
        overrides = {"project": project, "id": number, "iid": dice.randrange(1, 3000)}
        headers, body = sample(dice.choice(_EVENTS), overrides=overrides)
        yield Delivery(
            id=DeliveryId(f"B{number:025}"),
            forge="gitlab",
            instance="gitlab",
            hook="shared",
            key=f"key {number}",
            event=headers["X-Gitlab-Event"],
            lane=Lane("decide:gitlab:1"),
            headers={"x-gitlab-event": headers["X-Gitlab-Event"]},
            body=body,
            received_at=until - timedelta(days=DAYS) + number * step,
        )


async def fill(database_url: str, count: int) -> None:
    waiting: list[Delivery] = []
    async with open_store(database_url, secret_key=KEY) as store:
        for delivery in deliveries(count, until=datetime.now(UTC)):
            waiting.append(delivery)
            if len(waiting) == _BATCH:
                await asyncio.gather(*(store.append(one) for one in waiting))
                waiting.clear()
        await asyncio.gather(*(store.append(one) for one in waiting))
