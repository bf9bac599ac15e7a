"""The store's people and its audit in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.people import Account, Act, LinkCode
from bot.store.audit import Audited


@dataclass
class MemoryPeople:
    """`commands.spec.People`."""

    rows: dict[tuple[str, str], Account] = field(default_factory=dict)
    codes: dict[tuple[str, str], LinkCode] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    #: Accounts that were signed in with, and their codes, by Slack id.
    proofs: dict[str, tuple[Account, str]] = field(default_factory=dict)

    async def proof_waits(self, slack: str) -> bool:
        return slack in self.proofs

    async def take_proof(self, slack: str, given: str) -> Account | None:
        return self.proofs.pop(slack)[0] if self.proofs[slack][1] == given else None

    async def accounts(
        self, *, slack: str | None = None, instance: str | None = None
    ) -> tuple[Account, ...]:
        found = [
            row
            for row in self.rows.values()
            if slack in {None, row.slack} and instance in {None, row.instance}
        ]
        return tuple(sorted(found, key=lambda row: (row.instance, row.username.lower())))

    async def save_account(self, account: Account) -> Account | None:
        lost = [
            row
            for row in self.rows.values()
            if row.slack != account.slack
            and row.instance == account.instance
            and row.username.lower() == account.username.lower()
        ]
        for row in lost:
            del self.rows[row.slack, row.instance]
        self.rows[account.slack, account.instance] = account
        return lost[0] if lost else None

    async def forget_account(self, slack: str, instance: str) -> bool:
        return self.rows.pop((slack, instance), None) is not None

    async def link_code(self, slack: str, instance: str) -> LinkCode | None:
        return self.codes.get((slack, instance))

    async def save_link_code(self, code: LinkCode) -> None:
        self.codes[code.slack, code.instance] = code

    async def forget_link_code(self, slack: str, instance: str) -> None:
        self.codes.pop((slack, instance), None)

    async def quiet_people(self) -> frozenset[str]:
        return frozenset(self.quiet)

    async def set_quiet(self, slack: str, *, quiet: bool, now: datetime) -> None:
        (self.quiet.add if quiet else self.quiet.discard)(slack)


@dataclass
class MemoryAudit:
    acts: list[Act] = field(default_factory=list)

    async def record_act(self, act: Act) -> None:
        if not any((one.id, one.outcome) == (act.id, act.outcome) for one in self.acts):
            self.acts.append(act)

    async def list_audit(
        self, *, limit: int = 100, project: str | None = None
    ) -> tuple[Audited, ...]:
        return tuple(
            Audited(
                at=act.at,
                who=act.who,
                instance=act.instance,
                verb=act.verb,
                target=act.target,
                rule="",
                action=act.id,
                outcome=act.outcome,
                detail=act.detail,
                words=act.words,
            )
            for act in reversed(self.acts)
            if project is None or act.target.lower() == project.lower()
        )[:limit]
