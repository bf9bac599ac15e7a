"""How the page's own requests are read and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_STORE: Final = {"Cache-Control": "no-store"}
#: The page asks for little.
_LONGEST: Final = 20_000


class Refused(Exception):
    """A request of the page that cannot be served; `answer` says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.answer = problem(status, text)


async def json_body(request: web.Request, *, longest: int = _LONGEST) -> Mapping[str, Any]:
    """The object that a request holds. JSON only: a form of another site cannot send that. Raises
    Refused."""
    if request.content_type != "application/json":
        raise Refused(415, "the content type must be application/json")
    if (request.content_length or 0) > longest:
        raise Refused(413, "too long")
    try:
        body = orjson.loads((await request.read()) or b"null")
    except orjson.JSONDecodeError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be an object")
    return body


def json_answer(body: Mapping[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body, default=str),
        content_type="application/json",
        headers=NO_STORE,
    )


def problem(status: int, text: str) -> web.Response:
    return json_answer({"error": text}, status=status)


def html_answer(body: bytes, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=body, content_type="text/html", charset="utf-8", headers=NO_STORE
    )
