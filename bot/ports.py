"""What the parts ask of each other: the narrow protocols that app.py fills with adapters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from datetime import datetime, timedelta

    from bot.message import Message
    from bot.model import (
        Decision,
        Delivery,
        DeliveryId,
        Fault,
        HookRecord,
        Job,
        Json,
        Lane,
        OutboxItem,
        Place,
        SubjectKey,
        Thread,
    )
    from bot.outside import Receipt


class Clock(Protocol):
    """The wall clock; every time in the program is aware and UTC."""

    def now(self) -> datetime: ...


# -- the inbox -------------------------------------------------------------------------------


class Inbox(Protocol):
    """Where deliveries are kept before they are answered."""

    def append(self, delivery: Delivery) -> Awaitable[bool]:
        """On disk when it is done. False: (hook, key) was known. Raises StoreError."""

    async def probe(self) -> None:
        """Write and forget one row: raises StoreError when nothing can be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to handle a lane's items until `until`; every completion is fenced by `token`."""

    lane: Lane
    token: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDeliveries:
    claim: Claim
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One delivery's outcome: written in one transaction with all it plans."""

    delivery: DeliveryId
    #: `decided`, or `failed` with `error`.
    status: str
    decision: Decision | None = None
    #: The lane of each of the decision's actions, in their order.
    lanes: tuple[Lane, ...] = ()
    error: str | None = None
    #: The project's path, by which deliveries are listed; empty when there is none.
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of a claim's deliveries, in their order."""

    claim: Claim
    settled: tuple[Settled, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    #: Another worker took their lanes: nothing was written of them.
    lost: tuple[Claim, ...]
    claimed: tuple[ClaimedDeliveries, ...]


class Deciding(Protocol):
    """Deliveries waiting for their decision, a lane at a time, in order."""

    async def settle_and_claim_deliveries(
        self, made: Sequence[Decided], *, now: datetime, lease: timedelta, lanes: int, limit: int
    ) -> Next:
        """Decisions, state, thread reservations and outbox rows; and the oldest `limit` waiting
        deliveries of each of up to `lanes` lanes that nobody holds: all in one transaction.
        Raises StateChanged when another lane wrote what a decision expects; then nothing is
        written."""

    async def load_state(
        self, memory: Sequence[str], threads: Sequence[SubjectKey]
    ) -> tuple[dict[str, Json], dict[SubjectKey, tuple[Thread, ...]]]:
        """Each key asked for, None where nothing is known; each subject asked for, its threads in
        every channel. All as it was at one moment."""

    async def renew(self, claim: Claim, *, now: datetime, lease: timedelta) -> Claim:
        """Raises LeaseLost."""

    async def busy_lanes(self, keys: Sequence[Lane]) -> frozenset[Lane]:
        """Those of them in which something waits or is under way."""


# -- the outbox ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedItem:
    """The earliest item of a ready lane, marked `sending` on disk."""

    claim: Claim
    item: OutboxItem
    #: Where the item's root is, when it has one that was posted.
    root: Place | None
    #: The item's root was given up (or never existed).
    root_dead: bool
    #: By the names in `after`, those that are there.
    results: Mapping[str, Receipt] = field(default_factory=dict)
    #: One of those it waits for was given up.
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It was carried out; `place` is where, for a message."""

    place: Place | None = None
    #: What was made outside of chat.
    receipt: Receipt | None = None
    #: State to write with it.
    remember: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Not yet. The lane waits until `at`; `maybe_sent`: look for it before posting again."""

    at: datetime
    error: str
    code: str
    maybe_sent: bool = False
    #: The other side said until when, as of a limit: no failed attempt.
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """Given up; kept for `bot outbox list|retry`."""

    error: str
    code: str
    #: It may be there all the same, and is looked for before it is tried again.
    maybe_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Nothing to do after all (its thread is gone); recorded, not retried."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of a claimed item; its lane may go on at `ready_at`."""

    claimed: ClaimedItem
    outcome: Done | Retry | Dead | Dropped
    ready_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    #: Another worker took their lanes: nothing was written of them.
    lost: tuple[Carried, ...]
    claimed: tuple[ClaimedItem, ...]
    #: When another lane is ready; None when nothing waits, or as many were claimed as were wanted.
    next_at: datetime | None


class Sending(Protocol):
    """Actions waiting to be carried out, a lane at a time, in order."""

    async def settle_and_claim(
        self, carried: Sequence[Carried], *, now: datetime, lease: timedelta, limit: int
    ) -> Turned:
        """Receipts, thread places and states, and the earliest item of up to `limit` ready lanes
        that nobody holds, those that have been ready longest: all in one transaction."""

    async def renew(self, claim: Claim, *, now: datetime, lease: timedelta) -> Claim:
        """Raises LeaseLost."""


class Way(Protocol):
    """Who goes first: what comes in, before what is made of it."""

    @property
    def busy(self) -> bool:
        """Requests are under way, or were a moment ago: what is done meanwhile should be short."""

    async def give_way(self) -> None:
        """Before a step: waits for requests that are under way; not for ever."""


class Wakeups(Protocol):
    """A hint that there is work: never relied on, polling finds it too."""

    async def wait(self, topic: str, timeout_s: float) -> None:
        """Returns when `topic` (`deliveries`, `outbox`, `jobs`, `rules`) was touched since the
        last wait, or after the time is over."""


# -- hooks, jobs, rulesets -------------------------------------------------------------------


class Hooks(Protocol):
    """The webhooks we manage."""

    async def hook(self, hook_id: str) -> HookRecord | None: ...

    async def hooks(self, *, project: str | None = None) -> tuple[HookRecord, ...]:
        """Those not removed, by project path; one project's when named (any case)."""

    async def save_hook(self, hook: HookRecord) -> None:
        """Insert or replace by id."""

    async def mark_seen(self, hook_id: str, *, proved: bool, now: datetime) -> None:
        """An authentic delivery came for it."""

    async def mark_rotated(self, hook_id: str, *, retire_at: datetime) -> None:
        """A delivery came with the new one of two secrets; nothing when one came before."""


#: Member of a job's progress, beside what the command writes down: how far it said it is.
TOLD: Final = "told"


class Jobs(Protocol):
    """Commands waiting to be carried out."""

    async def add_job(self, job: Job) -> bool:
        """False when a job of that id is known: Slack sends some things twice."""

    async def claim_job(self, *, now: datetime, lease: timedelta) -> tuple[Job, str] | None:
        """The oldest waiting job (or one whose worker died) and the token of its lease."""

    async def renew_job(self, job_id: str, token: str, *, until: datetime) -> None:
        """Raises LeaseLost."""

    async def save_progress(
        self, job_id: str, token: str, progress: Mapping[str, Json]
    ) -> None: ...

    async def finish_job(
        self, job_id: str, token: str, *, state: str, answer: Message | None, now: datetime
    ) -> None:
        """`done` or `failed`. Raises LeaseLost."""

    async def job(self, job_id: str) -> Job | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRuleset:
    hash: str
    #: Every file by its path relative to the rules directory.
    files: Mapping[str, str]
    #: The file named by RULES, one of `files`.
    entry: str
    loaded_at: datetime


class Rulesets(Protocol):
    async def activate_ruleset(self, ruleset: StoredRuleset) -> None:
        """Kept for ever and made the active one, for every process."""

    async def active_ruleset(self) -> StoredRuleset | None: ...

    async def keep_rules_faults(self, faults: Sequence[Fault]) -> None:
        """Of the rules file as it is now: those who do not read it learn of them."""

    async def rules_faults(self) -> tuple[Fault, ...]:
        """As kept last; none when the file was good then."""


# -- the preview -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewMessage:
    """A message as Slack would hold it, with what made it beside it."""

    #: Grows with every change of any message: the page asks for what is newer than it has.
    seq: int
    channel: str
    #: Unique in its channel, ascending, in Slack's form `1763844574.000100`.
    ts: str
    #: The root's `ts`; None for a message of the channel itself.
    thread: str | None
    broadcast: bool
    #: Of the call that posted it, for `find`.
    key: str
    #: Slack's JSON: `text`, `blocks`, `attachments`.
    rendered: Mapping[str, Json]
    posted_at: datetime
    edited_at: datetime | None = None
    #: Emoji names in the order they were added.
    reactions: tuple[str, ...] = ()
    #: What actions did to it, by action id: rule, verb, delivery, ...
    note: Mapping[str, Json] = field(default_factory=dict)


class PreviewStore(Protocol):
    """Messages of the preview. Every writer gives the changed messages a new `seq`."""

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
        """A new message; its `ts` is made from `now`, after every other of the channel."""

    async def preview_edit(
        self, place: Place, rendered: Mapping[str, Json], *, now: datetime
    ) -> bool:
        """False when there is no such message."""

    async def preview_react(self, place: Place, emoji: str, *, remove: bool) -> bool:
        """False when there is no such message; already there or already gone is True."""

    async def preview_find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None: ...

    async def preview_note(self, place: Place, note: Mapping[str, Json]) -> None:
        """Its members join the message's note; nothing when there is no such message."""

    async def preview_messages(
        self, *, since: int = 0, limit: int = 500
    ) -> tuple[PreviewMessage, ...]:
        """Messages with `seq` above `since`, ascending; with `since` 0 the newest `limit`."""
