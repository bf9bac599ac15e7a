"""What a command declares about itself, and what it may ask of the rest of the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from bot.errors import CommandError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.commands.tracing import History
    from bot.message import Message
    from bot.model import Job, Json
    from bot.outside import ForgeAdmin
    from bot.ports import Clock, Hooks
    from bot.rules.mutes import Mute

#: Who the command line and the console act as.
LOCAL: Final = "local"


class Takes(Enum):
    """Whether a verb is about a project."""

    NOTHING = "nothing"
    PERHAPS = "perhaps"
    PROJECT = "project"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """One verb of `/hook`, beside its handler."""

    name: str
    #: Behind `/hook `.
    usage: str
    summary: str
    examples: tuple[str, ...]
    admin_only: bool = False
    takes: Takes = Takes.PROJECT
    channel: bool = False
    flags: tuple[str, ...] = ()
    run: Handler


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


class RulesView(Protocol):
    """The active rules, as far as hooks go."""

    def triggers(self, project: str) -> frozenset[str]:
        """Hook attributes that rules for this project need, for `any` and `unmatched` every open
        one, confidential twins only where a rule says so; empty when no rule could match it."""

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
    #: (title, secret) to the address of a page that shows it once; None where there is no page.
    one_time: Callable[[str, str], Awaitable[str]] | None = None
    #: Deliveries and what became of them; None where there is no store.
    history: History | None = None
    #: None where there is no store.
    mutes: Mutes | None = None
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


Handler: TypeAlias = "Callable[[Context, Job, Arguments], Awaitable[Message]]"
