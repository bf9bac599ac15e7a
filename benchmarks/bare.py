"""What a handler costs that only reads the body and answers: `python -m benchmarks.bare`, or, with
`--json`, one that reads the body as JSON, as whoever acts on a delivery must."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import uvloop
from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler


async def read(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=202, text="stored\n")


async def read_json(request: web.Request) -> web.Response:
    await request.json()
    return web.Response(status=202, text="stored\n")


async def main(handler: Handler) -> None:
    app = web.Application(client_max_size=1 << 30)
    app.add_routes([web.post("/hooks/{forge}", handler)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"Listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201 - says where
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(read_json if "--json" in sys.argv else read))
