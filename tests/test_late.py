"""What a bot is seldom asked for is made when somebody asks, and once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from bot.app.commanding import LateCommands
from bot.app.commands import CommandRunner
from bot.app.late import Late
from bot.config import Settings
from bot.deploy_keys import KeyRecord
from bot.message import one_line
from bot.rules.load import load
from bot.slack.mrkdwn import render
from bot.store import open_store
from bot.worker.directory import Directory
from tests.fakes.chat import FakeChat
from tests.worker.bench import RULES, START, Book, Clock

if TYPE_CHECKING:
    from pathlib import Path

KEY = KeyRecord(
    id="k1",
    instance="gitlab",
    project_id="7",
    project="group/repo",
    remote_id="4",
    title="deploys",
    fingerprint="SHA256:x",
    expires_at=START + timedelta(days=2, hours=1),
)


async def test_those_who_ask_at_once_get_the_same() -> None:
    numbers = count()
    late = Late("json", lambda: next(numbers))
    assert set(await asyncio.gather(late.get(), late.get())) == {0}
    assert await late.get() == 0


async def test_deploy_keys_are_looked_after_as_soon_as_there_are_any(tmp_path: Path) -> None:
    settings, clock, made = Settings.from_env({}), Clock(), count(1)
    async with open_store(f"sqlite:///{tmp_path}/bot.db", secret_key=None) as store:

        def make() -> CommandRunner:
            next(made)
            return CommandRunner(
                settings=settings,
                hooks=store,
                rules=Book(load({"rules.yaml": RULES}, "rules.yaml")),
                clock=clock,
                channels=Directory(chat=FakeChat(), store=store, clock=clock),
                once=store,
                history=store,
                keeper=store,
            )

        commands = LateCommands(settings, store, make)
        assert await commands.tend_keys() == ()
        assert next(made) == 1, "it was made though there was nothing to do"
        await store.save_deploy_key(KEY)
        (told,) = await commands.tend_keys()
        assert "deploy key 4 (deploys) ends" in one_line(render(told))
        assert await commands.tend_keys() == ()
        assert next(made) == 3, "it was not made once"
