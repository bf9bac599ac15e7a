"""The double's merge requests, notes and pipelines are strict; plain HTTP is the witness."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.contracts.test_gitlab_server import http
from tests.fakes.gitlab_server import GitlabServer, running
from tests.fakes.gitlab_talk import contents


@pytest.fixture
async def server() -> AsyncIterator[GitlabServer]:
    async with running("group/repo") as started:
        contents(started.projects[101]).add_merge_request(7)
        yield started


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/merge_requests/7?colour=red", {}),
        ("POST", "/merge_requests/7/notes", {"text": "x"}),
        ("PUT", "/merge_requests/7/notes/1", {"text": "x"}),
        ("POST", "/pipeline", {"branch": "main"}),
        ("POST", "/pipeline", {"ref": "main", "variables": [{"name": "A"}]}),
    ],
)
async def test_an_argument_it_does_not_know_is_refused(
    server: GitlabServer, method: str, path: str, body: dict[str, Any]
) -> None:
    assert (await http(server, method, f"/projects/101{path}", **body))[0] == 400


@pytest.mark.parametrize("path", ["/merge_requests/8", "/members/all/5", "/issues/1/notes"])
async def test_what_is_not_there_is_404(server: GitlabServer, path: str) -> None:
    assert (await http(server, "GET", f"/projects/101{path}"))[0] == 404


async def test_an_empty_note_is_refused(server: GitlabServer) -> None:
    status, said, _ = await http(server, "POST", "/projects/101/merge_requests/7/notes", body="  ")
    assert (status, said) == (400, {"message": {"note": ["can't be blank"]}})


async def test_a_token_that_may_only_read_writes_nothing(server: GitlabServer) -> None:
    server.scope = "read_api"
    status, _, _ = await http(server, "POST", "/projects/101/pipeline", ref="main")
    assert status == 403
    assert contents(server.projects[101]).pipelines == []


async def test_lists_come_page_by_page(server: GitlabServer) -> None:
    for _ in range(25):
        await http(server, "POST", "/projects/101/pipeline", ref="main")
    _, first, headers = await http(server, "GET", "/projects/101/pipelines?per_page=10")
    assert len(first) == 10
    assert headers["X-Next-Page"] == "2"


async def test_the_token_has_a_user(server: GitlabServer) -> None:
    assert (await http(server, "GET", "/user"))[1]["bot"] is True
