"""Lookups at a forge whose API fails in every way: an error of ours, and never a wrong answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import CallError
from bot.forges.github_admin import GithubAdmin
from bot.forges.github_facts import GithubFacts
from bot.forges.gitlab_admin import GitlabAdmin
from bot.forges.gitlab_facts import GitlabFacts
from bot.outside import HookWish
from tests.fakes.github_server import GithubServer
from tests.fakes.github_talk import contents as github_contents
from tests.fakes.gitlab_faults import WAYS, Fault
from tests.fakes.gitlab_server import running
from tests.fakes.gitlab_talk import contents as gitlab_contents
from tests.forges.test_github_facts import event as github_event
from tests.forges.test_gitlab_facts import mr as gitlab_event

if TYPE_CHECKING:
    from collections.abc import Awaitable

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


#: Answers that are JSON, or 200, and nothing of a forge's.
NONSENSE = {name: way for name, way in WAYS.items() if way.get("status") == 200}


@pytest.mark.parametrize("way", NONSENSE.values(), ids=NONSENSE.keys())
async def test_nonsense_of_gitlabs_is_never_an_error_of_the_bots(way: dict[str, Any]) -> None:
    async with running() as server:
        server.add("shop/api", project_id=15)
        await _all_fail(GitlabAdmin(url=server.url, token=server.token), server.faults, way)


@pytest.mark.parametrize("way", NONSENSE.values(), ids=NONSENSE.keys())
async def test_nonsense_of_githubs_is_never_an_error_of_the_bots(way: dict[str, Any]) -> None:
    async with GithubServer() as server:
        server.add("shop/api", repository_id=15)
        await _all_fail(GithubAdmin(url=server.url, token=server.token), server.faults, way)


async def _all_fail(
    admin: GitlabAdmin | GithubAdmin, faults: list[Fault], way: dict[str, Any]
) -> None:
    for asked in _asked(admin):
        faults[:] = [Fault(method, "", **way) for method in _METHODS for _ in range(9)]
        with pytest.raises(CallError):
            await asked


_METHODS = ("GET", "POST", "PUT", "PATCH")


def _asked(admin: GitlabAdmin | GithubAdmin) -> list[Awaitable[object]]:
    wish = HookWish(url="https://bot.example/h", triggers=frozenset(), secret="a secret")
    return [
        admin.hooks("15"),
        admin.create_hook("15", wish),
        admin.update_hook("15", "1", wish),
        admin.keys("15"),
        admin.add_key(
            "15", title="t", public_key="ssh-ed25519 AAAA", writes=False, expires_at=None
        ),
        admin.person("alice"),
        admin.right("15", "alice"),
        admin.project("shop/api"),
        admin.group("shop"),
        admin.projects("shop", nested=False),
        admin.open_mrs("15"),
    ]
