"""The system calls of a running process, told by strace."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

#: `1764459000.123456 pwrite64(7</tmp/bot.db-wal>, "…"…, 4096, 0) = 4096 <0.000021>`
_LINE: Final = re.compile(
    r"(?P<at>\d+\.\d+) (?P<name>\w+)\((?P<given>.*)\) += (?P<result>-?\d+|\?)"
    r".*<(?P<took>\d+\.\d+)>$"
)
_TARGET: Final = re.compile(r"\d+<(?P<target>.*?)>(?:, |$)")


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    #: The file or socket of its first argument; empty when that is none.
    target: str
    given: str
    result: int
    began: float
    ended: float


@cache
def impossible() -> str | None:
    """Why no process can be traced here; None when one can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return (
        None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.decode()!r}"
    )


class Trace:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def calls(self) -> list[Call]:
        """Of all threads, in the order they began."""
        found = [call for file in self._folder.iterdir() for call in _read(file)]
        return sorted(found, key=lambda call: call.began)


@asynccontextmanager
async def traced(pid: int, folder: Path, *names: str) -> AsyncIterator[Trace]:
    """What that process, with all its threads, calls of these while the context lasts."""
    await asyncio.to_thread(folder.mkdir)
    options = ["-ff", "-ttt", "-T", "-y", "-s", "40000", "-e", f"trace={','.join(names)}"]
    async with _strace(pid, *options, "-o", str(folder / "t")):
        yield Trace(folder)


@asynccontextmanager
async def injected(pid: int, fault: str, *files: Path) -> AsyncIterator[None]:
    """Its calls fail as `fault` says (`write:error=ENOSPC`) when they are about these files."""
    about = [word for file in files for word in ("-P", str(file))]
    trace = f"trace={fault.partition(':')[0]}"
    async with _strace(pid, "-e", trace, "-e", f"inject={fault}", *about, "-o", "/dev/null"):
        yield


@asynccontextmanager
async def _strace(pid: int, *options: str) -> AsyncIterator[None]:
    command = ["strace", "-f", "-q", "-e", "signal=none", *options, "-p", str(pid)]
    strace = await asyncio.create_subprocess_exec(*command)

    def attached() -> bool:
        assert strace.returncode is None, "strace ended"
        status = [f"/proc/{pid}/task/{task}/status" for task in _tasks(pid)]
        return all(f"TracerPid:\t{strace.pid}\n" in _text(path) for path in status)

    try:
        await until(attached, "strace looks on")
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        await strace.wait()


def _tasks(pid: int) -> list[str]:
    return [each.name for each in Path(f"/proc/{pid}/task").iterdir()]


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:  # the thread is gone
        return ""


def _read(file: Path) -> Iterator[Call]:
    for line in file.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue  # cut off by the end of the trace
        target = _TARGET.match(match["given"])
        began, result = float(match["at"]), match["result"]
        yield Call(
            name=match["name"],
            target=target["target"] if target else "",
            given=match["given"],
            result=int(result) if result != "?" else -1,
            began=began,
            ended=began + float(match["took"]),
        )
