"""What a handler costs that only reads the body and answers: `python -m benchmarks.bare`."""

from __future__ import annotations

import asyncio

import uvloop
from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=202, text="stored\n")


async def main() -> None:
    app = web.Application(client_max_size=1 << 30)
    app.add_routes([web.post("/hooks/{forge}", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"Listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201 - says where
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
