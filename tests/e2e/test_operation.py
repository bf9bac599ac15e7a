"""What operators see: health, metrics, rules that change, and never a secret."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.events.samples import NAMES
from tests.e2e.running import REPOSITORY, RULES, Place, Sender, numbers
from tests.fakes.slack_messages import Channel
from tests.fakes.slack_server import FakeSlack
from tests.ports import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.gitlab_server import GitlabServer

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def _get(http: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, str]:
    async with http.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def _ready(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with http.get(f"{url}/readyz") as answer:
        found: dict[str, Any] = await answer.json()
        return found | {"http": answer.status}


async def test_health_and_metrics_answer(
    place: Place, slack: FakeSlack, forge: Sender, http: aiohttp.ClientSession
) -> None:
    async with place.bot() as bot:
        assert await forge.number(bot.url, 1)
        await until(lambda: bool(bot.events("action carried out")), "the message")
        assert await _get(http, f"{bot.url}/healthz") == (200, "ok\n")
        assert await _ready(http, bot.url) == {
            "http": 200,
            "status": "ready",
            "store": "ok",
            "rules": "ok",
        }
        status, metrics = await _get(http, f"{bot.url}/metrics")
    assert status == 200
    assert 'bot_deliveries_total{forge="gitlab",outcome="stored"} 1.0' in metrics
    assert 'bot_actions_total{outcome="done",verb="post"} 1.0' in metrics
    assert "bot_rules_stale 0.0" in metrics


async def test_an_edit_of_the_rules_takes_effect_and_a_broken_one_does_not(
    place: Place, slack: FakeSlack, forge: Sender, http: aiohttp.ClientSession
) -> None:
    async with place.bot() as bot:
        assert await forge.number(bot.url, 1)
        await until(lambda: numbers(slack) == [1], "the push by the first rules")

        place.rules.write_text(RULES.replace("post: dev", "post: ci"))
        await until(lambda: len(bot.events("rules loaded")) == 2, "the edit")
        assert await forge.number(bot.url, 2)
        await until(lambda: numbers(slack, "ci") == [2], "the push by the edited rules")

        place.rules.write_text(RULES.replace("on: push", "on: [push"))

        async def stale() -> bool:
            return bool((await _ready(http, bot.url))["rules"] == "stale")

        await until(stale, "the broken edit is noticed")
        assert (await _ready(http, bot.url))["http"] == 200
        assert "bot_rules_stale 1.0" in (await _get(http, f"{bot.url}/metrics"))[1]
        assert await forge.number(bot.url, 3)
        await until(lambda: numbers(slack, "ci") == [2, 3], "the push by the last good rules")
    async with place.bot() as bot:
        assert (await _ready(http, bot.url))["rules"] == "stale"
        assert await forge.number(bot.url, 4)
        await until(lambda: numbers(slack, "ci") == [2, 3, 4], "the same after a restart")
    assert numbers(slack) == [1]


async def test_rules_follow_to_other_processes(
    on_postgres: Place, slack: FakeSlack, forge: Sender, http: aiohttp.ClientSession
) -> None:
    async with on_postgres.bot("web") as web:
        assert (await _ready(http, web.url))["http"] == 503
        async with on_postgres.bot("worker"):

            async def ready() -> bool:
                return bool((await _ready(http, web.url))["rules"] == "ok")

            await until(ready, "the web process hears of the worker's rules")


async def test_any_process_tells_of_broken_rules_and_a_worker_of_what_it_did(
    on_postgres: Place, slack: FakeSlack, forge: Sender, http: aiohttp.ClientSession
) -> None:
    port = free_port()
    async with (
        on_postgres.bot("worker", WORKER_PORT=f"{port}"),
        on_postgres.bot("web") as web,
    ):
        worker = f"http://127.0.0.1:{port}"

        async def says(url: str, word: str) -> bool:
            return bool((await _ready(http, url))["rules"] == word)

        await until(lambda: says(web.url, "ok"), "the web process hears of the rules")
        assert await forge.number(web.url, 1)
        await until(lambda: numbers(slack) == [1], "the message")

        async def counted() -> bool:
            metrics = (await _get(http, f"{worker}/metrics"))[1]
            return 'bot_actions_total{outcome="done",verb="post"} 1.0' in metrics

        await until(counted, "the worker's own counter")
        on_postgres.rules.write_text(RULES.replace("on: push", "on: [push"))
        await until(lambda: says(worker, "stale"), "the worker tells of the broken edit")
        await until(lambda: says(web.url, "stale"), "the web process tells of it")
        for url in (worker, web.url):
            assert "bot_rules_stale 1.0" in (await _get(http, f"{url}/metrics"))[1]
        on_postgres.rules.write_text(RULES)
        await until(lambda: says(web.url, "ok"), "the mended edit is told")


async def test_the_rules_that_come_with_the_bot_carry_every_sample(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text((REPOSITORY / "rules.yaml").read_text())
    slack.workspace.channels["C0RELEASES"] = Channel("C0RELEASES", "releases")
    async with place.bot() as bot:
        for number, name in enumerate(NAMES):
            assert await forge.send(bot.url, name, key=f"{number}") == 202
        await until(lambda: len(bot.events("delivery decided")) == len(NAMES), "all decided")

        async def settled() -> bool:
            listed = await place.command("outbox", "list", "--json")
            return listed.code == 0 and not listed.out

        await until(settled, "nothing waits and nothing was given up")
    bad = [line for line in bot.events("delivery decided") if line["outcome"] != "decided"]
    assert bad == []
    assert all(slack.messages(channel) for channel in ("dev", "ci", "releases"))
    assert not bot.events("action given up")
    assert bot.errors() == []


async def test_no_secret_is_ever_shown(
    place: Place, gitlab: GitlabServer, forge: Sender, http: aiohttp.ClientSession
) -> None:
    canaries = {
        "SLACK_BOT_TOKEN": "xoxb-canary-bot-token",
        "SLACK_SIGNING_SECRET": "canary-signing-secret",
        "SLACK_APP_TOKEN": "xapp-canary-app-token",
        "GITLAB_TOKEN": "glpat-canary-gitlab-token",
        "GITHUB_TOKEN": "ghp-canary-github-token",
        "WEBHOOK_SECRET": "canary-webhook-secret",
        "SECRET_KEY": "canary-secret-key-of-the-store",
        "CONSOLE_TOKEN": "canary-console-token",
    }
    gitlab.token = canaries["GITLAB_TOKEN"]
    gitlab.add("shop/api")
    async with FakeSlack(
        token=canaries["SLACK_BOT_TOKEN"],
        app_token=canaries["SLACK_APP_TOKEN"],
        signing_secret=canaries["SLACK_SIGNING_SECRET"],
    ) as slack:
        place.settings |= {
            **canaries,
            "SLACK_API_URL": slack.url,
            "GITLAB_URL": gitlab.url,
            "LOG_LEVEL": "DEBUG",
        }
        pages: list[str] = []
        async with place.bot(PUBLIC_URL="http://127.0.0.1:1") as bot:
            assert await forge.send(bot.url, key="1", secret=canaries["WEBHOOK_SECRET"]) == 202
            assert await forge.send(bot.url, key="2", secret="canary-wrong-secret") == 401
            await until(lambda: bool(slack.messages("dev")), "the message")
            await slack.command(bot.url, "/hook add shop/api")
            await until(lambda: bool(slack.answers), "the answer")
            await slack.socket_command("/hook list")
            await until(lambda: len(slack.answers) == 2, "the second answer")
            headers = {
                "Authorization": "Bearer canary-authorization",
                "Cookie": "session=canary-cookie",
                "X-Gitlab-Token": "canary-header",
            }
            paths = ("/metrics", "/readyz", "/healthz", "/", "/nothing", "/hooks/gitlab")
            pages += [(await _get(http, f"{bot.url}{path}", **headers))[1] for path in paths]
            for path in ("/hooks/gitlab", "/hooks/gitlab/unknown", "/slack/events"):
                async with http.post(f"{bot.url}{path}", data=b"{", headers=headers) as answer:
                    pages.append(await answer.text())
            made = [hook.values["token"] for hook in gitlab.hooks("shop/api")]
            assert await bot.terminate() == 0
            shown = bot.text()
        slack_says = str([vars(m) for m in slack.messages("dev")]) + str(slack.answers)
    words = ["canary", *made]
    for where, text in (("output", shown), ("pages", "".join(pages)), ("Slack", slack_says)):
        for word in words:
            assert word not in text, f"{where} shows {word}"
    assert "/commands/" not in shown, "the output shows a response_url"
    kept = await asyncio.to_thread(_bytes_of, place)
    for word in (*canaries.values(), "canary", *made):
        assert word.encode() not in kept, f"the database holds {word}"


def _bytes_of(place: Place) -> bytes:
    return b"".join(
        file.read_bytes() for file in place.database.parent.iterdir() if "key" not in file.name
    )
