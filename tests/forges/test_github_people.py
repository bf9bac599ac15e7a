"""GitHub's repositories, people and deploy keys against its double."""

from __future__ import annotations

import pytest

from bot.errors import (
    ContentRefused,
    TargetRefused,
)
from bot.events.github import project as project_in
from bot.forges.github_admin import GithubAdmin
from bot.outside import Right
from bot.payload import Payload
from tests.fakes.github_server import GithubServer
from tests.fakes.gitlab_server import Fault

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVgNrWL8q4iXo7dQ0c9Lq3P4r1oYc1jv3o2Q3yq0a1b"


async def test_a_repository_is_found_by_its_path(github: GithubServer, admin: GithubAdmin) -> None:
    found = await admin.project("Owner/Repo")
    assert (found.id, found.path) == ("101", "owner/repo")
    assert (found.visibility, found.default_branch) == ("private", "main")
    assert found.url == f"{github.page}/owner/repo"


async def test_a_repository_is_found_by_its_number(admin: GithubAdmin) -> None:
    assert (await admin.project("101")).path == "owner/repo"


async def test_a_renamed_repository_is_found_by_its_old_path(
    github: GithubServer, admin: GithubAdmin
) -> None:
    github.moved["owner/old"] = "owner/repo"
    assert (await admin.project("owner/old")).path == "owner/repo"


@pytest.mark.parametrize("visible", [True, False])
async def test_what_is_missing_and_what_is_not_shown_are_one(
    github: GithubServer, admin: GithubAdmin, visible: bool
) -> None:
    github.add("owner/hidden", visible=False)
    with pytest.raises(TargetRefused, match="may not see") as caught:
        await admin.project("owner/none" if visible else "owner/hidden")
    assert caught.value.code == "404"
    assert "spelling" in str(caught.value)
    assert "admin:repo_hook" in str(caught.value)


@pytest.mark.parametrize("path", ["group/sub/repo", "repo", "owner/..", "owner/re po", "../user"])
async def test_what_cannot_be_a_repository_is_never_asked_for(
    github: GithubServer, admin: GithubAdmin, path: str
) -> None:
    with pytest.raises(ContentRefused, match="owner/repository"):
        await admin.project(path)
    assert github.requests == []


async def test_the_repositories_of_an_owner_are_all_listed(
    github: GithubServer, admin: GithubAdmin
) -> None:
    for number in range(150):
        github.add(f"owner/r{number:03}")
    github.add("owner/old", archived=True)
    github.add("other/r")
    found = await admin.projects("owner", nested=True)
    assert len(found) == 151
    assert [one.path for one in found] == sorted(one.path for one in found)
    assert "owner/old" not in {one.path for one in found}


async def test_ones_own_repositories_are_listed_with_the_private_ones(
    github: GithubServer, admin: GithubAdmin
) -> None:
    github.add("repo-bot/tools")
    assert [one.path for one in await admin.projects("repo-bot", nested=False)] == [
        "repo-bot/tools"
    ]
    assert github.calls("GET", "^/user/repos")


async def test_open_pull_requests_are_told_like_their_opening(
    github: GithubServer, admin: GithubAdmin
) -> None:
    home = github.homes[101]
    home.pulls = [{"number": n, "user": {"login": "alice", "id": 11}} for n in (1, 2)]
    first, second = await admin.open_mrs("101")
    assert (first["number"], second["number"]) == (1, 2)
    assert first["action"] == "opened"
    assert first["sender"]["login"] == "alice"
    project = project_in(Payload(first))
    assert project is not None
    assert (project.id, project.path) == ("101", "owner/repo")


async def test_a_person_is_found_by_exactly_their_name(
    github: GithubServer, admin: GithubAdmin
) -> None:
    github.user("alice", name="Alice", bio="chatops-bot: 1234\n5678", company="Shop")
    found = await admin.person("Alice")
    assert found is not None
    assert (found.username, found.name, found.bot) == ("alice", "Alice", False)
    assert await admin.person("alic") is None
    assert await admin.person("../user") is None
    assert "chatops-bot: 1234 5678" in await admin.says("alice")
    assert await admin.says("nobody") == ""


async def test_a_status_is_read_where_it_can_be(github: GithubServer, admin: GithubAdmin) -> None:
    github.user("alice", bio="Hello")
    github.statuses["alice"] = "link-4711"
    assert await admin.says("alice") == "link-4711 Hello"
    github.faults.append(Fault("POST", "/graphql", status=404, body={"message": "Not Found"}))
    assert (await admin.says("alice")).strip() == "Hello"


@pytest.mark.parametrize(
    ("permission", "right"),
    [("admin", Right.MANAGE), ("write", Right.WRITE), ("read", Right.READ), ("none", Right.NONE)],
)
async def test_a_permission_is_a_right(
    github: GithubServer, admin: GithubAdmin, permission: str, right: Right
) -> None:
    github.user("alice")
    github.homes[101].people["alice"] = permission
    assert await admin.right("101", "alice") is right


async def test_nobody_and_the_suspended_may_nothing(
    github: GithubServer, admin: GithubAdmin
) -> None:
    github.user("bob", suspended_at="2026-01-01T00:00:00Z")
    github.homes[101].people["bob"] = "admin"
    assert await admin.right("101", "bob") is Right.NONE
    assert await admin.right("101", "nobody") is Right.NONE


async def test_an_organizations_owner_may_manage_its_hooks(
    github: GithubServer, admin: GithubAdmin
) -> None:
    github.add("shop/one").path = "shop"
    github.user("alice")
    github.user("bob")
    group = await admin.group("shop")
    github.homes[102].people = {"alice": "admin", "bob": "member"}
    assert await admin.right(group.id, "alice") is Right.OWN
    assert await admin.right(group.id, "bob") is Right.READ
    assert await admin.right(group.id, "repo-bot") is Right.NONE


async def test_a_repository_that_is_gone_is_no_lack_of_rights(
    github: GithubServer, admin: GithubAdmin
) -> None:
    github.user("alice")
    with pytest.raises(TargetRefused):
        await admin.right("999", "alice")


@pytest.mark.parametrize("writes", [False, True])
async def test_a_key_may_write_only_when_it_is_said(
    github: GithubServer, admin: GithubAdmin, writes: bool
) -> None:
    made = await admin.add_key(
        "101", title="deploy", public_key=KEY, writes=writes, expires_at=None
    )
    assert (made.title, made.writes) == ("deploy", writes)
    assert github.homes[101].keys[0]["read_only"] is not writes
    assert made.fingerprint.startswith("SHA256:")
    assert not made.fingerprint.endswith("=")
    assert await admin.keys("101") == (made,)


async def test_a_key_works_once_in_all_of_github(github: GithubServer, admin: GithubAdmin) -> None:
    github.add("owner/other")
    await admin.add_key("102", title="a", public_key=KEY, writes=False, expires_at=None)
    with pytest.raises(ContentRefused, match="new one") as caught:
        await admin.add_key("101", title="a", public_key=KEY, writes=False, expires_at=None)
    assert caught.value.code == "taken"


async def test_a_deleted_key_is_gone_and_may_be_deleted_again(admin: GithubAdmin) -> None:
    made = await admin.add_key("101", title="a", public_key=KEY, writes=False, expires_at=None)
    await admin.delete_key("101", made.id)
    await admin.delete_key("101", made.id)
    assert await admin.keys("101") == ()


async def test_a_secret_of_workflows_is_sealed_on_its_way(
    github: GithubServer, admin: GithubAdmin
) -> None:
    await admin.set_variable("101", "DEPLOY_KEY", "the private half\n")
    assert github.homes[101].secrets == {"DEPLOY_KEY": "the private half\n"}
    assert "private half" not in str(github.requests)


@pytest.mark.parametrize("name", ["1KEY", "GITHUB_KEY", "a-b", "../x", ""])
async def test_a_secret_has_a_name_that_github_takes(admin: GithubAdmin, name: str) -> None:
    with pytest.raises(ContentRefused, match="no name"):
        await admin.set_variable("101", name, "x")
