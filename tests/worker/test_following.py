"""What belongs to a message waits for it, follows it, and is merged while it waits."""

from __future__ import annotations

import pytest

from bot.errors import NotSent, ParentLost, TargetRefused
from tests.worker.bench import Bench, root

# -- threads ---------------------------------------------------------------------------------


async def test_a_reply_waits_behind_its_root(bench: Bench) -> None:
    first = await bench.plan("root")
    await bench.plan("reply", verb="reply", root=first.id)
    bench.chat.fail("post", NotSent("down"))
    await bench.send_all()
    top, reply = bench.chat.posts
    assert reply.thread == top.place.ts


async def test_a_reply_below_a_dead_root_is_dropped(bench: Bench) -> None:
    first = await bench.plan("root")
    await bench.plan("reply", verb="reply", root=first.id)
    await bench.plan(verb="react", emoji="x", root=first.id)
    bench.chat.fail("post", TargetRefused("no"))
    await bench.send()
    assert bench.said() == []
    assert len(await bench.items("dropped")) == 2


async def test_a_reply_that_may_stand_alone_is_posted_without_its_root(bench: Bench) -> None:
    first = await bench.plan("root")
    await bench.plan("fixed!", verb="reply", root=first.id, alone=True, broadcast=True)
    bench.chat.fail("post", TargetRefused("no"))
    await bench.send()
    [post] = bench.chat.posts
    assert (post.thread, post.broadcast) == (None, False)


async def test_a_broadcast_reply_is_one(bench: Bench) -> None:
    first = await root(bench)
    await bench.plan("fixed!", verb="reply", root=first.id, broadcast=True)
    await bench.send()
    assert bench.chat.posts[1].broadcast


@pytest.mark.parametrize("alone", [False, True])
async def test_a_reply_to_a_deleted_message(bench: Bench, alone: bool) -> None:
    first = await root(bench)
    bench.chat.posts.clear()
    await bench.plan("reply", verb="reply", root=first.id, alone=alone)
    await bench.send()
    assert bench.said() == (["reply"] if alone else [])
    assert len(await bench.items("dropped")) == (0 if alone else 1)


async def test_an_edit_of_a_deleted_message_is_dropped(bench: Bench) -> None:
    first = await root(bench)
    bench.chat.fail("edit", ParentLost("message_not_found"))
    await bench.plan("edited", verb="card", root=first.id)
    await bench.send()
    [item] = await bench.items("dropped")
    assert item.error == "its message was deleted"
    assert bench.given_up == []


async def test_a_reply_in_another_lane_waits_for_its_root(bench: Bench) -> None:
    """As when the channel's id became known between the two."""
    first = await bench.plan("root", channel="#dev")
    await bench.plan("reply", verb="reply", root=first.id)
    bench.chat.fail("post", NotSent("down", retry_after=60))
    await bench.send_all()
    top, reply = bench.chat.posts
    assert reply.thread == top.place.ts


# -- merging ---------------------------------------------------------------------------------


async def test_waiting_edits_of_a_card_become_one(bench: Bench) -> None:
    first = await root(bench)
    for words in ("one", "two", "three"):
        await bench.plan(words, verb="card", root=first.id, slot="card:7")
    await bench.send()
    [post] = bench.chat.posts
    assert (bench.said(), post.edits) == (["three"], 1)


async def test_an_edit_of_a_card_that_waits_is_posted_with_it(bench: Bench) -> None:
    first = await bench.plan("opened", verb="card", slot="card:7")
    await bench.plan("merged", verb="card", root=first.id, slot="card:7")
    await bench.send()
    [post] = bench.chat.posts
    assert (bench.said(), post.edits) == (["merged"], 0)


async def test_a_reaction_put_on_and_taken_off_while_waiting_is_taken_off(bench: Bench) -> None:
    first = await root(bench)
    for remove in (False, True):
        await bench.plan(verb="react", emoji="x", root=first.id, slot="react:x", remove=remove)
    await bench.send()
    assert bench.chat.posts[0].reactions == ()
    assert len(await bench.items("done")) == 2, "the root and one reaction"


async def test_a_merged_edit_keeps_its_earlier_place(bench: Bench) -> None:
    first = await root(bench)
    await bench.plan("old", verb="card", root=first.id, slot="card:7")
    await bench.plan("reply", verb="reply", root=first.id)
    await bench.plan("new", verb="card", root=first.id, slot="card:7")
    assert await bench.step()
    assert bench.said() == ["new"]
    await bench.send()
    assert bench.said() == ["new", "reply"]


async def test_a_reply_is_edited_in_place_once_it_is_there(bench: Bench) -> None:
    first = await root(bench)
    reply = await bench.plan("one remark", verb="reply", root=first.id, slot="talk")
    await bench.send()
    await bench.plan("two remarks", verb="reply", root=reply.id, slot="talk", edit=True)
    await bench.send()
    _, post = bench.chat.posts
    assert (bench.said(), post.edits) == (["root", "two remarks"], 1)


async def test_a_reply_that_waits_takes_in_what_is_added_to_it(bench: Bench) -> None:
    first = await root(bench)
    reply = await bench.plan("one remark", verb="reply", root=first.id, slot="talk")
    await bench.plan("two remarks", verb="reply", root=reply.id, slot="talk", edit=True)
    await bench.send()
    top, post = bench.chat.posts
    assert (post.thread, post.edits) == (top.place.ts, 0)
    assert bench.said()[1:] == ["two remarks"]


async def test_an_edit_of_a_reply_that_was_deleted_is_dropped(bench: Bench) -> None:
    first = await root(bench)
    reply = await bench.plan("one remark", verb="reply", root=first.id, slot="talk")
    await bench.send()
    bench.chat.fail("edit", ParentLost("message_not_found"))
    await bench.plan("two remarks", verb="reply", root=reply.id, slot="talk", edit=True)
    await bench.send()
    [item] = await bench.items("dropped")
    assert item.error == "its message was deleted"
