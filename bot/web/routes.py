"""Every path of the web process, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from bot.web.answers import add_headers, plain_errors
from bot.web.deadlines import bodies_in_time
from bot.web.front import FORGE, FRONT, HOOK, Front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiohttp.typedefs import Handler, Middleware

    from bot.web.console import Console
    from bot.web.health import Health
    from bot.web.receive import Receiver


class Pages(Protocol):
    """Handlers of one kind of page."""

    def routes(self) -> list[web.AbstractRouteDef]: ...


def build(
    *,
    receiver: Receiver,
    health: Health,
    new_error_id: Callable[[], str],
    console: Console | None = None,
    pages: Iterable[Pages] = (),
    slack: Handler | None = None,
    outermost: Sequence[Middleware] = (),
) -> web.Application:
    """The application; `slack` answers `/slack/events` and checks its own signatures. `outermost`:
    before every handler, so that there is no short way for deliveries."""
    app = web.Application(middlewares=[*outermost, plain_errors(new_error_id), bodies_in_time])
    app.on_response_prepare.append(add_headers)
    if not outermost:
        app[FRONT] = Front(receiver, new_error_id)
    app.add_routes(
        [
            *_hook_routes(receiver),
            *_health_routes(health),
        ]
    )
    if console is not None:
        app.add_routes(console.routes())
        app.on_shutdown.append(console.stop)
    for page in pages:
        app.add_routes(page.routes())
    if slack is not None:
        app.add_routes([web.post("/slack/events", slack)])
    return app


def build_health(health: Health) -> web.Application:
    """Of a worker, which takes no deliveries."""
    app = web.Application()
    app.on_response_prepare.append(add_headers)
    app.add_routes(_health_routes(health))
    return app


def _health_routes(health: Health) -> list[web.AbstractRouteDef]:
    return [
        web.get("/healthz", health.healthz),
        web.get("/readyz", health.readyz),
        web.get("/metrics", health.metrics),
    ]


def _hook_routes(receiver: Receiver) -> list[web.AbstractRouteDef]:
    paths = (
        f"/hooks/{{forge:{FORGE}}}",
        f"/hooks/{{forge:{FORGE}}}/{{hook_id:{HOOK}}}",
    )
    return [web.post(path, receiver.receive, expect_handler=receiver.expect) for path in paths]
