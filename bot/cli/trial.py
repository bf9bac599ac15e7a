"""`bot try`: other rules in the shadow of the live ones for a while; nothing of them is sent."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from bot.cli.bar import bar
from bot.cli.environment import FAULTS, fail
from bot.cli.rules import loaded
from bot.cli.running import run_cli, store
from bot.errors import RulesError
from bot.rules.comparison import Tally
from bot.rules.comparison_text import Report, as_json, as_text
from bot.rules.load import includes_of, load
from bot.rules.times import duration
from bot.worker.rulebook import snapshot
from bot.worker.shadow import COUNTS, FILES, TRIAL, Trial

if TYPE_CHECKING:
    from bot.store import Store

_POLL_S: Final = 1.0
#: A running bot looks for trials more often than this.
_TAKEN_S: Final = 10
_LONGEST: Final = timedelta(days=14)


def register(app: typer.Typer) -> None:
    app.command("try")(try_rules)


def try_rules(
    file: Annotated[Path | None, typer.Argument(help="The rules to try.")] = None,
    long: Annotated[str, typer.Option("--for", help="`90m`, `2h`, at most 14d.")] = "2h",
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    report: Annotated[bool, typer.Option("--report", help="What came of it so far.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End it now, and report.")] = False,
    as_one: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
) -> None:
    """Run a changed rules file beside the live one in the running bot, and show the difference.

    Nothing of it is sent and no forge is asked; it goes on when the bot or this command restarts.
    What waits for a batch or its hours counts as if it were sent at once, on both sides.
    """
    if (file is None) == (not (report or stop)):
        fail("name a FILE to try, or --report or --stop for the trial there is")
    length = duration(long)
    if length is None or not timedelta() < length <= _LONGEST:
        fail(f"--for {long}: a duration of at most 14d, such as `2h`")

    async def main() -> None:
        async with store() as opened:
            if file is not None:
                trial = await _begin(opened, file, length)
                typer.echo(f"Trying {file} until {trial.until:%d %b %H:%M} UTC.", err=True)
                if detach:
                    return
                await _wait(opened, trial)
            elif stop:
                await _end(opened)
            await _show(opened, as_one=as_one)

    try:
        run_cli(main())
    except KeyboardInterrupt:
        typer.echo("The trial goes on: `bot try --report` shows it, `bot try --stop` ends it.")


async def _begin(opened: Store, file: Path, length: timedelta) -> Trial:
    loaded(file)  # its faults end the command
    taken = snapshot(file, includes_of)
    if await opened.active_ruleset() is None:
        fail("no rules are in force to compare with; start the bot first", code=FAULTS)
    now = datetime.now(UTC)
    running = await _trial(opened)
    if running is not None and running.until > now:
        fail(f"{running.name} is being tried; end that with `bot try --stop`", code=FAULTS)
    trial = Trial(
        id=secrets.token_hex(6), name=str(file), entry=taken.entry, since=now, until=now + length
    )
    await opened.forget_notes(COUNTS)
    await opened.set_meta(FILES, dict(taken.files))
    await opened.set_meta(TRIAL, trial.dump())
    return trial


async def _wait(opened: Store, trial: Trial) -> None:
    total = int((trial.until - trial.since).total_seconds())
    told = False
    with bar(total) as went:
        while (now := datetime.now(UTC)) < trial.until:
            gone = int((now - trial.since).total_seconds())
            went(gone)
            if gone > _TAKEN_S and not told:
                told = True
                if not await opened.notes(f"{COUNTS}{trial.id}:"):
                    typer.echo("No running bot has taken it up yet; is one running?", err=True)
            current = await _trial(opened)
            if current is None or current.id != trial.id:
                fail("another trial took its place", code=FAULTS)
            trial = current
            await asyncio.sleep(min(_POLL_S, max(0.0, (trial.until - now).total_seconds())))
    # The workers keep their last counts when they see that it is over.
    await asyncio.sleep(3 * _POLL_S)


async def _end(opened: Store) -> None:
    trial = await _trial(opened)
    if trial is None:
        fail("nothing is being tried", code=FAULTS)
    now = datetime.now(UTC)
    if trial.until > now:
        await opened.set_meta(TRIAL, replace(trial, until=now).dump())
        await asyncio.sleep(3 * _POLL_S)


async def _trial(opened: Store) -> Trial | None:
    raw = await opened.get_meta(TRIAL)
    return Trial.load(raw) if raw is not None else None


async def _show(opened: Store, *, as_one: bool) -> None:
    trial = await _trial(opened)
    stored = await opened.active_ruleset()
    if trial is None or stored is None:
        fail("nothing was tried yet; `bot try FILE --for 2h`", code=FAULTS)
    tally = Tally()
    for counted in (await opened.notes(f"{COUNTS}{trial.id}:")).values():
        tally.join(Tally.load(counted))
    try:
        old = load(stored.files, stored.entry)
        new = load(await opened.get_meta(FILES), trial.entry)
    except RulesError as error:
        fail(f"the rules do not load in this version: {error}")
    names = {channel: name for name, channel in (await opened.channel_ids()).items()}
    made = Report(
        tally=tally,
        old=old,
        new=new,
        old_name=f"{stored.entry}@{stored.hash[:6]}",
        new_name=trial.name,
        span=min(trial.until, datetime.now(UTC)) - trial.since,
        took_s=None,
        zone=ZoneInfo(new.timezone),
        names=names.get,
    )
    typer.echo(json.dumps(as_json(made), ensure_ascii=False) if as_one else as_text(made))
