"""Runs the bot as processes of its own, with nothing of this machine's settings in them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import asyncpg
from typer.testing import CliRunner

from bot.cli import app
from bot.events.samples import sample
from tests.waiting import PATIENCE_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.fakes.slack_server import FakeSlack

REPOSITORY: Final = Path(__file__).parents[2]
SECRET: Final = "a-secret-for-hooks-made-by-hand"
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


class Process:
    """One `bot …` that runs; its output is read as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._url: str | None = None

    @property
    def url(self) -> str:
        assert self._url is not None, "it does not listen"
        return self._url

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def events(self, name: str) -> list[dict[str, Any]]:
        """Lines of its log of that event; LOG_FORMAT is json."""
        lines = [json.loads(line) for line in self.err if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]

    async def started(self) -> None:
        def ready() -> bool:
            for line in self.err:
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
        return "".join([*self.out, *self.err])

    async def kill(self) -> None:
        """As the kernel does it: no warning, no last word."""
        self._process.kill()
        await self.ended()

    async def terminate(self) -> int:
        self._process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()

    async def read(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        async with asyncio.TaskGroup() as group:
            group.create_task(_lines(self._process.stdout, self.out))
            group.create_task(_lines(self._process.stderr, self.err))


async def _lines(stream: asyncio.StreamReader, into: list[str]) -> None:
    while line := await stream.readline():
        into.append(line.decode(errors="replace"))


@dataclass
class Place:
    """A directory with rules, and the settings of the processes that run in it."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def rules(self) -> Path:
        return self.folder / "rules.yaml"

    @property
    def database(self) -> Path:
        return self.folder / "var" / "bot.db"

    async def expire_leases(self) -> None:
        """The time after which the lanes and jobs of a dead process are free is over."""
        past = "lease_until = 0 WHERE lease_until IS NOT NULL"
        conn = await asyncpg.connect(self.settings["DATABASE_URL"])
        try:
            for table in ("lanes", "jobs"):
                await conn.execute(f"UPDATE {table} SET {past}")  # noqa: S608 - two fixed names
        finally:
            await conn.close()

    @asynccontextmanager
    async def bot(self, *words: str, **settings: str) -> AsyncIterator[Process]:
        """A running `bot run` (or what the words say), started; killed at the end if need be."""
        process = Process(await self._spawn(*(words or ("run",)), settings=settings))
        async with asyncio.TaskGroup() as group:
            group.create_task(process.read())
            try:
                await process.started()
                yield process
            except BaseException:
                print(process.text()[-20_000:])  # noqa: T201 - shown with the test's failure
                raise
            finally:
                if process.running:
                    await process.kill()

    async def command(self, *words: str, **settings: str) -> Ended:
        """A short command, in this process: starting another one takes longer than the command."""
        given: dict[str, str | None] = dict.fromkeys(os.environ)
        given |= bare_environment() | self.settings | settings
        result = await asyncio.to_thread(CliRunner().invoke, app, words, env=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    async def run(self, *words: str, **settings: str) -> Ended:
        """A command that ends by itself."""
        process = await self._spawn(*words, settings=settings)
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, err = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        return Ended(process.returncode or 0, out.decode(), err.decode())

    async def _spawn(self, *words: str, settings: Mapping[str, str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", *words),
            cwd=self.folder,
            env={**bare_environment(), **self.settings, **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )


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
        self, url: str, name: str = "push", *, key: str, secret: str = SECRET, **overrides: Any
    ) -> int:
        """The status of the answer; 0 when there was none."""
        headers, body = sample(name, overrides=overrides)
        signed = {
            **headers,
            "Content-Type": "application/json",
            "X-Gitlab-Token": secret,
            "Idempotency-Key": key,
        }
        try:
            request = self._session.post(f"{url}/hooks/gitlab", data=body, headers=signed)
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
