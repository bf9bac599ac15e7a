"""The frozen words of the program: delivery, event, subject key, check, decision, action."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType, TypeAlias

from bot.fault import Fault as Fault
from bot.fault import Level as Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Message
    from bot.people import Unknown
    from bot.waiting import Held, Touched

#: JSON as the standard library reads it; narrowed by whoever reads it.
Json: TypeAlias = Any  # recursive unions of Mapping and Sequence are not checkable at run time

DeliveryId = NewType("DeliveryId", str)  # time-ordered, 26 characters
ActionId = NewType("ActionId", str)  # `<delivery id>.<n>`: also the outbox's dedupe key
Lane = NewType("Lane", str)  # `decide:…`, `send:…`, `forge:…`, `http:…`
SubjectKey = NewType("SubjectKey", str)  # `<instance>:<project id>:<kind>:<ident>`


def subject_key(instance: str, project_id: str, kind: str, ident: str) -> SubjectKey:
    """The key of one thing at one forge; project ids keep it through renames."""
    return SubjectKey(f"{instance}:{project_id}:{kind}:{ident}")


def action_id(delivery: DeliveryId, number: int) -> ActionId:
    return ActionId(f"{delivery}.{number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One HTTP request of a hook, as received; headers are lower-case and hold no secret."""

    id: DeliveryId
    forge: str
    #: The instance's name in the settings: `gitlab`, `github`, or `<name>` of GITLAB_<NAME>_URL.
    instance: str
    #: The public id of our hook, or `shared` for the paths of WEBHOOK_SECRET.
    hook: str
    #: Unique with `hook`: Idempotency-Key, X-GitHub-Delivery, or a SHA-256 of event and body.
    key: str
    #: The forge's own word: the event header, e.g. `Push Hook`.
    event: str
    lane: Lane
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    id: str
    #: `group/sub/repo` as the forge writes it now.
    path: str
    url: str = ""
    default_branch: str = ""
    #: `public`, `internal`, `private`, or `` when the payload does not say.
    visibility: str = ""

    @property
    def group(self) -> str:
        """Everything before the last `/`; empty for a project without a group."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at a forge; rules compare `username`, messages show `name`."""

    username: str
    name: str = ""
    id: str = ""
    bot: bool = False
    #: Where the forge shows one; never in texts.
    email: str = ""

    @property
    def shown(self) -> str:
        return self.name or self.username


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Something with a title and an address that a template may `| link`."""

    label: str
    url: str


#: What a rule may match and a template may show. An absent field is missing from the mapping.
Value: TypeAlias = (
    str
    | bool
    | int
    | float
    | timedelta
    | datetime
    | Person
    | Ref
    | tuple[str, ...]
    | tuple[Person, ...]
    | tuple[Ref, ...]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A delivery, understood."""

    forge: str
    instance: str
    #: The family: `push`, `mr`, `pipeline`, …; `other` when nobody knows it.
    kind: str
    #: Every name it answers to without state, most precise first; a bare kind is implied.
    names: tuple[str, ...]
    #: None for group, system and user events.
    project: Project | None
    actor: Person | None
    #: The family's own frozen class, for its default texts.
    subject: Any  # each family narrows it by isinstance in its own file
    #: The first is what the event is about; the rest are what else it touches (commit, branch).
    subjects: tuple[SubjectKey, ...]
    fields: Mapping[str, Value]
    url: str = ""
    confidential: bool = False
    #: It tells of nothing (a forge tries whether the hook works): no rule is asked.
    silent: bool = False
    #: State keys that hold a further SubjectKey, e.g. the merge request of a head commit.
    links: tuple[str, ...] = ()
    #: The parsed body, for `payload.*`.
    payload: Mapping[str, Json] = field(default_factory=dict, repr=False)

    @property
    def known(self) -> bool:
        return self.kind != "other"


class Outcome(Enum):
    """A candidate rule's verdict on one delivery."""

    SENT = "sent"
    NO_MATCH = "no match"
    WITHHELD = "withheld"
    UNKNOWN = "unknown"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition's outcome."""

    field: str
    wanted: str
    #: What the event held, as text; None when the field was absent.
    seen: str | None
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    rule: str
    file: str
    line: int
    outcome: Outcome
    #: Why not, or what became of it: `once (sent …)`, `reply: no thread yet`.
    reason: str = ""
    #: The first condition that failed.
    failed: Check | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an action does outside of chat: at a forge, or at another server."""

    lane: Lane
    #: The forge's instance and the project's id; empty for other servers.
    instance: str = ""
    project_id: str = ""
    #: Who caused it: their name at the forge.
    asked_by: str = ""
    #: The verb's own: see its file in `actions/`. Holds no secret, only their names.
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One planned effect. `channel` is what the rules file names, resolved as far as it can be;
    a Slack user id for `dm`, `group/repo!7`, a ref or a host for a call."""

    id: ActionId
    verb: str
    rule: str
    channel: str
    #: The thread's key, or of what is reacted to.
    subject: SubjectKey
    message: Message | None = None
    #: The first message this one answers, edits or reacts to; None for a new root.
    root: ActionId | None = None
    #: Subject keys this root claims in its channel, so that later replies find it.
    claims: tuple[SubjectKey, ...] = ()
    emoji: str | None = None
    remove: bool = False
    #: It changes the reply at `root` instead of adding one below it.
    edit: bool = False
    broadcast: bool = False
    #: Send it as a root of its own when its root is dead; else it is dropped.
    alone: bool = False
    #: A waiting action of the same channel with the same slot is replaced in its place.
    slot: str | None = None
    #: A confidential event: checked again against the channel when sent.
    confidential: bool = False
    #: Of a project that is not public, as far as its event tells: checked again as well.
    private: bool = False
    #: Said by itself, also in a channel that is far behind.
    apart: bool = False
    #: Of verbs that act outside of chat.
    call: Call | None = None
    #: Actions whose receipts its texts show, by the name they have there: `run`.
    after: Mapping[str, ActionId] = field(default_factory=dict)

    @property
    def is_edit(self) -> bool:
        """It changes a message that is there, and notifies nobody."""
        return self.edit or (self.verb == "card" and self.root is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A subject's first message in a channel: reserved by `root`, placed when `ts` is known."""

    channel: str
    subject: SubjectKey
    root: ActionId
    rule: str
    card: bool
    ts: str | None
    #: When it was last claimed.
    at: datetime
    #: The root was given up: nothing hangs below it.
    dead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one event, decided without any I/O."""

    ruleset: str
    #: The event's names, derived ones (`pipeline.broken`) included.
    names: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = ()
    actions: tuple[Action, ...] = ()
    #: State to write with the decision; None forgets the key.
    remember: Mapping[str, Json] = field(default_factory=dict)
    #: Keys that other lanes may write too, with the value seen: to be decided again if it changed.
    expect: Mapping[str, Json] = field(default_factory=dict)
    #: What waits for its batch, its hours or the end of a throttle's window.
    held: tuple[Held, ...] = ()
    touched: tuple[Touched, ...] = ()
    #: People whom rules wanted to mention or write to, and nobody knows who they are.
    unknown: tuple[Unknown, ...] = ()
    #: Rules that were not candidates.
    skipped: int = 0
    #: Fields that state or the forge's API told: with the event they are what rules saw.
    learned: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """`decide` lacks state: load these and decide again."""

    memory: tuple[str, ...] = ()
    threads: tuple[SubjectKey, ...] = ()
    #: Fields of the event that only its forge's API knows.
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What was loaded for a decision; a key that was looked for and not found maps to None."""

    memory: Mapping[str, Json] = field(default_factory=dict)
    threads: Mapping[SubjectKey, tuple[Thread, ...]] = field(default_factory=dict)
    #: There is no more than this: a missing key is one that nobody knows.
    whole: bool = False
    #: What the forge's API told of this event; None = it has no such value.
    facts: Mapping[str, Value | None] = field(default_factory=dict)
    #: Fields that could not be fetched, and why.
    unknown: Mapping[str, str] = field(default_factory=dict)
    #: There is no API to ask: rules whose conditions need it are unknown, texts go without.
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message is: Slack's channel id and the message's `ts`."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A planned action waiting for its turn."""

    action: Action
    lane: Lane
    delivery: DeliveryId
    #: Calls made for it, the one that may be under way included; none that was told to wait.
    attempts: int
    created_at: datetime
    #: It was `sending` when a worker died or a call ended ambiguously: look before posting.
    maybe_sent: bool
    error: str | None = None
    place: Place | None = None
    state: str = "todo"
    #: When the tries that count for giving up began: later than `created_at` after a retry by
    #: hand. None = `created_at`.
    tried_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRecord:
    """A webhook we made (or a person made by our steps) on one project."""

    #: Ours, random, part of its URL.
    id: str
    forge: str
    instance: str
    project_id: str
    project: str
    #: The forge's id of it; empty while it is made by hand.
    remote_id: str
    #: Accepted now; two during a rotation. Never logged, stored encrypted.
    secrets: tuple[str, ...] = field(repr=False)
    events: tuple[str, ...] = ()
    #: Default route: a channel used only when no rule matches.
    channel: str | None = None
    #: `proving` (deliveries are never routed), `active`, `paused`, `manual`, `removed`.
    status: str = "active"
    created_by: str = ""
    created_at: datetime | None = None
    #: First delivery that proved it.
    proved_at: datetime | None = None
    last_seen_at: datetime | None = None
    #: Of a rotation whose new secret a delivery proved: until then the old one is accepted too.
    retire_at: datetime | None = None

    def accepted(self, now: datetime) -> tuple[str, ...]:
        """Secrets that count now."""
        over = self.retire_at is not None and now >= self.retire_at
        return self.secrets[:1] if over else self.secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command waiting to be carried out."""

    id: str
    command: str
    #: The words after the command, unparsed.
    args: tuple[str, ...]
    #: Slack user id, or `local`.
    who: str
    #: Channel it was typed in; empty from the command line.
    channel: str = ""
    #: Slack's response_url: a secret, never logged, stored encrypted.
    reply_to: str = field(default="", repr=False)
    attempts: int = 0
    state: str = "todo"
    #: What a step wrote down so that a restart goes on from there.
    progress: Mapping[str, Json] = field(default_factory=dict)
    answer: Message | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySummary:
    """A stored delivery without its headers and body, for lists."""

    id: DeliveryId
    forge: str
    instance: str
    hook: str
    event: str
    #: Path as in the payload; empty until it is decided, and for events without a project.
    project: str
    received_at: datetime
    #: `new`, `decided`, `failed`.
    status: str
    error: str | None = None
    #: The delivery it repeats.
    replay_of: DeliveryId | None = None
