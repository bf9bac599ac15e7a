"""The `bot` command over a real database and beside a running bot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.events.samples import sample
from tests.e2e.running import RULES, Place, Sender, numbers
from tests.fakes import slack_faults
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)


def _lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


async def test_a_sample_is_sent_to_a_running_bot(bare: Place) -> None:
    async with bare.bot() as bot:
        sent = await bare.command("send", "push", "--to", f"{bot.url}/hooks/gitlab")
        assert (sent.code, sent.out[:3]) == (0, "202")
        wrong = await bare.command("send", "--to", f"{bot.url}/hooks/gitlab", "--secret", "wrong")
        assert (wrong.code, wrong.out[:3]) == (1, "401")
        other = f"{bot.url}/hooks/github"
        github = await bare.command("send", "mr.opened", "--forge", "github", "--to", other)
        assert (github.code, github.out[:3]) == (0, "202")
    nobody = await bare.command("send", "push", "--to", "http://127.0.0.1:9/hooks/gitlab")
    assert nobody.code == 2
    assert "is the bot running?" in nobody.err


async def test_deliveries_are_listed_shown_and_replayed(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    async with place.bot() as bot:
        assert await forge.number(bot.url, 1)
        await until(lambda: numbers(slack) == [1], "the message")
        [listed] = _lines((await place.command("deliveries", "list", "--json")).out)
        assert (listed["event"], listed["status"]) == ("Push Hook", "decided")
        assert listed["project"] == "shop/api"
        shown = await place.command("deliveries", "show", listed["id"], "--json")
        [verdict] = _lines(shown.out)[0]["decision"]["verdicts"]
        assert (verdict["rule"], verdict["outcome"]) == ("pushes", "sent")
        assert "x-gitlab-token" not in shown.out.lower()
        body = await place.command("deliveries", "show", listed["id"], "--body")
        assert json.loads(body.out)["object_kind"] == "push"
        replayed = await place.command("deliveries", "replay", listed["id"])
        assert replayed.out.startswith("Replayed as ")
        await until(lambda: numbers(slack) == [1, 1], "the message again")
        unknown = await place.command("deliveries", "show", "nothing")
        assert unknown.code == 1
        assert len(_lines((await place.command("deliveries", "list", "--json")).out)) == 2


async def test_dead_actions_are_listed_retried_and_dropped(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    archived = slack_faults.error("is_archived")
    slack.fail("chat.postMessage", archived, archived)
    async with place.bot() as bot:
        assert await forge.number(bot.url, 1)
        assert await forge.number(bot.url, 2)
        await until(lambda: len(bot.events("action given up")) == 2, "both are given up")
        first, second = _lines((await place.command("outbox", "list", "--json")).out)
        assert (first["state"], first["channel"]) == ("dead", "C0DEV")
        assert "is_archived" in first["error"]
        retried = await place.command("outbox", "retry", first["id"])
        assert retried.code == 0
        await until(lambda: numbers(slack) == [1], "the retried one")
        await until(lambda: bool(bot.events("action carried out")), "it is kept that it was sent")
        dropped = await place.command("outbox", "drop", second["id"])
        assert "dropped" in dropped.out
        assert (await place.command("outbox", "list", "--json")).out == ""
        nothing = await place.command("outbox", "retry", "--all")
        assert nothing.code == 1


async def test_simulate_needs_no_database_and_sends_nothing(bare: Place) -> None:
    headers, body = sample("push")
    (bare.folder / "push.json").write_bytes(body)
    line = {"file": "push.json", "headers": headers}
    (bare.folder / "manifest.jsonl").write_text(f"{json.dumps(line)}\n")
    ended = await bare.command("simulate", "--manifest", "manifest.jsonl", "--json")
    assert ended.code == 0, ended.err
    [found] = _lines(ended.out)
    assert (found["events"][-1], found["known"], found["error"]) == ("push", True, None)
    [action] = found["actions"]
    assert (action["verb"], action["rule"], action["to"]) == ("post", "pushes", "#dev")
    assert not bare.database.exists()
    people = await bare.command("simulate", "push.json", "-H", "X-Gitlab-Event: Push Hook")
    assert "pushes" in people.out
    (bare.folder / "push.json").write_text("{")
    broken = await bare.command("simulate", "--manifest", "manifest.jsonl", "--json")
    assert broken.code == 1
    assert _lines(broken.out)[0]["error"]


async def test_check_says_what_is_wrong_in_every_format(bare: Place) -> None:
    good = await bare.command("check")
    assert good.code == 0
    assert "rules.yaml: 1 rule, good\n" in good.out
    bare.rules.write_text(RULES.replace("post: dev", "post: dve"))
    text = await bare.command("check")
    assert text.code == 1
    assert "rules.yaml:6:11  error  channel `dve` is not declared" in text.out
    assert "           ^^^ did you mean `dev`?" in text.out
    listed = await bare.command("check", "--format", "json")
    assert listed.code == 1
    found = [fault for fault in json.loads(listed.out) if fault["level"] == "error"]
    assert [(fault["line"], fault["column"]) for fault in found] == [(6, 11)]
    github = await bare.command("check", "--format", "github")
    assert github.code == 1
    assert "::error file=rules.yaml,line=6,col=11" in github.out
    gitlab = await bare.command("check", "--format", "gitlab")
    assert gitlab.code == 1
    assert 6 in [fault["location"]["lines"]["begin"] for fault in json.loads(gitlab.out)]
