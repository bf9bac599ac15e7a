"""What the page asks of the rest of the program, as narrow as it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import DeliveryId, DeliverySummary, Job, Json, OutboxItem
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

    async def decision_trace(self, delivery: DeliveryId) -> Mapping[str, Json] | None:
        """`names`, `verdicts`, `skipped`, `ruleset`, `decided_at`, and `actions` with their
        states; None while it is not decided."""

    async def dead_items(self, *, limit: int) -> tuple[OutboxItem, ...]: ...

    async def backlog(self) -> Backlog: ...


class ConsoleJobs(Protocol):
    """Of `ports.Jobs`."""

    async def add_job(self, job: Job) -> bool: ...

    async def job(self, job_id: str) -> Job | None: ...


class Live(Protocol):
    """Wakes an open page early."""

    async def wait(self, timeout_s: float) -> None: ...
