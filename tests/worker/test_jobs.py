"""Commands are carried out once, and their answers reach who typed them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import CommandError, NotSent, StoreError, TargetRefused
from bot.message import Code, Message, text
from bot.model import Job
from bot.ports import TOLD
from bot.worker.jobs import Count, JobRunner, Save
from tests.fakes.chat import FakeChat
from tests.worker.bench import Clock

if TYPE_CHECKING:
    from bot.store import Store

Run = Callable[[Job, Save], Awaitable[Message]]
DONE = Message(text=text("done"))
_MINUTE = timedelta(minutes=1)
URL = "https://hooks.slack.com/commands/1"


async def succeed(_job: Job, _save: Save) -> Message:
    return DONE


@dataclass
class Office:
    """A store with jobs, and who carries them out."""

    store: Store
    chat: FakeChat = field(default_factory=FakeChat)
    clock: Clock = field(default_factory=Clock)
    does: Run = succeed
    #: Instead of `does`.
    counts: Callable[[Count], Awaitable[Message]] | None = None
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runner = JobRunner(
            store=self.store, chat=self.chat, commands=self, clock=self.clock, pause=self._pause
        )

    async def run(self, job: Job, save: Save, count: Count) -> Message:
        if self.counts is not None:
            return await self.counts(count)
        return await self.does(job, save)

    async def add(self, job_id: str = "j1", **changes: Any) -> None:
        given = {"command": "hook", "args": ("list",), "who": "U0ALICE", "reply_to": URL}
        made = Job(id=job_id, created_at=self.clock.now(), **(given | changes))
        await self.store.add_job(made)

    async def job(self, job_id: str = "j1") -> Job:
        found = await self.store.job(job_id)
        assert found is not None
        return found

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    @property
    def answers(self) -> list[Message]:
        return [answer.message for answer in self.chat.answers]


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


async def test_a_command_is_carried_out_and_answered(office: Office) -> None:
    await office.add()
    assert await office.runner.step() is True
    assert (await office.job()).state == "done"
    assert [(answer.reply_to, answer.message) for answer in office.chat.answers] == [(URL, DONE)]
    assert await office.runner.step() is False


async def test_a_command_from_the_command_line_is_answered_in_the_store(office: Office) -> None:
    await office.add(reply_to="")
    await office.runner.step()
    assert (await office.job()).answer == DONE
    assert office.answers == []


async def test_commands_are_carried_out_in_the_order_they_came(office: Office) -> None:
    seen: list[str] = []

    async def note(job: Job, _save: Save) -> Message:
        seen.append(job.id)
        return DONE

    office.does = note
    for job_id in ("b", "a", "c"):
        await office.add(job_id)
    while await office.runner.step():
        pass
    assert seen == ["b", "a", "c"]


@pytest.mark.parametrize("error", [CommandError("no such project"), NotSent("GitLab is down")])
async def test_a_command_that_cannot_be_done_says_why(office: Office, error: Exception) -> None:
    async def fail(_job: Job, _save: Save) -> Message:
        raise error

    office.does = fail
    await office.add()
    await office.runner.step()
    assert (await office.job()).state == "failed"
    assert office.answers == [Message(text=text(str(error)), color="warning")]


async def test_a_fault_of_ours_names_the_job_and_nothing_else(office: Office) -> None:
    async def fail(_job: Job, _save: Save) -> Message:
        raise ZeroDivisionError("glpat-secret")

    office.does = fail
    await office.add()
    await office.runner.step()
    [answer] = office.answers
    assert "j1" in str(answer.text)
    assert "glpat" not in str(answer)


async def test_a_restart_goes_on_from_what_was_written_down(office: Office) -> None:
    async def die(_job: Job, save: Save) -> Message:
        await save({"hook": "h1"})
        raise asyncio.CancelledError

    office.does = die
    await office.add()
    with pytest.raises(asyncio.CancelledError):
        await office.runner.step()
    seen: list[Any] = []

    async def resume(job: Job, _save: Save) -> Message:
        seen.append((dict(job.progress), job.attempts))
        return DONE

    office.does = resume
    assert await office.runner.step() is False, "its lease is not over"
    office.clock.move(seconds=30)
    assert await office.runner.step() is True
    assert seen == [({"hook": "h1"}, 2)]
    assert office.answers == [DONE]


async def test_a_command_that_kills_its_worker_every_time_is_given_up(office: Office) -> None:
    async def die(_job: Job, _save: Save) -> Message:
        raise asyncio.CancelledError

    office.does = die
    await office.add(args=("add", "shop/api"))
    for _ in range(3):
        with pytest.raises(asyncio.CancelledError):
            await office.runner.step()
        office.clock.move(seconds=30)
    await office.runner.step()
    assert (await office.job()).state == "failed"
    [answer] = office.answers
    assert "/hook add shop/api" in str(answer.text)


async def test_a_worker_whose_lease_was_lost_does_not_answer(office: Office) -> None:
    async def slow(job: Job, _save: Save) -> Message:
        office.clock.move(seconds=30)
        taken = await office.store.claim_job(now=office.clock.now(), lease=_MINUTE)
        assert taken is not None
        return DONE

    office.does = slow
    await office.add()
    assert await office.runner.step() is True
    assert office.answers == []
    assert (await office.job()).state == "running"


async def test_a_store_that_fails_is_the_loops_matter(office: Office) -> None:
    async def fail(_job: Job, _save: Save) -> Message:
        raise StoreError("down")

    office.does = fail
    await office.add()
    with pytest.raises(StoreError):
        await office.runner.step()
    assert (await office.job()).state == "running"


async def test_an_answer_that_does_not_arrive_is_tried_again(office: Office) -> None:
    for _ in range(2):
        office.chat.fail("answer", NotSent("down"))
    await office.add()
    await office.runner.step()
    assert office.answers == [DONE]
    assert office.pauses == [1.0, 4.0]


async def test_an_answer_is_not_tried_for_ever(office: Office) -> None:
    for _ in range(3):
        office.chat.fail("answer", NotSent("down"))
    await office.add()
    await office.runner.step()
    assert office.answers == []
    assert (await office.job()).answer == DONE


async def test_an_answer_that_is_refused_is_not_repeated(office: Office) -> None:
    office.chat.fail("answer", TargetRefused("expired", code="expired_url"))
    await office.add()
    await office.runner.step()
    assert (office.answers, office.pauses) == ([], [])


async def test_an_answer_whose_address_is_dead_is_shown_to_the_person_alone(office: Office) -> None:
    office.chat.fail("answer", TargetRefused("expired", code="expired_url"))
    await office.add(channel="C0DEV")
    await office.runner.step()
    assert office.chat.whispers == [("C0DEV", "U0ALICE", DONE)]
    assert office.chat.posts == []


async def test_an_answer_that_slack_never_took_is_shown_to_the_person_alone(office: Office) -> None:
    for _ in range(3):
        office.chat.fail("answer", NotSent("down"))
    await office.add(channel="C0DEV")
    await office.runner.step()
    assert office.chat.whispers == [("C0DEV", "U0ALICE", DONE)]


async def test_where_the_bot_is_not_in_the_channel_the_answer_is_a_direct_message(
    office: Office,
) -> None:
    office.chat.known["alice"] = "U0ALICE"
    office.chat.fail("answer", TargetRefused("expired", code="expired_url"))
    office.chat.fail("whisper", TargetRefused("not there", code="not_in_channel"))
    await office.add(channel="C0DEV")
    await office.runner.step()
    assert office.chat.whispers == []
    (post,) = office.chat.in_channel("U0ALICE")
    assert (post.message, post.key) == (DONE, "answer:j1")


# -- how far it is -----------------------------------------------------------------------------


def counting(office: Office, *seconds: int) -> Callable[[Count], Awaitable[Message]]:
    async def work(count: Count) -> Message:
        for done, pause_s in enumerate(seconds):
            office.clock.move(seconds=pause_s)
            await count(done, len(seconds))
        return DONE

    return work


async def test_a_long_command_tells_how_far_it_is_by_editing_one_message(office: Office) -> None:
    office.counts = counting(office, 9, 4, 1, 4)
    await office.add(channel="C0DEV", args=("add", "group/**"))
    await office.runner.step()
    (post,) = office.chat.in_channel("C0DEV")
    assert post.edits == 3
    assert post.message.text == text("🏁 ", Code("/hook add"), " is finished.")
    assert office.answers == [DONE]


async def test_a_short_command_says_nothing_but_its_answer(office: Office) -> None:
    office.counts = counting(office, 1, 1, 1)
    await office.add(channel="C0DEV")
    await office.runner.step()
    assert office.chat.posts == []


async def test_where_the_bot_is_not_it_tells_the_person_alone(office: Office) -> None:
    office.chat.known = {"alice": "U0ALICE"}
    office.counts = counting(office, 9, 9)
    await office.add(channel="C0SECRET")
    await office.runner.step()
    assert len(office.chat.in_channel("U0ALICE")) == 1


async def test_a_chat_that_fails_stops_no_command(office: Office) -> None:
    office.chat.known = {}
    office.counts = counting(office, 9, 9)
    await office.add(channel="C0SECRET")
    await office.runner.step()
    assert (await office.job()).state == "done"


async def test_the_command_line_reads_how_far_it_is_in_the_store(office: Office) -> None:
    office.counts = counting(office, 9, 9, 9)
    await office.add(reply_to="", who="local")
    await office.runner.step()
    assert (await office.job()).progress == {TOLD: "2 of 3 done …"}
    assert office.chat.posts == []
