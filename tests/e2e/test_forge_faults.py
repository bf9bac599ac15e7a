"""A forge whose API fails in every way while people give commands and rules look things up."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import pytest

from tests.fakes.gitlab_faults import WAYS
from tests.fakes.gitlab_server import Fault, GitlabServer
from tests.waiting import until

if TYPE_CHECKING:
    from tests.e2e.running import Place, Process, Sender
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def hooked(place: Place, gitlab: GitlabServer) -> Place:
    place.reached_by(GITLAB_URL=gitlab.url, GITLAB_TOKEN=gitlab.token)
    return place


async def test_a_command_that_meets_a_fault_says_so_and_can_be_given_again(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    chance = random.Random(5)
    async with hooked.bot() as bot:
        for number, (name, fault) in enumerate(WAYS.items()):
            project = f"shop/p{number}"
            gitlab.add(project)
            for method, after in (("GET", False), ("POST", chance.random() < 0.5)):
                if chance.random() < 0.7:
                    gitlab.faults.append(Fault(method, f"{number}|{project}", after=after, **fault))
            said = await _typed(slack, bot, f"/hook add {project}")
            assert project in said, name
            assert "Something went wrong inside the bot" not in said, name
            assert len(gitlab.hooks(project)) <= 1, name
            gitlab.faults.clear()
            await _typed(slack, bot, f"/hook add {project}")
            assert len(gitlab.hooks(project)) == 1, name
            assert await gitlab.push(project, titles=(name,)) == [202]
        await until(lambda: len(slack.messages("dev")) == len(WAYS), "every push")
        assert bot.errors() == []


async def _typed(slack: FakeSlack, bot: Process, text: str) -> str:
    before = len(slack.answers)
    assert (await slack.command(bot.url, text)).status == 200
    await until(lambda: len(slack.answers) > before, f"the answer to {text}")
    return str(slack.answers[-1])


LOOKING: Final = """\
version: 1
rules:
  - {name: by path, on: mr.opened, if: {paths: "**"}, post: {to: "#ci", text: by path}}
  - {name: all, on: mr.opened, post: {to: "#dev", text: all}}
"""


async def test_a_rule_whose_lookup_fails_is_skipped_and_holds_up_no_other(
    hooked: Place, slack: FakeSlack, gitlab: GitlabServer, forge: Sender
) -> None:
    """Also by an answer that is JSON and nothing of GitLab's: a login page's, a proxy's."""
    hooked.rules.write_text(LOOKING)
    gitlab.faults.append(Fault("GET", "", **WAYS["200, a list of nothing"]))
    async with hooked.bot() as bot:
        for number in range(3):
            assert await forge.send(bot.url, "mr.opened", key=f"{number}", iid=number) == 202
        await until(lambda: len(slack.messages("dev")) == 3, "the other rule's messages")
        assert bot.errors() == []
    assert gitlab.faults == []
    assert slack.messages("ci") == []
