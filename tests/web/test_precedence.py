"""Requests go first, and the worker never stands still."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from bot.web.precedence import Precedence
from tests.waiting import until


def _many(precedence: Precedence) -> ExitStack:
    stack = ExitStack()
    for _ in range(5):
        stack.enter_context(precedence.request())
    return stack


async def test_nobody_waits_while_few_requests_are_under_way() -> None:
    precedence = Precedence(step_s=3600, breath_s=0)
    with precedence.request():
        await precedence.give_way()
        await precedence.give_way()


async def test_between_two_steps_a_few_requests_have_the_loop_to_themselves() -> None:
    precedence = Precedence(breath_s=3600)
    requests = ExitStack()
    requests.enter_context(precedence.request())
    await precedence.give_way()  # its first step
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(precedence.give_way())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
    requests.close()
    await precedence.give_way()  # nobody is there: at once


async def test_it_is_busy_from_the_first_request_until_shortly_after_the_last() -> None:
    precedence = Precedence(calm_s=0.2)
    assert not precedence.busy
    with precedence.request():
        assert precedence.busy
    assert precedence.busy
    await until(lambda: not precedence.busy, "quiet")


async def test_the_worker_waits_until_the_requests_are_answered() -> None:
    precedence = Precedence(calm_s=0.001, step_s=3600)
    requests = _many(precedence)
    await precedence.give_way()  # its one step in an hour
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(precedence.give_way())
        for _ in range(10):
            await asyncio.sleep(0)
        assert precedence.busy
        assert not waiting.done()
        requests.close()
        await until(waiting.done, "its turn")


async def test_the_worker_takes_a_step_now_and_then_however_many_requests_there_are() -> None:
    precedence = Precedence(step_s=0)
    with _many(precedence):
        for _ in range(3):
            await precedence.give_way()
        assert precedence.busy
