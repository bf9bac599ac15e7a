"""What every forge's REST half does: both against their doubles, and the one in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import CallError, ContentRefused, TargetRefused
from bot.outside import Right
from tests.contracts.forge_stages import Stage, staged

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


@pytest.fixture(params=["gitlab", "github", "memory"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async for made in staged(request.param):
        yield made


@pytest.fixture(params=["gitlab", "memory"])
async def gitlab(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """For what GitHub does otherwise; see tests/forges/test_github_admin.py."""
    async for made in staged(request.param):
        yield made


async def test_a_project_is_found_by_its_path_in_any_case(stage: Stage) -> None:
    stage.add("group/repo")
    found = await stage.admin.project("Group/repo")
    assert found.path == "group/repo"
    assert found.id.isdecimal()
    assert found.url.endswith("/group/repo")


async def test_a_project_of_a_subgroup_is_found_by_its_path(gitlab: Stage) -> None:
    gitlab.add("group/sub/repo")
    assert (await gitlab.admin.project("Group/sub/repo")).path == "group/sub/repo"


async def test_a_project_that_is_not_there_is_a_refused_target(stage: Stage) -> None:
    with pytest.raises(TargetRefused, match="group/none") as caught:
        await stage.admin.project("group/none")
    assert caught.value.code == "404"


async def test_a_new_hook_is_listed_as_wished(stage: Stage) -> None:
    stage.add("group/repo")
    project = await stage.admin.project("group/repo")
    wish = stage.wish(triggers=frozenset({stage.issues, stage.comments}))
    made = await stage.admin.create_hook(project.id, wish)
    assert (made.url, made.triggers, made.health) == (wish.url, wish.triggers, "executable")
    assert await stage.admin.hooks(project.id) == (made,)


@pytest.mark.parametrize("which", ["none", "open", "pushes"])
async def test_exactly_the_wished_triggers_are_on(stage: Stage, which: str) -> None:
    stage.add("group/repo")
    triggers = {"none": frozenset[str](), "open": stage.open}.get(which, {stage.pushes})
    wish = stage.wish(triggers=frozenset(triggers))
    assert (await stage.admin.create_hook("101", wish)).triggers == triggers


async def test_a_trigger_nobody_knows_is_refused_before_anything_is_made(stage: Stage) -> None:
    stage.add("group/repo")
    with pytest.raises(ContentRefused):
        await stage.admin.create_hook("101", stage.wish(triggers=frozenset({"nonsense_events"})))
    assert await stage.admin.hooks("101") == ()


async def test_the_same_address_twice_makes_two_hooks(gitlab: Stage) -> None:
    gitlab.add("group/repo")
    one = await gitlab.admin.create_hook("101", gitlab.wish())
    two = await gitlab.admin.create_hook("101", gitlab.wish())
    assert one.id != two.id
    assert len(await gitlab.admin.hooks("101")) == 2


async def test_a_moved_hook_keeps_its_secret(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish("/old"))
    moved = await stage.admin.update_hook(
        "101", made.id, stage.wish("/new", triggers=frozenset({stage.issues}))
    )
    assert moved.url == stage.bot.url + "/new"
    assert moved.triggers == {stage.issues}
    await stage.admin.test_hook("101", made.id, stage.tested)
    assert stage.bot.got[-1] == ("/new", "s3")


async def test_a_test_call_is_delivered_whatever_the_triggers(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish("/proof", triggers=frozenset()))
    await stage.admin.test_hook("101", made.id, stage.tested)
    assert stage.bot.got[-1] == ("/proof", "s3")


async def test_a_receiver_that_refuses_fails_the_test_call_and_is_told(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish())
    stage.bot.status = 401
    with pytest.raises(ContentRefused) as caught:
        await stage.admin.test_hook("101", made.id, stage.tested)
    assert caught.value.code == "undelivered"
    assert await stage.admin.last_answer("101", made.id) == "401"


async def test_without_sample_data_the_test_call_says_so(gitlab: Stage) -> None:
    gitlab.add("group/repo", samples=frozenset({"issues_events"}))
    made = await gitlab.admin.create_hook("101", gitlab.wish())
    with pytest.raises(ContentRefused, match="Ensure the project has") as caught:
        await gitlab.admin.test_hook("101", made.id, "push_events")
    assert caught.value.code == "no_sample"
    await gitlab.admin.test_hook("101", made.id, "issues_events")


async def test_nothing_is_said_of_a_hook_that_delivered_nothing(gitlab: Stage) -> None:
    gitlab.add("group/repo")
    made = await gitlab.admin.create_hook("101", gitlab.wish())
    assert await gitlab.admin.last_answer("101", made.id) == ""
    assert await gitlab.admin.last_answer("101", "9999") == ""


async def test_a_deleted_hook_is_gone_and_may_be_deleted_again(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish())
    await stage.admin.delete_hook("101", made.id)
    await stage.admin.delete_hook("101", made.id)
    assert await stage.admin.hooks("101") == ()


async def test_a_hook_that_is_gone_cannot_be_changed_or_tested(stage: Stage) -> None:
    stage.add("group/repo")
    for call in (
        stage.admin.update_hook("101", "9999", stage.wish()),
        stage.admin.test_hook("101", "9999", stage.tested),
    ):
        with pytest.raises(TargetRefused) as caught:
            await call
        assert caught.value.code == "404"


async def test_a_project_that_the_token_may_not_manage_is_a_refused_target(stage: Stage) -> None:
    stage.add("group/repo", managed=False)
    with pytest.raises(TargetRefused, match=r"Maintainer|admin rights") as caught:
        await stage.admin.hooks("101")
    # GitHub hides what one may not.
    assert caught.value.code in {"403", "404"}


@pytest.mark.parametrize("url", ["ftp://bot.example.com/h", "nonsense"])
async def test_an_address_that_is_none_is_refused(stage: Stage, url: str) -> None:
    stage.add("group/repo")
    with pytest.raises(ContentRefused) as caught:
        await stage.admin.create_hook("101", stage.wish(url=url))
    assert caught.value.code == "invalid_url"


async def test_a_blocked_address_is_refused(stage: Stage) -> None:
    stage.add("group/repo")
    stage.block()
    with pytest.raises(ContentRefused) as caught:
        await stage.admin.create_hook("101", stage.wish())
    assert caught.value.code == "invalid_url"


async def test_there_is_a_last_hook(gitlab: Stage) -> None:
    gitlab.add("group/repo")
    for _ in range(100):
        await gitlab.admin.create_hook("101", gitlab.wish())
    with pytest.raises(ContentRefused) as caught:
        await gitlab.admin.create_hook("101", gitlab.wish())
    assert caught.value.code == "too_many_hooks"
    assert len(await gitlab.admin.hooks("101")) == 100


async def test_no_text_of_an_error_holds_the_hooks_secret(stage: Stage) -> None:
    stage.add("group/repo")
    wish = stage.wish(url="nonsense", secret="very-secret")
    assert "very-secret" not in repr(wish)
    with pytest.raises(CallError) as caught:
        await stage.admin.create_hook("101", wish)
    assert "very-secret" not in repr(caught.value)


async def test_a_person_is_found_by_exactly_their_name(stage: Stage) -> None:
    stage.user("alice", "")
    found = await stage.admin.person("Alice")
    assert found is not None
    assert found.username == "alice"
    assert await stage.admin.person("ali") is None


async def test_a_profile_tells_what_was_put_there(stage: Stage) -> None:
    stage.user("alice", "code 4711-ab")
    assert "4711-ab" in await stage.admin.says("alice")
    assert await stage.admin.says("nobody-of-that-name") == ""


@pytest.mark.parametrize(
    "right", [Right.NONE, Right.READ, Right.WRITE, Right.MANAGE], ids=lambda right: right.name
)
async def test_what_somebody_may_do_is_told(stage: Stage, right: Right) -> None:
    stage.add("group/repo")
    stage.user("alice", "")
    stage.grant("group/repo", "alice", right)
    assert await stage.admin.right("101", "alice") is right
    assert await stage.admin.right("101", "mallory") is Right.NONE


async def test_owners_are_told_from_maintainers(gitlab: Stage) -> None:
    gitlab.add("group/repo")
    gitlab.user("alice", "")
    gitlab.grant("group/repo", "alice", Right.OWN)
    assert await gitlab.admin.right("101", "alice") is Right.OWN


async def test_the_projects_of_a_group_are_listed_with_and_without_its_subgroups(
    gitlab: Stage,
) -> None:
    for path in ("group/one", "group/sub/two", "other/three", "group/zero"):
        gitlab.add(path)
    flat = await gitlab.admin.projects("group", nested=False)
    deep = await gitlab.admin.projects("group", nested=True)
    assert [one.path for one in flat] == ["group/one", "group/zero"]
    assert [one.path for one in deep] == ["group/one", "group/sub/two", "group/zero"]
    assert flat[0].id == "101"
    with pytest.raises(TargetRefused) as caught:
        await gitlab.admin.projects("nothing", nested=True)
    assert caught.value.code == "404"


async def test_a_key_is_added_listed_and_deleted_twice(stage: Stage) -> None:
    stage.add("group/repo")
    until = datetime(2027, 2, 1, tzinfo=UTC)
    made = await stage.admin.add_key(
        "101", title="deploy", public_key=KEY, writes=True, expires_at=until
    )
    # GitHub's keys do not expire.
    assert (made.title, made.writes) == ("deploy", True)
    assert made.expires_at in {until, None}
    assert made.fingerprint.startswith("SHA256:")
    assert await stage.admin.keys("101") == (made,)
    await stage.admin.delete_key("101", made.id)
    await stage.admin.delete_key("101", made.id)
    assert await stage.admin.keys("101") == ()


async def test_a_key_of_another_project_is_taken(stage: Stage) -> None:
    stage.add("group/repo")
    stage.add("group/other")
    wish: Any = {"title": "deploy", "public_key": KEY, "writes": False, "expires_at": None}
    await stage.admin.add_key("101", **wish)
    with pytest.raises(ContentRefused) as caught:
        await stage.admin.add_key("102", **wish)
    assert caught.value.code == "taken"


async def test_a_variable_is_set_and_set_again(stage: Stage) -> None:
    stage.add("group/repo")
    await stage.admin.set_variable("101", "DEPLOY_KEY", "first\nline")
    await stage.admin.set_variable("101", "DEPLOY_KEY", "second\nline")
    assert stage.variable("group/repo", "DEPLOY_KEY") == "second\nline"


async def test_deliveries_are_told_and_sent_again(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish("/lost"))
    stage.bot.status = 500
    await stage.deliver("group/repo")
    stage.bot.status = 202
    since = datetime.now(UTC) - timedelta(hours=1)
    lost, *_ = await stage.admin.attempts("101", made.id, since=since)
    assert (lost.delivered, lost.status) == (False, 500)
    assert lost.key
    await stage.admin.resend("101", made.id, lost.id)
    assert stage.bot.got[-2:] == [("/lost", "s3")] * 2
    again = datetime.now(UTC) + timedelta(hours=1)
    assert await stage.admin.attempts("101", made.id, since=again) == ()


async def test_a_delivery_that_is_refused_again_says_so(gitlab: Stage) -> None:
    gitlab.add("group/repo")
    made = await gitlab.admin.create_hook("101", gitlab.wish())
    gitlab.bot.status = 500
    await gitlab.deliver("group/repo")
    since = datetime.now(UTC) - timedelta(hours=1)
    (lost,) = await gitlab.admin.attempts("101", made.id, since=since)
    with pytest.raises(ContentRefused) as caught:
        await gitlab.admin.resend("101", made.id, lost.id)
    assert caught.value.code == "undelivered"
