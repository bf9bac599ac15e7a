"""What is kept sealed and taken once, on each engine."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.handover import Handover, SignIn
from bot.people import Account
from bot.store.tickets import Tickets

if TYPE_CHECKING:
    from bot.store import Store

PAGE = Handover(title="Key", secret="s3cret", who="U1", instance="gitlab", project="group/repo")
SIGN_IN = SignIn(who="U1", instance="gitlab", verifier="v", page="p")
ALICE = Account(slack="U1", instance="gitlab", username="alice", user_id="31", proved="oauth")


async def test_of_many_who_press_the_button_one_has_the_secret(store: Store) -> None:
    token = await store.put_once(PAGE)
    assert await store.peek_once(token) == PAGE
    taken = await asyncio.gather(*(store.take_once(token) for _ in range(5)))
    assert [one for one in taken if one is not None] == [PAGE]
    assert await store.peek_once(token) is None
    assert await store.new_code(token) is None


async def test_guesses_at_the_same_time_are_all_counted(store: Store) -> None:
    token = await store.put_once(PAGE)
    code = await store.new_code(token)
    assert code is not None
    guesses = [store.code_fits(token, "AAAA-AAAA") for _ in range(5)]
    assert not any(await asyncio.gather(*guesses))
    assert not await store.code_fits(token, code)
    fresh = [code for code in [await store.new_code(token) for _ in range(4)] if code]
    assert len(fresh) == 2, "three codes of a page in all"
    assert await store.code_fits(token, fresh[-1])
    assert not await store.code_fits(token, fresh[-1])


async def test_a_pass_is_of_one_page_and_works_once(store: Store) -> None:
    given = await store.new_pass("page-1")
    assert not await store.pass_fits("page-2", given)
    assert not await store.pass_fits("page-1", given), "a wrong page spends it"
    given = await store.new_pass("page-1")
    assert await store.pass_fits("page-1", given)
    assert not await store.pass_fits("page-1", given)


async def test_a_sign_in_comes_back_once(store: Store) -> None:
    state = await store.begin_sign_in(SIGN_IN)
    assert await store.take_sign_in(state) == SIGN_IN
    assert await store.take_sign_in(state) is None


async def test_a_proof_is_of_one_person_and_ends_after_five_wrong_codes(store: Store) -> None:
    code = await store.keep_proof(ALICE)
    assert await store.take_proof("U2", code) is None
    for _ in range(4):
        assert await store.take_proof("U1", "AAAA-AAAA") is None
    assert await store.take_proof("U1", code.replace("-", "").lower()) == ALICE
    assert not await store.proof_waits("U1")
    code = await store.keep_proof(ALICE)
    for _ in range(5):
        await store.take_proof("U1", "AAAA-AAAA")
    assert not await store.proof_waits("U1")


async def test_the_later_proof_takes_the_place_of_the_first(store: Store) -> None:
    first = await store.keep_proof(ALICE)
    second = await store.keep_proof(ALICE)
    assert await store.take_proof("U1", first) is None
    assert await store.take_proof("U1", second) == ALICE


async def test_what_is_over_is_gone_and_swept(store: Store) -> None:
    tickets = Tickets("kind", store._backend, store._vault)
    await tickets.put("old", {"a": 1}, lasts=timedelta())
    assert await tickets.peek("old") is None
    assert await tickets.take("old") is None
    assert await tickets.change("old", lambda held: (held, True)) is None
    await tickets.put("older", 1, lasts=timedelta())
    await tickets.put("new", 2, lasts=timedelta(hours=1))
    assert await tickets.peek("new") == 2
