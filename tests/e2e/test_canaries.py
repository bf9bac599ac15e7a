"""Secrets that a bot holds or makes are in no log, no row, no page, no metric and no message."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.e2e.running import Place, Process
from tests.fakes.gitlab_server import Fault, GitlabServer
from tests.fakes.oauth_server import CLIENT, SECRET
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)

PLANTED = {
    "GITLAB_INNER_TOKEN": "canary-of-the-other-gitlab",
    "GITHUB_TOKEN": "canary-of-github-0123456789",
    "WEBHOOK_SECRET": "canary-of-the-shared-secret",
    "SECRET_KEY": "canary-of-the-secret-key-0123",
    "CONSOLE_TOKEN": "canary-of-the-console-0123",
    "SECRET_DEPLOY": "canary-of-a-rules-secret",
    "GITLAB_OAUTH_SECRET": SECRET,
}


async def get(url: str, **how: object) -> str:
    async with aiohttp.ClientSession() as session:
        method = str(how.pop("method", "GET"))
        async with session.request(method, url, **how) as answer:  # type: ignore[arg-type] # aiohttp's own names
            return f"{answer.status} {dict(answer.headers)} {await answer.text()}"


async def typed(slack: FakeSlack, bot: Process, text: str) -> str:
    before = len(slack.answers)
    assert (await slack.command(bot.url, text, user="U0ALICE")).status == 200
    await until(lambda: len(slack.answers) > before, f"the answer to {text}")
    return str(slack.answers[-1])


async def linked(slack: FakeSlack, bot: Process) -> list[str]:
    """Somebody signs in at GitLab and types what the page shows."""
    asked = await typed(slack, bot, "/hook link")
    way = re.search(r"http[^\s|>\"']+/oauth/authorize[^\s|>\"']+", asked)
    assert way is not None
    page = await get(way[0].replace("&amp;", "&"))
    code = re.search(r"/hook (link [A-Z0-9-]+)", page)
    assert code is not None, page
    done = await typed(slack, bot, f"/hook {code[1]}")
    assert "alice" in done
    assert "(signed in there" in await typed(slack, bot, "/hook whoami")
    return [way[0].partition("state=")[2].partition("&")[0], asked, done]


async def errors_of(bot: Process, hook: str) -> str:
    """What strangers and accidents are answered."""
    where = ("/nothing", "/once/nothing", "/slack/events", "/metrics", "/", "/healthz", "/readyz")
    pages = [await get(bot.url + path) for path in where]
    broken = {"Content-Type": "application/json", "X-Gitlab-Token": PLANTED["WEBHOOK_SECRET"]}
    pages += [
        await get(f"{bot.url}/hooks/gitlab", method="POST", data=b"[1", headers=broken),
        await get(hook, method="POST", data=b"{}", headers={"X-Gitlab-Token": "wrong"}),
    ]
    return "\n".join(pages)


async def test_no_secret_is_ever_told(
    place: Place, slack: FakeSlack, gitlab: GitlabServer, tmp_path: Path
) -> None:
    gitlab.add("shop/api")
    gitlab.unknown.add("signing_token")
    place.reached_by(GITLAB_URL=gitlab.url, GITLAB_TOKEN=gitlab.token)
    place.settings |= PLANTED | {
        "GITLAB_OAUTH_ID": CLIENT,
        "GITLAB_INNER_URL": "http://127.0.0.1:9",
        "GITHUB_URL": "http://127.0.0.1:9",
        "LOG_LEVEL": "DEBUG",
    }
    async with place.bot() as bot:
        told = [await typed(slack, bot, "/hook add shop/api --key")]
        (hook,) = gitlab.hooks("shop/api")
        first = hook.values["token"]
        told.append(await typed(slack, bot, "/hook rotate shop/api"))
        second = hook.values["token"]
        once = re.search(r"http[^\s|>\"']+/once/([^\s|>\"']+)", told[0])
        assert once is not None
        assert await gitlab.push("shop/api") == [202]
        await until(lambda: bool(slack.messages("dev")), "the push")
        # A forge that fails, and one that answers nonsense inside the bot.
        gitlab.faults += [
            Fault("GET", "/projects/", 500, {"message": f"{gitlab.token} broke"}),
            Fault("GET", "/projects/", 200, ["nonsense"]),
        ]
        told += [await typed(slack, bot, "/hook show shop/api") for _ in range(2)]
        told.append(await typed(slack, bot, "/hook add other/repo --on inner"))
        pages = await errors_of(bot, hook.values["url"])
        state, *answers = await linked(slack, bot)
        told += answers
        signed_in = await get(f"{once[0]}/sign-in")
        opens = re.search(r'name="pass" value="([^"]+)"', signed_in)
        assert opens is not None
        shown = await get(once[0], method="POST", data={"pass": opens[1]})
        private = re.search(r"-----BEGIN[^<]+PRIVATE KEY-----", shown)
        assert private is not None
        assert await bot.terminate() == 0
        log = bot.text()
    canaries = {
        **PLANTED,
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "GITLAB_TOKEN": gitlab.token,
        "first secret": first,
        "second secret": second,
        "private key": private[0].split("\n")[3],
        "pass of the page": opens[1],
        "a person's token": gitlab.oauth.revoked[0],
        "response_url": f"{slack.commands.origin}/commands/",
    }
    assert len(gitlab.oauth.revoked) == 2
    assert len(set(canaries.values())) >= 12
    rows = b"".join(file.read_bytes() for file in (tmp_path / "var").glob("bot.db*"))
    messages = f"{slack.messages('dev')} {told}"
    places = {"log": log, "database": rows.decode("latin-1"), "pages": pages, "slack": messages}
    found = [
        (name, where)
        for name, secret in canaries.items()
        for where, words in places.items()
        if secret in words
    ]
    assert found == []
    assert once[1] not in places["database"]
    assert once[1] not in places["log"]
    assert state not in places["log"] + places["database"]
