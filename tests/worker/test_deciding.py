"""Deliveries are decided in order, each by itself, and all that follows is written at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import StoreError
from bot.events.samples import sample
from bot.model import HookRecord
from bot.slack.mrkdwn import render
from tests.store.make import next_deliveries
from tests.worker.bench import START, Bench, decide_one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.model import DeliveryId
    from bot.ports import Decided, Next

CARDS = """\
version: 1
rules:
  - name: merge requests
    on: mr
    card: {to: "#dev", follow: [comments, reviews, state, pipeline]}
"""


async def verdicts(bench: Bench, delivery: DeliveryId) -> list[tuple[str, str]]:
    trace = await bench.store.decision(delivery)
    assert trace is not None
    return [(one["rule"], one["outcome"]) for one in trace["verdicts"]]


async def statuses(bench: Bench) -> list[tuple[str, str | None]]:
    """The earliest delivery first."""
    found = await bench.store.list_deliveries(limit=100)
    return [(one.status, one.error) for one in reversed(found)]


async def test_a_push_becomes_a_message(bench: Bench) -> None:
    delivery = await bench.take("push")
    assert await verdicts(bench, delivery) == [("pushes", "sent")]
    await bench.send()
    [said] = bench.said()
    assert said.startswith("Alice pushed 2 commits to `main`")


async def test_nothing_waits_any_more(bench: Bench) -> None:
    assert await decide_one(bench.decider) is False
    await bench.receive()
    assert await decide_one(bench.decider) is True
    assert await decide_one(bench.decider) is False


async def test_what_no_rule_wants_is_decided_and_named(bench: Bench) -> None:
    delivery = await bench.take("issue.opened")
    assert await verdicts(bench, delivery) == []
    [listed] = await bench.store.list_deliveries(limit=1)
    assert (listed.status, listed.project) == ("decided", "shop/api")
    assert await bench.items() == ()


async def test_a_broken_body_fails_and_the_next_of_its_lane_goes_on(bench: Bench) -> None:
    await bench.keep(b'{"object_kind": "push", "ref": 7}', "Push Hook")
    await bench.receive("push")
    await bench.decide()
    (failed, error), (decided, _) = await statuses(bench)
    assert (failed, decided) == ("failed", "decided")
    assert "expected str" in (error or "")
    await bench.send()
    assert len(bench.said()) == 1


async def test_a_fault_of_ours_fails_one_delivery_only(bench: Bench) -> None:
    good = bench.book.current

    class Broken:
        @property
        def current(self) -> Any:  # a ruleset that nobody can have
            raise ZeroDivisionError

    await bench.receive("push")
    bench.decider._book = Broken()
    await bench.decide()
    bench.book.current = good
    bench.restart()
    await bench.take("push")
    (failed, error), (decided, _) = await statuses(bench)
    assert (failed, decided) == ("failed", "decided")
    assert error == "ZeroDivisionError while deciding; see the log"


async def test_a_projects_events_are_decided_in_order(bench: Bench) -> None:
    for number in range(5):
        await bench.receive("push", branch=f"b{number}")
    await bench.decide()
    await bench.send()
    assert [f"`b{number}`" in said for number, said in enumerate(bench.said())] == [True] * 5


async def test_what_one_decision_remembers_the_next_of_the_batch_sees(bench: Bench) -> None:
    bench.use(
        "version: 1\nrules:\n"
        "  - {name: broken, on: pipeline.broken, post: {to: '#ci', thread: branch}}\n"
        "  - {name: fixed, on: pipeline.fixed, reply: {to: '#ci', thread: branch}}\n"
    )
    for minute, status in enumerate(("success", "failed", "failed", "success", "success")):
        at = START + timedelta(minutes=minute)
        await bench.receive(f"pipeline.{status}", id=100 + minute, at=at)
    assert await decide_one(bench.decider) is True
    assert await decide_one(bench.decider) is False, "all in one batch"
    await bench.send()
    assert [post.thread is None for post in bench.chat.posts] == [True, False]


async def test_a_card_opened_in_a_batch_is_edited_by_the_rest_of_it(bench: Bench) -> None:
    bench.use(CARDS)
    for name in ("mr.opened", "comment.mr", "mr.approved", "mr.merged"):
        await bench.receive(name)
    assert await decide_one(bench.decider) is True
    await bench.send()
    card, *replies = bench.chat.posts
    assert all(reply.thread == card.place.ts for reply in replies)
    assert len(replies) == 2, "what one person says at once is one reply"
    assert set(card.reactions) == {"white_check_mark", "tada"}


@pytest.mark.parametrize("listed", [True, False])
async def test_a_batch_and_single_steps_come_to_the_same(bench: Bench, listed: bool) -> None:
    """The state seen within a batch is the state that the store has afterwards."""
    bench.use(CARDS + "  - {name: all, on: [push, pipeline.broken, issue], post: '#ci'}\n")
    if not listed:
        bench.unlisted()
    story = ["mr.opened", "push", "comment.mr", "pipeline.success", "pipeline.failed"]
    story += ["mr.approved", "issue.opened", "comment.issue", "issue.closed", "mr.merged"]
    for name in story:
        await bench.receive(name, project="shop/one")
    await bench.decide()
    await bench.send()
    for name in story:
        await bench.receive(name, project="shop/two")
        await bench.decide()
        await bench.send()

    def shown(project: str) -> dict[str, list[bool]]:
        """Whether each message is a root, by channel."""
        found: dict[str, list[bool]] = {}
        for post in bench.chat.posts:
            if project in str(post.message):
                found.setdefault(post.place.channel, []).append(post.thread is None)
        return found

    assert shown("shop/one") == shown("shop/two")
    assert shown("shop/one").keys() == {"C0DEV", "C0CI"}


async def test_the_hooks_own_channel_is_used_when_no_rule_matches(bench: Bench) -> None:
    bench.use("version: 1\nrules: []\n")
    await bench.store.save_hook(
        HookRecord(
            id="h1",
            forge="gitlab",
            instance="gitlab",
            project_id="15",
            project="shop/api",
            remote_id="9",
            secrets=("s",),
            channel="#general",
        )
    )
    headers, body = sample("push")
    await bench.keep(body, headers["X-Gitlab-Event"], hook="h1")
    await bench.keep(body.replace(b"shop", b"shed"), headers["X-Gitlab-Event"], hook="gone")
    await bench.decide()
    await bench.send()
    assert len(bench.said("general")) == 1


async def test_a_worker_whose_lease_was_lost_writes_nothing(bench: Bench) -> None:
    await bench.receive("push")
    real, deliveries = bench.store.settle_and_claim_deliveries, bench.decider

    class Late:
        """A store at whose door the lease ended."""

        def __getattr__(self, name: str) -> Any:  # everything else is the store's
            return getattr(bench.store, name)

        async def settle_and_claim_deliveries(self, made: Any, **kwargs: Any) -> Next:
            if made:
                bench.clock.move(minutes=5)
                await next_deliveries(bench.store, now=bench.clock.now())
            return await real(made, **kwargs | {"now": bench.clock.now()})

    deliveries._store = Late()
    assert await decide_one(deliveries) is True
    assert await statuses(bench) == [("new", None)]
    assert await bench.items() == ()
    bench.clock.move(minutes=5)
    bench.restart()
    await bench.decide()
    assert len(await bench.items()) == 1


async def test_decisions_that_break_the_transaction_stop_no_others(bench: Bench) -> None:
    for number in range(3):
        await bench.receive("push", project=f"shop/{number}")
    turn = bench.store.settle_and_claim_deliveries

    async def broken(made: Sequence[Decided], **kwargs: Any) -> Next:
        if any(one.claim.lane.endswith("shop/1") for one in made):
            raise StoreError("no")
        return await turn(made, **kwargs)

    cases = (await bench.decider.turn((), limit=3)).claimed
    judged = [one for one in [await bench.decider.handle(case) for case in cases] if one]
    bench.store.settle_and_claim_deliveries = broken  # type: ignore[method-assign]  # one refused
    with pytest.raises(StoreError):
        await bench.decider.turn(judged, limit=0)
    assert sorted(await statuses(bench)) == [("decided", None), ("decided", None), ("new", None)]


async def test_a_store_that_fails_is_the_loops_matter(bench: Bench) -> None:
    await bench.receive("push")

    class Down:
        async def hook(self, hook_id: str) -> None:
            raise StoreError("down")

    headers, body = sample("push")
    await bench.keep(body, headers["X-Gitlab-Event"], hook="h1")
    bench.decider._hooks = Down()  # type: ignore[assignment]  # all that is asked of it
    try:
        await decide_one(bench.decider)
    except StoreError:
        pass
    else:
        raise AssertionError("it was swallowed")
    assert await statuses(bench) == [("new", None), ("new", None)]


async def test_text_that_databases_choke_on_is_decided(bench: Bench) -> None:
    headers, body = sample("push")
    raw = json.loads(body)
    raw["commits"][0]["title"] = "nul \x00 and half \ud83d a face"
    raw["commits"][0]["message"] = raw["commits"][0]["title"]
    raw["user_id"] = 1 << 70
    await bench.keep(json.dumps(raw).encode(), headers["X-Gitlab-Event"])
    await bench.decide()
    assert await statuses(bench) == [("decided", None)]
    await bench.send()
    assert len(bench.said()) == 1


async def test_outcomes_are_counted_once_they_are_written(bench: Bench) -> None:
    await bench.take("push")
    await bench.keep(b'{"object_kind": "push", "ref": 7}', "Push Hook")
    await bench.decide()
    count = bench.metrics.registry.get_sample_value
    assert count("bot_decisions_total", {"outcome": "decided"}) == 1
    assert count("bot_decisions_total", {"outcome": "failed"}) == 1
    assert bench.clock.now() == START


async def test_a_thread_of_a_rules_own_is_found_by_a_later_delivery(bench: Bench) -> None:
    bench.use(
        """
rules:
- {name: a, on: mr.opened, post: {to: "#dev", thread: "to-{{ target }}", text: first}}
- {name: b, on: push, reply: {to: "#dev", thread: "to-{{ branch }}", text: second}}
"""
    )
    await bench.take("mr.opened", target="next")
    await bench.send()
    await bench.take("push", branch="main")
    await bench.take("push", branch="next")
    await bench.send_all()
    root, reply = bench.chat.in_channel("#dev")
    assert (reply.thread, render(reply.message.text)) == (root.place.ts, "second")


async def test_an_event_without_a_project_through_two_hooks_at_once_is_said_once(
    bench: Bench,
) -> None:
    """Each hook has a lane of its own: they are decided in one turn."""
    bench.use("rules: [{on: member, post: '#dev'}]")
    headers, body = sample("member.added")
    for hook in ("group", "parent"):
        await bench.keep(body, headers["X-Gitlab-Event"], project=f"hook-{hook}", hook=hook)
    cases = (await bench.decider.turn((), limit=8)).claimed
    assert len(cases) == 2
    while cases:
        judged = [one for one in [await bench.decider.handle(case) for case in cases] if one]
        cases = (await bench.decider.turn(judged, limit=0)).claimed
    await bench.send()
    assert len(bench.said()) == 1
