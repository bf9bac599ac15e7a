"""Actions are carried out in order, once each, whatever the chat answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.errors import (
    CallError,
    ContentRefused,
    CredentialRefused,
    NotSent,
    Scope,
    TargetRefused,
    Unsure,
)
from bot.message import Message, text
from bot.model import Place
from bot.worker.delivering import LEASE
from tests.worker.bench import START, Bench, root

if TYPE_CHECKING:
    from bot.model import Action

SECONDS = timedelta(seconds=1)
CONFIDENTIAL = "version: 1\nchannels: {sec: {id: '#dev', confidential: true}}\nrules: []\n"
OPEN = "version: 1\nchannels: {sec: '#dev'}\nrules: []\n"


# -- order and pace --------------------------------------------------------------------------


async def test_a_lane_is_first_in_first_out(bench: Bench) -> None:
    for number in range(5):
        await bench.plan(f"{number}")
    await bench.send()
    assert bench.said() == ["0", "1", "2", "3", "4"]


async def test_nothing_overtakes_a_message_that_must_wait(bench: Bench) -> None:
    await bench.plan("first")
    await bench.plan("second")
    bench.chat.fail("post", NotSent("slow down", retry_after=30.0))
    await bench.send()
    assert bench.said() == []
    bench.clock.move(seconds=29.9)
    await bench.send()
    assert bench.said() == []
    bench.clock.move(seconds=0.1)
    await bench.send()
    assert bench.said() == ["first", "second"]


async def test_waiting_for_a_limit_is_no_failed_attempt(bench: Bench) -> None:
    await bench.plan("first")
    for _ in range(5):
        bench.chat.fail("post", NotSent("slow down", retry_after=30.0))
        await bench.send()
        bench.clock.move(seconds=30)
    assert [item.attempts for item in await bench.items("todo")] == [0]
    bench.chat.fail("post", NotSent("no answer"))
    await bench.send()
    bench.clock.move(seconds=2.5)
    await bench.send()
    assert bench.said() == ["first"]
    assert [item.attempts for item in await bench.items("done")] == [2]


async def test_one_channels_limit_holds_no_other_channel(bench: Bench) -> None:
    await bench.plan("held")
    bench.chat.fail("post", NotSent("slow down", retry_after=30.0))
    await bench.send()
    await bench.plan("free", channel="C0CI")
    await bench.send()
    assert (bench.said("dev"), bench.said("ci")) == ([], ["free"])


async def test_a_second_channels_limit_holds_every_channel(bench: Bench) -> None:
    for channel in ("C0DEV", "C0CI", "C0GENERAL"):
        await bench.plan(channel, channel=channel)
    for _ in range(2):
        bench.chat.fail("post", NotSent("slow down", retry_after=30.0))
    await bench.send()
    assert bench.chat.posts == []
    bench.clock.move(seconds=30)
    await bench.send()
    assert len(bench.chat.posts) == 3


async def test_a_limit_on_a_method_holds_it_for_every_channel(bench: Bench) -> None:
    dev = await root(bench)
    ci = await root(bench, channel="C0CI")
    for place in (dev, ci):
        await bench.plan(verb="card", channel=place.channel, root=place.id)
    limit = NotSent("slow down", retry_after=30.0, scope=Scope.METHOD)
    bench.chat.fail("edit", limit)
    await bench.send()
    assert [post.edits for post in bench.chat.posts] == [0, 0]
    await bench.plan("free", channel="C0GENERAL")
    await bench.send()
    assert bench.said("general") == ["free"]
    bench.clock.move(seconds=30)
    await bench.send()
    assert [post.edits for post in bench.chat.posts] == [1, 1, 0]


async def test_a_limit_on_looking_up_does_not_hold_posts(bench: Bench) -> None:
    await bench.plan("doubtful")
    bench.chat.fail("post", Unsure("reset"))
    await bench.send()
    bench.clock.move(seconds=3)
    bench.chat.fail("find", NotSent("slow down", retry_after=60.0, scope=Scope.METHOD))
    await bench.send()
    await bench.plan("elsewhere", channel="C0CI")
    await bench.send()
    assert (bench.said("dev"), bench.said("ci")) == ([], ["elsewhere"])
    await bench.send_all()
    assert bench.said("dev") == ["doubtful"]


async def test_two_posts_of_a_channel_keep_their_distance(bench: Bench) -> None:
    bench.gap_s = 1.0
    bench.restart()
    await bench.plan("one")
    await bench.plan("two")
    await bench.plan("elsewhere", channel="C0CI")
    await bench.send()
    assert (bench.said("dev"), bench.said("ci")) == (["one"], ["elsewhere"])
    bench.clock.move(seconds=0.9)
    await bench.send()
    assert bench.said() == ["one"]
    bench.clock.move(seconds=0.1)
    await bench.send()
    assert bench.said() == ["one", "two"]


async def test_edits_and_reactions_need_no_distance(bench: Bench) -> None:
    first = await root(bench)
    bench.gap_s = 60.0
    bench.restart()
    await bench.plan(verb="react", emoji="tada", root=first.id)
    await bench.plan("edited", verb="card", root=first.id)
    await bench.plan(verb="react", emoji="x", root=first.id)
    await bench.send()
    [post] = bench.chat.posts
    assert (post.reactions, post.edits) == (("tada", "x"), 1)


# -- doubt -----------------------------------------------------------------------------------


async def test_a_message_that_was_posted_after_all_is_adopted(bench: Bench) -> None:
    action = await bench.plan("once")
    bench.chat.fail("post", Unsure("reset"), after=True)
    await bench.send_all()
    assert bench.said() == ["once"]
    [item] = await bench.items("done")
    assert (item.action.id, item.place) == (action.id, bench.chat.posts[0].place)


async def test_a_message_that_was_not_posted_is_posted(bench: Bench) -> None:
    await bench.plan("once")
    bench.chat.fail("post", Unsure("reset"))
    await bench.send_all()
    assert bench.said() == ["once"]


async def test_a_worker_that_died_in_a_call_leaves_a_message_to_look_for(bench: Bench) -> None:
    action = await bench.plan("once")
    await bench.claim()
    assert action.message is not None
    await bench.chat.post("C0DEV", action.message, key=action.id, thread=None, broadcast=False)
    bench.restart()
    await bench.send()
    assert bench.said() == ["once"], "its lease is not over"
    bench.clock.move(seconds=LEASE.total_seconds())
    await bench.send()
    assert bench.said() == ["once"]
    assert len(await bench.items("done")) == 1


async def test_a_doubt_outlives_a_limit(bench: Bench) -> None:
    await bench.plan("once")
    bench.chat.fail("post", Unsure("reset"), after=True)
    await bench.send()
    bench.clock.move(seconds=3)
    bench.chat.fail("find", NotSent("unreachable"))
    await bench.send_all()
    assert bench.said() == ["once"]


async def test_a_doubtful_reply_is_looked_for_in_its_thread(bench: Bench) -> None:
    first = await root(bench)
    await bench.plan("reply", verb="reply", root=first.id)
    bench.chat.fail("post", Unsure("reset"), after=True)
    await bench.send_all()
    assert bench.said() == ["root", "reply"]


async def test_a_call_whose_lease_ended_before_it_is_not_made(bench: Bench) -> None:
    await bench.plan("late")
    claimed = await bench.claim()
    assert claimed is not None
    bench.clock.move(seconds=LEASE.total_seconds())
    await bench.handle(claimed)
    assert bench.said() == []
    await bench.send()
    assert bench.said() == ["late"]


async def test_another_claim_does_not_make_the_lease_younger(bench: Bench) -> None:
    await bench.plan("late")
    claimed = await bench.claim()
    assert claimed is not None
    bench.clock.move(seconds=LEASE.total_seconds())
    await bench.plan("other", channel="C0CI")
    await bench.send()
    assert (bench.said("dev"), bench.said("ci")) == (["late"], ["other"])
    # Who woke now, between two other turns, has no right to its call any more.
    await bench.handle(claimed)
    assert bench.said("dev") == ["late"]


async def test_a_result_that_comes_after_the_lease_was_lost_is_dropped(bench: Bench) -> None:
    await bench.plan("once")
    slow = await bench.claim()
    assert slow is not None
    bench.clock.move(seconds=LEASE.total_seconds())
    await bench.send()
    bench.clock.at = START
    await bench.handle(replace(slow, item=replace(slow.item, maybe_sent=True)))
    assert len(await bench.items("done")) == 1
    assert bench.said() == ["once"]


# -- refusals --------------------------------------------------------------------------------


async def test_refused_content_is_sent_as_plain_text(bench: Bench) -> None:
    rich = Message(text=text("lead"), body=(text("body"),), context=(text("rule"),), color="good")
    await bench.plan(message=rich)
    bench.chat.fail("post", ContentRefused("invalid_blocks", code="invalid_blocks"))
    await bench.send()
    [post] = bench.chat.posts
    assert post.message == Message(text=text("lead\nbody"))


async def test_content_refused_twice_is_given_up(bench: Bench) -> None:
    await bench.plan("bad")
    await bench.plan("good")
    for _ in range(2):
        bench.chat.fail("post", ContentRefused("no", code="invalid_blocks"))
    await bench.send()
    assert bench.said() == ["good"]
    [item] = await bench.items("dead")
    assert item.error == "no"


@pytest.mark.parametrize(
    "error",
    [
        TargetRefused("archived", code="is_archived"),
        CredentialRefused("revoked", code="token_revoked"),
    ],
)
async def test_a_refusal_is_given_up_at_once_and_told(bench: Bench, error: CallError) -> None:
    action = await bench.plan("no")
    bench.chat.fail("post", error)
    await bench.send()
    assert [(dead.id, code) for dead, code in bench.given_up] == [(action.id, error.code)]
    assert len(await bench.items("dead")) == 1
    assert await bench.store.next_ready(now=bench.clock.now()) is None


async def test_a_day_of_failures_is_given_up_and_told_once(bench: Bench) -> None:
    action = await bench.plan("never")
    for _ in range(1000):
        bench.chat.fail("post", NotSent("down", code="unreachable"))
    await bench.send_all()
    assert [dead.id for dead, _ in bench.given_up] == [action.id]
    assert timedelta(hours=24) <= bench.clock.now() - START < timedelta(hours=24, minutes=13)
    [item] = await bench.items("dead")
    assert "given up after 1 day" in (item.error or "")


async def test_what_a_person_retries_has_another_day(bench: Bench) -> None:
    await bench.plan("again")
    bench.chat.fail("post", TargetRefused("archived"))
    await bench.send()
    bench.clock.move(days=3)
    await bench.store.retry_outbox(now=bench.clock.now())
    bench.chat.fail("post", NotSent("down"))
    await bench.send_all()
    assert bench.said() == ["again"]


async def test_what_was_given_up_in_doubt_is_looked_for_when_a_person_retries(
    bench: Bench,
) -> None:
    await bench.plan("once")
    bench.clock.move(days=4)
    bench.chat.fail("post", Unsure("no answer"), after=True)
    await bench.send()
    assert len(await bench.items("dead")) == 1
    await bench.store.retry_outbox(now=bench.clock.now())
    await bench.send_all()
    assert bench.said() == ["once"]
    assert len(await bench.items("done")) == 1


async def test_a_fault_of_ours_gives_one_action_up_and_the_next_goes_on(bench: Bench) -> None:
    await bench.plan("broken")
    await bench.plan("whole")
    bench.chat.fail("post", ZeroDivisionError())  # type: ignore[arg-type]  # a bug, not a CallError
    await bench.send()
    assert bench.said() == ["whole"]
    [item] = await bench.items("dead")
    assert item.error == "ZeroDivisionError; see the log"


# -- privacy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["#dev", "C0DEV"])
async def test_what_is_confidential_goes_to_a_declared_channel(bench: Bench, channel: str) -> None:
    bench.use(CONFIDENTIAL)
    await bench.plan("secret", channel=channel, confidential=True)
    await bench.send()
    assert bench.said() == ["secret"]


async def test_what_is_confidential_is_dropped_when_its_channel_is_declared_no_more(
    bench: Bench,
) -> None:
    bench.use(CONFIDENTIAL)
    first = await root(bench, channel="#dev", confidential=True)
    bench.use(OPEN)
    await bench.plan("secret", channel="#dev", confidential=True)
    await bench.plan("secret", channel="#dev", confidential=True, verb="card", root=first.id)
    await bench.send()
    assert bench.said() == ["root"]
    assert len(await bench.items("dropped")) == 2


# -- what is told ----------------------------------------------------------------------------


async def test_outcomes_are_counted(bench: Bench) -> None:
    await bench.plan("one")
    await bench.plan("two")
    bench.chat.fail("post", NotSent("down", code="unreachable"))
    bench.chat.fail("post", TargetRefused("no", code="is_archived"))
    await bench.send_all()

    def count(name: str, **labels: str) -> float | None:
        return bench.metrics.registry.get_sample_value(name, labels)

    assert count("bot_actions_total", verb="post", outcome="retry") == 1
    assert count("bot_actions_total", verb="post", outcome="dead") == 1
    assert count("bot_actions_total", verb="post", outcome="done") == 1
    assert count("bot_slack_errors_total", code="is_archived") == 1


async def test_the_place_of_a_message_is_noted_for_the_page(bench: Bench) -> None:
    noted: list[tuple[Place, str]] = []

    class Notes:
        async def note(self, place: Place, action: Action) -> None:
            noted.append((place, action.rule))

    bench.trace = Notes()
    bench.restart()
    await bench.plan("hello")
    await bench.send()
    assert noted == [(bench.chat.posts[0].place, "a rule")]
