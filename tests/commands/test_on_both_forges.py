"""Each verb at both forges over HTTP: what there is at the forge afterwards is what was said."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from bot.commands.key_pair import new_pair
from bot.outside import HookWish
from tests.commands.on_forge import PATH, VERBS, WANTED, ForgeBot, forge_bot
from tests.commands.stage import shown
from tests.fakes.gitlab_server import Fault, GitlabServer

ALICE = "U0ALICE01"


@pytest.fixture(params=["gitlab", "github"])
async def bot(request: pytest.FixtureRequest) -> AsyncIterator[ForgeBot]:
    async with forge_bot(request.param) as made:
        yield made


# -- happy, and twice --------------------------------------------------------------------------


async def test_add_makes_one_proved_hook_however_often(bot: ForgeBot) -> None:
    assert "is made and proved" in await bot.run("add group/repo")
    bot.assert_one_good_hook()
    assert bot.routed == [], "a proof is no event"
    assert await bot.push() == [202]
    before = bot.held()
    bot.server.requests.clear()
    assert "has its hook already" in await bot.run("add group/repo")
    assert bot.held() == before
    assert bot.changes() == []


async def test_a_pasted_address_and_another_case_are_the_same_project(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    assert "has its hook already" in await bot.run("add GROUP/Repo")
    assert len(bot.held()) == 1


async def test_test_proves_and_leaves_what_there_is(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    for _ in range(2):
        assert "test call" in await bot.run("test group/repo")
        bot.assert_one_good_hook()
    assert bot.routed == []


async def test_rotating_refuses_nothing_and_ends_with_the_new_secret(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    old = bot.held()[0].secret
    assert "has the new secret" in await bot.run("rotate group/repo")
    (hook,) = bot.held()
    (record,) = bot.stage.active(PATH)
    assert hook.secret == record.secrets[0] != old
    assert record.secrets == (hook.secret, old)
    assert await bot.push() == [202]
    assert "was begun goes on" in await bot.run("rotate group/repo")
    assert bot.held()[0].secret == hook.secret, "the second time it is the same one"


async def test_a_paused_hook_brings_nothing_until_it_is_resumed(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    assert "is paused and brings nothing" in await bot.run("pause group/repo")
    assert await bot.push() == []
    assert len(bot.held()) == 1
    assert "is paused already" in await bot.run("pause group/repo")
    assert "is active again" in await bot.run("resume group/repo")
    bot.assert_one_good_hook()
    assert await bot.push() == [202]
    assert "is not paused" in await bot.run("resume group/repo")


async def test_remove_asks_then_deletes_and_has_nothing_to_do_again(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    assert "To do it: /hook remove group/repo --yes" in await bot.run("remove group/repo")
    assert len(bot.held()) == 1
    assert "was deleted at the forge" in await bot.run("remove group/repo --yes")
    assert bot.held() == []
    assert "has no hook of this bot" in await bot.run("remove group/repo --yes")


async def test_sync_plans_applies_and_then_finds_nothing(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    changed = frozenset(sorted(WANTED[bot.kind])[:1])
    bot.stage.rules.needed = {PATH: changed}
    before = bot.held()
    plan = await bot.run("sync --plan")
    assert "triggers of hook" in plan
    assert bot.held() == before
    await bot.run("sync --yes")
    assert bot.held()[0].triggers == changed
    assert "all are as they should be" in await bot.run("sync")


async def test_a_hook_that_somebody_deleted_is_planned_and_made_again(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    await bot.admin().delete_hook("101", bot.held()[0].id)
    assert "its hook is gone from the forge" in await bot.run("sync")
    await bot.run("sync --yes")
    bot.assert_one_good_hook()


async def test_a_bot_that_forgot_everything_leaves_one_hook(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    bot.stage.store.rows.clear()
    assert "Deleted at the forge" in await bot.run("add group/repo")
    bot.assert_one_good_hook()
    assert await bot.push() == [202]


async def test_show_and_list_only_look(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    bot.server.requests.clear()
    assert "hook " in await bot.run("show group/repo")
    assert "group/repo" in await bot.run("list")
    assert bot.changes() == []


# -- keys --------------------------------------------------------------------------------------


async def test_keys_are_made_listed_replaced_and_removed(bot: ForgeBot) -> None:
    made = await bot.run("key add group/repo --title first --expires 90d")
    assert "it may only read" in made
    assert bot.keys() == ["first"]
    assert "BEGIN" not in made
    assert bot.stage.handovers[0].secret.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert "first: reads, ends in 90 d" in await bot.run("key list group/repo")
    assert "The old key" in await bot.run("key rotate group/repo --overlap 7d")
    assert bot.keys() == ["first", "first"]
    number = re.findall(r"• (\d+) first", await bot.run("key list group/repo"))[0]
    assert "would be removed" in await bot.run(f"key remove group/repo {number}")
    assert len(bot.keys()) == 2
    await bot.run(f"key remove group/repo {number} --yes")
    assert bot.keys() == ["first"]
    assert "first" in await bot.run("key expiring --within 100d")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("", "", r"it may only read, and never ends\. Nothing was changed\.\nFingerprint: \S+$"),
        ("--write", "--write", r"it may read and push, and never ends\. Nothing .*\nFing\S+ \S+$"),
        ("--expires 90d", "--expires 90d", r"ends in 90 d .*Nothing was changed\.\n.*: \S+$"),
        ("", "--write", r"Nothing was changed.*You asked for the right to push\. To have it so,"),
        ("--write", "", r"read and push.*You asked for reading only\. To have it so,"),
        ("", "--title new", r"\(chat-ops bot\).*You asked for the title new\. To have it so,"),
        (
            "",
            "--expires 90d --write",
            r"push and an end on 2027-02-20\. To have it so,",
        ),
    ],
)
async def test_a_key_that_is_there_is_told_as_it_is_and_left_so(
    bot: ForgeBot, first: str, second: str, said: str
) -> None:
    public = new_pair().public
    made = await bot.run(f"key add group/repo {first} --public-key {public}")
    (number,) = re.findall(r"deploy key (\d+) is added", made)
    records = await bot.stage.keys.deploy_keys()
    bot.server.requests.clear()
    again = shown(
        await bot.carry_out(f"key add group/repo {second} --public-key {public}", who="local")
    )
    assert re.search(
        rf"is there already, as deploy key {number} \([\w -]+\) since 20\d\d-\d\d-\d\d,", again
    )
    assert re.search(said, again, re.DOTALL)
    remove = f"/hook key remove group/repo {number} --on {bot.kind}"
    assert (remove in again) is ("You asked for" in again)
    assert bot.changes() == []
    assert await bot.stage.keys.deploy_keys() == records


async def test_a_key_that_another_project_has_is_told(bot: ForgeBot) -> None:
    bot.server.add("group/other")
    public = new_pair().public
    await bot.run(f"key add group/other --public-key {public}")
    said = await bot.run(f"key add group/repo --public-key {public}")
    assert re.search(r"knows this key already, on another (project|repository) or account", said)
    assert "Nothing was changed. Whoever has it there can take it away" in said
    assert "without `--public-key` a new pair is made" in said
    assert bot.keys() == []


# -- refused -----------------------------------------------------------------------------------

KEYS = ("key add group/repo", "key list group/repo", "key rotate group/repo")
GUARDED = (*VERBS, "show group/repo", "audit group/repo", *KEYS, "key remove group/repo 1 --yes")


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("develops", r"may write to group/repo.*needs (Maintainer|admin) there"),
        ("reads", r"may read group/repo.*needs (Maintainer|admin) there"),
        ("stranger", "has no such project, or you"),
        ("unlinked", "I do not know who you are there"),
    ],
)
async def test_who_may_not_hears_what_is_missing_and_changes_nothing(
    bot: ForgeBot, role: str, said: str
) -> None:
    await bot.run("add group/repo")
    if role != "unlinked":
        bot.link(ALICE, "alice", role)
    before = bot.held()
    bot.server.requests.clear()
    for words in GUARDED:
        answer = await bot.run(words, who=ALICE)
        assert re.search(said, answer.replace("\n", " ")), f"{words}: {answer}"
        assert "ask an admin of the bot: @U0ADMIN01" in answer, words
    assert bot.changes() == []
    assert bot.held() == before
    assert bot.keys() == []


async def test_who_may_does(bot: ForgeBot) -> None:
    bot.link(ALICE, "alice", "maintains")
    for words in (*VERBS, "add group/repo", "key add group/repo"):
        answer = await bot.run(words, who=ALICE)
        assert "You (" not in answer, f"{words}: {answer}"
    bot.assert_one_good_hook()
    assert len(bot.keys()) == 1


async def test_a_project_that_is_not_there_is_told_like_a_hidden_one(bot: ForgeBot) -> None:
    bot.link(ALICE, "alice", "maintains")
    hidden = await bot.run("add group/hidden", who=ALICE)
    bot.server.add("group/hidden", visible=False)
    assert await bot.run("add group/hidden", who=ALICE) == hidden
    assert "or the bot's token" in await bot.run("add group/hidden")
    assert bot.changes() == []


async def test_a_blocked_address_is_explained_and_nothing_is_left(bot: ForgeBot) -> None:
    bot.server.blocked = lambda _url: True
    assert "does not accept the address" in await bot.run("add group/repo")
    assert bot.held() == []
    assert bot.stage.statuses() == []


async def test_a_bot_whose_token_may_not_says_what_the_token_lacks(bot: ForgeBot) -> None:
    if bot.kind == "gitlab":
        bot.server.projects[101].access = 30  # type: ignore[union-attr] # of a GitLab
    else:
        bot.server.homes[101].permission = "write"  # type: ignore[union-attr] # of a GitHub
    answer = await bot.run("add group/repo")
    assert re.search("must be Maintainer or Owner|must give the owner of GITHUB_TOKEN", answer), (
        answer
    )
    assert bot.held() == []


async def test_a_forge_that_asks_to_slow_down_says_for_how_long_and_keeps_nothing(
    bot: ForgeBot,
) -> None:
    slow = Fault("POST", "/hooks$", 429, {"message": "slow"}, {"Retry-After": "45"})
    bot.server.faults.append(slow)
    assert "asks to slow down: try again in 45 s" in await bot.run("add group/repo")
    assert bot.held() == []
    await bot.run("add group/repo")
    bot.assert_one_good_hook()


async def test_of_several_projects_the_slow_one_is_waited_for(bot: ForgeBot) -> None:
    bot.server.add("group/other")
    bot.stage.rules.needed["group/other"] = frozenset(WANTED[bot.kind])
    slow = Fault("POST", "/hooks$", 429, {"message": "slow"}, {"Retry-After": "45"})
    bot.server.faults.append(slow)
    began = bot.stage.now
    assert "2 projects: 2 good" in await bot.run("add group/repo group/other")
    assert (bot.stage.now - began).total_seconds() >= 45
    assert [len(bot.held(path)) for path in (PATH, "group/other")] == [1, 1]


async def test_an_older_server_is_asked_once_for_what_it_does_not_know(bot: ForgeBot) -> None:
    newer = "milestone_events" if bot.kind == "gitlab" else "sub_issues"
    bot.server.unknown.add(newer)
    bot.stage.rules.needed = {PATH: frozenset({*WANTED[bot.kind], newer})}
    assert f"does not know {newer}" in await bot.run("add group/repo")
    assert bot.held()[0].triggers == WANTED[bot.kind]
    bot.server.requests.clear()
    assert "all are as they should be" in await bot.run("sync")
    await bot.run("add group/repo")
    assert bot.changes() == []


async def test_hooks_of_others_are_left_alone_however_many(bot: ForgeBot) -> None:
    for number in range(19 if bot.kind == "github" else 60):
        wish = HookWish(
            url=f"https://ci.example.com/{number}",
            triggers=frozenset(WANTED[bot.kind]),
            secret="theirs",
        )
        await _theirs(bot, wish)
    others = {hook.url for hook in bot.held()}
    await bot.run("add group/repo")
    await bot.run("add group/repo")
    assert len(bot.held()) == len(others) + 1
    await bot.run("remove group/repo --yes")
    assert {hook.url for hook in bot.held()} == others


async def _theirs(bot: ForgeBot, wish: HookWish) -> None:
    """Somebody's own; nothing answers there, so no ping is waited for."""
    if isinstance(bot.server, GitlabServer):
        values = {"url": wish.url, "push_events": True}
        bot.server._create(bot.server.projects[101], values)
    else:
        config = {"url": wish.url, "content_type": "json"}
        body = {"name": "web", "config": config, "events": ["push"]}
        bot.server._create(bot.server.homes[101], body)


async def test_a_project_that_was_renamed_keeps_its_hook(bot: ForgeBot) -> None:
    await bot.run("add group/repo")
    before = bot.held()
    if isinstance(bot.server, GitlabServer):
        bot.server.projects[101].path = "group/renamed"
    else:
        bot.server.homes[101].path = "group/renamed"
    bot.server.moved["group/repo"] = "group/renamed"
    bot.stage.rules.needed["group/renamed"] = frozenset(WANTED[bot.kind])
    assert "group/renamed has its hook already" in await bot.run("add group/repo")
    assert [hook.id for hook in bot.held("group/renamed")] == [before[0].id]
    assert [record.project for record in bot.stage.active("group/renamed")] == ["group/renamed"]


# -- groups ------------------------------------------------------------------------------------


async def test_a_group_without_such_hooks_gets_one_in_each_project(bot: ForgeBot) -> None:
    if isinstance(bot.server, GitlabServer):
        bot.server.group_hooks = False
    bot.server.add("group/other")
    bot.stage.rules.needed["group/other"] = frozenset(WANTED[bot.kind])
    for words in ("add group/**", "add group/*"):
        assert "2 projects: 2 good" in await bot.run(words)
        assert [len(bot.held(path)) for path in (PATH, "group/other")] == [1, 1]


async def test_a_group_with_such_hooks_gets_one_for_all_of_it(bot: ForgeBot) -> None:
    if not isinstance(bot.server, GitlabServer):
        bot.server.add("group", repository_id=900)
    assert "group: hook" in await bot.run("add group/**")
    assert [len(bot.held(path)) for path in ("group", PATH)] == [1, 0]
    assert "has its hook already" in await bot.run("add group/**")
    assert "is served by the hook of group already" in await bot.run("add group/repo")
    assert "all are as they should be" in await bot.run("sync")
    for verb in ("test", "rotate", "pause", "resume"):
        answer = await bot.run(f"{verb} group/**")
        assert "0 good" not in answer, answer
    assert len(bot.held("group")) == 1
    assert "was deleted at the forge" in await bot.run("remove group/** --yes")
    assert bot.held("group") == []
