"""A person's names are taken out of all that is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.message import Message, text
from bot.model import Thread
from bot.people import Account, Act
from bot.ports import Dropped, Settled
from bot.store.erasing import pattern
from tests.store.make import (
    MR,
    NOW,
    action,
    claim,
    decided,
    delivery,
    delivery_id,
    next_item,
    plan,
    settle_deliveries,
    settle_item,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.store import Store


@pytest.mark.parametrize("held", ['"alice"', "by Alice.", "@alice:", '"ALICE"', "x alice y"])
def test_a_name_is_found_as_a_word_in_any_case(held: str) -> None:
    found = pattern(["alice"]).sub("someone", held.replace("Alice.", "Alice,"))
    assert "alice" not in found.lower()


@pytest.mark.parametrize("held", ["malice", "alice-b", "alice.b", "alices"])
def test_a_name_within_another_is_left_alone(held: str) -> None:
    assert pattern(["alice"]).sub("someone", held) == held


def test_a_name_is_found_as_json_escapes_it() -> None:
    assert pattern(["Zoë"]).sub("someone", '"Zo\\u00eb"') == '"someone"'


async def test_erasing_leaves_no_row_that_holds_the_name(store: Store) -> None:
    body = b'{"user": {"username": "alice", "name": "Alice A"}, "note": "malice"}'
    said = replace(action(2), message=Message(text=text("Alice A merged it")))
    await plan(store, 2, said, remember={f"facts:{MR}": {"author": {"username": "alice"}}})
    await store.append(replace(delivery(1), body=body))
    account = Account(
        slack="U1", instance="gitlab", user_id="7", username="alice", name="Alice A", proved="admin"
    )
    await store.save_account(replace(account, linked_at=NOW))

    counted = await store.erase(["alice", "Alice A"], really=False)
    assert {"deliveries", "outbox", "memory"} <= set(counted)
    assert (await _body(store)) == body

    assert await store.erase(["alice", "Alice A"], really=True) == counted
    assert await store.erase(["alice", "Alice A"], really=False) == {}
    assert await _body(store) == (
        b'{"user": {"username": "someone", "name": "someone"}, "note": "malice"}'
    )
    assert await store.load_memory([f"facts:{MR}"]) == {
        f"facts:{MR}": {"author": {"username": "someone"}}
    }
    assert await store.accounts() == ()


async def test_their_own_project_what_they_typed_and_their_wishes_are_erased_too(
    store: Store,
) -> None:
    await store.append(delivery(2, body=b"{}"))
    claimed = await claim(store)
    failed = Settled(
        delivery=delivery_id(2), status="failed", error="$.x: alice", project="alice/x"
    )
    await settle_deliveries(store, claimed.claim, [failed], now=NOW)
    await store.record_act(
        Act(
            id="a1",
            at=NOW,
            who="U1ALICE",
            verb="people link",
            words="people link U1ALICE alice",
            target="alice/dotfiles",
            instance="gitlab",
        )
    )
    await store.save_account(
        Account(
            slack="U1ALICE",
            instance="gitlab",
            user_id="7",
            username="alice",
            name="Alice A",
            proved="admin",
            linked_at=NOW,
        )
    )
    await store.set_quiet("U1ALICE", quiet=True, now=NOW)

    assert (await store.erase(["alice", "U1ALICE"], really=True))["audit"] == 1
    [kept] = await store.list_deliveries()
    assert (kept.project, kept.error) == ("someone/x", "$.x: someone")
    [act] = await store.list_audit()
    assert (act.who, act.words, act.target) == (
        "someone",
        "people link someone someone",
        "someone/dotfiles",
    )
    assert await store.quiet_people() == frozenset()


async def test_what_is_kept_still_works_afterwards(store: Store) -> None:
    said = replace(action(2), message=Message(text=text("Alice A merged it")))
    await plan(store, 2, said)
    await store.erase(["Alice A"], really=True)
    claimed = await next_item(store, now=NOW)
    assert claimed is not None
    assert claimed.item.action.message == Message(text=text("someone merged it"))
    threads = (await store.load_state((), [MR]))[1]
    assert all(isinstance(one, Thread) for one in threads[MR])


async def test_words_of_the_programs_own_are_no_names(store: Store) -> None:
    """GitLab's first account is `root`, and so is a message's first of its thread."""
    body = b'{"root": {"username": "root"}, "note" : "text by root\\": x"}'
    await store.append(replace(delivery(1), body=body))
    await settle_deliveries(store, (await claim(store)).claim, [decided(1)], now=NOW)
    said = replace(action(2), message=Message(text=text("root merged it")))
    await plan(store, 2, said)
    await store.erase(["root", "text", "note"], really=True)
    claimed = await next_item(store, now=NOW)
    assert claimed is not None
    assert claimed.item.action.message == Message(text=text("someone merged it"))
    assert await _body(store) == (
        b'{"root": {"username": "someone"}, "note" : "someone by someone\\": x"}'
    )


async def test_what_is_written_meanwhile_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a look at a page of rows and their change."""
    await plan(store, 2, replace(action(2), message=Message(text=text("one by alice"))))

    async def meanwhile(do: Callable[..., Any], *topics: str) -> Any:
        monkeypatch.undo()
        claimed = await next_item(store, now=NOW)
        assert claimed is not None
        await settle_item(store, claimed, Dropped(reason="said by alice"), now=NOW, ready_at=NOW)
        return await store._backend.write(do, *topics)

    monkeypatch.setattr(store._backend, "write", meanwhile)
    assert (await store.erase(["alice"], really=True))["outbox"] == 1
    [item] = await store.list_outbox(state="dropped")
    assert item.error == "said by someone"


async def _body(store: Store) -> bytes:
    found = await store.delivery(delivery_id(1))
    assert found is not None
    return found[0].body
