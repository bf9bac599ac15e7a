"""Gives the loop that looks after hooks what the commands know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.key_tending import tend_keys
from bot.commands.tending import Care, CatchUp, Visit, tend

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.app.commands import CommandRunner
    from bot.commands import Context
    from bot.config import Settings
    from bot.message import Text
    from bot.model import HookRecord, Json


class HookNurse:
    """`worker.tending.Nurse` over `bot.commands`."""

    def __init__(self, runner: CommandRunner, settings: Settings) -> None:
        self._runner = runner
        self._care = Care(mend=settings.hooks_mend, catch_up=CatchUp(settings.hooks_catch_up))

    async def tend(self, record: HookRecord, *, thorough: bool, given_up: Collection[str]) -> Visit:
        context = self._context()
        return await tend(context, record, self._care, thorough=thorough, given_up=given_up)

    async def tend_keys(self) -> tuple[Text, ...]:
        return await tend_keys(self._context())

    def _context(self) -> Context:
        return self._runner.context("tending", _forget, _uncounted)


async def _forget(progress: Mapping[str, Json]) -> None:
    """What is begun here is found again by looking."""


async def _uncounted(done: int, total: int) -> None:
    """Nobody waits."""
