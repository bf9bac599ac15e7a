"""GitHub's hooks against its double: made, changed, tried, deleted, told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import (
    CallError,
    ContentRefused,
    TargetRefused,
)
from bot.forges.github import OPEN_TRIGGERS, TRIGGERS
from bot.forges.github_admin import GithubAdmin
from bot.outside import HookWish
from tests.fakes.github_server import GithubServer
from tests.fakes.gitlab_server import Fault
from tests.forges.github_receiver import PUSHES, Bot


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


async def test_what_deliveries_were_about_is_read_from_each_of_them(
    github: GithubServer, admin: GithubAdmin, bot: Bot
) -> None:
    events = frozenset({"push", "pull_request", "issue_comment"})
    made = await admin.create_hook("101", bot.wish(triggers=events))
    repository = {"repository": {"id": 101}}
    for _ in range(2):
        body = {"pull_request": {"number": 7}, **repository}
        await github.emit("owner/repo", "pull_request", body)
    await github.emit("owner/repo", "issue_comment", {"issue": {"number": 7}, **repository})
    await github.emit("owner/repo", "push", {"ref": "refs/heads/main", **repository})
    since = datetime.now(UTC) - timedelta(minutes=5)
    listed = await admin.attempts("101", made.id, since=since)
    assert {one.subject for one in listed} == {""}
    told = await admin.detailed("101", made.id, listed)
    pull = "101 pull_request 7"
    assert [one.subject for one in told] == ["101 push refs/heads/main", "", pull, pull, ""]
    gone = [replace(listed[0], id="9")]
    assert [one.subject for one in await admin.detailed("101", made.id, gone)] == [""]
