"""What the commands answer, word for word: each one is given to a bot in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.errors import CommandError
from bot.message import Message
from bot.outside import HookWish, Right
from bot.people import Account
from tests.commands.on_forge import ForgeBot, forge_bot
from tests.commands.stage import BASE, GITLAB, Stage, shown
from tests.fakes.gitlab_server import Fault

_KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"
_KEYS: Final = (
    f"{_KEY}AABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
    f"{_KEY}CAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIB",
)


def _nothing(_stage: Stage) -> None:
    """It is as it was."""


def _disabled(stage: Stage) -> None:
    (held,) = stage.forge.held("group/repo")
    until = stage.now + timedelta(minutes=8)
    held.shown = replace(held.shown, health="temporarily_disabled", disabled_until=until)


def _rules_changed(stage: Stage) -> None:
    stage.rules.needed["group/repo"] = frozenset({"push_events", "issues_events"})
    stage.rules.needed["group/new"] = frozenset({"push_events"})
    stage.forge.add("group/new")


async def _stray(stage: Stage) -> None:
    url = f"{BASE}/hooks/gitlab/of-an-old-installation"
    wish = HookWish(url=url, triggers=frozenset(), secret="x")  # noqa: S106 - of nobody
    await stage.forge.create_hook("101", wish)


def _signed_in(stage: Stage) -> None:
    """Alice came back from the forge, and her page shows the code."""
    account = Account(
        slack=_ALICE, instance="gitlab", username="alice", user_id=_number("alice"), proved="oauth"
    )
    stage.known.proofs[_ALICE] = (account, "K7QX-42MD")
    stage.forge.places["101"].rights["alice"] = Right.MANAGE


def _number(name: str) -> str:
    return f"{1 + sum(map(ord, name)) % 1000}"


def _shows_the_code(stage: Stage) -> None:
    stage.forge.people["bob"] = stage.known.codes[_BOB, "gitlab"].code


def _a_group(stage: Stage) -> None:
    stage.forge.group_hooks = False
    for path in ("group/other", "group/sub/deep"):
        stage.forge.add(path)
        stage.rules.needed[path] = frozenset({"push_events"})


def _a_licence(stage: Stage) -> None:
    stage.forge.group_hooks = True


def _low_role(bot: ForgeBot) -> None:
    bot.server.projects[101].access = 30  # type: ignore[union-attr] # of a GitLab


def _low_role_there(bot: ForgeBot) -> None:
    bot.server.homes[101].permission = "write"  # type: ignore[union-attr] # of a GitHub


def _blocked(bot: ForgeBot) -> None:
    bot.server.blocked = lambda _url: True


def _wrong_token(bot: ForgeBot) -> None:
    bot.server.token, bot.token = "another", bot.server.token


def _busy(bot: ForgeBot) -> None:
    slow = Fault("POST", "/hooks$", 429, {"message": "slow"}, {"Retry-After": "45"})
    bot.server.faults.append(slow)


def _proxy(bot: ForgeBot) -> None:
    bot.strips = True


def _away(bot: ForgeBot) -> None:
    bot.break_at(4, lasts=True)


#: At which forge, what is wrong, how that is, what is typed.
_WRONG: Final[tuple[tuple[str, str, Callable[[ForgeBot], object], str], ...]] = (
    ("gitlab", "there is no such project", lambda _bot: None, "add group/typo"),
    ("gitlab", "the bot's user is a Developer", _low_role, "add group/repo"),
    ("github", "the bot's user may write", _low_role_there, "add group/repo"),
    ("gitlab", "the bot's token was revoked", _wrong_token, "add group/repo"),
    ("gitlab", "GitLab may not call local addresses", _blocked, "add group/repo"),
    ("gitlab", "GitLab is busy", _busy, "add group/repo"),
    ("gitlab", "a proxy takes the signature away", _proxy, "add group/repo"),
    ("gitlab", "GitLab goes away in the middle", _away, "add group/repo"),
)
_REAL: Final = {"gitlab": "https://gitlab.example.com", "github": "https://api.github.com"}
_ADMIN, _ALICE, _BOB = "U0ADMIN01", "U0ALICE01", "U0BOB0001"
_NAMES: Final = {_ALICE: "alice", _BOB: "bob"}

#: What happens before, and what is typed then.
_STORY: Final[tuple[tuple[Callable[[Stage], object], str], ...]] = (
    (_nothing, "add group/repo"),
    (_nothing, "add group/repo"),
    (_nothing, "add group/none group/repo"),
    (_nothing, "list"),
    (_nothing, "show group/repo"),
    (_nothing, "test group/repo"),
    (_nothing, "pause group/repo"),
    (_nothing, "resume group/repo"),
    (_nothing, "rotate group/repo"),
    (_disabled, "show group/repo"),
    (_nothing, "test group/repo"),
    (_rules_changed, "sync"),
    (_stray, "sync --plan"),
    (_nothing, "sync --yes"),
    (_nothing, f"key add group/repo --expires 90d --public-key {_KEYS[0]}"),
    (_nothing, f"key add group/repo --write --public-key {_KEYS[0]}"),
    (_nothing, "key list group/repo"),
    (_nothing, f"key rotate group/repo --overlap 7d --public-key {_KEYS[1]}"),
    (_nothing, "key expiring --within 20w"),
    (_nothing, "key remove group/repo 1008"),
    (_nothing, "key add group/repo --to ./file"),
    (_nothing, "remove group/repo"),
    (_nothing, "remove group/repo --yes"),
    (_nothing, "show group/repo"),
)


#: The same for people: who types it comes first.
_PEOPLE: Final[tuple[tuple[Callable[[Stage], object], str, str], ...]] = (
    (_nothing, _ALICE, "whoami"),
    (_nothing, _ALICE, "link"),
    (_signed_in, _ALICE, "link K7QX-42MD"),
    (_nothing, _ALICE, "add group/repo"),
    (_nothing, _BOB, "link gitlab bob --code"),
    (_shows_the_code, _BOB, "link"),
    (_nothing, _BOB, "rotate group/repo"),
    (_nothing, _ADMIN, "audit group/repo"),
    (_nothing, _ALICE, "unlink"),
)
_GROUPS: Final[tuple[tuple[Callable[[Stage], object], str], ...]] = (
    (_a_group, "add group/*"),
    (_a_licence, "add group/**"),
    (_nothing, "add group/sub/deep"),
    (_nothing, "remove group/**"),
)


def screens() -> str:
    """In the order of one story; buttons stand in brackets."""
    return asyncio.run(_told(Stage(), [(does, _ADMIN, words) for does, words in _STORY]))


def people() -> str:
    """Who may, and who is who."""
    stage = Stage()
    stage.sites = (replace(GITLAB, oauth=True),)
    stage.link(_BOB, "bob", Right.WRITE)
    stage.known.rows.clear()
    stage.forge.people = {"alice": "", "bob": ""}
    return asyncio.run(_told(stage, _PEOPLE))


def groups() -> str:
    return asyncio.run(_told(Stage(), [(does, _ADMIN, words) for does, words in _GROUPS]))


def refusals() -> str:
    """What the forges' own refusals become: their doubles are asked over HTTP."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    return asyncio.run(_refused())


async def _refused() -> str:
    parts = []
    for kind, wrong, happens, words in _WRONG:
        async with forge_bot(kind) as bot:
            happens(bot)
            said = await bot.run(words)
        said = said.replace(bot.server.url, _REAL[kind]).replace(bot.url, BASE)
        parts.append(f"# {wrong}\n> /hook {words}\n{said}")
    return _block(parts)


async def _told(stage: Stage, story: Iterable[tuple[Callable[[Stage], object], str, str]]) -> str:
    parts: list[str] = []
    for happens, who, words in story:
        happened = happens(stage)
        if asyncio.iscoroutine(happened):
            await happened
        typed = f"> /hook {words}" if who == _ADMIN else f"{_NAMES[who]}> /hook {words}"
        parts.append(f"{typed}\n{await _answer(stage, words, who)}")
    return _block(parts)


def _block(parts: Iterable[str]) -> str:
    return "```text\n" + "\n\n".join(parts) + "\n```\n"


async def _answer(stage: Stage, words: str, who: str) -> str:
    try:
        answer = await stage.run(words, who=who)
    except CommandError as error:
        return str(error)
    return f"{shown(answer)}{_buttons(answer)}"


def _buttons(answer: Message) -> str:
    labels = "  ".join(f"[ {button.label} ]" for button in answer.buttons)
    return f"\n{labels}" if labels else ""
