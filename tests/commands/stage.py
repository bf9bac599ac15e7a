"""A bot around the commands: forge, store, clock and web part in memory, crashes at will."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from bot import commands
from bot.commands import Context, Site
from bot.forges.gitlab import OPEN_TRIGGERS, TEST_TRIGGERS
from bot.handover import Handover
from bot.message import Code, Link, Mention, Message, Plain, Styled, Text
from bot.model import HookRecord, Job, Json, Project
from bot.outside import EVERY_BRANCH, BranchFilter, ForgeAdmin, Right
from bot.people import Account
from tests.fakes.forge import FakeForge
from tests.fakes.hooks import MemoryHooks, MemoryKeys
from tests.fakes.people import MemoryAudit, MemoryPeople

BASE = "https://bot.example.com"
GITLAB = Site(
    name="gitlab",
    forge="gitlab",
    url="https://gitlab.example.com",
    pages="https://gitlab.example.com",
    setting="GITLAB_TOKEN",
    open_triggers=OPEN_TRIGGERS,
    test_triggers=TEST_TRIGGERS,
)
INNER = Site(
    name="inner",
    forge="gitlab",
    url="https://git.inner.example.com/gitlab",
    pages="https://git.inner.example.com/gitlab",
    setting="GITLAB_INNER_TOKEN",
    open_triggers=OPEN_TRIGGERS,
    test_triggers=TEST_TRIGGERS,
)
GITHUB = Site(
    name="github",
    forge="github",
    url="https://api.github.com",
    pages="https://github.com",
    setting="GITHUB_TOKEN",
    open_triggers=frozenset({"push", "pull_request"}),
    test_triggers=("push",),
)
CHANNELS = {"#dev": "C0DEV0001", "#ci": "C0CI00001"}


class Crash(BaseException):
    """The worker was killed."""


@dataclass
class Rules:
    """Triggers and channels by project."""

    needed: dict[str, frozenset[str]] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    filters: dict[str, BranchFilter] = field(default_factory=dict)

    def triggers(self, project: str, forge: str = "gitlab") -> frozenset[str]:
        return self.needed.get(project, frozenset())

    def branches(self, project: Project, forge: str = "gitlab") -> BranchFilter:
        return self.filters.get(project.path, EVERY_BRANCH)

    def projects(self) -> tuple[str, ...]:
        return tuple(self.needed)

    def destinations(self, project: str) -> tuple[str, ...]:
        return self.places.get(project, ())

    def names(self) -> tuple[str, ...]:
        return ("went red", "wait for it")

    def timezone(self) -> str:
        return "Europe/Prague"


class WatchedHooks(MemoryHooks):
    """Tells `before` and `after` of every call."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    @override
    async def hook(self, hook_id: str) -> HookRecord | None:
        self._stage.before("hook")
        found = await super().hook(hook_id)
        self._stage.after("hook")
        return found

    @override
    async def hooks(self, *, project: str | None = None) -> tuple[HookRecord, ...]:
        self._stage.before("stored hooks")
        found = await super().hooks(project=project)
        self._stage.after("stored hooks")
        return found

    @override
    async def save_hook(self, hook: HookRecord) -> None:
        self._stage.before("save_hook")
        await super().save_hook(hook)
        self._stage.after("save_hook")


class Stage:
    """`await stage.run("add group/repo")`; the project group/repo is there, and a rule for it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        self.forge = FakeForge()
        self.forge.add("group/repo")
        self.forge.receiver = self.receive
        self.forge.before, self.forge.after = self.before, self.after
        self.store = WatchedHooks(self)
        self.rules = Rules(
            {"group/repo": frozenset({"push_events", "note_events"})},
            {"group/repo": ("#dev", "#ci")},
        )
        self.sites: tuple[Site, ...] = (GITLAB, INNER, GITHUB)
        self.admins: dict[str, ForgeAdmin] = {"gitlab": self.forge}
        self.public_url: str | None = BASE
        self.people: tuple[str, ...] = ("U0ADMIN01",)
        self.known = MemoryPeople()
        self.audit = MemoryAudit()
        #: What was written to people, by their Slack id.
        self.told: list[tuple[str, Message]] = []
        self.progress: Mapping[str, Json] = {}
        self.said: list[str] = []
        self.counts: list[tuple[int, int]] = []
        self.shown_once: dict[str, str] | None = {}
        self.handovers: list[Handover] = []
        #: What the web part answers when it is not the bot that is reached.
        self.answers_instead: int | None = None
        #: The web part accepts, and nobody notices.
        self.deaf = False
        self.watch: Callable[[str, str], None] = lambda _when, _name: None
        self.keys = MemoryKeys()
        #: What was taken in as if a hook had brought it: (hook id, event, key).
        self.fed: list[tuple[str, str, str]] = []
        #: Keys of deliveries that the inbox holds, and those that were announced as late.
        self.inbox: set[str] = set()
        self.late: dict[str, datetime] = {}
        self._numbers = iter(range(1, 100_000))

    def before(self, name: str) -> None:
        self.watch("before", name)

    def after(self, name: str) -> None:
        self.watch("after", name)

    async def receive(self, url: str, secret: str) -> int:
        """The web part: our own addresses with the right secret are accepted."""
        if self.answers_instead is not None:
            return self.answers_instead
        row = self.store.rows.get(url.rpartition("/")[2])
        if not url.startswith(f"{BASE}/hooks/gitlab/") or row is None or row.status == "removed":
            return 404
        if secret not in row.secrets:
            return 401
        if not self.deaf:
            self.now += timedelta(seconds=1.2)
            proved = row.status == "proving"
            await MemoryHooks.mark_seen(self.store, row.id, proved=proved, now=self.now)
        return 202

    async def run(self, words: str, *, who: str = "U0ADMIN01") -> Message:
        """A new job."""
        self.progress = {}
        return await self.resume(words, who=who)

    async def resume(self, words: str, *, who: str = "U0ADMIN01") -> Message:
        """The job once more, from what was written down."""
        job = Job(
            id="job", command="/hook", args=tuple(words.split()), who=who, progress=self.progress
        )
        return await commands.run(self.context(), job)

    def context(self) -> Context:
        return Context(
            hooks=self.store,
            forge=self.admins.get,
            rules=self.rules,
            sites=self.sites,
            public_url=self.public_url,
            admins=self.people,
            clock=self._Clock(self),
            say=self._say,
            count=self._count,
            progress=self._save,
            pause=self._pause,
            new_secret=lambda: f"secret-{next(self._numbers)}",
            new_id=lambda: f"id{next(self._numbers)}",
            channel=self._channel,
            channel_name=self._channel_name,
            one_time=self._one_time if self.shown_once is not None else None,
            sign_in=self._sign_in,
            keys=self.keys,
            feed=self._feed,
            received=self._received,
            announce=self._announce,
            people=self.known,
            audit=self.audit,
            tell=self._tell,
        )

    @dataclass
    class _Clock:
        stage: Stage

        def now(self) -> datetime:
            return self.stage.now

    async def _say(self, words: str) -> None:
        self.before("say")
        self.said.append(words)

    async def _count(self, done: int, total: int) -> None:
        self.before("count")
        self.counts.append((done, total))

    async def _save(self, progress: Mapping[str, Json]) -> None:
        self.before("progress")
        self.progress = dict(progress)
        self.after("progress")

    async def _pause(self, seconds: float) -> None:
        self.before("pause")
        self.now += timedelta(seconds=seconds)

    async def _channel(self, name: str) -> str | None:
        return CHANNELS.get(name) or (name if name in CHANNELS.values() else None)

    async def _channel_name(self, channel: str) -> str:
        return next((name for name, id_ in CHANNELS.items() if id_ == channel), channel)

    async def _one_time(self, handover: Handover) -> str:
        assert self.shown_once is not None
        self.shown_once[f"{BASE}/once/{len(self.shown_once)}"] = handover.secret
        self.handovers.append(handover)
        return f"{BASE}/once/{len(self.shown_once) - 1}"

    async def _sign_in(self, who: str, instance: str) -> str:
        return f"https://{instance}.example.com/oauth/authorize?state={who}"

    async def _tell(self, slack: str, message: Message) -> None:
        self.told.append((slack, message))

    def link(self, slack: str, username: str, right: Right, project: str = "group/repo") -> None:
        """Somebody whose account is known, and what they may do on a project."""
        self.forge.people.setdefault(username, "")
        (place,) = (p for p in self.forge.places.values() if p.project.path == project)
        place.rights[username] = right
        self.known.rows[slack, "gitlab"] = Account(
            slack=slack, instance="gitlab", username=username, proved="code"
        )

    async def _feed(
        self, record: HookRecord, body: Mapping[str, Json], *, event: str, key: str
    ) -> bool:
        self.before("feed")
        fresh = (record.id, event, key) not in self.fed
        if fresh:
            self.fed.append((record.id, event, key))
        return fresh

    async def _received(self, _hook: str, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(self.inbox & set(keys))

    async def _announce(self, _hook: str, keys: Mapping[str, datetime]) -> None:
        self.late |= keys

    # -- what tests ask ------------------------------------------------------------------------

    def active(self, project: str = "group/repo") -> list[HookRecord]:
        rows = self.store.rows.values()
        return [r for r in rows if r.project == project and r.status == "active"]

    def statuses(self) -> list[str]:
        return sorted(row.status for row in self.store.rows.values() if row.status != "removed")

    def assert_one_good_hook(self, project: str = "group/repo") -> None:
        """One at the forge, one in the store, with one address and one secret."""
        (held,) = self.forge.held(project)
        (record,) = self.active(project)
        assert held.shown.url == f"{BASE}/hooks/gitlab/{record.id}"
        assert held.wish.secret == record.secrets[0]
        assert held.shown.id == record.remote_id
        assert self.statuses() == ["active"]

    def assert_one_good_hook_of(self, project: str) -> None:
        """As `assert_one_good_hook`, beside others."""
        (held,) = self.forge.held(project)
        (record,) = self.active(project)
        assert held.wish.secret == record.secrets[0]
        assert held.shown.id == record.remote_id

    def assert_nothing(self) -> None:
        assert self.forge.held("group/repo") == []
        assert self.statuses() == []


def shown(message: Message) -> str:
    """All of it as plain text."""
    return "\n".join(_plain(part) for part in (message.text, *message.body, *message.context))


def _plain(body: Text) -> str:
    parts: list[str] = []
    for span in body:
        match span:
            case Plain(value) | Code(value):
                parts.append(value)
            case Styled(_, inner):
                parts.append(_plain(inner))
            case Link(label, url):
                parts.append(f"{label} <{url}>")
            case Mention(id_, _):
                parts.append(f"@{id_}")
            case _:
                raise AssertionError(span)
    return "".join(parts)
