"""What was missed is fetched once, in order, marked as late; what vanished is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from bot.commands.catching import AT_ONCE
from bot.commands.tending import Care, CatchUp, Visit, tend
from bot.errors import NotSent
from bot.outside import Attempt
from tests.commands.stage import Stage
from tests.commands.visits import (
    LOOK,
    MEND,
    attempt,
    held,
    lose,
    record,
    told,
    visit,
    with_hook,
)


@pytest.fixture
async def stage() -> Stage:
    return await with_hook()


async def test_missed_deliveries_are_sent_again_oldest_first_and_announced(stage: Stage) -> None:
    lose(stage, *(attempt(stage, n, minutes=9 - n) for n in (1, 2, 3)))
    announced: list[set[str]] = []

    async def receive(one: Attempt) -> bool:
        announced.append(set(stage.late))
        stage.inbox.add(one.key)
        return True

    stage.forge.resender = receive
    found = await visit(stage)
    assert held(stage).resent == ["1", "2", "3"]
    assert announced[0] == {"k1", "k2", "k3"}
    assert stage.late["k1"] == held(stage).attempts[0].at
    assert told(found).startswith("🕰 group/repo: 3 missed since 2026-11-22")
    assert (await visit(stage)).told == ()
    assert held(stage).resent == ["1", "2", "3"]


async def test_what_came_all_the_same_is_not_sent_again(stage: Stage) -> None:
    stage.inbox |= {"k1", "k2", "k4"}
    lose(
        stage,
        attempt(stage, 1, minutes=9),
        attempt(stage, 2, minutes=8),
        attempt(stage, 3, minutes=7, status=202, key="k2"),
        attempt(stage, 4, minutes=6, status=202),
        attempt(stage, 5, minutes=5, key=""),
    )
    assert await visit(stage) == Visit()
    assert held(stage).resent == []


async def test_what_somebody_else_took_is_told_once(stage: Stage) -> None:
    stage.inbox.add("k3")
    stage.now += timedelta(hours=1)
    held(stage).attempts += (
        attempt(stage, 1, minutes=70, status=200),
        attempt(stage, 2, minutes=9, status=200),
        attempt(stage, 3, minutes=8, status=202),
        replace(attempt(stage, 4, minutes=7, status=200), event="ping"),
        attempt(stage, 5, minutes=1, status=202),
    )
    found = await visit(stage)
    assert "delivered 1 within the last hour, and none of them came here" in told(found)
    assert "/hook test group/repo" in told(found)
    assert found.past == ("k2",)
    assert held(stage).resent == []
    again = await tend(stage.context(), record(stage), MEND, given_up=found.past)
    assert again == Visit()


async def test_a_delivery_that_failed_twice_is_sent_again_once(stage: Stage) -> None:
    lose(stage, attempt(stage, 1, minutes=9), attempt(stage, 2, minutes=8, key="k1"))
    await visit(stage)
    assert held(stage).resent == ["1"]


async def test_no_more_are_asked_for_than_the_forge_sends_in_a_minute(stage: Stage) -> None:
    lose(stage, *(attempt(stage, n, minutes=60 - n) for n in range(1, 9)))
    found = await visit(stage)
    assert len(held(stage).resent) == AT_ONCE
    assert found.left == 3
    stage.inbox |= {f"k{n}" for n in range(1, 6)}
    again = await visit(stage)
    assert again.left == 3, "the forge asks to wait"
    stage.forge.resends_left = 5
    last = await visit(stage)
    assert last.left == 0
    assert held(stage).resent == [f"{n}" for n in range(1, 9)]


async def test_what_the_forge_refuses_is_given_up_and_told(stage: Stage) -> None:
    lose(stage, attempt(stage, 1, minutes=9), attempt(stage, 2, minutes=8))

    async def refuse(one: Attempt) -> bool:
        return one.key == "k2"

    stage.forge.resender = refuse
    found = await visit(stage)
    assert found.lost == ("k1",)
    assert "1 since" in told(found)
    assert "could not be fetched" in told(found)
    assert (await tend(stage.context(), record(stage), MEND, given_up={"k1", "k2"})).told == ()


async def test_only_the_final_state_is_fetched_when_that_is_wished(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=8, subject="mr 8"),
        attempt(stage, 3, minutes=7, subject="mr 7"),
        attempt(stage, 4, minutes=6),
    )
    await visit(stage, LAST)
    assert held(stage).resent == ["2", "3", "4"]


LAST: Final = Care(mend=True, catch_up=CatchUp.LAST)


async def test_what_was_overtaken_is_never_fetched_afterwards(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=8, subject="mr 7"),
    )
    found = await visit(stage, LAST)
    assert (held(stage).resent, found.past) == (["2"], ("k1",))
    stage.inbox.add("k2")
    again = await visit(stage, LAST)
    assert (held(stage).resent, again.told) == (["2"], ())


async def test_a_subject_that_went_on_meanwhile_is_past(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=1, subject="mr 7", status=202),
    )
    assert (await visit(stage, LAST)).told == ()
    assert held(stage).resent == []


async def test_a_forge_whose_list_tells_no_subjects_is_asked_for_them(stage: Stage) -> None:
    stage.forge.subjects = {"1": "pr 7", "2": "pr 7"}
    lose(stage, attempt(stage, 1, minutes=9), attempt(stage, 2, minutes=8))
    await visit(stage, LAST)
    assert held(stage).resent == ["2"]


async def test_where_the_last_event_cannot_be_had_the_one_before_tells(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=8, subject="mr 7"),
    )
    await tend(stage.context(), record(stage), LAST, given_up={"k2"})
    assert held(stage).resent == ["1"]


@pytest.mark.parametrize("care", [LOOK, Care(mend=True, catch_up=CatchUp.OFF)])
async def test_nothing_is_fetched_without_leave(stage: Stage, care: Care) -> None:
    lose(stage, attempt(stage, 1, minutes=9))
    await visit(stage, care)
    assert held(stage).resent == []


async def test_a_quick_look_asks_for_no_deliveries(stage: Stage) -> None:
    before = len(stage.forge.calls)
    await visit(stage, thorough=False)
    assert "attempts" not in stage.forge.calls[before:]


async def test_a_hook_that_still_brings_nothing_is_not_caught_up(stage: Stage) -> None:
    held(stage).shown = replace(held(stage).shown, health="disabled")
    stage.answers_instead = 502
    lose(stage, attempt(stage, 1, minutes=9))
    await visit(stage)
    assert held(stage).resent == []


async def test_a_forge_that_cannot_be_asked_is_told_to_the_loop(stage: Stage) -> None:
    def fail(_when: str, name: str) -> None:
        if name == "attempts":
            raise NotSent("slow down")

    stage.watch = fail
    with pytest.raises(NotSent):
        await visit(stage)
