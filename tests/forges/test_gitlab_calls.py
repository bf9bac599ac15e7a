"""Notes and pipelines at GitLab: written once, found again, harmless."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import ContentRefused, TargetRefused, Unsure
from bot.forges.gitlab_calls import MARKER, GitlabCalls
from bot.forges.markdown import hidden
from bot.message import text
from bot.model import Call, Lane, Person
from tests.fakes.gitlab_server import Fault, GitlabServer, running
from tests.fakes.gitlab_talk import Contents, contents

LANE = Lane("forge:gitlab:15")


@pytest.fixture
async def gitlab() -> AsyncIterator[GitlabServer]:
    async with running() as server:
        server.add("shop/api", project_id=15)
        held(server).add_merge_request(7)
        yield server


def held(server: GitlabServer) -> Contents:
    return contents(server.projects[15])


def calls(server: GitlabServer) -> GitlabCalls:
    return GitlabCalls(url=server.url, token=server.token)


def on(kind: str = "mr", ident: str = "7", *, internal: bool = False) -> Call:
    data = {"kind": kind, "ident": ident, "project": "shop/api", "internal": internal}
    return Call(lane=LANE, instance="gitlab", project_id="15", data=data)


def run(ref: str = "main", **variables: str) -> Call:
    data = {"project": "shop/api", "ref": ref, "variables": variables}
    return Call(lane=LANE, instance="gitlab", project_id="15", data=data)


def bodies(server: GitlabServer, place: str = "merge_requests/7") -> list[str]:
    return [note["body"] for note in held(server).notes.get(place, [])]


async def test_a_note_is_written_with_its_mark(gitlab: GitlabServer) -> None:
    made = await calls(gitlab).comment(on(), text("/close @all"), key="d1.0", note=None)
    assert bodies(gitlab) == ["\\/close \\@\u200ball\n\n<!-- chatops-bot d1.0 -->"]
    assert made.id == str(held(gitlab).notes["merge_requests/7"][0]["id"])


async def test_a_note_is_found_by_its_mark(gitlab: GitlabServer) -> None:
    made = await calls(gitlab).comment(on(), text("hello"), key="d1.0", note=None)
    assert await calls(gitlab).find_comment(on(), key="d1.0") == made
    assert await calls(gitlab).find_comment(on(), key="d1.00") is None


async def test_a_note_with_a_key_is_written_anew(gitlab: GitlabServer) -> None:
    made = await calls(gitlab).comment(on(), text("one"), key="d1.0", note=None)
    again = await calls(gitlab).comment(on(), text("two"), key="d2.0", note=made.id)
    assert again.id == made.id
    assert bodies(gitlab) == [f"two\n\n{hidden('d2.0')}"]


async def test_a_note_that_somebody_deleted_is_written_as_a_new_one(gitlab: GitlabServer) -> None:
    made = await calls(gitlab).comment(on(), text("two"), key="d2.0", note="123456")
    assert made.id != "123456"
    assert len(bodies(gitlab)) == 1


async def test_about_something_confidential_the_note_is_internal(gitlab: GitlabServer) -> None:
    held(gitlab).issues[3] = {"iid": 3}
    await calls(gitlab).comment(on("issue", "3", internal=True), text("x"), key="d1.0", note=None)
    assert held(gitlab).notes["issues/3"][0]["internal"] is True


async def test_notes_on_commits_can_be_edited_and_found_too(gitlab: GitlabServer) -> None:
    commit = on("commit", "abc123")
    made = await calls(gitlab).comment(commit, text("one"), key="d1.0", note=None)
    assert await calls(gitlab).find_comment(commit, key="d1.0") == made
    again = await calls(gitlab).comment(commit, text("two"), key="d2.0", note=made.id)
    assert again.id == made.id
    discussion = held(gitlab).notes["repository/commits/abc123"][0]
    assert discussion["notes"][0]["body"].startswith("two")


async def test_a_refused_note_says_why(gitlab: GitlabServer) -> None:
    gitlab.projects[15].access = 20
    with pytest.raises(TargetRefused, match="must be Developer"):
        await calls(gitlab).comment(on(), text("x"), key="d1.0", note=None)
    gitlab.projects[15].access = 30
    with pytest.raises(TargetRefused, match="cannot see it"):
        await calls(gitlab).comment(on(ident="8"), text("x"), key="d1.0", note=None)


async def test_a_note_whose_answer_was_lost_may_be_there(gitlab: GitlabServer) -> None:
    gitlab.faults.append(Fault("POST", "/notes", after=True))
    with pytest.raises(Unsure):
        await calls(gitlab).comment(on(), text("x"), key="d1.0", note=None)
    assert await calls(gitlab).find_comment(on(), key="d1.0") is not None


async def test_a_pipeline_is_started_with_its_variables_and_a_mark(gitlab: GitlabServer) -> None:
    made = await calls(gitlab).pipeline(run(SUITE="e2e"), key="d1.0")
    (pipeline,) = held(gitlab).pipelines
    assert made.url == pipeline["web_url"]
    assert made.id == str(pipeline["id"])
    assert {one["key"]: one["value"] for one in pipeline["variables"]} == {
        "SUITE": "e2e",
        MARKER: "d1.0",
    }


async def test_a_pipeline_without_variables_gets_no_mark(gitlab: GitlabServer) -> None:
    held(gitlab).plain_pipelines = True
    await calls(gitlab).pipeline(run(), key="d1.0")
    assert held(gitlab).pipelines[0]["variables"] == []


async def test_a_ref_that_is_not_there_is_told(gitlab: GitlabServer) -> None:
    with pytest.raises(ContentRefused, match="Reference not found"):
        await calls(gitlab).pipeline(run("nowhere"), key="d1.0")


def ago(**kwargs: Any) -> datetime:
    return datetime.now(UTC) - timedelta(**kwargs)


async def test_a_pipeline_is_found_by_its_mark(gitlab: GitlabServer) -> None:
    made = await calls(gitlab).pipeline(run(A="b"), key="d1.0")
    await calls(gitlab).pipeline(run(A="b"), key="d2.0")
    found = await calls(gitlab).find_pipelines(run(A="b"), key="d1.0", since=ago(minutes=1))
    assert found == (made,)


async def test_one_without_variables_is_found_by_its_ref_and_time(gitlab: GitlabServer) -> None:
    made = await calls(gitlab).pipeline(run(), key="d1.0")
    await calls(gitlab).pipeline(run("search"), key="d2.0")
    assert await calls(gitlab).find_pipelines(run(), key="d1.0", since=ago(minutes=1)) == (made,)
    assert await calls(gitlab).find_pipelines(run(), key="d1.0", since=ago(minutes=-1)) == ()


async def test_the_account_is_a_machines_only_when_gitlab_says_so(gitlab: GitlabServer) -> None:
    assert await calls(gitlab).account() == Person(
        username="repo-bot", name="Bot", id="90", bot=True
    )
    gitlab.user = {"id": 2, "username": "alice", "name": "Alice", "bot": False}
    assert (await calls(gitlab).account()).bot is False
