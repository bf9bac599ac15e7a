"""Gives the loops the commands, and what these know of hooks, read when there is something to do:
most bots spend their time without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.app.late import Late

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.app.commands import CommandRunner
    from bot.app.nursing import HookNurse
    from bot.commands.tending import Visit
    from bot.config import Settings
    from bot.deploy_keys import KeyRecord
    from bot.message import Message, Text
    from bot.model import HookRecord, Job
    from bot.worker.jobs import Count, Save


class Keys(Protocol):
    async def deploy_keys(self) -> tuple[KeyRecord, ...]: ...


class LateCommands:
    """`worker.jobs.Commands` and `worker.tending.Nurse`."""

    def __init__(self, settings: Settings, keys: Keys, make: Callable[[], CommandRunner]) -> None:
        self._settings = settings
        self._keys = keys
        self._make = make
        self._runner = Late("bot.app.commands", make)
        self._nurse = Late("bot.app.nursing", self._make_nurse)

    async def run(self, job: Job, save: Save, count: Count) -> Message:
        return await (await self._runner.get()).run(job, save, count)

    async def tend(self, record: HookRecord, *, thorough: bool, given_up: Collection[str]) -> Visit:
        nurse = await self._nurse.get()
        return await nurse.tend(record, thorough=thorough, given_up=given_up)

    async def tend_keys(self) -> tuple[Text, ...]:
        if not await self._keys.deploy_keys():
            return ()
        return await (await self._nurse.get()).tend_keys()

    def _make_nurse(self) -> HookNurse:
        from bot.app.nursing import HookNurse

        return HookNurse(self._make(), self._settings)
