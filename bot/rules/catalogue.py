"""Which events and fields rules may name: one look-up over the event families' own tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.registry import Field, FieldType

if TYPE_CHECKING:
    from bot.registry import Spec

#: Names that are no family's.
ANY: Final = "any"
UNMATCHED: Final = "unmatched"

#: What every event carries, when its family does not say it better.
COMMON: Final = (
    Field("project", FieldType.TEXT, "path of the project, with its groups", path=True, fold=True),
    Field("group", FieldType.TEXT, "everything before the project's name", path=True, fold=True),
    Field("actor", FieldType.PERSON, "who caused the event", fold=True),
    Field("bot", FieldType.BOOL, "whether the actor is a machine"),
    Field("confidential", FieldType.BOOL, "not for everybody who may see the project"),
    Field("late", FieldType.BOOL, "it was missed while the bot was away, and fetched later"),
    Field("visibility", FieldType.TEXT, "public, internal or private"),
    Field("default_branch", FieldType.TEXT, "the project's default branch", path=True),
    Field("url", FieldType.TEXT, "address of the subject"),
    Field("forge", FieldType.TEXT, "gitlab or github"),
    Field("instance", FieldType.TEXT, "name of the forge in the settings"),
)

#: What a field that is a person, a link or an item of a list has: `author.name`, `mr.url`.
MEMBERS: Final = frozenset({"username", "name", "label", "url"})

#: Fields of batches and lists only.
FOLDED: Final = (
    Field("count", FieldType.NUMBER, "how many were folded or listed"),
    Field("items", FieldType.REFS, "each of them, with its fields"),
    Field("actors", FieldType.PEOPLE, "who caused them, each once", fold=True),
)

#: Fields of the open subjects that time rules go through.
TIMED: Final = (
    Field("idle", FieldType.DURATION, "since the last activity"),
    Field("waiting", FieldType.DURATION, "since a review was asked for"),
)

#: What `list:` and `each:` go through, and the family whose fields its items have.
LISTS: Final[Mapping[str, str]] = {"open_mrs": "mr"}

#: Fields of those items, beside `TIMED`: what is known of a subject without its event.
LISTED: Final = frozenset(
    {
        "project", "group", "instance", "bot", "confidential", "url", "mr", "iid", "title",
        "branch", "target", "source", "state", "draft", "sha", "author", "labels", "reviewers",
        "assignees", "conflicts", "approvals", "approved",
    }
)  # fmt: skip

#: Kinds of subject for `thread:` and `once:`.
SUBJECTS: Final = (
    "mr", "issue", "discussion", "branch", "tag", "commit", "pipeline", "deployment", "release",
    "project",
)  # fmt: skip

_PAYLOAD: Final = Field("payload", FieldType.TEXT, "the body as it came: payload.<path>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every event name and field, by family."""

    #: Event name -> what it is.
    events: Mapping[str, str]
    #: Names that stand for every action of a kind: `mr` but not `tag`, which is an event itself.
    kinds: Mapping[str, tuple[str, ...]]
    #: Fields of each event name, by name.
    by_event: Mapping[str, Mapping[str, Field]]
    #: Every field by name.
    fields: Mapping[str, Field]
    #: Fields that only the forge's API knows, of some event at least.
    askable: frozenset[str] = frozenset()

    @classmethod
    def of(cls, specs: Iterable[Spec]) -> Catalogue:
        specs = tuple(specs)
        events = {name.name: name.doc for spec in specs for name in spec.names}
        kinds: dict[str, tuple[str, ...]] = {}
        by_event: dict[str, Mapping[str, Field]] = {}
        every = {field.name: field for field in (*COMMON, *FOLDED, *TIMED)}
        for spec in specs:
            every.update({field.name: field for field in spec.fields})
            for name in spec.names:
                prefix = name.name.partition(".")[0]
                if prefix not in events and name.bare and not name.derived:
                    kinds[prefix] = (*kinds.get(prefix, ()), name.name)
                # A derived name accompanies another one, whose fields it then has.
                own = [f for f in spec.fields if name.derived or not f.only or name.name in f.only]
                by_event[name.name] = {field.name: field for field in (*COMMON, *own)}
        return cls(
            events=events,
            kinds=kinds,
            by_event=by_event,
            fields=every,
            askable=frozenset(
                field.name
                for known in by_event.values()
                for field in known.values()
                if field.fetched or field.completed
            ),
        )

    def names(self) -> tuple[str, ...]:
        """Everything `on:` accepts."""
        return (*self.kinds, *self.events, ANY, UNMATCHED)

    def expand(self, word: str) -> tuple[str, ...] | None:
        """The event names that one word of `on:` stands for; None when it is not known."""
        word = f"mr{word[2:]}" if word == "pr" or word.startswith("pr.") else word
        if word in {ANY, UNMATCHED} or word in self.events:
            return (word,)
        if word in self.kinds:
            return self.kinds[word]
        if word.endswith(".*"):
            kind = word[:-2]
            found = tuple(name for name in self.events if name.startswith(f"{kind}."))
            return found or None
        return None

    def field(self, name: str) -> Field | None:
        """The field of that name in any event; `payload.x` is always one."""
        if name.startswith("payload.") and len(name) > len("payload."):
            return replace(_PAYLOAD, name=name)
        return self.fields.get(name)

    def has(self, event: str, name: str) -> bool:
        """Whether that event (one expanded name) has the field."""
        if event in {ANY, UNMATCHED} or name.startswith("payload."):
            return True
        return name in self.by_event.get(event, self.fields)

    def asks(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names, or of what they are a member of, that an API may have to tell."""
        found: dict[str, None] = {}
        for name in names:
            for word in (name, name.rpartition(".")[0]):
                if word in self.askable:
                    found[word] = None
        return tuple(found)

    def of_event(self, event: str) -> Mapping[str, Field]:
        return self.by_event.get(event, {})


def is_dynamic(field: Field) -> bool:
    """Whether the type of its value is known only when it is there."""
    return field.name.startswith("payload.")


_LISTS_TYPES: Final = frozenset({FieldType.TEXTS, FieldType.PEOPLE, FieldType.REFS})


def is_list(field: Field) -> bool:
    return field.type in _LISTS_TYPES
