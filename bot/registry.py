"""What an event family declares about itself: names, fields, forge triggers, texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from bot.message import Message, Text
    from bot.model import Event, Json, Person, Value
    from bot.payload import Payload


class FieldType(Enum):
    TEXT = "text"
    NUMBER = "number"
    BOOL = "yes or no"
    DURATION = "duration"
    TIME = "time"
    PERSON = "person"
    REF = "link"
    TEXTS = "list of texts"
    PEOPLE = "list of people"
    REFS = "list of links"


@dataclass(frozen=True, slots=True)
class Field:
    """A typed, rule-matchable value of an event."""

    name: str
    type: FieldType
    doc: str
    #: `/` separates parts, so that `*` stops at it in globs.
    path: bool = False
    #: Compared without regard to case (projects, users, labels).
    fold: bool = False
    #: Events of the family that have it; empty = all of them.
    only: tuple[str, ...] = ()
    #: No payload holds it: only the forge's API (or a list of open subjects) knows it.
    fetched: bool = False
    #: Payloads hold it now and then; the forge's API always does.
    completed: bool = False


@dataclass(frozen=True, slots=True)
class EventName:
    name: str
    doc: str
    #: It needs state to be told (`pipeline.broken`); it always accompanies a name that does not.
    derived: bool = False
    #: Its part before the dot, alone, stands for it too: `mr` for `mr.opened`, but `comment` not
    #: for `comment.edited`.
    bare: bool = True
    #: Another event tells the same, or all that matters of it: a hook's own channel, which hears
    #: what no rule wants, does not hear it.
    echo: bool = False

    @property
    def is_echo(self) -> bool:
        return self.echo or self.name.endswith(".echoed")


#: Reads a body into an event of the family; None when it is not one after all.
Reader: TypeAlias = "Callable[[Source, Payload], Event | None]"
#: The facts of a subject after one more event; what a card shows. JSON, kept as state.
Fold: TypeAlias = "Callable[[Mapping[str, Json] | None, Event], Mapping[str, Json] | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a delivery came from: what `from_<forge>` needs besides the body."""

    forge: str
    instance: str
    #: The event header as sent.
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What an event is in the light of what went before."""

    names: tuple[str, ...]
    fields: Mapping[str, Value]
    #: The state after it.
    state: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One of the things that a person says at once: a comment, a verdict. Together they are one
    reply."""

    #: Unique within the project: what edits or deletes it names it again.
    id: str
    #: Whose it is; who edits or deletes it may be somebody else.
    author: Person | None
    #: Alone: `<glyph> <author> <said>`.
    glyph: str
    said: Text
    #: Below others of the same person, without a name.
    row: Text
    #: It leads the reply whenever it comes, as a verdict does.
    leads: bool = False
    #: `create`, `update`, `delete`.
    change: str = "create"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One event family."""

    kind: str
    doc: str
    names: tuple[EventName, ...]
    fields: tuple[Field, ...]
    #: Bodies of GitLab: `object_kind`, or `event_name` where there is none.
    gitlab: tuple[str, ...] = ()
    from_gitlab: Reader | None = None
    #: `X-GitHub-Event` values.
    github: tuple[str, ...] = ()
    from_github: Reader | None = None
    #: Events of other families whose deliveries tell of this one too.
    github_also: tuple[str, ...] = ()
    #: The events that bring a name, for families of many; a name without an entry may come by all.
    github_by_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Hook attributes of GitLab that bring it: `push_events`. Confidential twins are left out.
    gitlab_triggers: tuple[str, ...] = ()
    #: The default message of an event.
    line: Callable[[Event], Message]
    #: The default text of a reply in the subject's thread; None = the line.
    reply: Callable[[Event], Text] | None = None
    #: Whether an event says nothing worth a message that no rule asks for.
    idle: Callable[[Event], bool] = lambda _event: False
    #: What of a reply may be one of several that become one; None for what always stands alone.
    remark: Callable[[Event], Remark | None] | None = None
    #: How the facts of a subject of this kind change with an event of *any* family (a pipeline
    #: changes its merge request's); None facts = never seen. None when the kind has no card.
    fold: Fold | None = None
    #: The live message made of a subject's facts.
    card: Callable[[Mapping[str, Json]], Message] | None = None
    #: Folds of kinds that are no family's, to which this family's events add up: a commit's
    #: pipelines.
    sums: Mapping[str, Fold] = field(default_factory=dict)
    #: The event with what the facts of its first subject add to it: jobs told by events of their
    #: own.
    complete: Callable[[Event, Mapping[str, Json]], Event] | None = None
    #: Fields that its card shows and that this event may have changed: the forge's API is asked for
    #: them when a card is made or edited, and the card goes without what does not come.
    wishes: Callable[[Event], tuple[str, ...]] | None = None
    #: Emoji that belong on the messages of a subject while its facts are so, each with the topic
    #: of `follow` that puts it there. A pipeline's are of every subject that has some.
    marks: Callable[[Mapping[str, Json]], Mapping[str, str]] | None = None
    #: From an event and the state under `state_key` (None at first); see events/pipeline/.
    derive: Callable[[Event, Json], Derived] | None = None
    #: The state key `derive` reads and writes; empty when this event has none.
    state_key: Callable[[Event], str] | None = None
    #: Further state to write with an event: `head:…` keys that link a commit to its subject.
    remembers: Callable[[Event], Mapping[str, Json]] | None = None
    #: It tells how something ended that the actor only began: a pipeline's failure is not their
    #: own act, and they are to hear of it.
    outcome: bool = False
    #: Names after which a card may be made (it is never made by a mere comment or push).
    opens: tuple[str, ...] = ()
    #: Overrides and the sample body for `bot send`, simulate and inline tests.
    sample: Mapping[str, Json] = field(default_factory=dict)


class Specs(dict[str, Spec]):
    """Families by kind."""

    def __init__(self, every: Iterable[Spec]) -> None:
        super().__init__({spec.kind: spec for spec in every})
        families = {spec.kind: spec.fold for spec in self.values()}
        sums = {kind: fold for spec in self.values() for kind, fold in spec.sums.items()}
        #: How subjects of a kind are kept: by their family, or by one that adds up to them.
        self.folds: Mapping[str, Fold] = {
            kind: fold for kind, fold in {**sums, **families}.items() if fold is not None
        }
