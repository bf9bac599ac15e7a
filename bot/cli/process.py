"""A process of the bot from its settings to a signal. Without typer: a start has no use for it."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot.cli.environment import BAD_USE, fail, settings
from bot.errors import BotError, RulesError

if TYPE_CHECKING:
    from bot.app import Running
    from bot.config import Settings

T = TypeVar("T")

#: `bot.app.Role` by the words of the command line.
ROLES: Final = ("run", "web", "worker")
#: After the start, all that it read is counted as what stays.
_SOON_S: Final = 2.0


def serve(role: str) -> None:
    """Runs one of the `ROLES` until SIGTERM or Ctrl-C."""
    # What is read at the start stays: looking for garbage in it takes a tenth of that time.
    gc.disable()
    _read_without("rich", "structlog")
    from bot.app import Role
    from bot.app import serve as run

    current = settings()
    logs_of(current)

    async def main() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        await run(current, Role(role), stop=stop, started=_started)

    reporting(main())


def _read_without(what: str, name: str) -> None:
    """Reads the module `name`, for which `what` is not there: structlog would draw tracebacks with
    rich, which ours never are, and rich is a tenth of a start."""
    if what not in sys.modules and name not in sys.modules:
        sys.modules[what] = None  # type: ignore[assignment]  # how Python says that it is not there
        try:
            import_module(name)
        finally:
            del sys.modules[what]


async def _started(running: Running) -> None:
    if running.address is not None:
        _say(f"Listening on {running.address}")
    if running.preview:
        _say("Preview: no SLACK_BOT_TOKEN is set, so messages are shown on that page instead.")
    if running.page_closed:
        _say("The page is closed: with a PUBLIC_URL it takes a CONSOLE_TOKEN to open it.")
    # Not now: the first delivery may be waiting already.
    asyncio.get_running_loop().call_later(_SOON_S, settle_down)


def settle_down() -> None:
    """For a process that runs long."""
    # What is loaded by now stays: looking through it for garbage, even once, is no use.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and Ctrl-C end the bot orderly."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine on the fastest loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def reporting(main: Coroutine[Any, Any, None]) -> None:
    """Runs it; a start-up fault ends the command with its text, not with a traceback."""
    try:
        run_async(main)
    except RulesError as error:
        from bot.rules.faults import as_text

        _say("bot: the rules do not load, and there were never good ones:")
        _say(as_text(error.faults, error.sources))
        raise SystemExit(BAD_USE) from None
    except BotError as error:
        fail(error)
    except BaseExceptionGroup as group:
        known = group.subgroup(BotError)
        rest = group.split(BotError)[1]
        if rest is not None or known is None:
            raise
        fail("; ".join(str(error) for error in known.exceptions))


def logs_of(current: Settings) -> None:
    from bot import logs

    logs.set_up(level=current.log_level, style=current.log_format)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
