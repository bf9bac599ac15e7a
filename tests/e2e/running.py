"""Runs the bot as processes of its own, with nothing of this machine's settings in them."""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp
import asyncpg
from typer.testing import CliRunner

from bot.cli.app import app
from bot.events.samples import sample
from tests.e2e.child import become
from tests.ports import free_port
from tests.waiting import PATIENCE_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from multiprocessing.context import ForkServerProcess

    from tests.fakes.slack_server import FakeSlack

REPOSITORY: Final = Path(__file__).parents[2]
SECRET: Final = "a-secret-for-hooks-made-by-hand"
#: Each process is forked from one that has imported the bot already.
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.e2e.child"])
KEY: Final = "a-key-for-the-tests-of-whole-processes"

RULES: Final = """\
version: 1
channels: {dev: "#dev", ci: "#ci"}
rules:
  - name: pushes
    on: push
    post: dev
"""


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


class Log:
    """A file of lines that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: list[str] = []
        self._read = 0

    def lines(self) -> list[str]:
        """Those that are whole."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
            fresh = fresh[: fresh.rfind(b"\n") + 1]
            self._read += len(fresh)
            self._lines += fresh.decode(errors="replace").splitlines()
        return self._lines


class Spawned:
    """`python -m bot WORDS`, started as a person does: with its imports still to make."""

    def __init__(self, words: Sequence[str], environ: dict[str, str], folder: Path) -> None:
        self._words, self._environ, self._folder = words, environ, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, out: Path, err: Path) -> Self:
        with out.open("wb") as told, err.open("wb") as logged:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", *self._words],
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=logged,
            )
        return self

    @property
    def exitcode(self) -> int | None:
        return self._popen.poll()

    @property
    def pid(self) -> int | None:
        return self._popen.pid

    def kill(self) -> None:
        self._popen.kill()

    def terminate(self) -> None:
        self._popen.terminate()

    @property
    def _popen(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was not started"
        return self._process


class Process:
    """One `bot …` that runs."""

    def __init__(self, process: ForkServerProcess | Spawned, out: Path, err: Path) -> None:
        self._process = process
        self.began = time.monotonic()
        self._out = Log(out)
        self._err = Log(err)
        self._url: str | None = None

    @property
    def url(self) -> str:
        assert self._url is not None, "it does not listen"
        return self._url

    @property
    def running(self) -> bool:
        return self._process.exitcode is None

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def log(self) -> list[str]:
        return self._err.lines()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Lines of its log of that event; LOG_FORMAT is json."""
        return [line for line in self._objects() if line.get("event") == name]

    def errors(self) -> list[dict[str, Any]]:
        """Lines of its log at that level."""
        return [line for line in self._objects() if line.get("level") in {"error", "critical"}]

    def _objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log() if line.startswith("{")]

    async def started(self) -> None:
        def ready() -> bool:
            for line in self.log():
                found = re.match(r"Listening on (http://\S+)", line)
                if found is not None:
                    self._url = found.group(1)
            there = bool(self.events("started"))
            return not self.running or (there and (self._url is not None or self._is_worker()))

        await until(ready, "the bot starts")
        assert self.running, f"ended at its start:\n{self.text()}"

    def _is_worker(self) -> bool:
        return any(line["address"] is None for line in self.events("started"))

    def text(self) -> str:
        return "\n".join([*self._out.lines(), *self.log()])

    async def kill(self) -> None:
        """As the kernel does it: no warning, no last word."""
        self._process.kill()
        await self.ended()

    async def terminate(self) -> int:
        self._process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        await until(lambda: not self.running, "the process ends")
        assert self._process.exitcode is not None
        return self._process.exitcode


@dataclass
class Place:
    """A directory with rules, and the settings of the processes that run in it."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    #: Processes make their imports anew, as outside of tests.
    fresh: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def rules(self) -> Path:
        return self.folder / "rules.yaml"

    @property
    def database(self) -> Path:
        return self.folder / "var" / "bot.db"

    def reached_by(self, **settings: str) -> None:
        """A forge, of these settings, can call its processes back."""
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        self.settings |= {"PORT": f"{port}", "PUBLIC_URL": address, **settings}

    async def expire_leases(self) -> None:
        """The time after which the lanes and jobs of a dead process are free is over."""
        # What a living process is just changing is its own affair, and is not waited for.
        held = "lease_until IS NOT NULL FOR UPDATE SKIP LOCKED"
        conn = await asyncpg.connect(self.settings["DATABASE_URL"])
        try:
            for table in ("lanes", "jobs"):
                rows = f"SELECT ctid FROM {table} WHERE {held}"  # noqa: S608 - two fixed names
                await conn.execute(f"UPDATE {table} SET lease_until = 0 WHERE ctid IN ({rows})")  # noqa: S608
        finally:
            await conn.close()

    @asynccontextmanager
    async def bot(self, *words: str, **settings: str) -> AsyncIterator[Process]:
        """A running `bot run` (or what the words say), started; killed at the end if need be."""
        number = next(self._numbers)
        out, err = (self.folder / f"{number}.{name}" for name in ("out", "err"))
        environ = bare_environment() | self.settings | settings
        process = Process(self._started(words or ("run",), environ, out, err), out, err)
        try:
            await process.started()
            yield process
        except BaseException:
            print(process.text()[-20_000:])  # noqa: T201 - shown with the test's failure
            raise
        finally:
            if process.running:
                await process.kill()

    def _started(
        self, words: Sequence[str], environ: dict[str, str], out: Path, err: Path
    ) -> ForkServerProcess | Spawned:
        if self.fresh:
            return Spawned(words, environ, self.folder).start(out, err)
        arguments = (words, environ, str(self.folder), str(out), str(err))
        forked = _FORKS.Process(target=become, args=arguments)
        forked.start()
        return forked

    async def command(self, *words: str, **settings: str) -> Ended:
        """A short command, in this process: starting another one takes longer than the command."""
        given: dict[str, str | None] = dict.fromkeys(os.environ)
        given |= bare_environment() | self.settings | settings
        try:
            result = await asyncio.to_thread(CliRunner().invoke, app, words, env=given)
        finally:
            # A bot that begins to run switches it off until it has begun.
            gc.enable()
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    async def run(self, *words: str, **settings: str) -> Ended:
        """A command that ends by itself: `python -m bot WORDS`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", *words),
            cwd=self.folder,
            env=bare_environment() | self.settings | settings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, err = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        return Ended(process.returncode or 0, out.decode(), err.decode())


def bare_environment() -> dict[str, str]:
    """Enough to run Python, and no setting of any bot."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(REPOSITORY),
        "PORT": "0",
        "LOG_FORMAT": "json",
        "WEBHOOK_SECRET": SECRET,
        "CHANNEL_GAP_S": "0",
        "COLUMNS": "200",
    }


def slack_settings(slack: FakeSlack) -> dict[str, str]:
    return {
        "SLACK_API_URL": slack.url,
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "BOT_ADMINS": "U0ALICE",
    }


class Sender:
    """Sends deliveries as GitLab does, and again until they are acknowledged."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.acknowledged: list[int] = []

    async def send(
        self,
        url: str,
        name: str = "push",
        *,
        key: str,
        secret: str = SECRET,
        hook: str = "",
        **overrides: Any,
    ) -> int:
        """The status of the answer; 0 when there was none. `hook`: one with a path of its own."""
        headers, body = sample(name, overrides=overrides)
        signed = {
            **headers,
            "Content-Type": "application/json",
            "X-Gitlab-Token": secret,
            "Idempotency-Key": key,
        }
        try:
            address = f"{url}/hooks/gitlab/{hook}".rstrip("/")
            request = self._session.post(address, data=body, headers=signed)
            async with request as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    async def number(self, url: str, number: int) -> bool:
        """Push number `number`, told by its commit's title; whether it was acknowledged."""
        status = await self.send(url, key=f"key {number}", **titled(number))
        if status == _ACCEPTED:
            self.acknowledged.append(number)
        return status == _ACCEPTED


def titled(number: int) -> dict[str, Any]:
    """Overrides of a sample push that make its message say `number N.`."""
    return {"branch": f"number-{number}-"}


def numbers(slack: FakeSlack, channel: str = "dev") -> list[int]:
    """The numbers of the pushes posted, in the channel's order."""
    texts = slack.texts(channel)
    return [int(found.group(1)) for text in texts if (found := re.search(r"number-(\d+)-", text))]


_ACCEPTED: Final = 202


@asynccontextmanager
async def sender() -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session:
        yield Sender(session)
