"""Disks that fail under a running bot, and how it tells of them."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import subprocess
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.e2e.running import Place, Process

WRITES: Final = "pwrite64,pwritev,write,ftruncate"
_STEPS: Final = (1 << 20, 1 << 16, 1 << 12, 1)
#: Between two looks at whether there is room again.
_LOOK_S: Final = 0.05


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory that is really full, or really read-only."""

    folder: Path

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """To the last byte, also when something is given back meanwhile."""
        filler = self.folder / "filler"
        filling = asyncio.ensure_future(self._keep_full(filler))
        try:
            yield
        finally:
            filling.cancel()
            await asyncio.wait([filling])
            filler.unlink()

    async def _keep_full(self, filler: Path) -> None:
        with filler.open("wb", buffering=0) as file:
            while True:
                _fill(file.fileno())
                await asyncio.sleep(_LOOK_S)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """While nobody has a file of it open for writing."""
        _run("mount", "-o", "remount,ro", str(self.folder))
        try:
            yield
        finally:
            _run("mount", "-o", "remount,rw", str(self.folder))


def _fill(file: int) -> None:
    for size in _STEPS:
        try:
            while True:
                os.write(file, bytes(size))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", str(folder))


@cache
def unmountable() -> str | None:
    """Why no disk can be mounted here; None when one can."""
    with TemporaryDirectory(prefix="bot-mount-") as folder:
        tried = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        try:
            _run(*tried)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no tmpfs can be mounted here: {error}"
        _run("umount", folder)
    return None


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another program writes in the database, and does not come to an end."""
    with closing(sqlite3.connect(place.database, isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()


def log_of(place: Place) -> Path:
    return place.database.with_name(f"{place.database.name}-wal")


def check(place: Place) -> None:
    with closing(sqlite3.connect(place.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def told(bot: Process) -> bool:
    """By the page that load balancers ask, and by the log; it goes on running."""
    return (
        await status_of(bot, "/readyz") == 503
        and await status_of(bot, "/healthz") == 200
        and bool(bot.events("delivery not stored"))
    )


async def status_of(bot: Process, path: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}{path}") as answer:
        return answer.status


async def text_of(bot: Process, path: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}{path}") as answer:
        return await answer.text()
