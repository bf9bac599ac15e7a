"""1.4.18: `/hook mute` and `/hook unmute`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from bot.errors import CommandError
from bot.rules.mutes import Mute
from tests.commands.stage import Stage, shown

if TYPE_CHECKING:
    from bot.commands import Context


class MemoryMutes:
    """As the store keeps them."""

    def __init__(self) -> None:
        self.kept: list[Mute] = []

    async def mutes(self, *, now: datetime) -> tuple[Mute, ...]:
        return tuple(m for m in self.kept if m.until is None or m.until > now)

    async def mute(self, mute: Mute, *, now: datetime) -> None:
        await self.unmute(mute, now=now)
        self.kept.append(mute)

    async def unmute(self, mute: Mute, *, now: datetime) -> bool:
        same = [m for m in self.kept if (m.project, m.rule, m.channel) == about(mute)]
        self.kept = [m for m in self.kept if m not in same]
        return bool(same)


def about(mute: Mute) -> tuple[str | None, ...]:
    return (mute.project, mute.rule, mute.channel)


class MuteStage(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.mutes = MemoryMutes()

    @override
    def context(self) -> Context:
        from dataclasses import replace

        return replace(super().context(), mutes=self.mutes)


@pytest.fixture
def stage() -> MuteStage:
    return MuteStage()  # 2026-11-22 12:00 UTC, in Prague 13:00


async def refused(stage: Stage, words: str, **who: str) -> str:
    with pytest.raises(CommandError) as caught:
        await stage.run(words, **who)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "mute"),
    [
        ("mute group/repo", Mute(project="group/repo")),
        ("mute group/sub/**", Mute(project="group/sub")),
        ("mute group/**", Mute(project="group")),
        ("mute went red", Mute(rule="went red")),
        ("mute wait for it", Mute(rule="wait for it")),
        ("mute #dev", Mute(channel="C0DEV0001")),
        ("mute <#C0DEV0001|dev>", Mute(channel="C0DEV0001")),
    ],
)
async def test_a_project_group_rule_or_channel_is_muted(
    stage: MuteStage, words: str, mute: Mute
) -> None:
    answer = shown(await stage.run(words))
    (kept,) = stage.mutes.kept
    assert about(kept) == about(mute)
    assert (kept.until, kept.by) == (None, "U0ADMIN01")
    assert "is muted until it is taken back" in answer


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("for 2h", datetime(2026, 11, 22, 14, 0, tzinfo=UTC)),
        ("for 1d12h", datetime(2026, 11, 24, 0, 0, tzinfo=UTC)),
        ("until 18:00", datetime(2026, 11, 22, 17, 0, tzinfo=UTC)),
        ("until 09:00", datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
        ("until 2026-12-31", datetime(2026, 12, 31, 23, 0, tzinfo=UTC)),
        ("until 2026-12-24 18:00", datetime(2026, 12, 24, 17, 0, tzinfo=UTC)),
    ],
)
async def test_a_mute_ends_when_it_was_said_to(
    stage: MuteStage, said: str, until: datetime
) -> None:
    await stage.run(f"mute wait for it {said}")
    (kept,) = stage.mutes.kept
    assert (kept.rule, kept.until) == ("wait for it", until)


async def test_what_is_muted_is_listed_and_taken_back(stage: MuteStage) -> None:
    assert shown(await stage.run("mute")) == "Nothing is muted from chat."
    await stage.run("mute group/repo for 2h")
    await stage.run("mute #ci")
    listed = shown(await stage.run("mute"))
    assert "group/repo until 2026-11-22 15:00 (Europe/Prague), by U0ADMIN01" in listed
    assert "#ci until it is taken back" in listed
    assert "not muted any more" in shown(await stage.run("unmute #ci"))
    assert len(stage.mutes.kept) == 1
    stage.now += timedelta(hours=2)
    assert shown(await stage.run("mute")) == "Nothing is muted from chat."


async def test_muting_again_changes_the_end(stage: MuteStage) -> None:
    await stage.run("mute group/repo for 2h")
    await stage.run("mute group/repo for 1h")
    (kept,) = stage.mutes.kept
    assert kept.until == datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("mute wend red", "Did you mean the rule `went red`?"),
        ("mute group/repo for ever", "`for ever` is no time"),
        ("mute group/repo until 2020-01-01", "is over already"),
        ("mute #nowhere", "There is no channel #nowhere"),
        ("mute #dev went red", "One mute is about one thing"),
        ("unmute group/repo", "That is not muted from chat"),
        ("unmute", "Unmute what?"),
    ],
)
async def test_what_makes_no_sense_says_what_would(stage: MuteStage, words: str, told: str) -> None:
    assert told in await refused(stage, words)
    assert stage.mutes.kept == []


async def test_only_admins_mute_what_is_everybodys(stage: MuteStage) -> None:
    for words in ("mute group/repo", "mute went red", "mute #dev"):
        assert "admin" in shown(await stage.run(words, who="U0BOB0001")).lower()
    assert stage.mutes.kept == []
