"""The rules file is followed as it is edited, in this process and in others; nothing half-written,
half-included or broken is ever in force."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.errors import RulesError, StoreError
from bot.rules.load import includes_of, load
from bot.worker.rulebook import Rulebook, snapshot
from tests.waiting import until
from tests.worker.bench import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from bot.model import Fault
    from bot.ports import StoredRuleset
    from bot.rules.ruleset import Ruleset
    from bot.store import Store

GOOD = "version: 1\nrules:\n  - {name: one, on: push, post: '#dev'}\n"
OTHER = "version: 1\nrules:\n  - {name: two, on: push, post: '#dev'}\n"
BROKEN = "version: 1\nrules:\n  - {name: one, onn: push, post: '#dev'}\n"
INCLUDING = "version: 1\ninclude: [rules.d/*.yaml]\nrules: []\n"


class Desk:
    """A directory of rules, and processes that follow it."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.path = folder / "rules.yaml"
        self.store = store
        self.told: list[RulesError] = []
        self.loads = 0

    def write(self, text: str, name: str = "rules.yaml") -> None:
        """As editors do: beside it, then renamed over it."""
        target = self.path.parent / name
        target.parent.mkdir(exist_ok=True)
        draft = target.with_name(f".{target.name}.draft")
        draft.write_text(text)
        draft.replace(target)

    def process(self) -> Rulebook:
        return Rulebook(
            path=self.path,
            store=self.store,
            load=self._load,
            includes=includes_of,
            clock=Clock(),
            told=self.told.append,
        )

    def _load(self, files: Mapping[str, str], entry: str) -> Ruleset:
        self.loads += 1
        return load(files, entry)


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    made = Desk(tmp_path, store)
    made.write(GOOD)
    return made


def names(book: Rulebook) -> list[str]:
    return [rule.name for rule in book.current.rules]


def places(faults: tuple[Fault, ...]) -> list[tuple[int, int]]:
    return [(fault.line, fault.column) for fault in faults]


# -- starting --------------------------------------------------------------------------------


async def test_the_file_is_in_force_from_the_start(desk: Desk) -> None:
    book = desk.process()
    await book.start()
    assert names(book) == ["one"]
    assert not book.stale
    active = await desk.store.active_ruleset()
    assert active is not None
    assert (active.hash, dict(active.files)) == (book.current.hash, {"rules.yaml": GOOD})


async def test_a_process_that_never_had_good_rules_refuses_to_start(desk: Desk) -> None:
    desk.write(BROKEN)
    with pytest.raises(RulesError) as caught:
        await desk.process().start()
    [fault] = [fault for fault in caught.value.faults if "onn" in fault.text]
    assert (fault.line, fault.column) == (3, 17)
    assert fault.excerpt == "  - {name: one, onn: push, post: '#dev'}"
    assert "did you mean `on`" in (fault.hint or "")


async def test_a_missing_file_is_named(desk: Desk) -> None:
    desk.path.unlink()
    with pytest.raises(RulesError, match="No such file"):
        await desk.process().start()


async def test_a_restart_with_a_broken_file_takes_the_last_good_rules(desk: Desk) -> None:
    await desk.process().start()
    desk.write(BROKEN)
    book = desk.process()
    await book.start()
    assert names(book) == ["one"]
    assert book.stale
    assert (3, 17) in places(book.faults)
    assert len(desk.told) == 1


async def test_stored_rules_of_another_version_do_not_hide_what_is_wrong(desk: Desk) -> None:
    await desk.process().start()
    desk.write(BROKEN)

    def nothing_loads(files: Mapping[str, str], entry: str) -> Ruleset:
        return load({entry: BROKEN}, entry)

    book = desk.process()
    book._load = nothing_loads
    with pytest.raises(RulesError, match="onn"):
        await book.start()


# -- editing ---------------------------------------------------------------------------------


async def test_an_edit_is_in_force_at_once(desk: Desk) -> None:
    book = desk.process()
    await book.start()
    desk.write(OTHER)
    await book.reload()
    assert names(book) == ["two"]


async def test_a_broken_edit_keeps_the_last_good_rules_and_is_told_once(desk: Desk) -> None:
    book = desk.process()
    await book.start()
    desk.write(BROKEN)
    await book.reload()
    await book.reload()
    assert names(book) == ["one"]
    assert book.stale
    assert len(desk.told) == 1
    desk.write(OTHER)
    await book.reload()
    assert names(book) == ["two"]
    assert not book.stale


async def test_the_same_rules_again_end_the_staleness(desk: Desk) -> None:
    book = desk.process()
    await book.start()
    desk.write(BROKEN)
    await book.reload()
    desk.write(GOOD)
    await book.reload()
    assert not book.stale


@pytest.mark.parametrize("cut", [0, 5, 30, 40, 50])
async def test_a_half_written_file_is_not_in_force(desk: Desk, cut: int) -> None:
    book = desk.process()
    await book.start()
    desk.path.write_text(OTHER[:cut])
    await book.reload()
    assert names(book) == ["one"]
    desk.path.write_text(OTHER)
    await book.reload()
    assert (names(book), book.stale) == (["two"], False)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"rules: \x00"])
async def test_a_file_that_is_no_text_is_not_in_force(desk: Desk, raw: bytes) -> None:
    book = desk.process()
    await book.start()
    desk.path.write_bytes(raw)
    await book.reload()
    assert (names(book), book.stale) == (["one"], True)


async def test_a_file_that_is_gone_for_a_moment_changes_nothing(desk: Desk) -> None:
    book = desk.process()
    await book.start()
    desk.path.unlink()
    await book.reload()
    assert (names(book), book.stale) == (["one"], True)
    desk.write(GOOD)
    await book.reload()
    assert (names(book), book.stale) == (["one"], False)


async def test_files_that_did_not_change_are_not_compiled_again(desk: Desk) -> None:
    book = desk.process()
    await book.start()
    loads = desk.loads
    await book.reload()
    assert desk.loads == loads


async def test_a_store_that_fails_delays_an_edit(desk: Desk) -> None:
    book = desk.process()
    await book.start()
    real = desk.store.activate_ruleset

    async def down(ruleset: StoredRuleset) -> None:
        desk.store.activate_ruleset = real  # type: ignore[method-assign]  # up again
        raise StoreError("down")

    desk.store.activate_ruleset = down  # type: ignore[method-assign]  # away for one call
    desk.write(OTHER)
    with pytest.raises(StoreError):
        await book.reload()
    assert names(book) == ["one"]
    await book.reload()
    assert names(book) == ["two"]


# -- included files --------------------------------------------------------------------------


async def test_included_files_are_read_with_the_entry(desk: Desk) -> None:
    desk.write(INCLUDING)
    desk.write(OTHER, "rules.d/b.yaml")
    desk.write(GOOD, "rules.d/a.yaml")
    book = desk.process()
    await book.start()
    assert names(book) == ["one", "two"]


async def test_a_set_of_files_is_in_force_as_a_whole_or_not_at_all(desk: Desk) -> None:
    desk.write(INCLUDING)
    desk.write(GOOD, "rules.d/a.yaml")
    book = desk.process()
    await book.start()
    desk.write(OTHER, "rules.d/a.yaml")
    desk.write(BROKEN, "rules.d/b.yaml")
    await book.reload()
    assert names(book) == ["one"]
    assert {fault.file for fault in book.faults} == {"rules.d/b.yaml"}
    (desk.path.parent / "rules.d" / "b.yaml").unlink()
    await book.reload()
    assert names(book) == ["two"]


def test_nothing_outside_the_directory_is_read(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text(GOOD)
    (tmp_path / "link.yaml").symlink_to(outside)
    desk.write(f"version: 1\ninclude: [link.yaml, ../{outside.name}, {outside}]\nrules: []\n")
    assert list(snapshot(desk.path, includes_of).files) == ["rules.yaml"]


# -- watching and following ------------------------------------------------------------------


@asynccontextmanager
async def watching(book: Rulebook, store: Store) -> AsyncIterator[None]:
    """As a worker does."""
    await book.start()
    stop = asyncio.Event()
    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        group.create_task(book.watch(stop))
        group.create_task(book.follow(store, stop))
        try:
            yield
        finally:
            stop.set()


async def test_an_edit_is_noticed(desk: Desk) -> None:
    book = desk.process()
    async with watching(book, desk.store):
        desk.write(OTHER)
        await until(lambda: names(book) == ["two"], "the change")


async def test_an_included_file_is_noticed_also_when_the_include_is_new(desk: Desk) -> None:
    book = desk.process()
    async with watching(book, desk.store):
        desk.write(OTHER, "rules.d/a.yaml")
        desk.write(INCLUDING)
        await until(lambda: names(book) == ["two"], "the change")
        desk.write(GOOD, "rules.d/a.yaml")
        await until(lambda: names(book) == ["one"], "the change")


async def test_a_swapped_link_is_noticed(desk: Desk) -> None:
    """As mounted configuration is exchanged: no file of the directory changes its name."""
    folder = desk.path.parent
    for name, text in (("v1", GOOD), ("v2", OTHER)):
        (folder / name).mkdir()
        (folder / name / "rules.yaml").write_text(text)
    desk.path.unlink()
    (folder / "now").symlink_to("v1")
    desk.path.symlink_to("now/rules.yaml")
    book = desk.process()
    async with watching(book, desk.store):
        (folder / "next").symlink_to("v2")
        (folder / "next").replace(folder / "now")
        await until(lambda: names(book) == ["two"], "the change")


async def test_a_directory_that_goes_away_does_not_end_the_worker(desk: Desk) -> None:
    folder = desk.path.parent / "config"
    folder.mkdir()
    desk.path.replace(folder / "rules.yaml")
    desk.path = folder / "rules.yaml"
    book = desk.process()
    async with watching(book, desk.store):
        folder.replace(folder.with_name("elsewhere"))
        await until(lambda: book.stale, "the change")
        assert names(book) == ["one"]
        folder.mkdir()
        desk.write(OTHER)
        await until(lambda: names(book) == ["two"], "the change")


async def test_another_process_takes_over_what_one_activated(desk: Desk) -> None:
    one, other = desk.process(), desk.process()
    await one.start()
    await other.start()
    stop = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(other.follow(desk.store, stop))
        desk.write(OTHER)
        await one.reload()
        await until(lambda: names(other) == ["two"], "the change")
        stop.set()


async def test_a_process_with_an_older_file_does_not_bring_it_back(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "machine-2").mkdir()
    behind = Desk(tmp_path / "machine-2", desk.store)
    behind.write(GOOD)
    other = behind.process()
    await other.start()
    one = desk.process()
    desk.write(OTHER)
    await one.start()
    stop = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(other.follow(desk.store, stop))
        await until(lambda: names(other) == ["two"], "the change")
        stop.set()
    await other.reload()
    assert names(other) == ["two"]
    active = await desk.store.active_ruleset()
    assert active is not None
    assert active.hash == one.current.hash


async def test_a_process_that_reads_no_file_takes_what_is_stored(desk: Desk) -> None:
    web = desk.process()
    await web.take_stored()
    assert not web.loaded
    with pytest.raises(RulesError, match="no rules are loaded"):
        _ = web.current
    await desk.process().start()
    await web.take_stored()
    assert names(web) == ["one"]


async def test_a_process_that_reads_no_file_learns_what_is_wrong_with_it(desk: Desk) -> None:
    reader, web = desk.process(), desk.process()
    await reader.start()
    await web.take_stored()
    stop = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(web.follow(desk.store, stop, reads=False))
        desk.write(BROKEN)
        await reader.reload()
        await until(lambda: web.stale, "the faults")
        assert web.faults == reader.faults
        desk.write(OTHER)
        await reader.reload()
        await until(lambda: not web.stale, "the mending")
        stop.set()
    assert names(web) == ["two"]


async def test_faults_that_were_mended_while_nobody_ran_are_forgotten(desk: Desk) -> None:
    first = desk.process()
    await first.start()
    desk.write(BROKEN)
    await first.reload()
    desk.write(GOOD)
    await desk.process().start()
    assert await desk.store.rules_faults() == ()
