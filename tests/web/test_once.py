"""A secret is shown once."""

from __future__ import annotations

from tests.web.fakes import Site, served


async def test_a_secret_is_shown_to_the_first_who_presses_the_button() -> None:
    site = Site()
    token = await site.secrets.put_once("Secret of group/app", "s3<cr>et")
    async with served(site) as client:
        async with client.get(f"/once/{token}") as answer:
            page = await answer.text()
            assert "Secret of group/app" in page
            assert "s3" not in page
        async with client.post(f"/once/{token}") as answer:
            assert "s3&lt;cr&gt;et" in await answer.text()
            assert answer.headers["Cache-Control"] == "no-store"
        async with client.post(f"/once/{token}") as answer:
            assert answer.status == 404
            assert "s3" not in await answer.text()
        async with client.get(f"/once/{token}") as answer:
            assert answer.status == 404


async def test_a_fetched_page_alone_takes_nothing() -> None:
    site = Site()
    token = await site.secrets.put_once("t", "secret")
    async with served(site) as client:
        for _ in range(3):
            async with client.get(f"/once/{token}") as answer:
                assert answer.status == 200


async def test_a_token_nobody_gave_is_not_found() -> None:
    async with served(Site()) as client, client.get(f"/once/{'a' * 32}") as answer:
        assert answer.status == 404
