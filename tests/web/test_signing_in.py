"""Whoever comes back from a forge is shown a code, and nothing is linked by that alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.once_site import ALICE, BOB, OnceSite, once_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[OnceSite]:
    async with once_site(tmp_path) as made:
        yield made


async def visited(site: OnceSite, who: str = ALICE) -> tuple[int, str]:
    """The link of `/hook link`, opened by whoever the forge knows."""
    return await site.get(await site.ways.way_in(who, "gitlab"))


def code_in(page: str) -> str:
    return page.split("/hook link ")[1].split("<")[0]


async def test_the_code_makes_the_account_theirs_in_slack(site: OnceSite) -> None:
    status, page = await visited(site)
    assert (status, "You are alice at gitlab" in page) == (200, True)
    assert await site.store.accounts() == ()
    assert await site.store.proof_waits(ALICE)
    account = await site.store.take_proof(ALICE, code_in(page))
    assert account is not None
    assert (account.slack, account.username, account.user_id) == (ALICE, "alice", "31")
    assert account.proved == "oauth"
    assert not await site.store.proof_waits(ALICE)


async def test_the_code_is_worth_nothing_to_anybody_else(site: OnceSite) -> None:
    _, page = await visited(site)
    assert await site.store.take_proof(BOB, code_in(page)) is None
    assert await site.store.take_proof(ALICE, code_in(page)) is not None


async def test_whoever_lures_somebody_into_signing_in_has_no_code(site: OnceSite) -> None:
    """Bob's link, opened by alice: only her page shows what Bob would have to type."""
    _, page = await visited(site, BOB)
    assert await site.store.accounts() == ()
    for _ in range(5):
        assert await site.store.take_proof(BOB, "AAAA-AAAA") is None
    assert await site.store.take_proof(BOB, code_in(page)) is None, "guessing ends it"


async def test_a_link_works_once(site: OnceSite) -> None:
    way = await site.ways.way_in(ALICE, "gitlab")
    assert (await site.get(way))[0] == 200
    status, page = await site.get(way)
    assert (status, "used up" in page) == (404, True)


async def test_what_nobody_was_sent_for_is_refused(site: OnceSite) -> None:
    for query in ("", "?state=x&code=y", "?code=y"):
        assert (await site.get(f"/oauth/gitlab{query}"))[0] == 404


async def test_one_forge_does_not_answer_for_another(site: OnceSite) -> None:
    way = await site.ways.way_in(ALICE, "gitlab")
    async with site.client.get(way, allow_redirects=False) as answer:
        back = answer.headers["Location"].replace("/oauth/gitlab", "/oauth/github")
    assert (await site.get(back))[0] == 404
    assert await site.store.proof_waits(ALICE) is False


async def test_who_says_no_is_told_that_nothing_happened(site: OnceSite) -> None:
    site.oauth.denies = True
    status, page = await visited(site)
    assert (status, "nothing was granted there" in page) == (403, True)
    assert not await site.store.proof_waits(ALICE)


async def test_a_machine_is_nobody(site: OnceSite) -> None:
    site.oauth.user["bot"] = True
    status, page = await visited(site)
    assert (status, "machine" in page) == (403, True)


async def test_names_are_text(site: OnceSite) -> None:
    site.oauth.user["username"] = "<b>x"
    assert "<b>x" not in (await visited(site))[1]


async def test_no_secret_and_no_token_is_kept(site: OnceSite, tmp_path: Path) -> None:
    await visited(site)
    assert site.oauth.tokens == {}
    kept = _bytes(tmp_path)
    for secret in (b"oauth-token-", b"oauth-client-secret", b"alice"):
        assert secret not in kept


def _bytes(folder: Path) -> bytes:
    """Of the database."""
    return b"".join(one.read_bytes() for one in folder.iterdir())
