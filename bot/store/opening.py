"""Opening the store that DATABASE_URL names."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.errors import ConfigError
from bot.store import canary, sqlite
from bot.store.store import Store
from bot.store.vault import Vault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bot.store.engine import Backend

#: Between two looks at how far a copy has come.
_LOOK_S: Final = 0.2


@contextlib.asynccontextmanager
async def open_store(
    database_url: str, *, secret_key: str | None, exclusive: bool = True
) -> AsyncIterator[Store]:
    """`exclusive`: this process runs the lanes, as one process may on SQLite; without it others
    may run beside it. Raises ConfigError (a wrong key, tables of another version, a second
    process) or StoreError (no answer)."""
    backend: AbstractAsyncContextManager[Backend]
    if database_url.startswith("sqlite:"):
        path = sqlite.path_of(database_url)
        backend = sqlite.open_sqlite(path, exclusive=exclusive)
    else:
        from bot.store import postgres  # with its driver: a bot on SQLite has no use for them

        path = None
        backend = postgres.open_postgres(database_url)
    async with backend as opened:
        vault = Vault(await asyncio.to_thread(_keys, secret_key, path))
        await opened.write(partial(canary.check_key, vault=vault))
        yield Store(opened, vault)


async def migrate(database_url: str) -> None:
    """Makes the tables, or brings them up to this version."""
    if database_url.startswith("sqlite:"):
        await asyncio.to_thread(sqlite.upgrade_file, sqlite.path_of(database_url))
    else:
        from bot.store import postgres

        await postgres.upgrade_server(database_url)


async def roll_back(database_url: str, *, to: str) -> None:
    """Back to the tables of an older version, while no bot runs."""
    if database_url.startswith("sqlite:"):
        await asyncio.to_thread(sqlite.roll_back_file, sqlite.path_of(database_url), to=to)
    else:
        from bot.store import postgres

        await postgres.roll_back_server(database_url, to=to)


async def copy(
    database_url: str, to: Path, *, copied: Callable[[int, int], None] = lambda _done, _whole: None
) -> None:
    """A backup, while a bot runs; of SQLite only. `copied` is told how many bytes of how many."""
    if not database_url.startswith("sqlite:"):
        raise ConfigError(["DATABASE_URL: back PostgreSQL up with pg_dump, and keep SECRET_KEY"])
    path, draft = sqlite.path_of(database_url), to.with_name(f"{to.name}.{secrets.token_hex(4)}")
    whole = path.stat().st_size if path.exists() else 0
    loop = asyncio.get_running_loop()
    copying = loop.run_in_executor(None, sqlite.copy_file, path, to, draft)
    while not copying.done():
        await asyncio.wait([copying], timeout=_LOOK_S)
        with contextlib.suppress(OSError):
            copied(draft.stat().st_size, whole)
    await copying


def _keys(secret_key: str | None, path: Path | None) -> Sequence[str]:
    """What to encrypt with, then what else may have been used: after a change of SECRET_KEY the
    old one follows it behind a comma, and the key beside a SQLite file is still known."""
    keys = [part.strip() for part in (secret_key or "").split(",") if part.strip()]
    if path is not None:
        beside = sqlite.existing_key(path) if keys else sqlite.kept_key(path)
        keys += [part.strip() for part in (beside or "").split(",") if part.strip()]
    if not keys:
        raise ConfigError(
            ["SECRET_KEY: needed with PostgreSQL, the same for every process of the bot"]
        )
    return keys
