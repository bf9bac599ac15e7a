"""Who may see the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession

from bot.web.access import COOKIE, MAX_FAILURES
from tests.web.console_fakes import ConsoleSite
from tests.web.fakes import served

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a setting, nothing is bound to it
TOKEN = "the token of the console"
READS = ("/api/state", "/api/messages", "/events", "/api/jobs/job-1", "/api/deliveries/01A")


async def status(client: ClientSession, path: str, headers: Mapping[str, str] = {}) -> int:
    async with client.get(path, headers=headers, allow_redirects=False) as answer:
        return answer.status


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.3.2.1", "[::1]", "bot.localhost"])
@pytest.mark.parametrize("port", ["", ":8080"])
async def test_without_a_token_this_machine_may_see_it(host: str, port: str) -> None:
    async with served(ConsoleSite().site) as client:
        assert await status(client, "/", {"Host": host + port}) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "bot.example.com"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example#127.0.0.1"},
        {"Host": "127.0.0.1@evil.example"},
        {"Host": "[::1].evil.example"},
        {"Host": "192.168.1.7:8080"},
        {"Host": EVERYWHERE},
        {"Host": ""},
        {"Forwarded": "for=192.0.2.60"},
        {"X-Forwarded-For": "192.0.2.60"},
        {"X-Forwarded-Host": "localhost"},
        {"X-Forwarded-Proto": "https"},
        {"X-Real-IP": "127.0.0.1"},
        {"CF-Ray": "1"},
        {"CF-Connecting-IP": "192.0.2.60"},
        {"Via": "1.1 tunnel"},
        {"True-Client-IP": "192.0.2.60"},
        {"X-Envoy-External-Address": "192.0.2.60"},
    ],
)
async def test_without_a_token_nobody_else_may_see_it(headers: Mapping[str, str]) -> None:
    async with served(ConsoleSite().site) as client:
        assert await status(client, "/", headers) in {400, 403}
        assert await status(client, "/api/state", headers) in {400, 403}


async def test_without_a_token_a_bot_that_listens_everywhere_shows_it_to_nobody() -> None:
    async with served(ConsoleSite(host=EVERYWHERE).site) as client:
        async with client.get("/") as answer:
            assert answer.status == 403
            assert "CONSOLE_TOKEN" in await answer.text()
        assert await status(client, "/api/state") == 403


async def test_without_a_token_a_bot_with_a_public_address_shows_it_to_nobody() -> None:
    """A tunnel, or a proxy of few words, looks like this machine's own browser."""
    async with served(ConsoleSite(public=True).site) as client:
        assert await status(client, "/") == 403
        assert await status(client, "/api/state") == 403
    async with served(ConsoleSite(public=True, token=TOKEN).site) as client:
        assert await status(client, "/") == 401


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        (
            "application/x-www-form-urlencoded; charset=punycode",
            "a" * 300_000 + "-9" * 300_000,
            415,
        ),
        ("application/x-www-form-urlencoded; charset=nothing", "token=x", 415),
        ("multipart/form-data; boundary=x", "--x--", 415),
        ("text/plain", "token=x", 415),
        ("application/x-www-form-urlencoded", "&".join(f"a{n}=1" for n in range(21)), 400),
        ("application/x-www-form-urlencoded; charset=UTF-8", "token=%FF", 401),
    ],
)
async def test_a_login_is_a_form_and_nothing_that_takes_long(
    kind: str, body: str, wanted: int
) -> None:
    async with (
        served(ConsoleSite(token=TOKEN).site) as client,
        client.post("/login", data=body, headers={"Content-Type": kind}) as answer,
    ):
        assert answer.status == wanted


async def test_a_request_without_a_host_is_no_local_one() -> None:
    site = ConsoleSite().site
    async with served(site):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert b" 403 " in await reader.readline()
        writer.close()


@pytest.mark.parametrize("path", READS)
async def test_with_a_token_nothing_is_told_without_it_even_on_this_machine(path: str) -> None:
    async with served(ConsoleSite(token=TOKEN).site) as client:
        assert await status(client, path) == 401
        assert await status(client, path, {"Authorization": "Bearer wrong"}) == 401


async def test_the_token_opens_it_from_anywhere() -> None:
    site = ConsoleSite(token=TOKEN, host=EVERYWHERE)
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Host": "bot.example.com",
        "X-Forwarded-For": "192.0.2.60",
    }
    async with served(site.site) as client:
        assert await status(client, "/", headers) == 200
        assert await status(client, "/api/state", headers) == 200


async def login(client: ClientSession, token: str, headers: Mapping[str, str] = {}) -> int:
    async with client.post(
        "/login", data={"token": token}, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status


async def test_a_person_logs_in_with_the_form_and_out_again() -> None:
    async with served(ConsoleSite(token=TOKEN).site) as client:
        async with client.get("/") as answer:
            assert answer.status == 401
            assert 'name="token"' in await answer.text()
        assert await login(client, "wrong") == 401
        async with client.post("/login", data={"token": TOKEN}, allow_redirects=False) as answer:
            assert answer.status == 303
            cookie = answer.headers["Set-Cookie"]
        assert all(word in cookie for word in (COOKIE, "HttpOnly", "SameSite=Strict", "Path=/"))
        assert TOKEN not in cookie
        # The test's client keeps no cookies of bare addresses.
        session = {"Cookie": cookie.partition(";")[0]}
        assert await status(client, "/api/state", session) == 200
        async with client.post("/logout", headers=session, allow_redirects=False) as answer:
            assert answer.status == 303
            assert "Max-Age=0" in answer.headers["Set-Cookie"]
        # Also for whoever kept a copy of the cookie, and for nobody else.
        assert await status(client, "/api/state", session) == 401
        assert await status(client, "/", session) == 401
        assert await login(client, TOKEN) == 303


async def test_a_logout_ends_that_session_and_no_other() -> None:
    async with served(ConsoleSite(token=TOKEN).site) as client:
        mine, other = [{"Cookie": await session_of(client)} for _ in range(2)]
        async with client.post("/logout", headers=mine, allow_redirects=False):
            pass
        assert await status(client, "/api/state", other) == 200


async def test_an_open_page_hears_no_more_after_its_logout() -> None:
    async with served(ConsoleSite(token=TOKEN).site) as client:
        session = {"Cookie": await session_of(client)}
        async with client.get("/events", headers=session) as stream:
            assert stream.status == 200
            async with client.post("/logout", headers=session, allow_redirects=False):
                pass
            await stream.content.read()  # to its end


async def test_a_cookie_through_https_stays_on_https() -> None:
    async with (
        served(ConsoleSite(token=TOKEN).site) as client,
        client.post(
            "/login",
            data={"token": TOKEN},
            headers={"X-Forwarded-Proto": "https"},
            allow_redirects=False,
        ) as answer,
    ):
        assert "Secure" in answer.headers["Set-Cookie"]


async def session_of(client: ClientSession) -> str:
    async with client.post("/login", data={"token": TOKEN}, allow_redirects=False) as answer:
        return answer.headers["Set-Cookie"].partition(";")[0]


async def test_a_session_ends_by_itself_and_cannot_be_prolonged() -> None:
    site = ConsoleSite(token=TOKEN)
    async with served(site.site) as client:
        cookie = await session_of(client)
        until, name, signature = cookie.partition("=")[2].split(".")
        later = f"{COOKIE}={int(until) + 9999}.{name}.{signature}"
        assert await status(client, "/api/state", {"Cookie": later}) == 401
        site.clock.move(hours=12)
        assert await status(client, "/api/state", {"Cookie": cookie}) == 401


@pytest.mark.parametrize("cookie", ["", ".", "9.", "x.y", "1e9.a", "٣.a", "9" * 5000 + ".a", '"'])
async def test_a_made_up_session_opens_nothing(cookie: str) -> None:
    async with served(ConsoleSite(token=TOKEN).site) as client:
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        assert await status(client, "/api/state", headers) in {400, 401}


async def test_guessing_is_slowed_down_and_open_sessions_stay_open() -> None:
    site = ConsoleSite(token=TOKEN)
    async with served(site.site) as client:
        session = {"Cookie": await session_of(client)}
        for _ in range(MAX_FAILURES):
            assert await login(client, "guess") == 401
        assert await login(client, TOKEN) == 401
        assert await status(client, "/api/state", session) == 200
        site.clock.move(minutes=1)
        assert await login(client, TOKEN) == 303


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_site_cannot_command_log_in_or_out_for_a_visitor(
    headers: Mapping[str, str],
) -> None:
    site = ConsoleSite()
    async with served(site.site) as client:
        for path in ("/login", "/logout"):
            async with client.post(path, data={"token": TOKEN}, headers=headers) as answer:
                assert answer.status == 403
        async with client.post(
            "/api/command", json={"text": "/hook list"}, headers=headers
        ) as answer:
            assert answer.status == 403
    assert site.jobs.jobs == {}


async def test_a_command_must_be_json_so_that_no_form_can_send_it() -> None:
    site = ConsoleSite()
    async with (
        served(site.site) as client,
        client.post(
            "/api/command", data='{"text": "/hook list"}', headers={"Content-Type": "text/plain"}
        ) as answer,
    ):
        assert answer.status == 415
    assert site.jobs.jobs == {}


async def test_our_own_page_may_command() -> None:
    site = ConsoleSite()
    async with served(site.site) as client:
        headers = {"Origin": site.site.url, "Sec-Fetch-Site": "same-origin"}
        async with client.post(
            "/api/command", json={"text": "/hook list"}, headers=headers
        ) as answer:
            assert answer.status == 202
    assert [job.args for job in site.jobs.jobs.values()] == [("list",)]


async def test_the_pages_files_hold_nothing_to_guard() -> None:
    async with served(ConsoleSite(token=TOKEN).site) as client:
        async with client.get("/static/console.js") as answer:
            assert answer.status == 200
            assert answer.content_type == "text/javascript"
            etag = answer.headers["ETag"]
        assert await status(client, "/static/console.js", {"If-None-Match": etag}) == 304
        assert await status(client, "/static/no.such") == 404
        assert await status(client, "/static/..%2fconsole.py") == 404
