"""What is read from GitLab's API beside a delivery, and what is not believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import CredentialRefused, NotSent, TargetRefused
from bot.forges.gitlab_facts import THREADS_LIMIT, GitlabFacts
from bot.model import Event, Person, Value
from tests.deciding import event_of
from tests.fakes.gitlab_server import Fault, GitlabServer, running
from tests.fakes.gitlab_talk import Contents, contents, file, thread

HUNK = "@@ -1,3 +1,4 @@\n a\n-b\n+c\n+--d\n e\n"
ALL = frozenset({"paths", "additions", "deletions"})


@pytest.fixture
async def gitlab() -> AsyncIterator[GitlabServer]:
    async with running() as server:
        server.add("shop/api", project_id=15)
        held(server).add_merge_request(7)
        yield server


def held(server: GitlabServer) -> Contents:
    return contents(server.projects[15])


def mr(**overrides: Any) -> Event:
    return event_of("mr.opened", **overrides)


async def fetch(server: GitlabServer, event: Event, *names: str) -> dict[str, Value | None]:
    facts = GitlabFacts(url=server.url, token=server.token)
    return dict(await facts.fetch(event, frozenset(names)))


async def test_the_paths_of_a_merge_request_are_read_page_by_page(gitlab: GitlabServer) -> None:
    held(gitlab).set_files(7, [file(f"a/{n}.py") for n in range(250)])
    found = await fetch(gitlab, mr(), "paths")
    assert found["paths"] == tuple(f"a/{n}.py" for n in range(250))
    assert len(gitlab.calls("GET", "/diffs$")) == 3


async def test_both_names_of_a_renamed_file_count(gitlab: GitlabServer) -> None:
    held(gitlab).set_files(7, [file("new.py", old_path="old.py")])
    assert (await fetch(gitlab, mr(), "paths"))["paths"] == ("new.py", "old.py")


async def test_lines_are_counted_without_the_heads_of_files(gitlab: GitlabServer) -> None:
    head = "--- a/x\n+++ b/x\n"
    held(gitlab).set_files(7, [file("x", head + HUNK), file("y", HUNK)])
    found = await fetch(gitlab, mr(), "additions", "deletions")
    assert found == {"additions": 4, "deletions": 2}


async def test_a_difference_that_gitlab_cut_is_not_believed(gitlab: GitlabServer) -> None:
    held(gitlab).set_files(7, [file("x", HUNK)], count="1000+")
    assert await fetch(gitlab, mr(), *ALL) == {}


async def test_a_file_too_large_to_be_shown_is_counted_in_the_raw_difference(
    gitlab: GitlabServer,
) -> None:
    held(gitlab).set_files(7, [file("x", "", collapsed=True)])
    held(gitlab).raw[7] = [file("x", HUNK)]
    assert await fetch(gitlab, mr(), *ALL) == {"paths": ("x",), "additions": 2, "deletions": 1}
    held(gitlab).overflow = True
    assert await fetch(gitlab, mr(), *ALL) == {"paths": ("x",)}


async def test_author_milestone_and_approvals(gitlab: GitlabServer) -> None:
    held(gitlab).merge_requests[7]["milestone"] = {"title": "v1"}
    held(gitlab).approved_by[7] = ["alice", "bob"]
    names = ("author", "milestone", "approvals", "approvals_required")
    assert await fetch(gitlab, mr(), *names) == {
        "author": Person(username="carol", name="Carol", id="31"),
        "milestone": "v1",
        "approvals": 2,
        "approvals_required": 2,
    }


async def test_how_many_files_change_is_told_unless_there_are_too_many(
    gitlab: GitlabServer,
) -> None:
    held(gitlab).set_files(7, [file("x"), file("y")])
    assert await fetch(gitlab, mr(), "changed_files") == {"changed_files": 2}
    held(gitlab).set_files(7, [file("x")], count="1000+")
    assert await fetch(gitlab, mr(), "changed_files") == {}


REPLY = {"resolvable": False, "system": False, "internal": False}


@pytest.mark.parametrize(
    ("threads", "count"),
    [
        ([], 0),
        ([thread()], 1),
        ([thread(resolved=True)], 0),
        ([thread(resolved=None), thread(resolved=None, system=True)], 0),
        ([thread(internal=True), thread()], 1),
        ([thread(confidential=True)], 0),
        ([{"notes": [REPLY, *thread()["notes"], *thread(resolved=True)["notes"]]}], 1),
        ([{"notes": []}], 0),
        ([thread() for _ in range(THREADS_LIMIT)], THREADS_LIMIT),
        ([thread() for _ in range(THREADS_LIMIT + 1)], "not told"),
    ],
)
@pytest.mark.parametrize("name", ["mr.updated", "comment.mr"])
async def test_open_threads_are_those_that_everybody_may_read(
    gitlab: GitlabServer, threads: list[dict[str, Any]], count: int | str, name: str
) -> None:
    held(gitlab).threads[7] = threads
    found = await fetch(gitlab, event_of(name), "open_threads")
    assert found.get("open_threads", "not told") == count
    assert len(gitlab.requests) <= 4


async def test_a_comment_on_an_issue_has_no_threads_to_ask_for(gitlab: GitlabServer) -> None:
    assert await fetch(gitlab, event_of("comment.issue"), "open_threads") == {"open_threads": None}
    assert gitlab.requests == []


async def test_what_is_not_asked_for_is_not_called(gitlab: GitlabServer) -> None:
    await fetch(gitlab, mr(), "approvals")
    assert [request.path for request in gitlab.requests] == [
        "/projects/15/merge_requests/7/approvals"
    ]


@pytest.mark.parametrize(
    ("member", "role"),
    [
        ((30, "active"), "developer"),
        ((50, "active"), "owner"),
        ((40, "awaiting"), None),
        ((99, "active"), None),
        (None, None),
    ],
)
async def test_the_role_of_an_actor(
    gitlab: GitlabServer, member: tuple[int, str] | None, role: str | None
) -> None:
    event = mr()
    assert event.actor is not None
    if member is not None:
        held(gitlab).members[int(event.actor.id)] = member
    assert await fetch(gitlab, event, "actor_role") == {"actor_role": role}


async def test_a_project_that_cannot_be_seen_is_no_missing_role(gitlab: GitlabServer) -> None:
    gitlab.projects[15].visible = False
    with pytest.raises(TargetRefused):
        await fetch(gitlab, mr(), "actor_role")


def push(**overrides: Any) -> Event:
    return event_of("push", **overrides)


async def test_a_long_push_is_compared(gitlab: GitlabServer) -> None:
    event = push()
    key = event.payload["before"], event.payload["after"]
    held(gitlab).compared[key] = {"diffs": [file("a"), file("b")]}
    assert await fetch(gitlab, event, "paths") == {"paths": ("a", "b")}
    held(gitlab).compared[key]["compare_timeout"] = True
    assert await fetch(gitlab, event, "paths") == {}


async def test_a_new_branch_is_compared_with_the_default_branch(gitlab: GitlabServer) -> None:
    event = event_of("branch.created", branch="feature")
    assert event.project is not None
    after = event.payload["after"]
    held(gitlab).compared[event.project.default_branch, after] = {"diffs": [file("only/here")]}
    assert await fetch(gitlab, event, "paths") == {"paths": ("only/here",)}


async def test_a_new_default_branch_has_nothing_to_be_compared_with(gitlab: GitlabServer) -> None:
    event = event_of("branch.created", branch="main", default_branch="main")
    assert await fetch(gitlab, event, "paths") == {}
    assert gitlab.requests == []


async def test_errors_are_ours(gitlab: GitlabServer) -> None:
    gitlab.faults.append(Fault("GET", "/approvals", 429, {}, {"Retry-After": "7"}))
    with pytest.raises(NotSent) as slow:
        await fetch(gitlab, mr(), "approvals")
    assert slow.value.retry_after == 7
    stale = GitlabFacts(url=gitlab.url, token="another")
    with pytest.raises(CredentialRefused):
        await stale.fetch(mr(), frozenset({"approvals"}))
