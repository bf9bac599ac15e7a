"""GitHub's REST half against its double: hooks, people, keys, deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot import events
from bot.errors import (
    CallError,
    ContentRefused,
    CredentialRefused,
    NotSent,
    TargetRefused,
    Unsure,
)
from bot.events.github import project as project_in
from bot.forges.github import OPEN_TRIGGERS, TRIGGERS, signature
from bot.forges.github_admin import GithubAdmin
from bot.outside import HookWish, Right
from bot.payload import Payload
from tests.fakes.github_server import GithubServer
from tests.fakes.gitlab_server import Fault

PUSHES = frozenset({"push"})
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVgNrWL8q4iXo7dQ0c9Lq3P4r1oYc1jv3o2Q3yq0a1b"


@dataclass
class Bot:
    """Who receives: its address, what it answers, and what came (path, event, genuine)."""

    url: str
    status: int = 202
    got: list[tuple[str, str, bool]] = field(default_factory=list)
    #: What came with requests that were no deliveries.
    credentials: list[str] = field(default_factory=list)

    def wish(self, path: str = "/h", **changes: Any) -> HookWish:
        return HookWish(**{"url": self.url + path, "triggers": PUSHES, "secret": "s3", **changes})


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


# -- repositories ----------------------------------------------------------------------------


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


# -- hooks -----------------------------------------------------------------------------------


async def test_a_new_hook_is_listed_as_wished(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    wish = bot.wish(triggers=frozenset({"issues", "pull_request"}))
    made = await admin.create_hook("101", wish)
    assert (made.url, made.triggers, made.health) == (wish.url, wish.triggers, "executable")
    assert made.signed
    assert await admin.hooks("101") == (made,)
    [hook] = github.hooks("owner/repo")
    assert hook.config["content_type"] == "json"
    assert hook.config["insecure_ssl"] == "0"


@pytest.mark.parametrize("triggers", [frozenset[str](), OPEN_TRIGGERS, TRIGGERS, PUSHES])
async def test_exactly_the_wished_events_are_on(
    admin: GithubAdmin, bot: Bot, triggers: frozenset[str]
) -> None:
    assert (await admin.create_hook("101", bot.wish(triggers=triggers))).triggers == triggers


async def test_a_hook_that_is_to_bring_nothing_is_not_taken_for_one_of_pushes(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish(triggers=frozenset()))
    assert made.triggers == frozenset()
    assert github.hooks("owner/repo")[0].events == ["meta"]


async def test_a_hook_of_everything_has_every_event(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish())
    github.hooks("owner/repo")[0].events = ["*"]
    assert (await admin.hooks("101"))[0].triggers == TRIGGERS
    assert made.triggers == PUSHES


async def test_an_event_nobody_knows_is_refused_before_anything_is_made(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    with pytest.raises(ContentRefused, match="push_events"):
        await admin.create_hook("101", bot.wish(triggers=frozenset({"push_events"})))
    assert github.requests == []


async def test_an_older_server_gets_the_events_it_knows(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    github.unknown = {"sub_issues", "merge_group"}
    made = await admin.create_hook("101", bot.wish(triggers=OPEN_TRIGGERS))
    assert OPEN_TRIGGERS - made.triggers == github.unknown


async def test_the_same_address_twice_is_refused(admin: GithubAdmin, bot: Bot) -> None:
    await admin.create_hook("101", bot.wish())
    with pytest.raises(ContentRefused, match="already") as caught:
        await admin.create_hook("101", bot.wish())
    assert caught.value.code == "exists"


async def test_a_moved_hook_keeps_its_secret(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish("/old"))
    moved = await admin.update_hook(
        "101", made.id, bot.wish("/new", triggers=frozenset({"issues"}))
    )
    assert (moved.url, set(moved.triggers)) == (bot.url + "/new", {"issues"})
    await admin.test_hook("101", made.id, "ping")
    assert bot.got[-1] == ("/new", "ping", True)
    assert github.hooks("owner/repo")[0].config["secret"] == "s3"


async def test_a_hook_that_somebody_switched_off_is_told_and_switched_on(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish())
    github.hooks("owner/repo")[0].active = False
    assert (await admin.hooks("101"))[0].health == "disabled"
    assert (await admin.update_hook("101", made.id, bot.wish())).health == "executable"


async def test_a_deleted_hook_is_gone_and_may_be_deleted_again(
    admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish())
    await admin.delete_hook("101", made.id)
    await admin.delete_hook("101", made.id)
    assert await admin.hooks("101") == ()


async def test_a_hook_that_may_not_be_deleted_does_not_count_as_deleted(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish())
    github.faults.append(Fault("DELETE", "/hooks/", status=404, body={"message": "Not Found"}))
    with pytest.raises(TargetRefused):
        await admin.delete_hook("101", made.id)
    github.homes[101].permission = "write"
    with pytest.raises(TargetRefused):
        await admin.delete_hook("101", made.id)


async def test_hooks_need_admin_rights(github: GithubServer, admin: GithubAdmin) -> None:
    github.homes[101].permission = "write"
    with pytest.raises(TargetRefused, match="admin rights"):
        await admin.hooks("101")


async def test_there_is_a_last_hook(admin: GithubAdmin, bot: Bot) -> None:
    for number in range(20):
        await admin.create_hook("101", bot.wish(f"/{number}"))
    with pytest.raises(ContentRefused, match="Settings") as caught:
        await admin.create_hook("101", bot.wish())
    assert caught.value.code == "too_many_hooks"


async def test_an_address_that_github_cannot_reach_is_refused(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    github.blocked = lambda _url: True
    with pytest.raises(ContentRefused, match="PUBLIC_URL") as caught:
        await admin.create_hook("101", bot.wish())
    assert caught.value.code == "invalid_url"


async def test_an_organization_has_hooks_too(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    github.add("shop/one")
    home = github.add("shop/two")
    home.path = "shop"
    group = await admin.group("shop")
    made = await admin.create_hook(group.id, bot.wish())
    assert await admin.hooks(group.id) == (made,)
    assert github.hooks("shop")


async def test_no_text_of_an_error_holds_a_secret(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    wish = bot.wish(url="nonsense", secret="very-secret")
    with pytest.raises(CallError) as caught:
        await admin.create_hook("101", wish)
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert "very-secret" not in shown
    assert github.token not in shown


# -- test calls and deliveries ---------------------------------------------------------------


async def test_a_hook_is_pinged_when_it_is_made_and_when_it_is_asked_for(
    admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish("/proof", triggers=frozenset()))
    await admin.test_hook("101", made.id, "ping")
    assert bot.got == [("/proof", "ping", True)] * 2
    assert await admin.last_answer("101", made.id) == "202"


async def test_pushes_may_be_tried_too(admin: GithubAdmin, bot: Bot) -> None:
    made = await admin.create_hook("101", bot.wish())
    await admin.test_hook("101", made.id, "push")
    assert bot.got[-1] == ("/h", "push", True)


async def test_nothing_else_can_be_tried(admin: GithubAdmin, bot: Bot) -> None:
    made = await admin.create_hook("101", bot.wish())
    with pytest.raises(ContentRefused) as caught:
        await admin.test_hook("101", made.id, "issues")
    assert caught.value.code == "no_sample"


async def test_a_receiver_that_refuses_fails_the_test_call_and_is_told(
    admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish())
    bot.status = 401
    with pytest.raises(ContentRefused, match="Invalid HTTP Response: 401") as caught:
        await admin.test_hook("101", made.id, "ping")
    assert caught.value.code == "undelivered"
    assert await admin.last_answer("101", made.id) == "401"


async def test_a_receiver_that_is_not_there_is_not_taken_for_a_gateway(
    admin: GithubAdmin, bot: Bot, unused_tcp_port: int
) -> None:
    away = HookWish(url=f"http://127.0.0.1:{unused_tcp_port}/h", triggers=PUSHES, secret="s3")
    made = await admin.create_hook("101", away)
    with pytest.raises(ContentRefused, match="failed to connect"):
        await admin.test_hook("101", made.id, "ping")
    assert await admin.last_answer("101", made.id) == "failed to connect to host"
    [one, *_] = await admin.attempts("101", made.id, since=datetime.now(UTC) - timedelta(hours=1))
    assert (one.status, one.delivered) == (0, False)


async def test_a_test_call_that_github_tells_nothing_of_is_left_to_its_arrival(
    github: GithubServer, bot: Bot
) -> None:
    admin = GithubAdmin(url=github.url, token=github.token)
    admin.listed_s = 0.0
    made = await admin.create_hook("101", bot.wish())
    bot.status = 500
    await admin.test_hook("101", made.id, "ping")


async def test_what_did_not_come_is_listed_and_sent_again_under_its_key(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish())
    bot.status = 503
    await github.emit("owner/repo", "push", {"ref": "refs/heads/main"})
    since = datetime.now(UTC) - timedelta(minutes=5)
    [missed, ping] = await admin.attempts("101", made.id, since=since)
    assert (missed.event, missed.status, missed.delivered) == ("push", 503, False)
    assert (ping.event, ping.delivered, ping.error) == ("ping", True, "")
    bot.status = 202
    await admin.resend("101", made.id, missed.id)
    [again, *_] = await admin.attempts("101", made.id, since=since)
    assert (again.key, again.delivered) == (missed.key, True)
    assert bot.got[-1] == ("/h", "push", True)


async def test_old_deliveries_are_not_listed(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    made = await admin.create_hook("101", bot.wish())
    for _ in range(130):
        await github.emit("owner/repo", "push", {})
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert len(await admin.attempts("101", made.id, since=since)) == 131
    assert await admin.attempts("101", made.id, since=datetime.now(UTC)) == ()


# -- people ----------------------------------------------------------------------------------


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


# -- deploy keys -----------------------------------------------------------------------------


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


# -- what goes wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "code", "words"),
    [
        (401, {"message": "Bad credentials"}, {}, CredentialRefused, "401", "GITHUB_TOKEN"),
        (
            403,
            {"message": "Resource not accessible by personal access token"},
            {"X-Accepted-GitHub-Permissions": "repository_hooks=read"},
            CredentialRefused,
            "insufficient_scope",
            "repository_hooks=read",
        ),
        (
            403,
            {"message": "Resource protected by organization SAML enforcement."},
            {"X-GitHub-SSO": "required; url=https://example.com"},
            CredentialRefused,
            "sso",
            "single sign-on",
        ),
        (403, {"message": "Repository was archived"}, {}, TargetRefused, "403", "archived"),
        (403, {"message": "Must have admin rights"}, {}, TargetRefused, "403", "admin rights"),
        (410, {"message": "Issues are disabled"}, {}, TargetRefused, "410", "disabled"),
        (451, {"message": "blocked"}, {}, TargetRefused, "451", "blocked"),
        (500, {"message": "oops"}, {}, NotSent, "500", "oops"),
        (502, "<html>Bad gateway</html>", {}, NotSent, "502", "502"),
        (520, {}, {}, NotSent, "parse", "not GitHub's API"),
        (422, "nonsense", {}, ContentRefused, "422", "nonsense"),
        (200, "<html>Welcome</html>", {}, NotSent, "parse", "not GitHub's API"),
    ],
)
async def test_what_github_says_tells_what_to_do(
    github: GithubServer,
    admin: GithubAdmin,
    status: int,
    body: Any,
    headers: dict[str, str],
    kind: type[CallError],
    code: str,
    words: str,
) -> None:
    github.faults.append(Fault("GET", "/hooks", status=status, body=body, headers=headers))
    with pytest.raises(kind, match=words) as caught:
        await admin.hooks("101")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (403, {"Retry-After": "30"}, 30.0),
        (
            403,
            {
                "X-RateLimit-Limit": "5000",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "1795435320",
                "Date": "Mon, 23 Nov 2026 12:00:00 GMT",
            },
            None,
        ),
        (429, {}, 60.0),
    ],
)
async def test_a_limit_says_how_long_to_wait(
    github: GithubServer,
    admin: GithubAdmin,
    status: int,
    headers: dict[str, str],
    wait_s: float | None,
) -> None:
    limited = {"message": "You have exceeded a secondary rate limit"}
    github.faults.append(Fault("GET", "/hooks", status=status, body=limited, headers=headers))
    with pytest.raises(NotSent, match="slow down") as caught:
        await admin.hooks("101")
    assert caught.value.code == "429"
    if wait_s is None:
        now = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
        wait_s = max(1.0, 1795435320 - now)
    assert caught.value.retry_after == wait_s


async def test_a_write_that_was_cut_off_may_have_happened(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    github.faults.append(Fault("POST", "/hooks$", after=True))
    with pytest.raises(Unsure):
        await admin.create_hook("101", bot.wish())
    assert len(await admin.hooks("101")) == 1


async def test_a_silent_server_is_waited_for_only_so_long(github: GithubServer, bot: Bot) -> None:
    admin = GithubAdmin(url=github.url, token=github.token, whole_s=0.05)
    github.faults += [Fault("GET", "/hooks", silent=True), Fault("POST", "/hooks", silent=True)]
    with pytest.raises(NotSent) as reading:
        await admin.hooks("101")
    with pytest.raises(Unsure) as writing:
        await admin.create_hook("101", bot.wish())
    assert {reading.value.code, writing.value.code} == {"timeout"}


async def test_a_server_that_is_not_there_is_unreachable(unused_tcp_port: int) -> None:
    admin = GithubAdmin(url=f"http://127.0.0.1:{unused_tcp_port}/api/v3", token="t")
    with pytest.raises(NotSent) as caught:
        await admin.hooks("101")
    assert caught.value.code == "unreachable"


async def test_the_token_follows_no_link_to_another_host(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    link = f'<{bot.url}/repositories/101/hooks?page=2>; rel="next"'
    github.faults.append(Fault("GET", "/hooks", status=200, body=[], headers={"Link": link}))
    with pytest.raises(NotSent) as caught:
        await admin.hooks("101")
    assert caught.value.code == "redirect"
    assert bot.credentials == []


async def test_a_redirect_to_another_host_goes_without_the_token(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    headers = {"Location": f"{bot.url}/repositories/101/hooks"}
    github.faults.append(Fault("GET", "/hooks", status=302, body={}, headers=headers))
    await admin.hooks("101")
    assert bot.credentials == [""]


async def test_a_write_is_never_repeated_elsewhere(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    headers = {"Location": f"{github.url}/repositories/101/hooks"}
    github.faults.append(Fault("POST", "/hooks", status=301, body={}, headers=headers))
    with pytest.raises(TargetRefused):
        await admin.create_hook("101", bot.wish())
    assert await admin.hooks("101") == ()


def test_every_event_that_is_open_is_one_of_a_repository() -> None:
    assert OPEN_TRIGGERS <= TRIGGERS
    known = {name for spec in events.ALL for name in spec.github}
    assert {"push", "pull_request"} <= known | OPEN_TRIGGERS
