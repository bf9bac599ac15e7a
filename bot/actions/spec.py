"""What a rule asks for, parsed: one ActionSpec per verb of a rule, and what planning may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from bot.model import Value

if TYPE_CHECKING:
    from bot.message import Span, Text
    from bot.model import Person

#: A field's value, or None when the event does not have it. `payload.a.b` reads the body.
Lookup: TypeAlias = Callable[[str], Value | None]

Size: TypeAlias = Literal["line", "compact", "card"]


class Template(Protocol):
    """A compiled text of a rule; compiled on first use."""

    source: str
    #: Every field it reads, with the line of its first use.
    fields: tuple[tuple[str, int], ...]

    def render(self, lookup: Lookup, *, people: Callable[[Person], Span]) -> Text:
        """Literal parts become Trusted, values Plain; `people` says how `| mention` shows
        somebody. Raises RenderError on a bad value."""

    def key(self, lookup: Lookup) -> str | None:
        """As plain text, for thread keys; None when a value it shows is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where a message goes: fixed channels, or by a field's values through a map."""

    #: Channels, each an id or `#name`; aliases are resolved at load.
    to: tuple[str, ...] = ()
    #: The field whose values are looked up; None for fixed channels.
    by: str | None = None
    #: (matcher of a value, channels), in the file's order; every value that maps counts.
    cases: tuple[tuple[Callable[[str], bool], tuple[str, ...]], ...] = ()
    default: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel it can lead to, each once."""
        mapped = (channel for _, channels in self.cases for channel in channels)
        return tuple(dict.fromkeys((*self.to, *mapped, *self.default)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One verb of a rule. Which members a verb reads is its file's business."""

    verb: str
    #: Where it stands in the file, for faults.
    line: int
    to: Routing = field(default_factory=Routing)
    text: Template | None = None
    size: Size | None = None
    #: `mr`, `branch`, … or a template that makes a key; None = the verb's default.
    thread: str | Template | None = None
    #: Fields (`author`, `reviewers`), people and groups by name, `here`, `channel`.
    mention: tuple[str, ...] = ()
    broadcast: bool = False
    color: str | None = None
    unfurl: bool = False
    emoji: str | None = None
    remove: bool = False
    #: `comments reviews state pipeline`, of a card.
    follow: tuple[str, ...] = ()
    #: Keys of one verb only: `variables`, `json`, `url`, …; texts are Templates.
    extra: Mapping[str, object] = field(default_factory=dict)
    #: Fields its texts show that only the forge's API may know, for some event.
    asks: tuple[str, ...] = ()
    #: Results of other verbs that its texts show: `run`.
    shows: tuple[str, ...] = ()
