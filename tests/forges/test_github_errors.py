"""What goes wrong at GitHub, and what a person is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import (
    CallError,
    ContentRefused,
    CredentialRefused,
    NotSent,
    TargetRefused,
    Unsure,
)
from bot.forges.github_admin import GithubAdmin
from tests.fakes.github_server import GithubServer
from tests.fakes.gitlab_server import Fault
from tests.forges.github_receiver import Bot


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
