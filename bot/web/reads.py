"""What the page asks of the rest of the program, as narrow as it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.browsing import About, Stretch, Wanted
    from bot.model import Delivery, DeliveryId, DeliverySummary, Job, Json, OutboxItem
    from bot.ports import PreviewMessage
    from bot.waiting import Backlog


class ConsoleReads(Protocol):
    """The history, read only. Every method raises StoreError."""

    async def preview_messages(
        self, *, since: int = 0, limit: int = 500
    ) -> tuple[PreviewMessage, ...]:
        """As `ports.PreviewStore` says."""

    async def recent_deliveries(self, *, limit: int) -> tuple[DeliverySummary, ...]:
        """Newest first."""

    async def browse(
        self, wanted: Wanted, *, limit: int, before: DeliveryId | None
    ) -> tuple[Stretch, Mapping[str, About]]:
        """A page of the history, newest first, and what its deliveries tell of themselves."""

    async def delivery(self, delivery: DeliveryId) -> tuple[Delivery, str] | None:
        """With its status."""

    def about(self, delivery: Delivery) -> About | None:
        """None when nobody can read it."""

    async def explained(self, delivery: DeliveryId) -> str | None:
        """Every condition of every candidate rule, as text; None while it is not decided."""

    async def decision_trace(self, delivery: DeliveryId) -> Mapping[str, Json] | None:
        """`names`, `verdicts`, `skipped`, `ruleset`, `decided_at`, and `actions` with their
        states; None while it is not decided."""

    async def dead_items(self, *, limit: int) -> tuple[OutboxItem, ...]: ...

    async def backlog(self) -> Backlog: ...


class ConsoleRepairs(Protocol):
    """What a person may do on the page about what was kept. Every method raises StoreError."""

    async def replay(self, original: DeliveryId) -> DeliveryId:
        """Has it decided again, as a new delivery with that id."""

    async def retry(self, ids: Sequence[str] | None) -> int:
        """Puts dead actions back in line, all of them when None; how many those were."""

    async def drop(self, item: str) -> bool:
        """Gives up a dead or waiting action for good; False when it is neither."""


class ConsoleJobs(Protocol):
    """Of `ports.Jobs`."""

    async def add_job(self, job: Job) -> bool: ...

    async def job(self, job_id: str) -> Job | None: ...


class Live(Protocol):
    """Wakes an open page early."""

    async def wait(self, timeout_s: float) -> None: ...
