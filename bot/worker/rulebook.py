"""The rules in force: read from disk, checked, activated for every process, followed, watched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from bot.errors import RulesError, StoreError
from bot.model import Fault, Level
from bot.ports import StoredRuleset
from bot.worker.loops import first
from bot.worker.quiet import quietly
from bot.worker.watching import changes

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Clock, Rulesets, Wakeups
    from bot.rules.ruleset import Ruleset

log = structlog.get_logger()

#: Compiles a snapshot of the files; raises RulesError.
Load = Callable[[Mapping[str, str], str], "Ruleset"]
#: Patterns of the files that a rules file includes, relative to its directory.
Includes = Callable[[str], tuple[str, ...]]

#: Runs the inline tests of what the files hold; raises RulesError.
Prove = Callable[["Ruleset", Mapping[str, str]], None]

_FOLLOW_S: Final = 5.0
#: How often the files are read though nothing was heard of them.
_LOOK_S: Final = 2.0
_LARGEST_FILE: Final = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Every file of a ruleset as it was at one moment, by path relative to the entry's folder."""

    entry: str
    files: Mapping[str, str]


class Rulebook:
    """Holds the active ruleset; an edit that does not load leaves it as it is."""

    def __init__(
        self,
        *,
        path: Path,
        store: Rulesets,
        load: Load,
        includes: Includes,
        clock: Clock,
        told: Callable[[RulesError], None] = lambda _error: None,
        prove: Prove = lambda _ruleset, _files: None,
    ) -> None:
        self._path = path
        self._store = store
        self._load = load
        self._includes = includes
        self._clock = clock
        self._told = told
        self._prove = prove
        self._current: Ruleset | None = None
        #: The files that were compiled last, well or not: the same ones are left alone.
        self._taken: Snapshot | None = None
        self._changing = asyncio.Lock()
        self.loaded_at: datetime | None = None
        #: Faults of the file as it is now, when it does not load.
        self.faults: tuple[Fault, ...] = ()

    @property
    def current(self) -> Ruleset:
        if self._current is None:
            raise RulesError([_missing(self._path, "no rules are loaded")])
        return self._current

    @property
    def loaded(self) -> bool:
        return self._current is not None

    @property
    def stale(self) -> bool:
        """The file is broken and older rules run."""
        return bool(self.faults)

    async def start(self) -> None:
        """The file's rules, else the last good ones of the store; raises RulesError when there
        never were any."""
        try:
            await self._activate()
        except RulesError as error:
            if not await self._last_good():
                raise
            await self._broken(error)

    async def take_stored(self) -> None:
        """What some worker activated, if any did: for a process that reads no file."""
        stored = await self._store.active_ruleset()
        if stored is not None:
            self._use(await self._compile(stored.files, stored.entry), stored.loaded_at)
        self.faults = await self._store.rules_faults()

    async def reload(self) -> None:
        """The files as they are now, if they changed and load; else their faults are kept and
        told."""
        try:
            await self._activate()
        except RulesError as error:
            if error.faults != self.faults:
                await self._broken(error)

    async def watch(self, stop: asyncio.Event) -> None:
        """Reloads whenever the files change, until `stop`.

        The system's word is only the fast way: shared folders tell nothing, and a swapped link
        has another name.
        """
        while not stop.is_set():
            try:
                await self._watch(stop)
            except (OSError, RuntimeError) as error:
                log.warning("rules not watched, only looked at", error=str(error))
                await self._look()
                await first(stop.wait(), asyncio.sleep(_LOOK_S))

    async def _watch(self, stop: asyncio.Event) -> None:
        """Until `stop`, or until the folder must be watched in another way."""
        deep, folder = bool(self._includes_of_entry()), self._path.resolve().parent
        async with aclosing(changes(folder, deep=deep, stop=stop, look_s=_LOOK_S)) as told:
            async for _ in told:
                await self._look()
                if bool(self._includes_of_entry()) != deep:
                    return

    async def _look(self) -> None:
        try:
            await self.reload()
        except StoreError as error:
            log.warning("rules not activated", error=str(error))

    async def follow(self, wakeups: Wakeups, stop: asyncio.Event, *, reads: bool = True) -> None:
        """Takes over what another process activated, until `stop`; and, in a process that `reads`
        no file, what others found wrong with it."""
        while not stop.is_set():
            await first(stop.wait(), wakeups.wait("rules", _FOLLOW_S))
            try:
                async with self._changing:
                    stored = await self._store.active_ruleset()
                    if stored is not None and not self._is_current(stored.hash):
                        self._use(await self._compile(stored.files, stored.entry), stored.loaded_at)
                if not reads:
                    self.faults = await self._store.rules_faults()
            except (StoreError, RulesError) as error:
                log.warning("rules not followed", error=str(error))

    async def _activate(self) -> None:
        async with self._changing:
            try:
                taken = await asyncio.to_thread(snapshot, self._path, self._includes)
            except RulesError:
                self._taken = None
                raise
            if taken == self._taken:
                return
            try:
                ruleset = await self._compile(taken.files, taken.entry)
                await asyncio.to_thread(self._prove, ruleset, taken.files)
            except RulesError:
                self._taken = taken
                raise
            now = self._clock.now()
            if not self._is_current(ruleset.hash):
                await self._store.activate_ruleset(
                    StoredRuleset(
                        hash=ruleset.hash, files=taken.files, entry=taken.entry, loaded_at=now
                    )
                )
            self._taken = taken
            self._use(ruleset, now)
            self.faults = ()
            if await self._store.rules_faults():
                await self._store.keep_rules_faults(())

    async def _last_good(self) -> bool:
        """Takes the store's rules; False when there are none, or they do not load any more."""
        try:
            await self.take_stored()
        except RulesError as error:
            log.error("the stored rules do not load either", error=str(error))
        return self.loaded

    async def _compile(self, files: Mapping[str, str], entry: str) -> Ruleset:
        return await asyncio.to_thread(quietly, self._load, files, entry)

    def _is_current(self, hash_: str) -> bool:
        return self._current is not None and self._current.hash == hash_

    def _use(self, ruleset: Ruleset, loaded_at: datetime) -> None:
        if not self._is_current(ruleset.hash):
            log.info("rules loaded", ruleset=ruleset.hash[:8], rules=len(ruleset.rules))
            self.loaded_at = loaded_at
        self._current = ruleset

    async def _broken(self, error: RulesError) -> None:
        self.faults = error.faults
        await self._keep(error.faults)
        for fault in error.faults:
            if fault.level is Level.ERROR:
                log.error("rules do not load; the last good ones stay", fault=str(fault))
        self._told(error)

    async def _keep(self, faults: Sequence[Fault]) -> None:
        try:
            await self._store.keep_rules_faults(faults)
        except StoreError as error:
            log.warning("faults of the rules not kept", error=str(error))

    def _includes_of_entry(self) -> tuple[str, ...]:
        try:
            return self._includes(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return ()


def snapshot(path: Path, includes: Includes) -> Snapshot:
    """Reads the entry and what it includes; raises RulesError when the entry cannot be read."""
    root = path.resolve().parent
    files = {path.name: _read(path)}
    if not files[path.name].strip():
        # Nearly always one that is just being written.
        raise RulesError(
            [_missing(path, "the file is empty; `rules: []` says that there are none")]
        )
    unread = [path.name]
    while unread:
        for pattern in includes(files[unread.pop()]):
            for found in _matching(root, pattern):
                name = found.relative_to(root).as_posix()
                inside = found.resolve().is_relative_to(root)
                if name not in files and inside and found.is_file():
                    files[name] = _read(found)
                    unread.append(name)
    return Snapshot(entry=path.name, files=files)


def reader(path: Path) -> Callable[[str], bytes]:
    """Reads what inline tests give, by path relative to the rules file; raises OSError."""
    root = path.resolve().parent

    def read(name: str) -> bytes:
        found = (root / name).resolve()
        if not found.is_relative_to(root):
            raise FileNotFoundError(f"{name} leads out of the rules' directory")
        try:
            return found.read_bytes()
        except OSError as error:
            raise FileNotFoundError(f"{name} cannot be read: {error.strerror}") from error

    return read


def _matching(root: Path, pattern: str) -> list[Path]:
    """Nothing for a pattern that leads outside or is none: loading says what is wrong with it."""
    if pattern.startswith("/") or ".." in Path(pattern).parts:
        return []
    try:
        return sorted(root.glob(pattern))
    except ValueError:
        return []


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise RulesError([_missing(path, f"larger than {_LARGEST_FILE} bytes")])
        return path.read_text("utf-8")
    except OSError as error:
        text = f"cannot be read: {error.strerror}"
        raise RulesError([_missing(path, text)]) from error
    except UnicodeDecodeError as error:
        raise RulesError([_not_utf8(path, error)]) from error


def _missing(path: Path, text: str) -> Fault:
    return Fault(file=str(path), line=1, column=1, level=Level.ERROR, text=text)


def _not_utf8(path: Path, error: UnicodeDecodeError) -> Fault:
    raw, at = error.object, error.start
    start = raw.rfind(b"\n", 0, at) + 1
    end = raw.find(b"\n", at)
    wide = raw[:2] in {b"\xff\xfe", b"\xfe\xff"}
    return Fault(
        file=str(path),
        line=raw.count(b"\n", 0, at) + 1,
        column=at - start + 1,
        level=Level.ERROR,
        text=f"is not UTF-8 at byte {at}" + (" but UTF-16" if wide else ""),
        excerpt=None
        if wide
        else raw[start : end if end >= 0 else None].decode("latin-1").rstrip("\r"),
        hint="save the file as UTF-8",
    )
