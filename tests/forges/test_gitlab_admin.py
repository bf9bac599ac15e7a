"""GitLab's REST half: faults become the right class and a text that says what to do."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
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
from bot.forges.gitlab_admin import GitlabAdmin
from bot.forges.gitlab_errors import said
from bot.outside import EVERY_BRANCH, BranchFilter, HookWish
from tests.fakes.gitlab_server import Fault, GitlabServer, running

TOKEN = "glpat-very-secret"
WISH = HookWish(
    url="http://127.0.0.1:9/h", triggers=frozenset({"push_events"}), secret="hook-secret"
)


@pytest.fixture
async def gitlab() -> AsyncIterator[GitlabServer]:
    async with running("group/sub/repo", token=TOKEN) as server:
        yield server


def admin(server: GitlabServer, **settings: Any) -> GitlabAdmin:
    return GitlabAdmin(**{"url": server.url, "token": TOKEN, **settings})


async def read(server: GitlabServer, **settings: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        await admin(server, **settings).hooks("101")
    assert TOKEN not in str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    return caught.value


async def create(server: GitlabServer, **settings: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        await admin(server, **settings).create_hook("101", WISH)
    shown = str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    assert TOKEN not in shown
    assert WISH.secret not in shown
    return caught.value


async def test_paths_are_sent_encoded(gitlab: GitlabServer) -> None:
    assert (await admin(gitlab).project("group/sub/repo")).id == "101"
    assert not gitlab.refused


async def test_a_renamed_project_is_found_by_its_old_path(gitlab: GitlabServer) -> None:
    gitlab.moved["old/repo"] = "group/sub/repo"
    assert (await admin(gitlab).project("old/repo")).path == "group/sub/repo"


async def test_the_token_does_not_follow_a_redirect_to_another_host(gitlab: GitlabServer) -> None:
    async with running("group/sub/repo", token=TOKEN) as other:
        target = {"Location": other.url + "/api/v4/projects/101"}
        gitlab.faults.append(Fault("GET", "/projects/", 301, "", target))
        with pytest.raises(CredentialRefused):
            await admin(gitlab).project("group/sub/repo")
        (request,) = other.requests
        assert TOKEN not in repr(request.headers)


async def test_an_event_uuid_is_never_forwarded(gitlab: GitlabServer) -> None:
    await admin(gitlab).create_hook("101", WISH)
    assert not [r for r in gitlab.requests if "x-gitlab-event-uuid" in repr(r.headers).lower()]


async def test_every_trigger_is_sent_on_creation(gitlab: GitlabServer) -> None:
    await admin(gitlab).create_hook("101", WISH)
    (request,) = gitlab.calls("POST", "/hooks$")
    on = {name for name, value in request.body.items() if value is True}
    assert on == {"push_events", "enable_ssl_verification"}
    assert sum(name.endswith("_events") for name in request.body) == 18


async def test_what_was_created_is_read_back(gitlab: GitlabServer) -> None:
    gitlab.unknown.add("milestone_events")
    wish = HookWish(
        url=WISH.url, triggers=frozenset({"milestone_events", "push_events"}), secret="s"
    )
    made = await admin(gitlab).create_hook("101", wish)
    assert made.triggers == {"push_events"}
    assert gitlab.calls("GET", f"/hooks/{made.id}$")


async def test_a_hook_that_came_out_otherwise_is_told(gitlab: GitlabServer) -> None:
    gitlab.unknown.add("push_events")  # The default is on, and "off" is not heard.
    with pytest.raises(TargetRefused, match="other settings"):
        await admin(gitlab).create_hook(
            "101", HookWish(url=WISH.url, triggers=frozenset(), secret="s")
        )


@pytest.mark.parametrize(
    "branches",
    [BranchFilter("wildcard", "release/*"), BranchFilter("regex", "^(?:dev|main)$"), EVERY_BRANCH],
)
async def test_a_branch_filter_is_kept_as_it_was_sent(
    gitlab: GitlabServer, branches: BranchFilter
) -> None:
    made = await admin(gitlab).create_hook("101", replace(WISH, branches=branches))
    assert made.branches == branches
    assert made.filters == {"all", "wildcard", "regex"}
    made = await admin(gitlab).update_hook("101", made.id, WISH)
    assert made.branches == EVERY_BRANCH


async def test_an_older_gitlab_takes_a_wildcard_but_no_regular_expression(
    gitlab: GitlabServer,
) -> None:
    gitlab.unknown.add("branch_filter_strategy")
    one = replace(WISH, branches=BranchFilter("wildcard", "main"))
    made = await admin(gitlab).create_hook("101", one)
    assert made.branches == BranchFilter("wildcard", "main")
    several = replace(WISH, branches=BranchFilter("regex", "^(?:dev|main)$"))
    made = await admin(gitlab).update_hook("101", made.id, several)
    assert made.branches == EVERY_BRANCH
    assert made.filters == {"all", "wildcard"}


async def test_a_lost_secret_is_told(gitlab: GitlabServer) -> None:
    gitlab.unknown.add("token")
    assert "did not keep the secret" in str(await create(gitlab))


async def test_all_pages_are_read(gitlab: GitlabServer) -> None:
    made = await admin(gitlab).create_hook("101", WISH)
    hooks = gitlab.projects[101].hooks
    for number in range(5000, 5230):
        hooks[number] = type(hooks[int(made.id)])(number, gitlab.projects[101], {"url": WISH.url})
    assert len(await admin(gitlab).hooks("101")) == 231


async def test_a_wrong_token_names_its_setting(gitlab: GitlabServer) -> None:
    gitlab.token = "another"
    error = await read(gitlab, setting="GITLAB_INNER_TOKEN")
    assert isinstance(error, CredentialRefused)
    assert "expired" in str(error)
    assert "GITLAB_INNER_TOKEN" in str(error)


async def test_a_token_of_too_small_a_scope_is_told_from_a_low_role(gitlab: GitlabServer) -> None:
    gitlab.scope = "read_api"
    error = await create(gitlab)
    assert isinstance(error, CredentialRefused)
    assert "scope `api`" in str(error)
    gitlab.scope = "api"
    gitlab.projects[101].access = 30
    error = await create(gitlab)
    assert isinstance(error, TargetRefused)
    assert "Maintainer or Owner" in str(error)


async def test_an_invisible_project_may_be_missing_or_hidden(gitlab: GitlabServer) -> None:
    gitlab.projects[101].visible = False
    with pytest.raises(TargetRefused, match=r"has no project group/sub/repo, or .* cannot see it"):
        await admin(gitlab).project("group/sub/repo")


async def test_a_blocked_address_is_explained(gitlab: GitlabServer) -> None:
    gitlab.blocked = lambda _url: True
    error = await create(gitlab)
    assert "http://127.0.0.1:9/h" in str(error)
    assert "Outbound requests" in str(error)
    assert "PUBLIC_URL" in str(error)


async def test_a_rate_limit_says_how_long_and_is_not_waited_for(gitlab: GitlabServer) -> None:
    gitlab.faults.append(Fault("GET", "/hooks", 429, {"message": "429"}, {"Retry-After": "17"}))
    error = await read(gitlab)
    assert isinstance(error, NotSent)
    assert error.retry_after == 17
    assert "17 s" in str(error)
    assert len(gitlab.calls("GET")) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [500, 502, 503, None])
async def test_a_write_that_ends_unclear_is_unsure_and_not_repeated(
    gitlab: GitlabServer, status: int | None, after: bool
) -> None:
    gitlab.faults.append(Fault("POST", "/hooks$", status, {"message": "oops"}, after=after))
    assert isinstance(await create(gitlab), Unsure)
    assert len(gitlab.calls("POST")) == 1
    assert len(gitlab.hooks("group/sub/repo")) == int(after)


@pytest.mark.parametrize("status", [500, None])
async def test_a_read_that_ends_unclear_may_be_repeated(
    gitlab: GitlabServer, status: int | None
) -> None:
    gitlab.faults.append(Fault("GET", "/hooks$", status, "<html>"))
    assert isinstance(await read(gitlab), NotSent)


async def test_silence_is_cut_short(gitlab: GitlabServer) -> None:
    gitlab.faults += [Fault("GET", "/hooks$", silent=True), Fault("POST", "/hooks$", silent=True)]
    assert isinstance(await read(gitlab, timeouts=(1.0, 0.05)), NotSent)
    assert isinstance(await create(gitlab, timeouts=(1.0, 0.05)), Unsure)


async def test_the_whole_call_is_cut_short_too(gitlab: GitlabServer) -> None:
    gitlab.faults.append(Fault("POST", "/hooks$", silent=True))
    error = await create(gitlab, timeouts=(1.0, 0.3), whole_s=0.05)
    assert isinstance(error, Unsure)
    assert error.code == "timeout"


async def test_nobody_at_the_address_is_told_plainly() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NotSent, match="cannot be reached"):
        await GitlabAdmin(url=url, token=TOKEN).create_hook("1", WISH)


async def test_a_write_that_is_redirected_asks_for_the_final_address(gitlab: GitlabServer) -> None:
    gitlab.faults.append(Fault("POST", "/hooks$", 301, "", {"Location": gitlab.url + "/x"}))
    error = await create(gitlab)
    assert isinstance(error, NotSent)
    assert "GITLAB_URL" in str(error)


async def test_a_page_that_is_not_the_api_is_told(gitlab: GitlabServer) -> None:
    page = "<html>sign in</html>"
    gitlab.faults += [Fault("GET", "/hooks$", 200, page), Fault("GET", "/repo$", 200, page)]
    assert "not GitLab's API" in str(await read(gitlab))
    with pytest.raises(NotSent, match="not GitLab's API"):
        await admin(gitlab).project("group/sub/repo")


async def test_a_delivery_that_failed_says_why(gitlab: GitlabServer) -> None:
    made = await admin(gitlab).create_hook("101", WISH)  # Nothing listens on port 9.
    with pytest.raises(ContentRefused, match="Failed to open TCP connection") as caught:
        await admin(gitlab).test_hook("101", made.id, "push_events")
    assert caught.value.code == "undelivered"
    assert await admin(gitlab).last_answer("101", made.id) == "internal error"


async def test_a_trigger_an_older_gitlab_cannot_test_has_no_sample(gitlab: GitlabServer) -> None:
    made = await admin(gitlab).create_hook("101", WISH)
    with pytest.raises(ContentRefused) as caught:
        await admin(gitlab).test_hook("101", made.id, "vulnerability_events")
    assert caught.value.code == "no_sample"


async def test_the_last_answer_is_empty_where_gitlab_keeps_no_list(gitlab: GitlabServer) -> None:
    made = await admin(gitlab).create_hook("101", WISH)
    gitlab.faults.append(Fault("GET", "/events", 404, {"error": "404 Not Found"}))
    assert await admin(gitlab).last_answer("101", made.id) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Invalid url given", "Invalid url given"),
        ({"base": ["Maximum number"]}, "Maximum number"),
        ({"url": ["is blocked", "is long"]}, "url is blocked, is long"),
        ({"a": {"b": ["c"]}}, "a b c"),
        (["x", "y"], "x, y"),
        (None, ""),
        ("two\nlines \u202e", "two lines"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_what_gitlab_said_is_read_in_every_form(value: object, expected: str) -> None:
    assert said(value) == expected
