"""Lookups at a forge whose API fails in every way: an error of ours, and never a wrong answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import CallError
from bot.forges.github_facts import GithubFacts
from bot.forges.gitlab_facts import GitlabFacts
from tests.fakes.github_server import GithubServer
from tests.fakes.github_talk import contents as github_contents
from tests.fakes.gitlab_faults import WAYS, Fault
from tests.fakes.gitlab_server import running
from tests.fakes.gitlab_talk import contents as gitlab_contents
from tests.forges.test_github_facts import event as github_event
from tests.forges.test_gitlab_facts import mr as gitlab_event

if TYPE_CHECKING:
    from bot.model import Event
    from bot.outside import ForgeFacts

GROUPS = (
    frozenset({"actor_role"}),
    frozenset({"author", "milestone"}),
    frozenset({"approvals", "approvals_required"}),
    frozenset({"paths", "additions", "deletions"}),
)


async def fetched(facts: ForgeFacts, event: Event, names: frozenset[str]) -> dict[str, Any]:
    """What was learnt; nothing when it failed as it should."""
    try:
        return dict(await facts.fetch(event, names))
    except CallError:
        return {}


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: min(names))
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_a_failing_gitlab_teaches_nothing(way: dict[str, Any], names: frozenset[str]) -> None:
    async with running() as server:
        server.add("shop/api", project_id=15)
        gitlab_contents(server.projects[15]).add_merge_request(7)
        server.faults += [Fault("GET", "", **way) for _ in range(9)]
        facts = GitlabFacts(url=server.url, token=server.token)
        assert not any((await fetched(facts, gitlab_event(), names)).values())


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: min(names))
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_a_failing_github_teaches_nothing(way: dict[str, Any], names: frozenset[str]) -> None:
    async with GithubServer() as server:
        server.add("shop/api", repository_id=15)
        github_contents(server.homes[15]).add_pull(7)
        server.faults += [Fault("GET", "", **way) for _ in range(9)]
        facts = GithubFacts(url=server.url, token=server.token)
        assert not any((await fetched(facts, github_event(), names)).values())
