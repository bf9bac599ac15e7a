"""`bot deliveries replay`: one delivery, or those of a filter, decided again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.environment import fail
from bot.cli.rows import show
from bot.cli.running import run_cli, store
from bot.model import DeliveryId

if TYPE_CHECKING:
    from bot.model import DeliverySummary
    from bot.store import Store

_PAGE = 500


def replay(
    deliveries: Annotated[list[str] | None, typer.Argument(help="Their ids.")] = None,
    status: Annotated[str | None, typer.Option(help="All that are `failed` or `decided`.")] = None,
    project: Annotated[str | None, typer.Option(help="All of this project.")] = None,
    since: Annotated[datetime | None, typer.Option(help="All that came since then (UTC).")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; what is not named by its id is only listed else.")
    ] = False,
) -> None:
    """Have deliveries decided again with today's rules; what they made before stays."""
    filtered = status is not None or project is not None or since is not None
    if bool(deliveries) == filtered:
        fail("name deliveries by their ids, or by --status, --project, --since")
    if status not in {None, "failed", "decided"}:
        fail(f"--status {status}: `failed` or `decided`; what is new is decided anyway")

    async def main() -> None:
        async with store() as opened:
            if deliveries:
                await _again(opened, deliveries)
                return
            moment = since.replace(tzinfo=UTC) if since is not None else None
            found = await _found(opened, status=status, project=project, since=moment)
            if yes:
                await _again(opened, [one.id for one in found])
                return
        show([_row(one) for one in found], as_json=False, empty="No delivery is so.")
        if found:
            typer.echo(f"{len(found)} deliveries; with --yes they are decided again")

    run_cli(main())


async def _found(
    opened: Store, *, status: str | None, project: str | None, since: datetime | None
) -> list[DeliverySummary]:
    """Oldest first. Copies are left out: what they are copies of is among them."""
    found: list[DeliverySummary] = []
    before: DeliveryId | None = None
    while True:
        page = await opened.list_deliveries(
            limit=_PAGE, before=before, status=status, project=project
        )
        recent = [one for one in page if since is None or one.received_at >= since]
        found += [one for one in recent if one.replay_of is None and one.status != "new"]
        if len(page) < _PAGE or len(recent) < len(page):
            return found[::-1]
        before = page[-1].id


async def _again(opened: Store, ids: list[str] | list[DeliveryId]) -> None:
    from bot.app import new_delivery_id

    for one in ids:
        copy = new_delivery_id()
        await opened.replay_delivery(DeliveryId(one), copy=copy, now=await opened.now())
        typer.echo(f"Replayed as {copy}" if len(ids) == 1 else f"{one} replayed as {copy}")


def _row(one: DeliverySummary) -> dict[str, object]:
    return {
        "id": one.id,
        "received_at": one.received_at.isoformat(timespec="seconds"),
        "event": one.event,
        "project": one.project,
        "status": one.status,
        "error": one.error,
    }
