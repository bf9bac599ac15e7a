"""What the commands answer, word for word: each one is given to a bot in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.errors import CommandError
from bot.message import Message
from bot.outside import HookWish
from tests.commands.stage import BASE, Stage, shown

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
    (_nothing, "key list group/repo"),
    (_nothing, f"key rotate group/repo --overlap 7d --public-key {_KEYS[1]}"),
    (_nothing, "key expiring --within 20w"),
    (_nothing, "key remove group/repo 1008"),
    (_nothing, "key add group/repo --to ./file"),
    (_nothing, "remove group/repo"),
    (_nothing, "remove group/repo --yes"),
    (_nothing, "show group/repo"),
)


def screens() -> str:
    """In the order of one story; buttons stand in brackets."""
    return asyncio.run(_told())


async def _told() -> str:
    stage = Stage()
    parts: list[str] = []
    for happens, words in _STORY:
        happened = happens(stage)
        if asyncio.iscoroutine(happened):
            await happened
        parts.append(f"> /hook {words}\n{await _answer(stage, words)}")
    return "```text\n" + "\n\n".join(parts) + "\n```\n"


async def _answer(stage: Stage, words: str) -> str:
    try:
        answer = await stage.run(words)
    except CommandError as error:
        return str(error)
    return f"{shown(answer)}{_buttons(answer)}"


def _buttons(answer: Message) -> str:
    labels = "  ".join(f"[ {button.label} ]" for button in answer.buttons)
    return f"\n{labels}" if labels else ""
