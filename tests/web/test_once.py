"""A secret is shown once, to the person who asked for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.people import Account
from tests.web.once_site import ADMIN, ALICE, BOB, TOKEN, OnceSite, once_site

SECRET = "s3&lt;cr&gt;et"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[OnceSite]:
    async with once_site(tmp_path) as made:
        yield made


async def linked(site: OnceSite, slack: str, username: str = "alice", number: str = "31") -> None:
    account = Account(slack=slack, instance="gitlab", username=username, user_id=number)
    await site.store.save_account(account)


async def signed_in(site: OnceSite, path: str) -> tuple[int, str]:
    """To the forge, and back."""
    return await site.get(f"{path}/sign-in")


def granted(page: str) -> str:
    return page.split('name="pass" value="')[1].split('"')[0]


# -- a code ------------------------------------------------------------------------------------


async def test_a_code_goes_to_the_person_who_asked_and_opens_the_page_once(site: OnceSite) -> None:
    path = await site.page()
    _, asked = await site.get(path)
    assert "Key of group/app" in asked
    assert "Send me a code in Slack" in asked
    code = await site.code(path)
    assert [person for person, _ in site.written] == [ALICE]
    status, shown = await site.post(path, code=code.lower().replace("-", " "))
    assert (status, SECRET in shown) == (200, True)
    for again in (await site.post(path, code=code), await site.get(path)):
        assert again[0] == 404
        assert "s3&lt;" not in again[1]


async def test_an_open_link_alone_shows_nothing(site: OnceSite) -> None:
    path = await site.page()
    for _ in range(3):
        assert (await site.get(path))[0] == 200
    for form in ({}, {"code": ""}, {"code": "AAAA-AAAA"}, {"pass": "x" * 32}):
        status, page = await site.post(path, **form)
        assert (status, "s3&lt;" in page) == (403, False)
    assert await site.store.peek_once(path.rpartition("/")[2]) is not None


async def test_five_wrong_codes_end_the_code_and_not_the_secret(site: OnceSite) -> None:
    path = await site.page()
    code = await site.code(path)
    for _ in range(5):
        assert "not the code" in (await site.post(path, code="AAAA-AAAA"))[1]
    assert (await site.post(path, code=code))[0] == 403
    assert SECRET in (await site.post(path, code=await site.code(path)))[1]


async def test_nobody_is_flooded_with_codes(site: OnceSite) -> None:
    path = await site.page()
    for _ in range(3):
        await site.code(path)
    assert "sent enough codes" in (await site.post(f"{path}/code"))[1]
    assert len(site.written) == 3


async def test_a_code_is_of_its_page_and_of_its_time(site: OnceSite) -> None:
    one, other = await site.page(), await site.page()
    code = await site.code(one)
    assert (await site.post(other, code=code))[0] == 403
    later = await site.code(one)
    assert (await site.post(one, code=code))[0] == 403
    assert SECRET in (await site.post(one, code=later))[1]


async def test_a_slack_that_is_away_is_told(site: OnceSite) -> None:
    site.slack_is_away = True
    assert "Slack did not take the code" in (await site.post(f"{await site.page()}/code"))[1]


# -- signing in --------------------------------------------------------------------------------


async def test_who_is_linked_signs_in_at_the_forge(site: OnceSite) -> None:
    await linked(site, ALICE)
    path = await site.page()
    assert "Sign in at gitlab" in (await site.get(path))[1]
    status, page = await signed_in(site, path)
    assert (status, "signed in as <b>alice</b>" in page, "s3&lt;" in page) == (200, True, False)
    assert SECRET in (await site.post(path, **{"pass": granted(page)}))[1]
    assert site.oauth.tokens == {}


async def test_an_admin_may_open_it_too(site: OnceSite) -> None:
    await linked(site, ADMIN)
    path = await site.page()
    _, page = await signed_in(site, path)
    assert SECRET in (await site.post(path, **{"pass": granted(page)}))[1]


@pytest.mark.parametrize("slack", [BOB, None])
async def test_anybody_else_who_signs_in_sees_nothing(site: OnceSite, slack: str | None) -> None:
    if slack is not None:
        await linked(site, slack)
    path = await site.page()
    status, page = await signed_in(site, path)
    assert (status, "is not linked to the person who asked" in page) == (403, True)
    assert (await site.get(path))[0] == 200, "the secret is still there for whom it is"


async def test_a_name_that_somebody_else_has_now_opens_nothing(site: OnceSite) -> None:
    await linked(site, ALICE, number="30")
    assert (await signed_in(site, await site.page()))[0] == 403


async def test_what_opens_one_page_opens_no_other(site: OnceSite) -> None:
    await linked(site, ALICE)
    one, other = await site.page(), await site.page(BOB)
    _, page = await signed_in(site, one)
    status, shown = await site.post(other, **{"pass": granted(page)})
    assert (status, "s3&lt;" in shown) == (403, False)


# -- the bot's own page ------------------------------------------------------------------------


@pytest.mark.parametrize("who", [ALICE, "local"])
async def test_whoever_is_logged_in_to_the_page_is_an_admin(site: OnceSite, who: str) -> None:
    path = await site.page(who)
    assert (await site.post(path))[0] == 403
    form = {"token": TOKEN}
    async with site.client.post("/login", data=form, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    async with site.client.post(path, headers={"Cookie": cookie}) as answer:
        assert SECRET in await answer.text()


async def test_of_the_command_line_nobody_in_slack_is_asked(site: OnceSite) -> None:
    path = await site.page("local")
    assert "Slack" not in (await site.get(path))[1]
    for beside in (await site.post(f"{path}/code"), await site.get(f"{path}/sign-in")):
        assert beside[0] == 404
    assert site.written == []


async def test_without_a_console_token_only_this_machine_opens_it(tmp_path: Path) -> None:
    async with once_site(tmp_path, token=None) as site:
        path = await site.page("local")
        headers = {"X-Forwarded-For": "203.0.113.7"}
        async with site.client.post(path, headers=headers) as answer:
            assert answer.status == 403
        assert SECRET in (await site.post(path))[1]


# -- what goes with it -------------------------------------------------------------------------


async def test_another_site_cannot_press_the_button(site: OnceSite) -> None:
    path = await site.page()
    code = await site.code(path)
    headers = {"Sec-Fetch-Site": "cross-site"}
    for there in (path, f"{path}/code"):
        async with site.client.post(there, data={"code": code}, headers=headers) as answer:
            assert answer.status == 403
            assert "s3&lt;" not in await answer.text()
    assert len(site.written) == 1


async def test_who_opened_it_is_in_the_audit(site: OnceSite) -> None:
    path = await site.page()
    await site.post(path, code=await site.code(path))
    (act,) = await site.store.list_audit(project="group/app")
    assert (act.who, act.verb, act.words) == (ALICE, "once", "opened: Key of group/app")


async def test_nothing_of_it_is_kept_on_the_way(site: OnceSite) -> None:
    path = await site.page()
    async with site.client.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    async with site.client.get(f"{path}/sign-in", allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Cache-Control"] == "no-store"
        assert path.rpartition("/")[2] not in answer.headers["Location"]


async def test_a_token_nobody_gave_is_not_found(site: OnceSite) -> None:
    for path in (f"/once/{'a' * 32}", f"/once/{'a' * 32}/sign-in"):
        assert (await site.get(path))[0] == 404
    assert (await site.post(f"/once/{'a' * 32}/code"))[0] == 404


async def test_a_title_is_text(site: OnceSite) -> None:
    path = await site.page(title="<img src=x>")
    assert "<img" not in (await site.get(path))[1]
    await site.post(f"{path}/code")
    assert "&lt;img src=x&gt;" in site.written[0][1]
