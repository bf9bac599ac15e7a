"""GitHub's double, the REST half that asks it, and who receives its deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.forges.github import signature
from bot.forges.github_admin import GithubAdmin
from tests.fakes.github_server import GithubServer
from tests.forges.github_receiver import Bot


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async def receive(request: web.Request) -> web.Response:
        raw = await request.read()
        genuine = request.headers.get("X-Hub-Signature-256") == signature("s3", raw)
        found.got.append((request.path, request.headers["X-GitHub-Event"], genuine))
        return web.Response(status=found.status)

    app = web.Application()

    async def look(request: web.Request) -> web.Response:
        found.credentials.append(request.headers.get("Authorization", ""))
        return web.json_response([])

    app.router.add_post("/{path:.*}", receive)
    app.router.add_get("/{path:.*}", look)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found = Bot(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield found
    await runner.cleanup()


@pytest.fixture
async def github() -> AsyncIterator[GithubServer]:
    async with GithubServer() as server:
        server.add("owner/repo")
        yield server


@pytest.fixture
def admin(github: GithubServer) -> GithubAdmin:
    return GithubAdmin(url=github.url, token=github.token)
