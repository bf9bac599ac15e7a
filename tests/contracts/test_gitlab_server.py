"""The double of GitLab has the real one's traps; python-gitlab and plain HTTP are the witnesses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from aiohttp import ClientSession, web
from gitlab import Gitlab
from gitlab.exceptions import GitlabCreateError, GitlabHookTestError

from bot.forges.gitlab import GITLAB
from bot.outside import Received
from tests.fakes.gitlab_server import Fault, GitlabServer, running
from tests.forges.test_gitlab_deliveries import KEY

T = TypeVar("T")
URL = "http://127.0.0.1:9/h"


@pytest.fixture
async def server() -> AsyncIterator[GitlabServer]:
    async with running("group/repo") as started:
        yield started


class Listener:
    """Receives and remembers; answers `status`."""

    def __init__(self) -> None:
        self.status = 202
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        return web.Response(status=self.status)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    found = Listener()
    app = web.Application()
    app.router.add_post("/{path:.*}", found.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


async def sdk(server: GitlabServer, work: Callable[[Any], T]) -> T:
    def run() -> T:
        with Gitlab(server.url, private_token=server.token, timeout=10) as gitlab:
            return work(gitlab.projects.get("group/repo"))

    return await asyncio.to_thread(run)


async def http(
    server: GitlabServer, method: str, path: str, *, token: str | None = None, **body: Any
) -> tuple[int, Any, dict[str, str]]:
    headers = {"PRIVATE-TOKEN": server.token if token is None else token}
    async with (
        ClientSession() as session,
        session.request(
            method, f"{server.url}/api/v4{path}", json=body or None, headers=headers
        ) as answer,
    ):
        shown = await answer.json() if answer.status != 204 else None
        return answer.status, shown, dict(answer.headers)


async def test_a_wrong_or_missing_token_is_401(server: GitlabServer) -> None:
    for token in ("", "wrong"):
        answer = await http(server, "GET", "/projects/101", token=token)
        assert answer[:2] == (401, {"message": "401 Unauthorized"})


async def test_an_unencoded_path_is_no_project(server: GitlabServer) -> None:
    assert (await http(server, "GET", "/projects/group/repo"))[0] == 404
    assert (await http(server, "GET", "/projects/group%2Frepo"))[0] == 200
    assert (await http(server, "GET", "/projects/101"))[0] == 200


async def test_an_invisible_project_looks_like_a_missing_one(server: GitlabServer) -> None:
    server.projects[101].visible = False
    hidden = await http(server, "GET", "/projects/101")
    missing = await http(server, "GET", "/projects/999")
    assert hidden[:2] == missing[:2] == (404, {"message": "404 Project Not Found"})


async def test_pushes_are_on_unless_they_are_turned_off(server: GitlabServer) -> None:
    hook = await sdk(server, lambda project: project.hooks.create({"url": URL}))
    assert hook.push_events is True
    assert hook.issues_events is False


async def test_secrets_are_never_shown_only_that_they_are_there(server: GitlabServer) -> None:
    hook = await sdk(server, lambda p: p.hooks.create({"url": URL, "token": "sesame"}))
    assert hook.token_present is True
    assert "sesame" not in repr(hook.attributes)


async def test_a_changed_address_wipes_the_token_unless_it_is_sent_again(
    server: GitlabServer,
) -> None:
    made = await sdk(server, lambda p: p.hooks.create({"url": URL, "token": "sesame"}))
    change: dict[str, object] = {"url": URL}
    await sdk(server, lambda p: p.hooks.update(made.id, {**change, "push_events": False}))
    assert server.hooks("group/repo")[0].values["token"] == "sesame"
    await sdk(server, lambda p: p.hooks.update(made.id, {"url": URL + "2"}))
    assert "token" not in server.hooks("group/repo")[0].values
    await sdk(server, lambda p: p.hooks.update(made.id, {"url": URL, "token": "again"}))
    assert server.hooks("group/repo")[0].values["token"] == "again"


async def test_an_unknown_or_misspelt_attribute_is_refused_and_noted(server: GitlabServer) -> None:
    with pytest.raises(GitlabCreateError):
        await sdk(server, lambda p: p.hooks.create({"url": URL, "pushes": True}))
    with pytest.raises(GitlabCreateError):
        await sdk(server, lambda p: p.hooks.create({"url": URL, "push_events": "yes"}))
    assert len(server.refused) == 2
    assert not server.hooks("group/repo")


async def test_missing_and_impossible_addresses_are_told_apart(server: GitlabServer) -> None:
    missing = await http(server, "POST", "/projects/101/hooks", push_events=True)
    impossible = await http(server, "POST", "/projects/101/hooks", url="ftp://x")
    assert missing[:2] == (400, {"error": "url is missing"})
    assert impossible[:2] == (422, {"error": "Invalid url given"})


async def test_an_empty_change_is_refused(server: GitlabServer) -> None:
    made = await sdk(server, lambda p: p.hooks.create({"url": URL}))
    answer = await http(server, "PUT", f"/projects/101/hooks/{made.id}")
    assert answer[:2] == (400, {"error": "No parameters provided"})


async def test_lists_come_in_pages(server: GitlabServer) -> None:
    for _ in range(45):
        await http(server, "POST", "/projects/101/hooks", url=URL)
    status, rows, headers = await http(server, "GET", "/projects/101/hooks")
    assert (status, len(rows)) == (200, 20)
    assert headers["X-Total"] == "45"
    assert headers["X-Next-Page"] == "2"
    assert 'rel="next"' in headers["Link"]
    last = await http(server, "GET", "/projects/101/hooks?page=3")
    assert len(last[1]) == 5
    assert last[2]["X-Next-Page"] == ""
    assert len(await sdk(server, lambda p: p.hooks.list(get_all=True))) == 45


async def test_a_hook_is_deleted_once(server: GitlabServer) -> None:
    made = await sdk(server, lambda p: p.hooks.create({"url": URL}))
    assert (await http(server, "DELETE", f"/projects/101/hooks/{made.id}"))[0] == 204
    assert (await http(server, "DELETE", f"/projects/101/hooks/{made.id}"))[0] == 404


async def test_the_test_call_sends_what_nothing_tells_from_a_real_push(
    server: GitlabServer, listener: Listener
) -> None:
    values = {"url": listener.url, "token": "sesame"}
    made = await sdk(server, lambda p: p.hooks.create(values))
    await sdk(server, lambda p: p.hooks.get(made.id).test("push_events"))
    assert await server.push("group/repo") == [202]
    (test, tested), (real, pushed) = listener.got
    assert tested == pushed
    assert set(test) == set(real)
    assert test["x-gitlab-event"] == real["x-gitlab-event"] == "Push Hook"
    assert test["x-gitlab-token"] == "sesame"
    assert test["idempotency-key"] != real["idempotency-key"]


async def test_a_signed_delivery_stands_up_to_our_own_check(
    server: GitlabServer, listener: Listener
) -> None:
    values = {"url": listener.url, "signing_token": KEY}
    await sdk(server, lambda p: p.hooks.create(values))
    await server.push("group/repo")
    ((headers, body),) = listener.got
    now = datetime.fromtimestamp(time.time(), UTC)
    assert "x-gitlab-token" not in headers
    assert headers["webhook-id"] == headers["idempotency-key"]
    assert GITLAB.verify(Received(headers=headers, body=body), [KEY], now=now)
    assert not GITLAB.verify(Received(headers=headers, body=body + b" "), [KEY], now=now)


async def test_the_test_call_fails_without_a_sample_or_a_receiver(server: GitlabServer) -> None:
    made = await sdk(server, lambda p: p.hooks.create({"url": URL}))
    with pytest.raises(GitlabHookTestError, match="Failed to open TCP connection"):
        await sdk(server, lambda p: p.hooks.get(made.id).test("push_events"))
    server.projects[101].samples = frozenset()
    with pytest.raises(GitlabHookTestError, match="Ensure the project has"):
        await sdk(server, lambda p: p.hooks.get(made.id).test("push_events"))
    with pytest.raises(GitlabHookTestError, match="trigger does not have a valid value"):
        await sdk(server, lambda p: p.hooks.get(made.id).test("nonsense"))


async def test_the_sixth_test_call_of_a_minute_is_refused(
    server: GitlabServer, listener: Listener
) -> None:
    made = await sdk(server, lambda p: p.hooks.create({"url": listener.url}))
    path = f"/projects/101/hooks/{made.id}/test/push_events"
    answers = [await http(server, "POST", path) for _ in range(6)]
    assert [status for status, _, _ in answers] == [201] * 5 + [429]
    assert answers[-1][2]["Retry-After"] == "60"


async def test_events_reach_only_hooks_that_want_them(
    server: GitlabServer, listener: Listener
) -> None:
    await sdk(server, lambda p: p.hooks.create({"url": listener.url, "push_events": False}))
    assert await server.push("group/repo") == []
    assert listener.got == []


async def test_two_hooks_of_one_address_both_deliver_with_keys_of_their_own(
    server: GitlabServer, listener: Listener
) -> None:
    for _ in range(2):
        await sdk(server, lambda p: p.hooks.create({"url": listener.url}))
    assert await server.push("group/repo") == [202, 202]
    assert len({headers["idempotency-key"] for headers, _ in listener.got}) == 2


async def test_deliveries_are_listed_newest_first_and_resent_under_their_key(
    server: GitlabServer, listener: Listener
) -> None:
    made = await sdk(server, lambda p: p.hooks.create({"url": listener.url, "token": "t0k"}))
    await server.push("group/repo", titles=("one",))
    listener.status = 500
    await server.push("group/repo", titles=("two",))
    path = f"/projects/101/hooks/{made.id}/events"
    _, (newest, oldest), _ = await http(server, "GET", path)
    assert (newest["response_status"], oldest["response_status"]) == ("500", "202")
    assert "t0k" not in repr(newest)
    answer = await http(server, "POST", f"{path}/{oldest['id']}/resend")
    assert answer[:2] == (201, {"response_status": 500})
    assert listener.got[2][0]["idempotency-key"] == listener.got[0][0]["idempotency-key"]
    await sdk(server, lambda p: p.hooks.update(made.id, {"url": URL}))
    assert (await http(server, "POST", f"{path}/{oldest['id']}/resend"))[0] == 422


async def test_four_failures_in_a_row_disable_a_hook_and_a_good_test_heals_it(
    server: GitlabServer, listener: Listener
) -> None:
    made = await sdk(server, lambda p: p.hooks.create({"url": listener.url}))
    listener.status = 400
    for _ in range(4):
        await server.push("group/repo")
    assert server.hooks("group/repo")[0].health == "temporarily_disabled"
    assert await server.push("group/repo") == []
    listener.status = 200
    await sdk(server, lambda p: p.hooks.get(made.id).test("push_events"))
    assert server.hooks("group/repo")[0].health == "executable"


async def test_faults_come_before_or_after_the_deed_and_once(server: GitlabServer) -> None:
    server.faults += [
        Fault("POST", "/hooks$", 500, {"message": "500"}),
        Fault("POST", "/hooks$", 500, {"message": "500"}, after=True),
    ]
    for expected in (0, 1):
        assert (await http(server, "POST", "/projects/101/hooks", url=URL))[0] == 500
        assert len(server.hooks("group/repo")) == expected
    assert (await http(server, "POST", "/projects/101/hooks", url=URL))[0] == 201
