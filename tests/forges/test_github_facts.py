"""What is read from GitHub's API beside a delivery, and what is not believed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import CredentialRefused, TargetRefused
from bot.forges.github_facts import GithubFacts
from bot.model import Event, Person, Project, Value
from tests.fakes.github_server import GithubServer
from tests.fakes.github_talk import Contents, contents
from tests.fakes.gitlab_server import Fault

ALL = frozenset({"paths", "additions", "deletions"})
ALICE = Person(username="alice", id="11")


@pytest.fixture
async def github() -> AsyncIterator[GithubServer]:
    async with GithubServer() as server:
        server.add("shop/api", repository_id=15)
        server.user("alice")
        held(server).add_pull(7)
        yield server


def held(server: GithubServer) -> Contents:
    return contents(server.homes[15])


def event(kind: str = "mr", **fields: Value) -> Event:
    return Event(
        forge="github",
        instance="github",
        kind=kind,
        names=(f"{kind}.opened",),
        project=Project(id="15", path="shop/api", default_branch="main"),
        actor=ALICE,
        subject=None,
        subjects=(),
        fields=fields or {"iid": 7, "target": "main"},
    )


def push(body: Mapping[str, Any], branch: str = "main") -> Event:
    return replace(event("push", branch=branch), payload=body)


async def fetch(server: GithubServer, about: Event, *names: str) -> dict[str, Value | None]:
    facts = GithubFacts(url=server.url, token=server.token)
    return dict(await facts.fetch(about, frozenset(names)))


async def test_the_paths_of_a_pull_request_are_read_page_by_page(github: GithubServer) -> None:
    held(github).set_files(7, [{"filename": f"a/{n}.py"} for n in range(250)])
    found = await fetch(github, event(), "paths")
    assert found["paths"] == tuple(f"a/{n}.py" for n in range(250))
    assert len(github.calls("GET", "/files$")) == 3


async def test_both_names_of_a_renamed_file_count(github: GithubServer) -> None:
    held(github).set_files(7, [{"filename": "new.py", "previous_filename": "old.py"}])
    assert (await fetch(github, event(), "paths"))["paths"] == ("new.py", "old.py")


async def test_lines_are_told_without_the_list_of_files(github: GithubServer) -> None:
    held(github).pulls[7] |= {"additions": 4, "deletions": 2, "changed_files": 1}
    assert await fetch(github, event(), "additions", "deletions") == {
        "additions": 4,
        "deletions": 2,
    }
    assert github.calls("GET", "/files$") == []


async def test_a_list_that_github_cuts_is_not_believed(github: GithubServer) -> None:
    held(github).pulls[7]["changed_files"] = 3001
    assert await fetch(github, event(), *ALL) == {"additions": 0, "deletions": 0}


async def test_author_and_milestone(github: GithubServer) -> None:
    held(github).issues[7]["milestone"] = {"title": "v1"}
    assert await fetch(github, event(), "author", "milestone") == {
        "author": Person(username="carol", id="31"),
        "milestone": "v1",
    }


async def test_a_comment_is_about_what_it_is_on(github: GithubServer) -> None:
    about = event("comment", on_type="mr", iid=7)
    found = await fetch(github, about, "author")
    assert found == {"author": Person(username="carol", id="31")}
    assert await fetch(github, event("comment", on_type="commit"), "author") == {"author": None}


async def test_the_last_verdict_of_each_reviewer_counts(github: GithubServer) -> None:
    held(github).reviews[7] = [
        {"user": {"login": who}, "state": state}
        for who, state in (
            ("alice", "APPROVED"),
            ("alice", "COMMENTED"),
            ("bob", "APPROVED"),
            ("bob", "CHANGES_REQUESTED"),
            ("carol", "DISMISSED"),
            ("dave", "CHANGES_REQUESTED"),
            ("dave", "APPROVED"),
        )
    ]
    assert await fetch(github, event(), "approvals") == {"approvals": 2}


async def test_the_wanted_approvals_are_the_most_that_any_rule_wants(github: GithubServer) -> None:
    answers = held(github).answers
    assert await fetch(github, event(), "approvals_required") == {"approvals_required": 0}
    older = "branches/main/protection/required_pull_request_reviews"
    answers[older] = (200, {"required_approving_review_count": 1})
    assert await fetch(github, event(), "approvals_required") == {"approvals_required": 1}
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 2}}
    answers["rules/branches/main"] = (200, [rule, {"type": "deletion"}])
    assert await fetch(github, event(), "approvals_required") == {"approvals_required": 2}
    answers[older] = (403, {"message": "Resource not accessible", "status": "403"})
    assert await fetch(github, event(), "approvals_required") == {"approvals_required": 2}
    del answers["rules/branches/main"]
    assert await fetch(github, event(), "approvals_required") == {}


@pytest.mark.parametrize(
    ("role", "word"),
    [
        ("admin", "owner"),
        ("maintain", "maintainer"),
        ("write", "developer"),
        ("triage", "reporter"),
        ("read", "guest"),
        ("none", None),
    ],
)
async def test_roles_are_told_in_the_words_of_both_forges(
    github: GithubServer, role: str, word: str | None
) -> None:
    github.homes[15].people["alice"] = role
    assert await fetch(github, event(), "actor_role") == {"actor_role": word}


async def test_machines_and_the_departed_have_no_role(github: GithubServer) -> None:
    bot = replace(event(), actor=Person(username="dependabot[bot]", bot=True))
    assert await fetch(github, bot, "actor_role") == {"actor_role": None}
    assert github.requests == []
    gone = replace(event(), actor=Person(username="gone"))
    assert await fetch(github, gone, "actor_role") == {"actor_role": None}


async def test_a_repository_that_cannot_be_seen_is_no_missing_role(github: GithubServer) -> None:
    github.homes[15].visible = False
    with pytest.raises(TargetRefused):
        await fetch(github, event(), "actor_role")


async def test_a_long_push_is_compared(github: GithubServer) -> None:
    held(github).compared["aaa...bbb"] = [{"filename": "a.py"}]
    found = await fetch(github, push({"before": "aaa", "after": "bbb"}), "paths")
    assert found == {"paths": ("a.py",)}


async def test_a_comparison_that_github_cuts_is_not_believed(github: GithubServer) -> None:
    held(github).compared["aaa...bbb"] = [{"filename": f"{n}.py"} for n in range(300)]
    assert await fetch(github, push({"before": "aaa", "after": "bbb"}), "paths") == {}


async def test_a_new_branch_is_compared_with_the_default_branch(github: GithubServer) -> None:
    held(github).compared["main...bbb"] = [{"filename": "a.py"}]
    body = {"before": "0" * 40, "after": "bbb"}
    assert await fetch(github, push(body, "fix"), "paths") == {"paths": ("a.py",)}
    assert await fetch(github, push(body, "main"), "paths") == {}


async def test_what_is_not_asked_for_is_not_called(github: GithubServer) -> None:
    assert await fetch(github, event(), "title") == {}
    assert await fetch(github, replace(event(), project=None), "author") == {}
    assert github.requests == []


async def test_errors_are_ours(github: GithubServer) -> None:
    github.faults.append(Fault("GET", "/issues/7", status=401, body={"message": "Bad"}))
    with pytest.raises(CredentialRefused, match="GITHUB_TOKEN"):
        await fetch(github, event(), "author")
