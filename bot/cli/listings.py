"""`bot deliveries …` and `bot outbox …`: what came, what waits, what was given up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.browsing import Wanted
from bot.cli.environment import FAULTS, fail
from bot.cli.replaying import replay
from bot.cli.rows import AsJson, Limit, show
from bot.cli.running import run_cli, store
from bot.model import DeliveryId

if TYPE_CHECKING:
    from bot.browsing import Glance
    from bot.model import OutboxItem

#: Deliveries read at a time.
_PAGE: Final = 200


def register(app: typer.Typer) -> None:
    deliveries = typer.Typer(no_args_is_help=True, help="Deliveries as received.")
    deliveries.command("list")(list_deliveries)
    deliveries.command("show")(show_delivery)
    deliveries.command("replay")(replay)
    app.add_typer(deliveries, name="deliveries")
    outbox = typer.Typer(no_args_is_help=True, help="Actions that wait or were given up.")
    outbox.command("list")(list_outbox)
    outbox.command("retry")(retry_outbox)
    outbox.command("drop")(drop_outbox)
    app.add_typer(outbox, name="outbox")


def list_deliveries(
    limit: Limit = 30,
    status: Annotated[str | None, typer.Option(help="`new`, `decided` or `failed` only.")] = None,
    project: Annotated[str | None, typer.Option(help="Of this project only.")] = None,
    event: Annotated[str | None, typer.Option(help="Of this name: `mr.merged`, or `mr`.")] = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    wanted = Wanted(status=status, project=project, names=_names(event))

    async def main() -> None:
        found: list[Glance] = []
        after = None
        async with store() as opened:
            while len(found) < limit:
                size = min(limit - len(found), _PAGE)
                page = await opened.browse(wanted, limit=size, before=after)
                found += page.found
                after = page.after
                if after is None:
                    break
        empty = "No deliveries yet; try `bot send push`." if wanted == Wanted() else "None is so."
        show([_glance(one) for one in found], as_json=as_json, empty=empty)

    run_cli(main())


def _names(event: str | None) -> frozenset[str] | None:
    if event is None:
        return None
    from bot import events

    found = events.names_of(event) | events.names_of(f"{event}.*")
    if not found:
        fail(f"no event `{event}`; `bot fields` lists them")
    return found


def _glance(one: Glance) -> dict[str, Any]:
    return {
        "id": one.summary.id,
        "received_at": one.summary.received_at.isoformat(timespec="seconds"),
        "event": one.summary.event,
        "names": ", ".join(one.names),
        "project": one.summary.project,
        "status": one.summary.status,
        "actions": one.actions,
        "error": one.summary.error,
    }


def show_delivery(
    delivery: Annotated[str, typer.Argument(help="Its id.")],
    body: Annotated[bool, typer.Option("--body", help="Its body alone, as received.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one delivery: what it was, and the verdict of every candidate rule."""

    async def main() -> None:
        async with store() as opened:
            found = await opened.delivery(DeliveryId(delivery))
            trace = await opened.decision(DeliveryId(delivery))
        if found is None:
            fail(f"no delivery {delivery}; `bot deliveries list` names them", code=FAULTS)
        kept, status = found
        if body:
            from bot.payload import unwrapped

            typer.echo(unwrapped(kept.body).decode("utf-8", "replace"))
            return
        shown = {
            "id": kept.id,
            "forge": kept.forge,
            "instance": kept.instance,
            "hook": kept.hook,
            "event": kept.event,
            "received_at": kept.received_at.isoformat(),
            "status": status,
            "bytes": len(kept.body),
            "headers": dict(kept.headers),
            "decision": trace,
        }
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=None if as_json else 2))

    run_cli(main())


def list_outbox(
    state: Annotated[
        str | None, typer.Option(help="`todo`, `sending`, `dead`, `done` or `dropped` only.")
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List actions that wait, are under way or were given up, oldest first."""

    async def main() -> None:
        async with store() as opened:
            found = await opened.list_outbox(state=state, limit=limit)
        empty = "Nothing waits and nothing was given up."
        show([_row(item) for item in found], as_json=as_json, empty=empty)

    run_cli(main())


def retry_outbox(
    actions: Annotated[list[str] | None, typer.Argument(help="Their ids.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
) -> None:
    """Try again what was given up."""
    if bool(actions) == every:
        fail("name actions, or --all; `bot outbox list --state dead` shows them")

    async def main() -> None:
        async with store() as opened:
            count = await opened.retry_outbox(actions or None, now=await opened.now())
        typer.echo(f"{count} put back in line")
        if not count:
            raise typer.Exit(FAULTS)

    run_cli(main())


def drop_outbox(actions: Annotated[list[str], typer.Argument(help="Their ids.")]) -> None:
    """Give up actions for good, waiting ones too."""

    async def main() -> None:
        async with store() as opened:
            for one in actions:
                dropped = await opened.drop_outbox(one, now=await opened.now())
                typer.echo(f"{one}: {'dropped' if dropped else 'neither waiting nor dead'}")

    run_cli(main())


def _row(item: OutboxItem) -> dict[str, Any]:
    return {
        "id": item.action.id,
        "state": item.state,
        "verb": item.action.verb,
        "channel": item.action.channel,
        "rule": item.action.rule,
        "attempts": item.attempts,
        "created_at": item.created_at.isoformat(timespec="seconds"),
        "error": item.error,
    }
