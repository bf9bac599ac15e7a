"""`bot backtest`: what changed rules would have made of deliveries of the past; nothing is sent."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from bot.cli.bar import bar
from bot.cli.environment import FAULTS, fail
from bot.cli.process import settle_down
from bot.cli.recorded import recorded
from bot.cli.rules import counted, loaded, rules_path
from bot.cli.running import run_cli, store
from bot.errors import RulesError
from bot.model import DeliveryId
from bot.registry import Source
from bot.rules.backtest import WARM_UP, Backtest, Recorded, Seed
from bot.rules.catalogue import LISTS
from bot.rules.comparison_text import Report, as_json, as_text
from bot.rules.load import load
from bot.rules.times import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import StoredRuleset
    from bot.rules.ruleset import Ruleset
    from bot.store import Store

#: Between the deliveries of a manifest that names no times.
_STEP: Final = timedelta(minutes=1)
_START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_EVENT_HEADERS: Final = {"gitlab": "x-gitlab-event", "github": "x-github-event"}


def register(app: typer.Typer) -> None:
    app.command("backtest")(backtest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A set of rules, and what it is called."""

    name: str
    ruleset: Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the past is replayed and reported."""

    since: datetime
    until: datetime
    rule: str | None = None
    project: str | None = None


def backtest(
    since: Annotated[str, typer.Option(help="`14d`, `36h`, or a date.")] = "14d",
    until: Annotated[str | None, typer.Option(help="The same; by default now.")] = None,
    rules: Annotated[
        Path | None, typer.Option(help="The new rules; by default the file that RULES names.")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Of this rule only, by its name.")] = None,
    project: Annotated[str | None, typer.Option(help="Of this project only, by its path.")] = None,
    max_added: Annotated[
        int | None, typer.Option(min=0, help="Exit 1 when more messages than this are new.")
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="Deliveries in files instead of the database's: lines of {file, headers} and"
            " perhaps received_at. Old are the rules that RULES names."
        ),
    ] = None,
    as_one: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare changed rules with those in force on deliveries of the past.

    Nothing is sent, no forge is asked, no token is used.
    """
    now = datetime.now(UTC)
    wanted = Wanted(
        since=_moment(since, now), until=_moment(until, now), rule=rule, project=project
    )
    if manifest is not None:
        report = _from_files(manifest, rules, wanted)
    else:
        found: list[Report] = []

        async def main() -> None:
            async with store() as opened:
                found.append(await _from_store(opened, rules, wanted))

        run_cli(main())
        report = found[0]
    typer.echo(json.dumps(as_json(report), ensure_ascii=False) if as_one else as_text(report))
    if max_added is not None and report.tally.added > max_added:
        added = counted(report.tally.added, "new message")
        typer.echo(f"bot: {added}, at most {max_added} wanted", err=True)
        raise typer.Exit(FAULTS)


def _moment(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    ago = duration(text)
    if ago is not None:
        return now - ago
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is neither a duration (`14d`, `36h`) nor a date (`2026-03-02`)")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


# -- from the database ----------------------------------------------------------------------


async def _from_store(opened: Store, rules: Path | None, wanted: Wanted) -> Report:
    old, new = sides(await opened.active_ruleset(), rules)
    begin = wanted.since - WARM_UP
    seed = await _seed(opened, begin)
    channels = await opened.channel_ids()
    routes = {hook.id: hook.channel for hook in await opened.hooks()}
    test = Backtest(
        old.ruleset,
        new.ruleset,
        since=wanted.since,
        seed=seed,
        channels={name.lower(): channel for name, channel in channels.items()},
        rule=wanted.rule,
        project=wanted.project,
    )
    within = await opened.window(since=begin, until=wanted.until)
    settle_down()
    started = perf_counter()
    with bar(within.size) as went:
        async for page in opened.past_deliveries(within, project=wanted.project):
            for delivery in page.deliveries:
                test.feed(recorded(delivery, routes, page.learned.get(delivery.id, {})))
            went(page.after - within.after)
        went(within.size)
    test.advance(wanted.until)
    by_id = {channel: name for name, channel in channels.items()}
    return _report(
        test,
        (old, new),
        wanted,
        span=wanted.until - wanted.since,
        took_s=perf_counter() - started,
        names=by_id.get,
    )


async def _seed(opened: Store, at: datetime) -> Seed:
    """What was known then, as far as it has not changed since; what waited; what was open."""
    memory, threads = await opened.past_state(at=at)
    listed = [one for kind in LISTS.values() for one in await opened.past_open(kind, at=at)]
    return Seed(
        memory=memory,
        threads=threads,
        opened=tuple(listed),
        held=await opened.past_waiting(at=at),
    )


def sides(stored: StoredRuleset | None, rules: Path | None) -> tuple[Named, Named]:
    """The rules in force, else those that RULES names; and the new ones. Ends the command when
    there is nothing to compare."""
    path = rules_path()
    new = Named(name=str(rules) if rules else "working tree", ruleset=loaded(rules or path))
    if stored is None:
        if rules is None:
            fail("no rules are in force yet to compare with; name the new ones with --rules FILE")
        return Named(name=str(path), ruleset=loaded(path)), new
    try:
        old = load(stored.files, stored.entry)
    except RulesError as error:
        fail(f"the rules in force do not load in this version: {error}")
    return Named(name=f"{stored.entry}@{stored.hash[:6]}", ruleset=old), new


# -- from files -----------------------------------------------------------------------------


def _from_files(manifest: Path, rules: Path | None, wanted: Wanted) -> Report:
    if rules is None:
        fail("with --manifest, name the new rules with --rules FILE; the old are those of RULES")
    path = rules_path()
    old, new = (Named(name=str(one), ruleset=loaded(one)) for one in (path, rules))
    test = Backtest(old.ruleset, new.ruleset, rule=wanted.rule, project=wanted.project)
    started = perf_counter()
    lines = _lines(manifest)
    last = None
    with bar(len(lines)) as went:
        for number, line in enumerate(lines):
            one = _line(manifest, number, line, last)
            last = one.received_at
            test.feed(one)
            went(number + 1)
    if last is not None:
        test.advance(last)
    span = test.last - test.first if test.first and test.last else timedelta()
    return _report(test, (old, new), wanted, span=span, took_s=perf_counter() - started)


def _lines(manifest: Path) -> list[tuple[int, str]]:
    try:
        text = manifest.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{manifest}: {getattr(error, 'strerror', None) or error}")
    return [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]


def _line(manifest: Path, number: int, line: tuple[int, str], last: datetime | None) -> Recorded:
    try:
        raw = json.loads(line[1])
        headers = {str(key).lower(): str(value) for key, value in raw["headers"].items()}
        body = (manifest.parent / raw["file"]).read_bytes()
        told = raw.get("received_at")
        received_at = datetime.fromisoformat(told) if told is not None else _after(last)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        fail(f"{manifest}:{line[0]}: not an object with `file` and `headers` ({error})")
    source = _source(headers)
    head = f"{source.instance}\n{source.event}\n".encode()
    return Recorded(
        id=DeliveryId(f"{manifest.name}-{number + 1}"),
        source=source,
        body=body,
        received_at=received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC),
        hook="shared",
        content=hashlib.sha256(head + body).hexdigest(),
    )


def _after(last: datetime | None) -> datetime:
    return last + _STEP if last is not None else _START


def _source(headers: Mapping[str, str]) -> Source:
    for forge, header in _EVENT_HEADERS.items():
        if header in headers:
            return Source(forge=forge, instance=forge, event=headers[header])
    return Source(forge="gitlab", instance="gitlab", event="")


def _report(test: Backtest, both: tuple[Named, Named], wanted: Wanted, **more: Any) -> Report:
    old, new = both
    return Report(
        tally=test.tally,
        old=old.ruleset,
        new=new.ruleset,
        old_name=old.name,
        new_name=new.name,
        zone=ZoneInfo(new.ruleset.timezone),
        rule=wanted.rule,
        **more,
    )
