"""The store's hooks and deploy keys in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.deploy_keys import KeyRecord
from bot.model import HookRecord


@dataclass
class MemoryHooks:
    """`ports.Hooks`, and what it was asked, in order."""

    rows: dict[str, HookRecord] = field(default_factory=dict)

    async def hook(self, hook_id: str) -> HookRecord | None:
        return self.rows.get(hook_id)

    async def hooks(self, *, project: str | None = None) -> tuple[HookRecord, ...]:
        found = [
            row
            for row in self.rows.values()
            if row.status != "removed"
            and (project is None or row.project.casefold() == project.casefold())
        ]
        return tuple(sorted(found, key=lambda row: (row.project, row.id)))

    async def save_hook(self, hook: HookRecord) -> None:
        self.rows[hook.id] = hook

    async def mark_rotated(self, hook_id: str, *, retire_at: datetime) -> None:
        row = self.rows.get(hook_id)
        if row is not None and row.retire_at is None:
            self.rows[hook_id] = replace(row, retire_at=retire_at)

    async def mark_seen(self, hook_id: str, *, proved: bool, now: datetime) -> None:
        row = self.rows.get(hook_id)
        if row is not None:
            proved_at = row.proved_at or (now if proved else None)
            self.rows[hook_id] = replace(row, last_seen_at=now, proved_at=proved_at)


@dataclass
class MemoryKeys:
    rows: dict[str, KeyRecord] = field(default_factory=dict)

    async def deploy_keys(self, *, project: str | None = None) -> tuple[KeyRecord, ...]:
        found = [
            row
            for row in self.rows.values()
            if row.status != "removed"
            and (project is None or row.project.casefold() == project.casefold())
        ]
        return tuple(sorted(found, key=lambda row: (row.project, row.id)))

    async def save_deploy_key(self, key: KeyRecord) -> None:
        self.rows[key.id] = key
