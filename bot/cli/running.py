"""How a command runs: its loop, and the store beside a running bot."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from bot.cli.environment import fail, settings
from bot.cli.process import run_async
from bot.errors import BotError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from bot.store import Store

T = TypeVar("T")


@asynccontextmanager
async def store() -> AsyncIterator[Store]:
    """The store beside a running bot: reads freely, writes only short rows."""
    from bot.store import open_store  # with its driver, which takes longer than all of `--help`

    current = settings()
    key = current.secret_key.reveal() if current.secret_key is not None else None
    async with open_store(current.database_url, secret_key=key, exclusive=False) as opened:
        yield opened


def run_cli(main: Coroutine[Any, Any, T]) -> T:
    """Runs a command; an error of ours ends it with its text."""
    try:
        return run_async(main)
    except BotError as error:
        fail(error)
