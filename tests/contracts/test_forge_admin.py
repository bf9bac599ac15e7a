"""What every forge's REST half does: GitLab's against its double, and the one in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.errors import CallError, ContentRefused, TargetRefused
from bot.forges.gitlab import OPEN_TRIGGERS
from bot.forges.gitlab_admin import GitlabAdmin
from bot.outside import Attempt, ForgeAdmin, HookWish, Right
from tests.fakes.forge import FakeForge, Place
from tests.fakes.gitlab_server import GitlabServer, running

PUSHES = frozenset({"push_events"})
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
LEVELS = {Right.NONE: 5, Right.READ: 20, Right.WRITE: 30, Right.MANAGE: 40, Right.OWN: 50}


@dataclass
class Bot:
    """Who receives: its address, what it answers, and what came (path, secret)."""

    url: str
    status: int = 202
    got: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Stage:
    admin: ForgeAdmin
    bot: Bot
    add: Callable[..., object]
    block: Callable[[], None]
    #: (user name, what the profile says)
    user: Callable[[str, str], None]
    grant: Callable[[str, str, Right], None]
    variable: Callable[[str, str], str]
    #: A push on the project, to its hooks.
    deliver: Callable[[str], Awaitable[object]]

    def wish(self, path: str = "/h", **changes: Any) -> HookWish:
        return HookWish(
            **{"url": self.bot.url + path, "triggers": PUSHES, "secret": "s3", **changes}
        )


@asynccontextmanager
async def listening() -> AsyncIterator[Bot]:
    async def receive(request: web.Request) -> web.Response:
        await request.read()
        bot.got.append((request.path, request.headers.get("X-Gitlab-Token", "")))
        return web.Response(status=bot.status, text="no" if bot.status >= 400 else "")

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot = Bot(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield bot
    await runner.cleanup()


async def gitlab_stage(bot: Bot, server: GitlabServer) -> Stage:
    def add(path: str, *, managed: bool = True, **settings: Any) -> None:
        server.add(path, access=40 if managed else 30, **settings)

    def block() -> None:
        server.blocked = lambda _url: True

    def user(name: str, says: str) -> None:
        server.people.add(name, 31)
        server.people.bios[31] = says

    def grant(path: str, name: str, right: Right) -> None:
        project = next(p for p in server.projects.values() if p.path == path)
        server.people.member(project, name, LEVELS[right])

    def variable(path: str, name: str) -> str:
        project = next(p for p in server.projects.values() if p.path == path)
        return str(server.people.variables[project.id][name]["value"])

    admin = GitlabAdmin(url=server.url, token=server.token)
    return Stage(admin, bot, add, block, user, grant, variable, server.push)


async def memory_stage(bot: Bot) -> Stage:
    forge = FakeForge()

    async def receive(url: str, secret: str) -> int:
        bot.got.append((url.removeprefix(bot.url), secret))
        return bot.status

    def block() -> None:
        forge.blocked = lambda _url: True

    def grant(path: str, name: str, right: Right) -> None:
        place(path).rights[name] = right

    def place(path: str) -> Place:
        return next(p for p in forge.places.values() if p.project.path == path)

    async def deliver(path: str) -> None:
        (held,) = forge.held(path)
        status = await receive(held.wish.url, held.wish.secret)
        now = datetime.now(UTC)
        held.attempts.append(Attempt(id="1", key="k1", event="Push Hook", at=now, status=status))

    async def resend(_attempt: Attempt) -> bool:
        (held,) = forge.held("group/repo")
        return await receive(held.wish.url, held.wish.secret) < 300

    forge.receiver, forge.resender = receive, resend
    return Stage(
        forge,
        bot,
        forge.add,
        block,
        forge.people.__setitem__,
        grant,
        lambda path, name: place(path).variables[name],
        deliver,
    )


@pytest.fixture(params=["gitlab", "memory"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with listening() as bot, running() as server:
        yield await (memory_stage(bot) if request.param == "memory" else gitlab_stage(bot, server))


async def test_a_project_is_found_by_its_path_in_any_case(stage: Stage) -> None:
    stage.add("group/sub/repo")
    found = await stage.admin.project("Group/sub/repo")
    assert found.path == "group/sub/repo"
    assert found.id.isdecimal()
    assert found.url.endswith("/group/sub/repo")


async def test_a_project_that_is_not_there_is_a_refused_target(stage: Stage) -> None:
    with pytest.raises(TargetRefused, match="group/none") as caught:
        await stage.admin.project("group/none")
    assert caught.value.code == "404"


async def test_a_new_hook_is_listed_as_wished(stage: Stage) -> None:
    stage.add("group/repo")
    project = await stage.admin.project("group/repo")
    wish = stage.wish(triggers=frozenset({"issues_events", "note_events"}))
    made = await stage.admin.create_hook(project.id, wish)
    assert (made.url, made.triggers, made.health) == (wish.url, wish.triggers, "executable")
    assert await stage.admin.hooks(project.id) == (made,)


@pytest.mark.parametrize("triggers", [frozenset(), OPEN_TRIGGERS, PUSHES])
async def test_exactly_the_wished_triggers_are_on(stage: Stage, triggers: frozenset[str]) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish(triggers=triggers))
    assert made.triggers == triggers


async def test_a_trigger_nobody_knows_is_refused_before_anything_is_made(stage: Stage) -> None:
    stage.add("group/repo")
    with pytest.raises(ContentRefused):
        await stage.admin.create_hook("101", stage.wish(triggers=frozenset({"nonsense_events"})))
    assert await stage.admin.hooks("101") == ()


async def test_the_same_address_twice_makes_two_hooks(stage: Stage) -> None:
    stage.add("group/repo")
    one = await stage.admin.create_hook("101", stage.wish())
    two = await stage.admin.create_hook("101", stage.wish())
    assert one.id != two.id
    assert len(await stage.admin.hooks("101")) == 2


async def test_a_moved_hook_keeps_its_secret(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish("/old"))
    moved = await stage.admin.update_hook(
        "101", made.id, stage.wish("/new", triggers=frozenset({"issues_events"}))
    )
    assert moved.url == stage.bot.url + "/new"
    assert moved.triggers == {"issues_events"}
    await stage.admin.test_hook("101", made.id, "push_events")
    assert stage.bot.got == [("/new", "s3")]


async def test_a_test_call_is_delivered_whatever_the_triggers(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish("/proof", triggers=frozenset()))
    await stage.admin.test_hook("101", made.id, "push_events")
    assert stage.bot.got == [("/proof", "s3")]


async def test_a_receiver_that_refuses_fails_the_test_call_and_is_told(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish())
    stage.bot.status = 401
    with pytest.raises(ContentRefused) as caught:
        await stage.admin.test_hook("101", made.id, "push_events")
    assert caught.value.code == "undelivered"
    assert await stage.admin.last_answer("101", made.id) == "401"


async def test_without_sample_data_the_test_call_says_so(stage: Stage) -> None:
    stage.add("group/repo", samples=frozenset({"issues_events"}))
    made = await stage.admin.create_hook("101", stage.wish())
    with pytest.raises(ContentRefused, match="Ensure the project has") as caught:
        await stage.admin.test_hook("101", made.id, "push_events")
    assert caught.value.code == "no_sample"
    await stage.admin.test_hook("101", made.id, "issues_events")


async def test_nothing_is_said_of_a_hook_that_delivered_nothing(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish())
    assert await stage.admin.last_answer("101", made.id) == ""
    assert await stage.admin.last_answer("101", "9999") == ""


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
        stage.admin.test_hook("101", "9999", "push_events"),
    ):
        with pytest.raises(TargetRefused) as caught:
            await call
        assert caught.value.code == "404"


async def test_a_project_that_the_token_may_not_manage_is_a_refused_target(stage: Stage) -> None:
    stage.add("group/repo", managed=False)
    with pytest.raises(TargetRefused, match="Maintainer") as caught:
        await stage.admin.hooks("101")
    assert caught.value.code == "403"


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


async def test_there_is_a_last_hook(stage: Stage) -> None:
    stage.add("group/repo")
    for _ in range(100):
        await stage.admin.create_hook("101", stage.wish())
    with pytest.raises(ContentRefused) as caught:
        await stage.admin.create_hook("101", stage.wish())
    assert caught.value.code == "too_many_hooks"
    assert len(await stage.admin.hooks("101")) == 100


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
    "right", [Right.NONE, Right.READ, Right.WRITE, Right.MANAGE, Right.OWN], ids=lambda r: r.name
)
async def test_what_somebody_may_do_is_told(stage: Stage, right: Right) -> None:
    stage.add("group/repo")
    stage.user("alice", "")
    stage.grant("group/repo", "alice", right)
    assert await stage.admin.right("101", "alice") is right
    assert await stage.admin.right("101", "mallory") is Right.NONE


async def test_the_projects_of_a_group_are_listed_with_and_without_its_subgroups(
    stage: Stage,
) -> None:
    for path in ("group/one", "group/sub/two", "other/three", "group/zero"):
        stage.add(path)
    flat = await stage.admin.projects("group", nested=False)
    deep = await stage.admin.projects("group", nested=True)
    assert [one.path for one in flat] == ["group/one", "group/zero"]
    assert [one.path for one in deep] == ["group/one", "group/sub/two", "group/zero"]
    assert flat[0].id == "101"
    with pytest.raises(TargetRefused) as caught:
        await stage.admin.projects("nothing", nested=True)
    assert caught.value.code == "404"


async def test_a_key_is_added_listed_and_deleted_twice(stage: Stage) -> None:
    stage.add("group/repo")
    until = datetime(2027, 2, 1, tzinfo=UTC)
    made = await stage.admin.add_key(
        "101", title="deploy", public_key=KEY, writes=True, expires_at=until
    )
    assert (made.title, made.writes, made.expires_at) == ("deploy", True, until)
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
    (lost,) = await stage.admin.attempts("101", made.id, since=since)
    assert (lost.delivered, lost.status) == (False, 500)
    assert lost.key
    await stage.admin.resend("101", made.id, lost.id)
    assert [path for path, _ in stage.bot.got] == ["/lost", "/lost"]
    again = datetime.now(UTC) + timedelta(hours=1)
    assert await stage.admin.attempts("101", made.id, since=again) == ()


async def test_a_delivery_that_is_refused_again_says_so(stage: Stage) -> None:
    stage.add("group/repo")
    made = await stage.admin.create_hook("101", stage.wish())
    stage.bot.status = 500
    await stage.deliver("group/repo")
    since = datetime.now(UTC) - timedelta(hours=1)
    (lost,) = await stage.admin.attempts("101", made.id, since=since)
    with pytest.raises(ContentRefused) as caught:
        await stage.admin.resend("101", made.id, lost.id)
    assert caught.value.code == "undelivered"
