"""Opens the port, and closes connections that dawdle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.errors import ConfigError
from bot.web.deadlines import KEEPALIVE_S, LINGER_S, Sweeper
from bot.web.front import open_front
from bot.web.malformed import count_malformed, refuse_expectations

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

#: What requests under way are given to end.
_CLOSE_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    runner: web.AppRunner
    #: `http://127.0.0.1:8080`.
    address: str

    async def sweep(self) -> None:
        """Until it is cancelled."""
        server = self.runner.server
        if server is not None:
            await Sweeper(lambda: server.connections).run()

    async def close(self) -> None:
        """No new requests; those under way end."""
        await self.runner.cleanup()


async def open_door(
    stack: AsyncExitStack,
    app: web.Application,
    *,
    host: str,
    port: int,
    setting: str,
    malformed: Callable[[], None],
) -> Door:
    """Listens; each request that is no HTTP is told to `malformed`.

    Raises ConfigError that names the port's setting when it cannot.
    """
    count_malformed(stack, malformed)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_CLOSE_S,
        keepalive_timeout=KEEPALIVE_S,
        lingering_time=LINGER_S,
        # A packed body is refused; unpacked here it would cost before it could be.
        auto_decompress=False,
    )
    await runner.setup()
    refuse_expectations(runner)
    open_front(runner)
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host, port, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(
            [
                f"{setting}: cannot listen on {host}:{port}: {error.strerror};"
                f" stop what listens there or set {setting}"
            ]
        ) from error
    name, number = runner.addresses[0][:2]
    shown = f"[{name}]" if ":" in name else name
    return Door(runner=runner, address=f"http://{shown}:{number}")
