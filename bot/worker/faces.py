"""Who is who, prepared for decisions: linked accounts, e-mail addresses, user groups, and who
wants no direct messages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import CallError, Refused, StoreError
from bot.events import SPECS
from bot.model import Person
from bot.people import NOBODY, Faces
from bot.registry import FieldType
from bot.rules.decide import slack_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bot.actions.spec import ActionSpec
    from bot.model import Event
    from bot.outside import Chat
    from bot.people import Account
    from bot.ports import Clock
    from bot.rules.ruleset import Ruleset

log = structlog.get_logger()

_FRESH: Final = timedelta(seconds=2)
_TEAMS_FRESH: Final = timedelta(minutes=10)
#: Doubled with each failure that follows another one.
_AFTER_FAILURE: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(minutes=2)
#: A scope that is missing, or a token that is refused, stays so for a while.
_AFTER_REFUSAL: Final = timedelta(hours=1)
_FOUND: Final = timedelta(days=1)
_NOT_FOUND: Final = timedelta(hours=6)
#: Decisions wait for it.
_PATIENCE_S: Final = 5.0
#: Addresses looked up for one event, and remembered in all.
_AT_ONCE: Final = 10
_REMEMBERED: Final = 10_000


class Known(Protocol):
    async def accounts(self) -> tuple[Account, ...]: ...

    async def quiet_people(self) -> frozenset[str]: ...


class Acquaintances:
    """Asked for every decision, asks rarely. What cannot be asked leaves people unmentioned."""

    def __init__(self, *, store: Known, chat: Chat, clock: Clock) -> None:
        self._store = store
        self._chat = chat
        self._clock = clock
        self._faces: Faces = NOBODY
        self._read_at: datetime | None = None
        self._teams_at: datetime | None = None
        #: E-mail address -> Slack id, or None when there is none; and until when that counts.
        self._emails: dict[str, tuple[str | None, datetime]] = {}
        self._lookups_from: datetime | None = None
        #: Look-ups that failed since the last one that did not.
        self._failed = 0
        self._asking = asyncio.Lock()
        #: The rules last looked at, and whether they want anybody known.
        self._wants: tuple[str, bool] = ("", False)

    async def known(self, ruleset: Ruleset, event: Event | None = None) -> Faces:
        """With `event` its people's addresses are looked up, where rules could mention them."""
        now = self._clock.now()
        fresh = self._read_at is not None and now < self._read_at and not self._asking.locked()
        if fresh and not self._asks(ruleset, event, now):
            return self._faces
        async with self._asking:
            if self._read_at is None or now >= self._read_at:
                self._read_at = now + _FRESH
                await self._read()
            if self._asks_teams(ruleset, now):
                await self._list_teams(now)
            if event is not None and self._wanted(ruleset):
                unasked = await self._look_up(event, ruleset, now)
                return replace(self._faces, unasked=frozenset(unasked))
            return self._faces

    def _asks(self, ruleset: Ruleset, event: Event | None, now: datetime) -> bool:
        """Whether Slack may have to be asked."""
        return self._asks_teams(ruleset, now) or (event is not None and self._wanted(ruleset))

    def _asks_teams(self, ruleset: Ruleset, now: datetime) -> bool:
        handles = any(group.startswith("@") for group in ruleset.groups.values())
        return handles and (self._teams_at is None or now >= self._teams_at)

    async def _read(self) -> None:
        try:
            accounts = await self._store.accounts()
            quiet = await self._store.quiet_people()
        except StoreError as error:
            log.warning("people not read", error=str(error))
            return
        linked = {(one.instance, one.username.lower()): one for one in accounts}
        self._faces = replace(self._faces, linked=linked, quiet=quiet)

    async def _list_teams(self, now: datetime) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                teams = await self._chat.teams()
        except (CallError, TimeoutError) as error:
            self._teams_at = now + self._pause(error)
            log.warning("user groups not listed", error=str(error) or "timeout")
            return
        self._failed = 0
        self._teams_at = now + _TEAMS_FRESH
        self._faces = replace(self._faces, teams=teams)

    # -- e-mail --------------------------------------------------------------------------------

    def _wanted(self, ruleset: Ruleset) -> bool:
        if self._wants[0] != ruleset.hash:
            self._wants = ruleset.hash, any(map(_mentions, _specs(ruleset)))
        return self._wants[1]

    async def _look_up(self, event: Event, ruleset: Ruleset, now: datetime) -> list[str]:
        """Those that could not be asked for."""
        addresses = dict.fromkeys(_addresses(event, ruleset, self._faces))
        missing = [one for one in addresses if now >= self._emails.get(one, (None, now))[1]]
        if self._lookups_from is not None and now < self._lookups_from:
            return missing
        unasked = missing[_AT_ONCE:]
        for number, address in enumerate(missing[:_AT_ONCE]):
            if not await self._ask(address, now):
                unasked = missing[number:]
                break
        if missing:
            self._remember(now)
        return unasked

    async def _ask(self, address: str, now: datetime) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._chat.member(address)
        except (CallError, TimeoutError) as error:
            self._lookups_from = now + self._pause(error)
            log.warning("members not looked up by e-mail", error=str(error) or "timeout")
            return False
        self._failed = 0
        self._emails[address] = found, now + (_FOUND if found else _NOT_FOUND)
        return True

    def _pause(self, error: CallError | TimeoutError) -> timedelta:
        if isinstance(error, Refused):
            return _AFTER_REFUSAL
        self._failed += 1
        return min(_AFTER_FAILURE * (1 << min(self._failed - 1, 10)), _LONGEST)

    def _remember(self, now: datetime) -> None:
        if len(self._emails) > _REMEMBERED:
            self._emails = {k: v for k, v in self._emails.items() if now < v[1]}
        if len(self._emails) > _REMEMBERED:
            self._emails = dict(list(self._emails.items())[-_REMEMBERED // 2 :])
        by_email = {address: found for address, (found, _) in self._emails.items() if found}
        self._faces = replace(self._faces, by_email=by_email)


def _specs(ruleset: Ruleset) -> Iterator[ActionSpec]:
    for top in ruleset.rules:
        for rule in (top, *top.first):
            yield from rule.actions


def _mentions(spec: ActionSpec) -> bool:
    said = spec.text.source if spec.text is not None else ""
    return bool(spec.mention) or spec.verb == "dm" or "mention" in said


_WHO: Final = frozenset({FieldType.PERSON, FieldType.PEOPLE})


def _addresses(event: Event, ruleset: Ruleset, faces: Faces) -> Iterator[str]:
    """Of those who are known by nothing else."""
    known = replace(faces, by_email={})
    # Only what may name somebody is looked at: other fields may be long in the making.
    named = (f.name for f in SPECS[event.kind].fields if f.type in _WHO)
    for value in (event.actor, *map(event.fields.get, named)):
        for one in value if isinstance(value, tuple) else (value,):
            if not isinstance(one, Person) or not one.email or one.bot:
                continue
            if slack_id_of(ruleset, known, event.instance, one) is None:
                yield one.email.lower()
