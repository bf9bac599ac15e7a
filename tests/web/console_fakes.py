"""The page on memory: what it reads, and the chat that posts to it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.browsing import About, Deed, Glance, Stretch, Wanted
from bot.errors import StoreError
from bot.message import Message
from bot.model import (
    Action,
    ActionId,
    Delivery,
    DeliveryId,
    DeliverySummary,
    Job,
    Json,
    Lane,
    OutboxItem,
    Place,
    SubjectKey,
)
from bot.preview.changes import Changes
from bot.preview.chat import PreviewChat
from bot.preview.memory import MemoryPreview
from bot.slack.blocks import blocks
from bot.waiting import Backlog
from bot.web.access import Access
from bot.web.console import Console
from bot.web.rules_state import RulesState
from tests.web.fakes import ManualClock, Site


def render(message: Message) -> Mapping[str, Json]:
    sent = blocks(message)
    return {
        "text": sent.text,
        "blocks": list(sent.blocks),
        "attachments": list(sent.attachments),
    }


@dataclass
class MemoryReads(MemoryPreview):
    """`ConsoleReads` whose answers a test fills in."""

    deliveries: list[DeliverySummary] = field(default_factory=list)
    traces: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    kept: dict[str, Delivery] = field(default_factory=dict)
    dead: list[OutboxItem] = field(default_factory=list)
    broken: bool = False

    def __post_init__(self) -> None:
        MemoryPreview.__init__(self)

    async def recent_deliveries(self, *, limit: int) -> tuple[DeliverySummary, ...]:
        if self.broken:
            raise StoreError("disk full")
        return tuple(self.deliveries[:limit])

    async def browse(
        self, wanted: Wanted, *, limit: int, before: DeliveryId | None
    ) -> tuple[Stretch, Mapping[str, About]]:
        """As the store does it, over what the traces tell."""
        if self.broken:
            raise StoreError("disk full")
        older = [one for one in self.deliveries if before is None or one.id < before]
        fit = [one for one in map(self._glance, older) if _fits(one, wanted)]
        page = tuple(fit[:limit])
        after = page[-1].summary.id if len(fit) > limit else None
        back_to = page[-1].summary.received_at if page else None
        about = {f"{one.summary.id}": About(who="alice", what="main") for one in page}
        return Stretch(found=page, after=after, back_to=back_to), about

    def _glance(self, summary: DeliverySummary) -> Glance:
        trace: Mapping[str, Any] = self.traces.get(summary.id, {})
        deeds = tuple(
            Deed(verb=one["verb"], channel=one["channel"], state=one["state"])
            for one in trace.get("actions", ())
        )
        return Glance(
            summary=summary,
            names=tuple(trace.get("names", ())),
            verdicts=Counter(one["outcome"] for one in trace.get("verdicts", ())),
            deeds=deeds,
            actions=len(deeds),
        )

    async def delivery(self, delivery: DeliveryId) -> tuple[Delivery, str] | None:
        kept = self.kept.get(delivery)
        return None if kept is None else (kept, "decided")

    def about(self, delivery: Delivery) -> About | None:
        return About(project="group/app", who="alice", what=delivery.event)

    async def explained(self, delivery: DeliveryId) -> str | None:
        return f"delivery {delivery}" if delivery in self.traces else None

    async def decision_trace(self, delivery: DeliveryId) -> Mapping[str, Json] | None:
        return self.traces.get(delivery)

    async def dead_items(self, *, limit: int) -> tuple[OutboxItem, ...]:
        return tuple(self.dead[:limit])

    async def backlog(self) -> Backlog:
        return Backlog(
            deliveries=0,
            deliveries_since=None,
            outbox=0,
            outbox_since=None,
            dead=len(self.dead),
            jobs=0,
        )


def _fits(one: Glance, wanted: Wanted) -> bool:
    return (
        wanted.status in {None, one.summary.status}
        and wanted.project in {None, one.summary.project}
        and (wanted.names is None or not wanted.names.isdisjoint(one.names))
        and (wanted.acted is None or wanted.acted == bool(one.actions))
    )


@dataclass
class MemoryRepairs:
    """`ConsoleRepairs` on the dead letters of `reads`."""

    reads: MemoryReads
    replayed: list[str] = field(default_factory=list)

    async def replay(self, original: DeliveryId) -> DeliveryId:
        self.replayed.append(original)
        return DeliveryId(f"{original}AGAIN")

    async def retry(self, ids: Sequence[str] | None) -> int:
        return self._take(ids)

    async def drop(self, item: str) -> bool:
        return bool(self._take([item]))

    def _take(self, ids: Sequence[str] | None) -> int:
        kept = [one for one in self.reads.dead if ids is not None and one.action.id not in ids]
        taken = len(self.reads.dead) - len(kept)
        self.reads.dead = kept
        return taken


@dataclass
class MemoryJobs:
    """Jobs that wait until a test answers them, or are answered at once."""

    jobs: dict[str, Job] = field(default_factory=dict)
    answer_with: Message | None = None

    async def add_job(self, job: Job) -> bool:
        self.jobs[job.id] = job
        if self.answer_with is not None:
            self.jobs[job.id] = replace(job, state="done", answer=self.answer_with)
        return True

    async def job(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)


@dataclass
class MemorySessions:
    """Of those that were ended."""

    ended: set[str] = field(default_factory=set)

    async def end_session(self, session: str, *, until: int, now: int) -> None:
        self.ended.add(session)

    async def session_ended(self, session: str) -> bool:
        return session in self.ended


@dataclass
class ConsoleSite:
    """A site with the page on it; `site` is what is served."""

    token: str | None = None
    host: str = "127.0.0.1"
    preview: bool = True
    rules: RulesState = field(
        default_factory=lambda: RulesState(status="ok", file="rules.yaml", rules=3, hash="ab" * 32)
    )
    clock: ManualClock = field(default_factory=ManualClock)
    reads: MemoryReads = field(default_factory=MemoryReads)
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    public: bool = False
    changes: Changes = field(default_factory=Changes)
    sessions: MemorySessions = field(default_factory=MemorySessions)

    def __post_init__(self) -> None:
        numbers = itertools.count(1)
        self.repairs = MemoryRepairs(self.reads)
        self.chat = PreviewChat(
            store=self.reads, render=render, clock=self.clock, changes=self.changes
        )
        self.access = Access(
            host=self.host,
            token=self.token,
            clock=self.clock,
            sessions=self.sessions,
            public=self.public,
        )
        self.console = Console(
            access=self.access,
            reads=self.reads,
            repairs=self.repairs,
            jobs=self.jobs,
            rules=lambda: self.rules,
            live=self.changes,
            render=render,
            new_job_id=lambda: f"job-{next(numbers)}",
            clock=self.clock,
            preview=self.preview,
        )
        self.site = Site(clock=self.clock, console=self.console)
        self._actions = itertools.count(1)

    def kept(self, id_: str) -> Delivery:
        return Delivery(
            id=DeliveryId(id_),
            forge="gitlab",
            instance="gitlab",
            hook="shared",
            key="k",
            event="Push Hook",
            lane=Lane("decide:gitlab:1"),
            headers={"x-gitlab-event": "Push Hook"},
            body=b"{}",
            received_at=self.clock.now(),
        )

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        rule: str = "pushes",
        verb: str = "post",
        delivery: str = "01DELIVERY",
        thread: str | None = None,
        broadcast: bool = False,
    ) -> Place:
        """Posts and notes, as the worker does."""
        action = Action(
            id=ActionId(f"{delivery}.{next(self._actions)}"),
            verb=verb,
            rule=rule,
            channel=channel,
            subject=SubjectKey("gitlab:7:mr:1"),
        )
        place = await self.chat.post(
            channel, message, key=action.id, thread=thread, broadcast=broadcast
        )
        await self.chat.note(place, action)
        return place


def summary(clock: ManualClock, **values: Any) -> DeliverySummary:
    given = {
        "id": "01DELIVERY",
        "forge": "gitlab",
        "instance": "gitlab",
        "hook": "shared",
        "event": "Push Hook",
        "project": "group/app",
        "received_at": clock.now(),
        "status": "decided",
        **values,
    }
    return DeliverySummary(**given)


TRACE: Mapping[str, Json] = {
    "delivery": "01DELIVERY",
    "ruleset": "ab" * 32,
    "decided_at": "2026-11-22T12:00:00+00:00",
    "names": ["push"],
    "skipped": 4,
    "verdicts": [
        {
            "rule": "releases",
            "file": "rules.yaml",
            "line": 31,
            "outcome": "no match",
            "reason": "",
            "failed": {"field": "branch", "wanted": "release/*", "seen": "main", "passed": False},
        },
        {
            "rule": "pushes",
            "file": "rules.yaml",
            "line": 12,
            "outcome": "sent",
            "reason": "",
            "failed": None,
        },
    ],
    "actions": [
        {
            "id": "01DELIVERY.1",
            "verb": "post",
            "rule": "pushes",
            "channel": "#dev",
            "subject": "gitlab:7:branch:main",
            "root": None,
            "emoji": None,
            "lane": "send:x",
            "state": "done",
            "attempts": 1,
            "error": None,
            "place": None,
        }
    ],
}


def dead(id_: str) -> OutboxItem:
    return OutboxItem(
        action=Action(
            id=ActionId(id_),
            verb="post",
            rule="pushes",
            channel="#gone",
            subject=SubjectKey("k"),
        ),
        lane=Lane("send:x:#gone"),
        delivery=DeliveryId(id_.partition(".")[0]),
        attempts=1,
        created_at=ManualClock().now(),
        maybe_sent=False,
        error="channel_not_found",
        state="dead",
    )
