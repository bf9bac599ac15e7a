"""The commands' side of the store: hooks, jobs, rulesets, and the preview's messages."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING

from bot.store import hooks, jobs, preview, rulesets
from bot.store.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from bot.message import Message
    from bot.model import Fault, HookRecord, Job, Json, Place
    from bot.ports import PreviewMessage, StoredRuleset


class HookRecords(Part):
    async def hook(self, hook_id: str) -> HookRecord | None:
        row = await self._backend.read(partial(hooks.find, hook_id=hook_id))
        return None if row is None else hooks.unpack(row, self._vault)

    async def hooks(self, *, project: str | None = None) -> tuple[HookRecord, ...]:
        rows = await self._backend.read(partial(hooks.listed, project=project))
        return tuple(hooks.unpack(row, self._vault) for row in rows)

    async def save_hook(self, hook: HookRecord) -> None:
        await self._backend.write(partial(hooks.save, hook=hook, vault=self._vault))

    async def mark_seen(self, hook_id: str, *, proved: bool, now: datetime) -> None:
        do = partial(hooks.mark_seen, hook_id=hook_id, proved=proved, now=now)
        await self._backend.write(do)

    async def mark_rotated(self, hook_id: str, *, retire_at: datetime) -> None:
        do = partial(hooks.mark_rotated, hook_id=hook_id, retire_at=retire_at)
        await self._backend.write(do)

    async def hook_channels(self, project: str) -> tuple[str, ...]:
        """The default routes of a project's hooks."""
        return await self._backend.read(partial(hooks.channels, project=project))


class JobRecords(Part):
    async def add_job(self, job: Job) -> bool:
        return await self._backend.write(partial(jobs.add, job=job, vault=self._vault), "jobs")

    async def claim_job(self, *, now: datetime, lease: timedelta) -> tuple[Job, str] | None:
        token = secrets.token_hex(8)
        do = partial(jobs.claim, token=token, now=now, lease=lease)
        row = await self._backend.write(do)
        return None if row is None else (jobs.unpack(row, self._vault), token)

    async def renew_job(self, job_id: str, token: str, *, until: datetime) -> None:
        """Raises LeaseLost."""
        await self._backend.write(partial(jobs.renew, job_id=job_id, token=token, until=until))

    async def save_progress(self, job_id: str, token: str, progress: Mapping[str, Json]) -> None:
        """Raises LeaseLost."""
        do = partial(jobs.save_progress, job_id=job_id, token=token, progress=progress)
        await self._backend.write(do)

    async def finish_job(
        self, job_id: str, token: str, *, state: str, answer: Message | None, now: datetime
    ) -> None:
        do = partial(
            jobs.finish,
            job_id=job_id,
            token=token,
            state=state,
            answer=answer,
            now=now,
            vault=self._vault,
        )
        await self._backend.write(do)

    async def job(self, job_id: str) -> Job | None:
        row = await self._backend.read(partial(jobs.find, job_id=job_id))
        return None if row is None else jobs.unpack(row, self._vault)


class RulesetRecords(Part):
    async def activate_ruleset(self, ruleset: StoredRuleset) -> None:
        await self._backend.write(partial(rulesets.activate, ruleset=ruleset), "rules")

    async def active_ruleset(self) -> StoredRuleset | None:
        return await self._backend.read(rulesets.active)

    async def keep_rules_faults(self, faults: Sequence[Fault]) -> None:
        await self._backend.write(partial(rulesets.keep_faults, faults=faults), "rules")

    async def rules_faults(self) -> tuple[Fault, ...]:
        return await self._backend.read(rulesets.faults)

    async def ruleset(self, hash_: str) -> StoredRuleset | None:
        """One that is or was in force."""
        return await self._backend.read(partial(rulesets.find, ruleset=hash_))


class PreviewRecords(Part):
    async def preview_post(
        self,
        channel: str,
        *,
        key: str,
        thread: str | None,
        broadcast: bool,
        rendered: Mapping[str, Json],
        now: datetime,
    ) -> Place:
        do = partial(
            preview.post,
            channel=channel,
            key=key,
            thread=thread,
            broadcast=broadcast,
            rendered=rendered,
            now=now,
        )
        return await self._backend.write(do, "preview")

    async def preview_edit(
        self, place: Place, rendered: Mapping[str, Json], *, now: datetime
    ) -> bool:
        do = partial(preview.edit, place=place, rendered=rendered, now=now)
        return await self._backend.write(do, "preview")

    async def preview_react(self, place: Place, emoji: str, *, remove: bool) -> bool:
        do = partial(preview.react, place=place, emoji=emoji, remove=remove)
        return await self._backend.write(do, "preview")

    async def preview_find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None:
        do = partial(preview.find, channel=channel, key=key, since=since, thread=thread)
        return await self._backend.read(do)

    async def preview_note(self, place: Place, note: Mapping[str, Json]) -> None:
        await self._backend.write(partial(preview.note, place=place, said=note), "preview")

    async def preview_messages(
        self, *, since: int = 0, limit: int = 500
    ) -> tuple[PreviewMessage, ...]:
        return await self._backend.read(partial(preview.listed, since=since, limit=limit))
