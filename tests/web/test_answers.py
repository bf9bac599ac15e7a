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
