"""Visits of the nurse to the hook of a stage."""

from __future__ import annotations

from datetime import timedelta

from bot.commands.tending import Care, CatchUp, Visit, tend
from bot.model import HookRecord
from bot.outside import Attempt
from tests.commands.stage import Stage
from tests.commands.stage import _plain as plain
from tests.fakes.forge import Held

MEND = Care(mend=True, catch_up=CatchUp.ALL)
LOOK = Care(mend=False, catch_up=CatchUp.ALL)


async def with_hook() -> Stage:
    """A stage whose project has had its hook for an hour."""
    stage = Stage()
    await stage.run("add group/repo")
    stage.now += timedelta(hours=1)
    return stage


def record(stage: Stage) -> HookRecord:
    (found,) = (row for row in stage.store.rows.values() if row.status in {"active", "paused"})
    return found


def held(stage: Stage) -> Held:
    (found,) = stage.forge.held("group/repo")
    return found


async def visit(stage: Stage, care: Care = MEND, *, thorough: bool = True) -> Visit:
    return await tend(stage.context(), record(stage), care, thorough=thorough)


def told(found: Visit) -> str:
    return "\n".join(plain(line) for line in found.told)


def attempt(
    stage: Stage,
    number: int,
    *,
    minutes: int,
    status: int = 0,
    key: str | None = None,
    subject: str = "",
) -> Attempt:
    return Attempt(
        id=f"{number}",
        key=f"k{number}" if key is None else key,
        event="Push Hook",
        at=stage.now - timedelta(minutes=minutes),
        status=status,
        subject=subject,
    )


def lose(stage: Stage, *attempts: Attempt) -> None:
    """Oldest first, as they happened."""
    stage.now += timedelta(hours=1)
    held(stage).attempts += attempts
