"""Comments and runs of workflows at GitHub: made once, found again, harmless."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import ContentRefused, TargetRefused, Unsure
from bot.forges.github_calls import GithubCalls
from bot.forges.markdown import hidden
from bot.message import text
from bot.model import Call, Lane
from tests.fakes.github_server import GithubServer
from tests.fakes.github_talk import Contents, contents
from tests.fakes.gitlab_server import Fault

LANE = Lane("forge:github:15")


@pytest.fixture
async def github() -> AsyncIterator[GithubServer]:
    async with GithubServer() as server:
        server.add("shop/api", repository_id=15)
        held(server).add_pull(7)
        held(server).workflows["ci.yml"] = ("SUITE",)
        yield server


@pytest.fixture
def calls(github: GithubServer) -> GithubCalls:
    return GithubCalls(url=github.url, token=github.token)


def held(server: GithubServer) -> Contents:
    return contents(server.homes[15])


def on(kind: str = "mr", ident: str = "7", *, internal: bool = False) -> Call:
    data = {"kind": kind, "ident": ident, "project": "shop/api", "internal": internal}
    return Call(lane=LANE, instance="github", project_id="15", data=data)


def run(ref: str = "main", workflow: str = "", **variables: str) -> Call:
    data = {"project": "shop/api", "ref": ref, "workflow": workflow, "variables": variables}
    return Call(lane=LANE, instance="github", project_id="15", data=data)


def bodies(server: GithubServer, place: str = "issues/7") -> list[str]:
    return [row["body"] for row in held(server).comments.get(place, [])]


async def test_the_tokens_account_is_told(github: GithubServer, calls: GithubCalls) -> None:
    assert (await calls.account()).username == "repo-bot"
    assert not (await calls.account()).bot
    github.me["type"] = "Bot"
    assert (await calls.account()).bot


async def test_a_comment_is_written_with_its_mark(github: GithubServer, calls: GithubCalls) -> None:
    made = await calls.comment(on(), text("/close @all"), key="d1.0", note=None)
    assert bodies(github) == [f"\\/close \\@\u200ball\n\n{hidden('d1.0')}"]
    [row] = held(github).comments["issues/7"]
    assert (made.id, made.url) == (str(row["id"]), row["html_url"])


async def test_a_comment_is_found_by_its_mark_on_the_last_pages(
    github: GithubServer, calls: GithubCalls
) -> None:
    rows = held(github).comments.setdefault("issues/7", [])
    rows += [{"id": n, "body": "talk"} for n in range(250)]
    made = await calls.comment(on(), text("hello"), key="d1.0", note=None)
    assert await calls.find_comment(on(), key="d1.0") == made
    assert await calls.find_comment(on(), key="d1.00") is None


async def test_a_comment_with_a_key_is_written_anew(
    github: GithubServer, calls: GithubCalls
) -> None:
    made = await calls.comment(on(), text("one"), key="d1.0", note=None)
    again = await calls.comment(on(), text("two"), key="d2.0", note=made.id)
    assert again.id == made.id
    assert bodies(github) == [f"two\n\n{hidden('d2.0')}"]


async def test_a_comment_that_somebody_deleted_is_written_as_a_new_one(
    github: GithubServer, calls: GithubCalls
) -> None:
    made = await calls.comment(on(), text("two"), key="d2.0", note="123456")
    assert made.id != "123456"
    assert len(bodies(github)) == 1


async def test_comments_on_commits_can_be_edited_and_found_too(
    github: GithubServer, calls: GithubCalls
) -> None:
    commit = on("commit", "abc123")
    made = await calls.comment(commit, text("one"), key="d1.0", note=None)
    assert await calls.find_comment(commit, key="d1.0") == made
    again = await calls.comment(commit, text("two"), key="d2.0", note=made.id)
    assert again.id == made.id
    assert bodies(github, "commits/abc123") == [f"two\n\n{hidden('d2.0')}"]


async def test_nothing_confidential_is_said_where_all_can_read_it(
    github: GithubServer, calls: GithubCalls
) -> None:
    with pytest.raises(ContentRefused, match="confidential"):
        await calls.comment(on(internal=True), text("x"), key="d1.0", note=None)
    assert github.requests == []


async def test_a_refused_comment_says_why(github: GithubServer, calls: GithubCalls) -> None:
    with pytest.raises(TargetRefused, match="may not see"):
        await calls.comment(on(ident="8"), text("x"), key="d1.0", note=None)


async def test_a_comment_whose_answer_was_lost_may_be_there(
    github: GithubServer, calls: GithubCalls
) -> None:
    github.faults.append(Fault("POST", "/comments", after=True))
    with pytest.raises(Unsure):
        await calls.comment(on(), text("x"), key="d1.0", note=None)
    assert await calls.find_comment(on(), key="d1.0") is not None


async def test_the_only_workflow_is_run_with_its_inputs(
    github: GithubServer, calls: GithubCalls
) -> None:
    made = await calls.pipeline(run(SUITE="e2e"), key="d1.0")
    [one] = held(github).runs
    assert (made.id, made.url, made.status) == (str(one["id"]), one["html_url"], "queued")
    assert one["inputs"] == {"SUITE": "e2e"}


async def test_of_several_workflows_the_rule_names_one(
    github: GithubServer, calls: GithubCalls
) -> None:
    held(github).workflows["e2e.yml"] = ()
    with pytest.raises(ContentRefused, match=r"ci\.yml, e2e\.yml.*workflow"):
        await calls.pipeline(run(), key="d1.0")
    await calls.pipeline(run(workflow="e2e.yml"), key="d1.0")
    assert held(github).runs[0]["workflow"] == "e2e.yml"


async def test_an_older_server_does_not_tell_which_run_it_was(
    github: GithubServer, calls: GithubCalls
) -> None:
    held(github).tells_runs = False
    made = await calls.pipeline(run("refs/heads/main"), key="d1.0")
    [one] = held(github).runs
    assert (made.id, made.url) == (str(one["id"]), one["html_url"])


async def test_a_ref_or_an_input_that_is_not_there_is_told(calls: GithubCalls) -> None:
    with pytest.raises(ContentRefused, match="No ref found"):
        await calls.pipeline(run("nowhere"), key="d1.0")
    with pytest.raises(ContentRefused, match="Unexpected inputs"):
        await calls.pipeline(run(OTHER="x"), key="d1.0")
    with pytest.raises(TargetRefused, match=r"workflow no\.yml"):
        await calls.pipeline(run(workflow="no.yml"), key="d1.0")


async def test_a_run_is_found_among_those_made_since(
    github: GithubServer, calls: GithubCalls
) -> None:
    made = await calls.pipeline(run(), key="d1.0")
    now = datetime.now(UTC)
    found = await calls.find_pipelines(run(), key="d1.0", since=now - timedelta(minutes=1))
    assert found == (made,)
    assert await calls.find_pipelines(run(), key="d1.0", since=now + timedelta(minutes=1)) == ()
    [asked, _] = github.calls("GET", "/runs$")
    assert asked.query["actor"] == "repo-bot"
