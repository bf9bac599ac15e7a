"""Who is who, as the store keeps it; and the audit of commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.people import Account, Act, LinkCode, Unknown
from tests.store.make import NOW, plan

if TYPE_CHECKING:
    from bot.store import Store

ALICE: Final = Account(
    slack="U0ALICE01",
    instance="gitlab",
    username="Alice",
    user_id="7",
    name="Alice Novak",
    proved="code",
    linked_at=NOW,
)
ACT: Final = Act(
    id="job1",
    at=NOW,
    who="U0ALICE01",
    verb="add",
    words="add shop/api --anyway",
    target="shop/api",
    instance="gitlab",
    detail="shop/api: hook 7 is made",
)


async def test_an_account_comes_back_as_it_was_linked(store: Store) -> None:
    assert await store.save_account(ALICE) is None
    assert await store.accounts() == (ALICE,)
    assert await store.accounts(slack="U0ALICE01", instance="gitlab") == (ALICE,)
    assert await store.accounts(slack="U0BOB0001") == ()


async def test_a_person_has_one_account_at_each_instance(store: Store) -> None:
    other = replace(ALICE, username="alice2", user_id="8")
    inner = replace(ALICE, instance="inner")
    for one in (ALICE, inner, other):
        await store.save_account(one)
    assert await store.accounts() == (other, inner)


async def test_an_account_belongs_to_one_person_and_the_later_proof_wins(store: Store) -> None:
    await store.save_account(ALICE)
    bob = replace(ALICE, slack="U0BOB0001", username="alice")
    assert await store.save_account(bob) == ALICE
    assert await store.accounts() == (bob,)


async def test_a_renamed_account_is_the_same(store: Store) -> None:
    await store.save_account(ALICE)
    renamed = replace(ALICE, slack="U0BOB0001", username="carol")
    assert await store.save_account(renamed) == ALICE
    assert await store.accounts() == (renamed,)


async def test_accounts_are_forgotten_one_by_one(store: Store) -> None:
    await store.save_account(ALICE)
    await store.save_account(replace(ALICE, instance="inner"))
    assert await store.forget_account("U0ALICE01", "inner")
    assert not await store.forget_account("U0ALICE01", "inner")
    assert await store.accounts() == (ALICE,)


async def test_the_last_code_counts_until_it_is_forgotten(store: Store) -> None:
    until = NOW + timedelta(minutes=15)
    first = LinkCode(slack="U1", instance="gitlab", username="alice", code="a", until=until)
    await store.save_link_code(first)
    await store.save_link_code(replace(first, code="b"))
    assert await store.link_code("U1", "gitlab") == replace(first, code="b")
    assert await store.link_code("U1", "inner") is None
    await store.forget_link_code("U1", "gitlab")
    assert await store.link_code("U1", "gitlab") is None


async def test_direct_messages_are_switched_off_and_on(store: Store) -> None:
    for _ in range(2):
        await store.set_quiet("U0ALICE01", quiet=True, now=NOW)
    assert await store.quiet_people() == {"U0ALICE01"}
    await store.set_quiet("U0ALICE01", quiet=False, now=NOW)
    assert await store.quiet_people() == frozenset()


async def test_whom_nobody_knows_is_counted_until_they_link(store: Store) -> None:
    bob = Unknown(instance="gitlab", username="Bob", name="Bob")
    alice = Unknown(instance="gitlab", username="alice")
    await plan(store, 1, unknown=(bob, alice))
    await plan(store, 2, unknown=(bob,))
    assert [(one.username, one.times) for one in await store.unknown_people()] == [
        ("Bob", 2),
        ("alice", 1),
    ]
    await store.save_account(ALICE)
    assert [one.username for one in await store.unknown_people()] == ["Bob"]


async def test_a_command_is_audited_once_for_each_end(store: Store) -> None:
    for act in (ACT, ACT, replace(ACT, outcome="failed", detail="GitLab did not answer")):
        await store.record_act(act)
    failed, done = await store.list_audit()
    assert (done.who, done.verb, done.target, done.words, done.action, done.rule) == (
        "U0ALICE01",
        "add",
        "shop/api",
        "add shop/api --anyway",
        "job1",
        "",
    )
    assert (failed.outcome, failed.detail) == ("failed", "GitLab did not answer")


async def test_the_audit_of_one_project_knows_what_is_in_it(store: Store) -> None:
    targets = ("shop/api", "shop/api!7", "Shop/Api@main", "shop/api-old", "shop/api_x", "shop/")
    for number, target in enumerate(targets):
        await store.record_act(replace(ACT, id=str(number), target=target))
    found = await store.list_audit(project="shop/API")
    assert [one.target for one in found] == ["Shop/Api@main", "shop/api!7", "shop/api"]
