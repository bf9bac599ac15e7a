"""`bot explain`: why a delivery made a message, or did not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot import events
from bot.cli.environment import FAULTS, fail
from bot.cli.rules import loaded, rules_path
from bot.cli.running import run_cli, store
from bot.cli.simulate import recorded_event
from bot.commands.tracing import place_of, report_of
from bot.errors import BotError
from bot.model import DeliveryId
from bot.rules.decide import Surroundings
from bot.rules.remembered import Playback
from bot.rules.report import report, trace_of
from bot.rules.report_text import as_json as json_of
from bot.rules.report_text import as_text
from bot.rules.testing import headers_of
from bot.rules.times import zone

if TYPE_CHECKING:
    from bot.rules.report import Report
    from bot.rules.ruleset import Ruleset


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="DELIVERY|FILE|LINK",
            help="A delivery's id, a file with a body, or a message's link in Slack.",
        ),
    ],
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", help='Of a FILE: "X-Gitlab-Event: Push Hook".'),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every rule, also those that were no candidates.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say which rules wanted a delivery, which did not, and what became of it.

    A stored delivery is explained by the rules it was decided with; a FILE by rules.yaml, with
    nothing remembered, and nothing is sent.
    """
    told, ruleset = _found(what, header or [], everything=everything)
    if as_json:
        typer.echo(json.dumps(json_of(told), ensure_ascii=False))
        return
    aliases = {c.to: c.alias for c in ruleset.channels.values()} if ruleset is not None else {}
    where = zone(ruleset.timezone) if ruleset is not None else None
    typer.echo(as_text(told, where or UTC, aliases))


def _found(what: str, header: list[str], *, everything: bool) -> tuple[Report, Ruleset | None]:
    path = Path(what)
    if path.is_file():
        return _of_file(path, header, everything=everything)
    return _of_store(what, everything=everything)


def _of_file(path: Path, header: list[str], *, everything: bool) -> tuple[Report, Ruleset]:
    ruleset = loaded(rules_path())
    headers = header or [f"{name}: {value}" for name, value in headers_of(str(path)).items()]
    try:
        event = recorded_event(path, headers)
    except (BotError, OSError) as error:
        fail(error if isinstance(error, BotError) else str(error), code=FAULTS)
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    decision = playback.feed(event, delivery=DeliveryId(path.name), now=datetime.now(UTC))
    told = report(
        path.name, trace_of(decision), event=event, ruleset=ruleset, everything=everything
    )
    return told, ruleset


def _of_store(what: str, *, everything: bool) -> tuple[Report, Ruleset | None]:
    found: list[tuple[Report, Ruleset | None]] = []

    async def main() -> None:
        async with store() as opened:
            delivery = DeliveryId(what)
            place = place_of(what)
            if place is not None:
                items = await opened.done_at(place, limit=1)
                if not items:
                    fail("no delivery made that message, as far as is remembered", code=FAULTS)
                delivery = items[0].delivery
            told = await report_of(opened, delivery, everything=everything)
            if told is None:
                _unknown(what, kept=await opened.delivery(delivery) is not None)
            found.append(told)

    run_cli(main())
    return found[0]


def _unknown(what: str, *, kept: bool) -> NoReturn:
    if kept:
        fail(f"delivery {what} is not decided; `bot deliveries show {what}`", code=FAULTS)
    fail(
        f"no file and no delivery `{what}`; `bot deliveries list` names deliveries, a message's"
        " link looks like https://team.slack.com/archives/C0…/p17…",
        code=FAULTS,
    )
