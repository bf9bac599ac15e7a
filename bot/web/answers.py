"""What every answer has: no internals in errors, and headers that keep browsers careful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from bot.errors import StoreError
from bot.web.pages import error_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.typedefs import Handler, Middleware

log = structlog.get_logger()

_FAULT: Final = 400
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def plain_errors(new_error_id: Callable[[], str]) -> Middleware:
    """An unforeseen error is logged with an id, and the answer holds the id and nothing else."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status >= _FAULT and _is_person(request):
                return _page(error.status)
            raise
        except StoreError as error:
            log.warning("request not served", error=str(error), route=_route(request))
            if _is_person(request):
                return _page(503)
            return web.Response(status=503, text="the store does not answer: try again\n")
        except Exception as error:  # noqa: BLE001 - it is logged
            return unforeseen(request, error, new_error_id(), route=_route(request))

    return answer


def unforeseen(
    request: web.BaseRequest, error: Exception, error_id: str, *, route: str
) -> web.Response:
    """The error goes into the log, its id into the answer."""
    log.error("request failed", error_id=error_id, route=route, exc_info=error)
    if _is_person(request):
        return _page(500, f"Its id is {error_id}.")
    return web.Response(status=500, text=f"something went wrong; its id is {error_id}\n")


def _is_person(request: web.BaseRequest) -> bool:
    """Whether a browser shows the answer."""
    machines = request.path.startswith(("/hooks/", "/slack/", "/api/", "/static/"))
    return not machines and "text/html" in request.headers.get("Accept", "")


def _page(status: int, said: str = "") -> web.Response:
    return web.Response(
        status=status,
        body=error_page(status, said),
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """An `on_response_prepare` signal."""
    headers = response.headers
    for name, value in HEADERS.items():
        if name not in headers:
            headers[name] = value
    headers.pop("Server", None)


def _route(request: web.Request) -> str:
    """The pattern, not the path: a path may hold a one-time token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"
