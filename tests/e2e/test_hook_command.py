"""`/hook add shop/api`, typed in Slack or given on the command line, against a GitLab that
delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.running import Place, Process, Sender
from tests.fakes.gitlab_server import Fault, GitlabServer
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)

_PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


@pytest.fixture
def hooked(place: Place, gitlab: GitlabServer) -> Place:
    """A place whose bot may make hooks at a GitLab with the project shop/api."""
    gitlab.add("shop/api")
    place.reached_by(GITLAB_URL=gitlab.url, GITLAB_TOKEN=gitlab.token)
    return place


async def _typed(slack: FakeSlack, bot: Process, text: str, *, user: str = "U0ALICE") -> str:
    """What the answer to a command says."""
    before = len(slack.answers)
    ack = await slack.command(bot.url, text, user=user)
    assert ack.status == 200
    await until(lambda: len(slack.answers) > before, f"the answer to {text}")
    return _words(slack.answers[-1])


def _words(answer: dict[str, Any]) -> str:
    return f"{answer['text']} {answer.get('blocks')} {answer.get('attachments')}"


async def test_a_hook_made_from_slack_is_proved_and_carries_pushes(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    async with hooked.bot() as bot:
        said = await _typed(slack, bot, "/hook add shop/api")
        assert "shop/api" in said
        assert "seen in" in said
        assert "its events would go to *#dev*" in said
        [hook] = gitlab.hooks("shop/api")
        assert hook.values["url"].startswith(f"{bot.url}/hooks/gitlab/")
        proof = hook.events[0]["url"]
        assert proof != hook.values["url"]
        assert not slack.texts("dev"), "the test call was routed"
        assert await gitlab.push("shop/api", titles=("Sell more",)) == [202]
        await until(lambda: bool(slack.messages("dev")), "the push")
    [message] = slack.messages("dev")
    assert "Sell more" in str(message.blocks) + str(message.attachments)


async def test_hooks_are_listed_tested_and_removed(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    async with hooked.bot() as bot:
        await _typed(slack, bot, "/hook add shop/api")
        assert "shop/api" in await _typed(slack, bot, "/hook list")
        assert "seen" in await _typed(slack, bot, "/hook test shop/api")
        assert "--yes" in await _typed(slack, bot, "/hook remove shop/api")
        assert len(gitlab.hooks("shop/api")) == 1
        await _typed(slack, bot, "/hook remove shop/api --yes")
        assert gitlab.hooks("shop/api") == []
        assert await gitlab.push("shop/api") == []


async def test_only_admins_may_change_hooks(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    async with hooked.bot() as bot:
        said = await _typed(slack, bot, "/hook add shop/api", user="U0MALLORY")
    assert "admin" in said.lower()
    assert gitlab.hooks("shop/api") == []
    assert gitlab.calls("POST") == []


async def test_commands_come_through_socket_mode(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    del hooked.settings["SLACK_SIGNING_SECRET"]
    hooked.settings["SLACK_APP_TOKEN"] = slack.app_token
    async with hooked.bot() as bot:
        ack = await slack.socket_command("/hook add shop/api")
        assert "shop/api" in str(ack)
        await until(lambda: bool(slack.answers), "the answer")
        assert "seen in" in _words(slack.answers[-1])
        assert await bot.terminate() == 0
    assert len(gitlab.hooks("shop/api")) == 1


async def test_the_command_line_makes_hooks_too(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    async with hooked.bot():
        made = await hooked.run("hook", "add", "shop/api")
        assert made.code == 0, made.err
        assert "seen in" in made.out
        assert await gitlab.push("shop/api") == [202]
        await until(lambda: bool(slack.messages("dev")), "the push")
        listed = await hooked.command("hook", "list")
        assert "shop/api" in listed.out
        for told in ("is added", "is there already"):
            words = ("key", "add", "shop/api", "--public-key", _PUBLIC)
            key = await hooked.command("hook", *words)
            assert (key.code, told in key.out) == (0, True), key.out
        unknown = await hooked.command("hook", "add", "shop/nothing")
        assert unknown.code == 1
        assert "shop/nothing" in unknown.out


async def test_a_kill_before_the_proof_leaves_one_hook_that_works(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    gitlab.faults.append(Fault("POST", r"/hooks/\d+/test/", silent=True))
    async with hooked.bot() as bot:
        await slack.command(bot.url, "/hook add shop/api")
        await until(lambda: bool(gitlab.calls("POST", r"/test/")), "the hook is made")
        await bot.kill()
    assert len(gitlab.hooks("shop/api")) == 1
    async with hooked.bot() as bot:
        await until(lambda: bool(slack.answers), "the answer of the resumed command")
        assert "is made" in _words(slack.answers[-1])
        [hook] = gitlab.hooks("shop/api")
        assert await gitlab.push("shop/api") == [202]
        await until(lambda: bool(slack.messages("dev")), "the push")
    assert len(slack.answers) == 1
    assert hook.values["signing_token"]


async def test_a_kill_before_the_final_address_is_set_leaves_one_hook_that_works(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    gitlab.faults.append(Fault("PUT", r"/hooks/\d+$", silent=True))
    async with hooked.bot() as bot:
        await slack.command(bot.url, "/hook add shop/api")
        await until(lambda: bool(gitlab.calls("PUT")), "the address is being set")
        await bot.kill()
    async with hooked.bot():
        await until(lambda: bool(slack.answers), "the answer of the resumed command")
        assert await gitlab.push("shop/api") == [202]
        await until(lambda: bool(slack.messages("dev")), "the push")
    assert len(gitlab.hooks("shop/api")) == 1


async def test_a_default_route_carries_what_no_rule_wants(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    hooked.rules.write_text(
        "version: 1\nrules:\n  - name: other\n    on: push\n    project: a/b\n    post: '#ci'\n"
    )
    async with hooked.bot() as bot:
        said = await _typed(slack, bot, "/hook add shop/api")
        assert "--anyway" in said or "anyway" in said
        assert gitlab.hooks("shop/api") == []
        await _typed(slack, bot, "/hook add shop/api #general")
        assert await gitlab.push("shop/api") == [202]
        await until(lambda: bool(slack.messages("general")), "the push")


async def test_a_postgresql_worker_makes_hooks_for_the_web_process(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer, forge: Sender, on_postgres: Place
) -> None:
    async with on_postgres.bot("web") as web, on_postgres.bot("worker"):
        assert "seen in" in await _typed(slack, web, "/hook add shop/api")
        assert await gitlab.push("shop/api") == [202]
        await until(lambda: bool(slack.messages("dev")), "the push")
