"""What the bot asks of chats, forges and other servers: the protocols their adapters fill."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.message import Message, Text
    from bot.model import Action, Call, Event, Json, Person, Place, Project, Value


# -- chat ------------------------------------------------------------------------------------


class Chat(Protocol):
    """Slack, or the preview that stands in for it. Every method raises CallError."""

    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None, broadcast: bool
    ) -> Place:
        """A new message; `key` is kept with it, so that `find` can tell it was sent."""

    async def edit(self, place: Place, message: Message) -> None: ...

    async def react(self, place: Place, emoji: str, *, remove: bool) -> None:
        """Already there, or already gone, is success."""

    async def find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None:
        """Our own message with that key, posted at or after `since`."""

    async def channels(self) -> Mapping[str, str]:
        """Channel ids by name without `#`; cached by the adapter."""

    async def shared_channels(self) -> frozenset[str]:
        """Ids of those that people of another organisation read; from the same listing."""

    async def is_shared(self, channel: str) -> bool:
        """The same of one channel, by id or name, asked anew every few minutes."""

    async def member(self, email: str) -> str | None:
        """The id of the person with exactly that e-mail address; None when there is none."""

    async def teams(self) -> Mapping[str, str]:
        """Ids of groups of people by lower-case handle."""

    async def answer(self, reply_to: str, message: Message, *, replace: bool) -> None:
        """To the person who typed a command, by the command's response_url."""

    async def whisper(self, channel: str, person: str, message: Message) -> None:
        """In the channel, where only that person sees it, until they reload. Raises TargetRefused
        when the bot, or the person, is not in the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A channel that the chat shows the bot."""

    id: str
    #: Without `#`.
    name: str
    #: The bot is in it.
    joined: bool


class Trace(Protocol):
    """Where the actions' rule is shown beside the message (the preview page)."""

    async def note(self, place: Place, action: Action) -> None: ...


# -- forges ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An HTTP request of a hook before it is believed; header names are lower-case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the inbox needs to know of a body."""

    #: Dedupe key, unique with the hook.
    key: str
    #: The event header as sent; `` when there was none.
    event: str
    #: None for bodies without a project: they take the hook's lane.
    project_id: str | None
    #: Address or host name of the instance that sent it; empty when nothing tells.
    place: str = ""


class Forge(Protocol):
    """The pure half of a forge."""

    name: str
    #: It may send its JSON as the field `payload` of a form.
    forms: bool
    #: A TypedDict: the members of a body that `identify` reads.
    telling: type

    def disowned(self, headers: Mapping[str, str]) -> str:
        """Whose delivery it is when it only has this forge's headers too; empty when it is not."""

    def verify(self, received: Received, secrets: Sequence[str], *, now: datetime) -> bool:
        """Constant time over the raw bytes; True when signed with one of the secrets."""

    def identify(self, received: Received, body: Json) -> Identity: ...


@dataclass(frozen=True, slots=True)
class BranchFilter:
    """Of which branches a hook brings the pushes; of all, as it stands here."""

    #: `all`, `wildcard` (one name in which `*` stands for anything), `regex` (RE2, a search).
    kind: str = "all"
    pattern: str = ""


EVERY_BRANCH: Final = BranchFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookWish:
    """What a hook should be at the forge."""

    url: str
    #: Attributes that are on (`push_events`); all others are sent as off.
    triggers: frozenset[str]
    #: One of the form `whsec_…` is used to sign where the forge can, instead of being sent along.
    secret: str = field(repr=False)
    verify_tls: bool = True
    #: A forge that knows no filter of that kind brings the pushes of all branches.
    branches: BranchFilter = EVERY_BRANCH


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteHook:
    id: str
    url: str
    triggers: frozenset[str]
    #: `executable`, `temporarily_disabled`, `disabled`.
    health: str = "executable"
    #: When the forge will try it again by itself.
    disabled_until: datetime | None = None
    created_at: datetime | None = None
    branches: BranchFilter = EVERY_BRANCH
    #: Triggers that the forge, being an older one, may not have heard of.
    unheard: frozenset[str] = frozenset()
    #: Kinds of branch filter that the forge has.
    filters: frozenset[str] = frozenset({"all"})
    #: Its deliveries are signed, and its secret is not sent along.
    signed: bool = False


class Right(IntEnum):
    """What somebody may do on a project; each includes those before it."""

    #: Not a member, blocked, expired, or unknown.
    NONE = 0
    READ = 10
    WRITE = 30
    #: Hooks and deploy keys: GitLab's Maintainer, GitHub's admin.
    MANAGE = 40
    OWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One delivery of a hook as the forge keeps it, whether it reached us or not."""

    #: The forge's id of it, for `resend`.
    id: str
    #: The key under which our inbox knows it, had it come; empty when the forge does not tell.
    key: str
    #: The event header.
    event: str
    at: datetime
    #: What we answered; 0 when we were not reached.
    status: int
    #: What the forge says of it (`timeout`, `connection refused`); empty when all went well.
    error: str = ""
    #: What it was about, where the forge tells (`merge_request 7`): the same for all its events.
    subject: str = ""

    @property
    def delivered(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKey:
    id: str
    title: str
    #: `SHA256:…`, without padding; empty when the forge shows none.
    fingerprint: str
    #: It may push.
    writes: bool
    created_at: datetime | None = None
    expires_at: datetime | None = None


class ForgeFacts(Protocol):
    """What a forge's API knows of an event and its deliveries do not tell."""

    async def fetch(self, event: Event, names: frozenset[str]) -> Mapping[str, Value | None]:
        """The fields asked for: None where the forge has no such value. One that it tells only
        in part (a difference that is cut) is left out. Raises CallError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was made outside of chat."""

    #: The forge's id of it; of a note on a commit `<discussion>/<note>`.
    id: str
    url: str = ""
    status: str = ""


class ForgeCalls(Protocol):
    """What rules do at a forge. Every method raises CallError."""

    async def account(self) -> Person:
        """Whose token it is; `bot` when the forge calls it a machine's."""

    async def comment(self, call: Call, body: Text, *, key: str, note: str | None) -> Receipt:
        """A new note, or the one with that id written anew; `key` is kept in it, unseen."""

    async def find_comment(self, call: Call, *, key: str) -> Receipt | None:
        """Our own note with that key."""

    async def pipeline(self, call: Call, *, key: str) -> Receipt: ...

    async def find_pipelines(self, call: Call, *, key: str, since: datetime) -> tuple[Receipt, ...]:
        """Those that could be ours, made at or after `since`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequest:
    """`${secret:NAME}` in the address and in Trusted spans is replaced only when it is sent."""

    url: str
    method: str
    headers: Mapping[str, Text]
    #: JSON whose texts are Text, that is tuples; None = no body.
    body: Json
    timeout_s: float


class WebCalls(Protocol):
    """Servers that rules call."""

    async def send(self, request: WebRequest, *, key: str) -> Receipt:
        """Raises CallError. `key`: the same when it is sent again."""


class ForgeAdmin(Protocol):
    """The REST half of a forge. Every method raises CallError (or CommandError with a cause a
    person can act on)."""

    async def project(self, path: str) -> Project:
        """By its path or its id."""

    async def hooks(self, project_id: str) -> tuple[RemoteHook, ...]:
        """All pages."""

    async def create_hook(self, project_id: str, wish: HookWish) -> RemoteHook: ...

    async def update_hook(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook: ...

    async def delete_hook(self, project_id: str, hook_id: str) -> None:
        """One that is gone already counts as deleted."""

    async def test_hook(self, project_id: str, hook_id: str, trigger: str) -> None:
        """Returns when the forge says that it delivered. Refused has the code `no_sample` when
        the project has nothing to send, `undelivered` (its text is the forge's reason) when the
        receiver was not reached or refused it."""

    async def last_answer(self, project_id: str, hook_id: str) -> str:
        """What the forge got for its latest delivery of the hook (`401`, `internal error`);
        empty when it tells nothing."""

    # -- who may -------------------------------------------------------------------------------

    async def person(self, username: str) -> Person | None:
        """The account of exactly that name; None when there is none."""

    async def right(self, project_id: str, username: str) -> Right:
        """Effective: inherited and by invitation too; NONE when blocked or expired."""

    async def says(self, username: str) -> str:
        """What the account shows of itself on its public profile (status, bio), on one line:
        there a person puts the one-time code of `/hook link`."""

    # -- more than one project -------------------------------------------------------------------

    async def group(self, path: str) -> Project:
        """A group or organization; its id, which begins with `group-`, goes wherever a hook's
        project does. What may be done with its hooks, its owners may."""

    async def projects(self, group: str, *, nested: bool) -> tuple[Project, ...]:
        """Of a group or owner, without archived ones; `nested`: of its subgroups too."""

    async def open_mrs(self, project_id: str) -> tuple[Json, ...]:
        """As bodies that the event family reads: like deliveries of their opening."""

    # -- what came and what did not --------------------------------------------------------------

    async def attempts(
        self, project_id: str, hook_id: str, *, since: datetime
    ) -> tuple[Attempt, ...]:
        """Newest first; empty where the forge keeps none (GitLab before 17.3)."""

    async def detailed(
        self, project_id: str, hook_id: str, attempts: Sequence[Attempt]
    ) -> tuple[Attempt, ...]:
        """The same with their `subject`; a forge may have to be asked about each of them."""

    async def resend(self, project_id: str, hook_id: str, attempt_id: str) -> None:
        """Once more, under the same key. NotSent with `retry_after` at the forge's limit."""

    # -- deploy keys -----------------------------------------------------------------------------

    async def keys(self, project_id: str) -> tuple[DeployKey, ...]: ...

    async def add_key(
        self,
        project_id: str,
        *,
        title: str,
        public_key: str,
        writes: bool,
        expires_at: datetime | None,
    ) -> DeployKey:
        """GitHub keys have no expiry of their own: the bot remembers it. ContentRefused with the
        code `taken` when the forge knows the key already."""

    async def delete_key(self, project_id: str, key_id: str) -> None:
        """One that is gone already counts as deleted."""

    async def set_variable(self, project_id: str, name: str, value: str) -> None:
        """A variable (GitHub: an Actions secret) for the project's builds, hidden where the
        forge can."""
