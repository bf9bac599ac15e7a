"""What every answer has, and what none has."""

from __future__ import annotations

from aiohttp import web
from structlog.testing import capture_logs

from tests.web.fakes import Site, served


async def _fail(_request: web.Request) -> web.Response:
    raise RuntimeError("the password is hunter2")


async def test_an_unforeseen_error_shows_an_id_and_nothing_of_the_inside() -> None:
    site = Site(extra=(web.get("/fails", _fail),))
    with capture_logs() as lines:
        async with served(site) as client, client.get("/fails") as answer:
            assert answer.status == 500
            assert await answer.text() == "something went wrong; its id is error-1\n"
    [line] = lines
    assert (line["event"], line["error_id"]) == ("request failed", "error-1")


async def test_answers_keep_browsers_careful_and_name_no_software() -> None:
    async with served(Site()) as client, client.get("/healthz") as answer:
        assert "Server" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_path_nobody_knows_is_not_found() -> None:
    async with served(Site()) as client, client.get("/wp-login.php") as answer:
        assert answer.status == 404


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_a_person_who_took_a_wrong_turn_is_shown_the_way() -> None:
    async with served(Site()) as client:
        async with client.get("/nowhere", headers=BROWSER) as answer:
            page = await answer.text()
            assert (answer.status, answer.content_type) == (404, "text/html")
        assert 'href="/"' in page
        async with client.get("/nowhere", headers={"Accept": "*/*"}) as answer:
            assert answer.content_type == "text/plain"


async def test_a_person_is_shown_an_id_and_nothing_of_the_inside() -> None:
    site = Site(extra=(web.get("/fails", _fail),))
    async with served(site) as client, client.get("/fails", headers=BROWSER) as answer:
        page = await answer.text()
        assert answer.status == 500
    assert "Its id is error-1." in page
    assert "hunter2" not in page


async def test_a_forge_gets_no_page() -> None:
    async with (
        served(Site()) as client,
        client.post("/hooks/nobody", data=b"{}", headers=BROWSER) as answer,
    ):
        assert (answer.status, answer.content_type) == (404, "text/plain")
