"""What a command declares about itself, and what it may ask of the rest of the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from bot.errors import CommandError
from bot.outside import Right

if TYPE_CHECKING:
    from datetime import datetime

    from bot.commands.permission import Permission
    from bot.commands.tracing import History
    from bot.deploy_keys import KeyRecord
    from bot.handover import Handover
    from bot.message import Message
    from bot.model import HookRecord, Job, Json, Project
    from bot.outside import BranchFilter, ForgeAdmin
    from bot.people import Account, Act, LinkCode
    from bot.ports import Clock, Hooks
    from bot.rules.mutes import Mute

#: Who the command line and the console act as.
LOCAL: Final = "local"


class Takes(Enum):
    """Whether a verb is about a project."""

    NOTHING = "nothing"
    PERHAPS = "perhaps"
    PROJECT = "project"
    #: One or more, groups (`group/*`, `group/**`) among them.
    PROJECTS = "projects"
    #: As PROJECTS, or none at all.
    ANY_PROJECTS = "any projects"
    #: The name of a verb.
    VERB = "verb"
    #: Whatever it reads itself.
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A command's words, understood as far as the words alone go."""

    #: As written: a path or an address.
    project: str | None = None
    #: `#name` or an id.
    channel: str | None = None
    flags: frozenset[str] = frozenset()
    #: The instance named with `--on`.
    on: str | None = None
    verb: str | None = None
    #: Everything else, for verbs that read it themselves.
    words: tuple[str, ...] = ()
    #: Of verbs that take several, as written.
    projects: tuple[str, ...] = ()
    #: What stands behind an option that takes a value.
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """One verb of `/hook`, beside its handler."""

    name: str
    #: Behind `/hook `.
    usage: str
    summary: str
    examples: tuple[str, ...]
    #: For BOT_ADMINS only, whatever somebody may do at a forge.
    admin_only: bool = False
    #: What somebody must be allowed at the forge, on the project it is about; BOT_ADMINS need not.
    needs: Right = Right.NONE
    #: Whether it is kept in the audit; None: when not everybody may give it.
    acts: bool | None = None
    takes: Takes = Takes.PROJECT
    #: Of a verb that reads its words itself: which of them names a project.
    about: int | None = None
    channel: bool = False
    flags: tuple[str, ...] = ()
    #: Options that take a value: `--expires 90d`.
    options: tuple[str, ...] = ()
    run: Handler

    @property
    def audited(self) -> bool:
        limited = self.admin_only or self.needs is not Right.NONE
        return limited if self.acts is None else self.acts

    @property
    def who(self) -> str:
        """For whom it is, in a word or two."""
        if self.admin_only:
            return "admins"
        return _WHO[self.needs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A forge instance, and what the commands must know of its kind."""

    name: str
    #: `gitlab`, `github`.
    forge: str
    url: str
    #: The setting that would hold its token.
    setting: str
    #: Every trigger that brings nothing confidential.
    open_triggers: frozenset[str]
    #: What its test call can send, the likeliest first.
    test_triggers: tuple[str, ...]
    #: Address of its pages: GitHub's API has one of its own.
    pages: str
    #: People can sign in there.
    oauth: bool = False


class People(Protocol):
    """Who is who."""

    async def accounts(
        self, *, slack: str | None = None, instance: str | None = None
    ) -> tuple[Account, ...]: ...

    async def save_account(self, account: Account) -> Account | None:
        """In place of the person's earlier one of that instance; returns the one that another
        person had linked and loses by it."""

    async def forget_account(self, slack: str, instance: str) -> bool:
        """False when there is none."""

    async def link_code(self, slack: str, instance: str) -> LinkCode | None:
        """The one asked for last, over or not."""

    async def save_link_code(self, code: LinkCode) -> None: ...

    async def forget_link_code(self, slack: str, instance: str) -> None: ...

    async def proof_waits(self, slack: str) -> bool:
        """Whether somebody signed in at a forge for that person and was shown a code."""

    async def take_proof(self, slack: str, given: str) -> Account | None:
        """The account that was signed in with, when the code is its; a few wrong ones end it."""

    async def quiet_people(self) -> frozenset[str]:
        """Slack ids of those who want no direct messages."""

    async def set_quiet(self, slack: str, *, quiet: bool, now: datetime) -> None: ...


class AuditEntry(Protocol):
    """What somebody did by a command, or a rule outside of chat."""

    @property
    def at(self) -> datetime: ...

    @property
    def who(self) -> str: ...

    @property
    def verb(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def instance(self) -> str: ...

    @property
    def rule(self) -> str:
        """Empty for a command."""

    @property
    def outcome(self) -> str: ...

    @property
    def detail(self) -> str: ...

    @property
    def words(self) -> str:
        """Of a command: as typed."""


class DeployKeys(Protocol):
    """What is remembered of the deploy keys that the bot made."""

    async def deploy_keys(self, *, project: str | None = None) -> tuple[KeyRecord, ...]:
        """Those not removed, by project path and age; one project's when named (any case)."""

    async def save_deploy_key(self, key: KeyRecord) -> None:
        """Insert or replace by id."""


class Feed(Protocol):
    """Takes a body in as if the hook had delivered it; a key that is known is not taken twice."""

    async def __call__(
        self, record: HookRecord, body: Mapping[str, Json], *, event: str, key: str
    ) -> bool: ...


class Audit(Protocol):
    async def record_act(self, act: Act) -> None:
        """Once for each end of a job."""

    async def list_audit(
        self, *, limit: int = 100, project: str | None = None
    ) -> Sequence[AuditEntry]:
        """Newest first."""


class RulesView(Protocol):
    """The active rules, as far as hooks go."""

    def triggers(self, project: str, forge: str = "gitlab") -> frozenset[str]:
        """Hook attributes that rules for this project need, for `any` and `unmatched` every open
        one, confidential twins only where a rule says so; empty when no rule could match it."""

    def branches(self, project: Project, forge: str = "gitlab") -> BranchFilter:
        """Whose pushes rules for this project could want; `$default` by the project's own."""

    def projects(self) -> tuple[str, ...]:
        """Those that rules name one by one."""

    def destinations(self, project: str) -> tuple[str, ...]:
        """Channels its events could go to, as people read them (`#dev`), without repeats."""

    def names(self) -> tuple[str, ...]:
        """Of every rule."""

    def timezone(self) -> str:
        """In which times of day are meant."""


class Mutes(Protocol):
    """What is muted from chat."""

    async def mutes(self, *, now: datetime) -> tuple[Mute, ...]:
        """Those in force, the oldest first."""

    async def mute(self, mute: Mute, *, now: datetime) -> None:
        """In place of one that is about the same."""

    async def unmute(self, mute: Mute, *, now: datetime) -> bool:
        """False when there is none that is about the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a handler may touch."""

    hooks: Hooks
    #: The REST half of an instance by its name; None when it has no token.
    forge: Callable[[str], ForgeAdmin | None]
    rules: RulesView
    #: The first is meant when a project is named without an address.
    sites: tuple[Site, ...]
    public_url: str | None
    admins: tuple[str, ...]
    clock: Clock
    #: Tells the person how far it is.
    say: Callable[[str], Awaitable[None]]
    #: Tells everybody in the channel how many of how many things are done.
    count: Callable[[int, int], Awaitable[None]]
    #: Writes down what a restart must know; replaces what was written before.
    progress: Callable[[Mapping[str, Json]], Awaitable[None]]
    #: Waits that many seconds.
    pause: Callable[[float], Awaitable[None]]
    new_secret: Callable[[], str]
    #: Part of a hook's address.
    new_id: Callable[[], str]
    #: A channel's id by `#name` or id; None when there is none the bot can see.
    channel: Callable[[str], Awaitable[str | None]]
    #: A channel's id to what people read: `#dev`, or the id when its name is not known.
    channel_name: Callable[[str], Awaitable[str]]
    #: To the address of a page that shows it once; None where there is no page.
    one_time: Callable[[Handover], Awaitable[str]] | None = None
    #: (Slack id, instance) to where that person signs in; for sites with `oauth`.
    sign_in: Callable[[str, str], Awaitable[str]] | None = None
    #: Deliveries and what became of them; None where there is no store.
    history: History | None = None
    #: None where there is no store.
    mutes: Mutes | None = None
    #: None where there is no store.
    people: People | None = None
    audit: Audit | None = None
    #: Writes to somebody by their Slack id; nobody waits for it.
    tell: Callable[[str, Message], Awaitable[None]] | None = None
    #: None where there is no store.
    keys: DeployKeys | None = None
    feed: Feed | None = None
    #: Which of these keys the inbox holds for that hook.
    received: Callable[[str, Sequence[str]], Awaitable[frozenset[str]]] | None = None
    #: Announces (hook id, delivery keys and when they were due) that late deliveries will come.
    announce: Callable[[str, Mapping[str, datetime]], Awaitable[None]] | None = None
    #: What the person who gave the command may do; set while it is carried out.
    permission: Permission | None = None
    #: Every command, for help.
    commands: tuple[CommandSpec, ...] = ()

    @property
    def base(self) -> str:
        """PUBLIC_URL without a slash at its end."""
        if not self.public_url:
            raise CommandError(
                "PUBLIC_URL is not set, so a forge could not reach this bot: set it to the bot's"
                " address as seen from the forge (https://bot.example.com) and restart the bot."
            )
        return self.public_url.rstrip("/")


_WHO: Final[Mapping[Right, str]] = {
    Right.NONE: "everybody",
    Right.READ: "members of the project",
    Right.WRITE: "developers of the project",
    Right.MANAGE: "maintainers of the project",
    Right.OWN: "owners of the project",
}

Handler: TypeAlias = "Callable[[Context, Job, Arguments], Awaitable[Message]]"
