"""`bot doctor`: what is well, what may be meant so, what needs a hand, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from bot.cli.environment import FAULTS, settings
from bot.cli.rows import AsJson
from bot.cli.running import run_cli, store
from bot.cli.weak import Finding, weak
from bot.errors import BotError, RulesError
from bot.waiting import HOOKS_OFF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.config import Settings
    from bot.model import Fault, HookRecord
    from bot.people import Unknown
    from bot.store import Store
    from bot.waiting import Backlog

_MARKS: Final = {True: "✓", False: "✗", None: "·"}
_WORDS: Final = {True: "good", False: "fault", None: "note"}
#: As many are named.
_NAMED: Final = 10
_LATE: Final = timedelta(minutes=2)
_LITTLE_ROOM: Final = 1_000_000_000
_PATIENCE_S: Final = 3.0


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Look at the settings, the rules, the database and what waits; say what needs a hand."""
    current = settings()
    readable: Finding = (True, "settings: readable")
    found = [readable, *weak(current), *_rules(current), *_slack(current), _running(current)]

    async def look() -> None:
        found.extend(await _database(current))

    run_cli(look())
    for good, what in found:
        line = {"level": _WORDS[good], "text": what}
        typer.echo(json.dumps(line, ensure_ascii=False) if as_json else f"{_MARKS[good]} {what}")
    ill = sum(good is False for good, _ in found)
    if not as_json:
        typer.echo(_last(ill))
    if ill:
        raise typer.Exit(FAULTS)


def _last(ill: int) -> str:
    if not ill:
        return "\nNothing needs a hand. `bot send push` tries the whole way with a sample."
    things = "One thing needs" if ill == 1 else f"{ill} things need"
    return f"\n{things} a hand, marked ✗. What each means: docs/operations.md."


def _rules(current: Settings) -> list[Finding]:
    from bot.rules.load import includes_of, load
    from bot.worker.rulebook import snapshot

    try:
        taken = snapshot(Path(current.rules), includes_of)
        ruleset = load(taken.files, taken.entry)
    except RulesError as error:
        return [(False, f"rules: {fault}") for fault in error.faults]
    good: Finding = (True, f"rules: {len(ruleset.rules)} in {current.rules}")
    return [good, *((None, f"rules: {warning}") for warning in ruleset.warnings)]


def _slack(current: Settings) -> list[Finding]:
    found: list[Finding] = []
    if current.preview:
        found.append((None, "Slack: preview, no SLACK_BOT_TOKEN is set"))
    elif not current.bot_admins:
        found.append((False, "BOT_ADMINS is empty: nobody may change hooks from Slack"))
    if current.public_url is None:
        found.append((None, "PUBLIC_URL is not set: `/hook add` cannot make hooks"))
    if current.page_closed:
        found.append((None, "CONSOLE_TOKEN is not set: with a PUBLIC_URL the page is closed"))
    return found


def _running(current: Settings) -> Finding:
    """Whether a bot answers where these settings put one."""
    host = current.host if current.host not in {"0.0.0.0", "::", ""} else "127.0.0.1"  # noqa: S104 - compared
    address = f"http://{f'[{host}]' if ':' in host else host}:{current.port}/readyz"
    # No proxy of the environment stands between a machine and itself.
    asking = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with asking.open(address, timeout=_PATIENCE_S) as answer:
            told = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return (
            False,
            f"the bot at {address} is not ready: {error.read(200).decode(errors='replace')}",
        )
    except (OSError, ValueError):
        return (None, f"no bot answers at {address}: `bot run` starts one")
    return (told.get("rules") == "ok", f"the bot at {address} is ready, rules: {told.get('rules')}")


async def _database(current: Settings) -> list[Finding]:
    try:
        async with store() as opened:
            await opened.probe()
            engine = current.database_url.partition("://")[0]
            return [
                (True, f"database: {engine}, writable"),
                *await asyncio.to_thread(lambda: list(_room(current))),
                *_faults(await opened.rules_faults()),
                *_waiting(await opened.backlog()),
                *await _failed(opened),
                *_hooks(await opened.hooks(), await opened.get_meta(HOOKS_OFF)),
                *_unknown(await opened.unknown_people(limit=_NAMED)),
            ]
    except BotError as error:
        return [(False, f"database: {error}")]


def _room(current: Settings) -> Iterator[Finding]:
    from bot.store.sqlite import path_of

    if current.postgres:
        return
    path = path_of(current.database_url)
    size = path.stat().st_size / 1e6 if path.exists() else 0.0
    free = shutil.disk_usage(path.parent).free
    kept = f"{current.retention_days} days" if current.retention_days else "everything"
    text = f"disk: {path} has {size:,.0f} MB and keeps {kept}; {free / 1e9:,.1f} GB are free"
    little = free < _LITTLE_ROOM
    yield (not little, f"{text}: free some, or lower RETENTION_DAYS" if little else text)


def _faults(faults: Sequence[Fault]) -> Iterator[Finding]:
    if faults:
        yield (
            False,
            f"rules: a worker read a file that does not load ({faults[0]}); the last good rules"
            " run: `bot check` there",
        )


def _waiting(backlog: Backlog) -> Iterator[Finding]:
    now = datetime.now(UTC)
    for count, since, what in (
        (backlog.deliveries, backlog.deliveries_since, "deliveries wait to be decided"),
        (backlog.outbox, backlog.outbox_since, "actions wait to be sent"),
        (backlog.jobs, backlog.jobs_since, "commands wait"),
    ):
        if since is None:
            continue
        late = now - since > _LATE
        age = f"the oldest for {(now - since).total_seconds():,.0f} s"
        advice = "; does a worker run? `bot outbox list` shows actions" if late else ""
        yield (False if late else None, f"{count} {what}, {age}{advice}")
    if not backlog.deliveries + backlog.outbox + backlog.jobs:
        yield (True, "nothing waits")
    if backlog.dead:
        yield (
            False,
            f"given up: {backlog.dead}; `bot outbox list --state dead` says why,"
            " `bot outbox retry --all` tries again",
        )
    else:
        yield (True, "nothing was given up")


async def _failed(opened: Store) -> list[Finding]:
    failed = await opened.list_deliveries(limit=_NAMED, status="failed")
    if not failed:
        return []
    many = f"{len(failed)} or more" if len(failed) == _NAMED else f"{len(failed)}"
    return [
        (
            False,
            f"{many} deliveries could not be decided, the last {failed[0].id}:"
            " `bot deliveries list --status failed`, then `bot deliveries replay`",
        )
    ]


def _hooks(hooks: Sequence[HookRecord], off: object) -> Iterator[Finding]:
    yield (True, f"hooks: {len(hooks)}")
    silent = set(off) if isinstance(off, list) else set()
    named = sorted(one.project for one in hooks if one.id in silent)
    if named:
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        yield (
            False,
            f"hooks of {', '.join(named[:_NAMED])}{more} are switched off or gone at the forge:"
            " `bot hook test PROJECT`, or `bot hook sync`",
        )
    unproved = sum(one.status == "proving" for one in hooks)
    if unproved:
        yield (None, f"{unproved} hooks wait for their first delivery: `bot hook list`")


def _unknown(people: Sequence[Unknown]) -> list[Finding]:
    """Whom rules wanted to mention."""
    if not people:
        return []
    names = ", ".join(f"{one.username} at {one.instance} ({one.times}×)" for one in people)
    more = " and more" if len(people) == _NAMED else ""
    return [
        (
            None,
            f"people: rules wanted to mention {names}{more}, and nobody knows who they are in"
            " Slack; they can `/hook link`, or name them under `people:`",
        )
    ]
