"""Opens the port, and closes connections that dawdle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.errors import ConfigError
from bot.web.deadlines import KEEPALIVE_S, Sweeper

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from bot.config import Settings

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


async def open_door(stack: AsyncExitStack, settings: Settings, app: web.Application) -> Door:
    """Listens on HOST and PORT. Raises ConfigError when it cannot."""
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=_CLOSE_S, keepalive_timeout=KEEPALIVE_S
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.host, settings.port, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(
            [
                f"PORT: cannot listen on {settings.host}:{settings.port}: {error.strerror};"
                " stop what listens there or set PORT"
            ]
        ) from error
    host, port = runner.addresses[0][:2]
    shown = f"[{host}]" if ":" in host else host
    return Door(runner=runner, address=f"http://{shown}:{port}")
