"""The effects of one delivery while they are planned: what the verbs see and add to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.message import Broadcast, Mention, Message, Plain, Text, join, one_line, text
from bot.model import Action, ActionId, DeliveryId, Person, SubjectKey, Thread, action_id
from bot.sizes import sized

if TYPE_CHECKING:
    from datetime import datetime

    from bot.actions.spec import ActionSpec, Lookup, Routing
    from bot.message import Span
    from bot.model import Event, Json
    from bot.registry import Spec

#: Threads restart after this long (rules-language.md 1.4.3).
THREAD_AGE: Final = timedelta(days=30)
#: Actions of one delivery beyond this are dropped and told (1.4.19).
ACTION_LIMIT: Final = 30

#: Verbs whose messages and reactions everybody in a channel sees.
TO_CHANNELS: Final = frozenset({"post", "card", "reply", "react"})

#: Why nothing was planned; None when something was.
Withheld: TypeAlias = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The rule on whose behalf a verb plans."""

    name: str
    #: Channels it may use for this event; None = any.
    only: frozenset[str] | None = None
    #: Channels where its `once` was used up.
    spent: Callable[[str], bool] = lambda _channel: False
    #: Why a channel may not learn of the event; None when it may.
    barred: Callable[[str], str | None] = lambda _channel: None
    #: Its messages are never folded with others.
    apart: bool = False

    def may(self, channel: str) -> bool:
        if self.only is not None and channel not in self.only:
            return False
        return self.barred(channel) is None and not self.spent(channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is known of one delivery when its effects are planned."""

    delivery: DeliveryId
    event: Event
    #: Derived names included.
    names: tuple[str, ...]
    #: What the event is about, most specific first, linked subjects included.
    subjects: tuple[SubjectKey, ...]
    #: Facts of each subject that has a card, after this event.
    facts: Mapping[SubjectKey, Mapping[str, Json]]
    lookup: Lookup
    #: Families by kind: whose texts and cards are used.
    specs: Mapping[str, Spec]
    now: datetime
    #: A person as text: pinged when their Slack id is known, else named.
    person: Callable[[Person], Span]
    #: Slack ids of people and groups that a rule may name, by lower-case name.
    named: Mapping[str, str]
    #: `#name` or id as written -> channel id where it is known.
    channel: Callable[[str], str]
    #: Subjects whose facts the event changed.
    changed: frozenset[SubjectKey] = frozenset()
    #: The bot itself caused the event.
    own: bool = False
    #: Why a channel may not learn of the event; None when it may.
    barred: Callable[[str], str | None] = lambda _channel: None
    #: Of a project that is not public, as far as the event tells.
    private: bool = False
    #: Somebody's Slack id, when it is known.
    slack_id: Callable[[Person], str | None] = lambda _person: None
    #: Slack user group ids by lower-case handle.
    teams: Mapping[str, str] = field(default_factory=dict)
    #: Slack ids of those who want no direct messages.
    quiet: frozenset[str] = frozenset()
    #: Lower-case addresses of which Slack could not be asked.
    unasked: frozenset[str] = frozenset()
    #: Messages name their rule.
    footer: bool = False

    @property
    def spec(self) -> Spec:
        return self.specs[self.event.kind]

    def subject(self, kind: str) -> SubjectKey | None:
        """The event's subject of that kind."""
        for key in self.subjects:
            if kind_of(key) == kind:
                return key
        return None


def kind_of(key: SubjectKey) -> str:
    """`mr` of `gitlab:15:mr:7`."""
    return key.split(":", 3)[2]


class Plan:
    """Collects the actions of one delivery, in the order they will be carried out."""

    def __init__(self, view: View, threads: Mapping[SubjectKey, tuple[Thread, ...]]) -> None:
        self.view = view
        self.actions: list[Action] = []
        self.dropped = 0
        #: (rule, name that `as` gave) -> the action whose result it is.
        self.results: dict[tuple[str, str], ActionId] = {}
        #: State to write with the decision.
        self.remember: dict[str, Json] = {}
        #: What is remembered under a state key; None where nothing may be.
        self.recall: Callable[[str], Json] | None = None
        #: Threads of a key that is none of the event's subjects: a rule's own, its project's.
        self.look: Callable[[SubjectKey], tuple[Thread, ...]] = lambda _key: ()
        #: What the trace says beside the outcome, by rule.
        self.remarks: dict[str, list[str]] = {}
        self._threads = {key: self._by_channel(found) for key, found in threads.items()}
        self._looked = set(threads)
        #: (channel, thread) of each default text -> its place in `actions` and its rule.
        self._defaults: dict[tuple[str, str], tuple[int, str]] = {}
        self._line: Message | None = None

    def _by_channel(self, found: Iterable[Thread]) -> dict[str, Thread]:
        """Those that go on. Claimed while the channel was known by name only, a thread is found by
        its id too."""
        return {
            (channel := self.view.channel(thread.channel)): replace(thread, channel=channel)
            for thread in found
            if not thread.dead and self.view.now - thread.at < THREAD_AGE
        }

    def _of(self, key: SubjectKey) -> Mapping[str, Thread]:
        """By channel."""
        if key not in self._looked:
            self._looked.add(key)
            # What this delivery claimed is the newest.
            fresh = self._threads.get(key, {})
            self._threads[key] = self._by_channel(self.look(key)) | fresh
        return self._threads[key]

    def aside(self) -> Plan:
        """Another plan that knows the same threads, to see what would be done."""
        other = Plan(self.view, {})
        other._threads = {key: dict(found) for key, found in self._threads.items()}
        other.look, other._looked = self.look, set(self._looked)
        other.results = dict(self.results)
        other.remarks = self.remarks
        other._line = self._line
        return other

    def line(self) -> Message:
        """The event's default text, made once for all rules that want it."""
        if self._line is None:
            self._line = self.view.spec.line(self.view.event)
        return self._line

    def remark(self, asker: Asker, text: str) -> None:
        """Told in the rule's verdict, whatever it is."""
        self.remarks.setdefault(asker.name, []).append(text)

    def thread(self, channel: str, subjects: tuple[SubjectKey, ...]) -> Thread | None:
        """The first of the subjects' threads in that channel."""
        for key in subjects:
            found = self._of(key).get(channel)
            if found is not None:
                return found
        return None

    def holders(self, subjects: tuple[SubjectKey, ...]) -> tuple[str, ...]:
        """Every channel that holds one of the subjects, in the order they were found."""
        channels = [channel for key in subjects for channel in self._of(key)]
        return tuple(dict.fromkeys(channels))

    def cards(self) -> tuple[Thread, ...]:
        """The live cards of the event's subjects."""
        return tuple(
            thread
            for key in self.view.subjects
            for thread in self._threads.get(key, {}).values()
            if thread.card
        )

    def roots(self) -> tuple[Thread, ...]:
        """Every first message of the event's subjects, cards and others, each once."""
        found: dict[tuple[str, str], Thread] = {}
        for key in self.view.subjects:
            for thread in self._threads.get(key, {}).values():
                found.setdefault((thread.channel, thread.root), thread)
        return tuple(found.values())

    def add(self, action: Action) -> bool:
        """False when the delivery has too many already, its slot is taken by this delivery, or the
        channel may not learn of the event: whatever the verb did not ask."""
        if action.verb in TO_CHANNELS and self.view.barred(action.channel) is not None:
            return False
        if len(self.actions) >= ACTION_LIMIT:
            self.dropped += 1
            return False
        if action.slot is not None and any(
            other.slot == action.slot and other.channel == action.channel for other in self.actions
        ):
            return False
        action = replace(
            action,
            id=action_id(self.view.delivery, len(self.actions)),
            message=_signed(action, self.view),
            confidential=self.view.event.confidential,
            private=self.view.private,
        )
        self.actions.append(action)
        for key in action.claims:
            self._threads.setdefault(key, {})[action.channel] = Thread(
                channel=action.channel,
                subject=key,
                root=action.id,
                rule=action.rule,
                card=action.verb == "card",
                ts=None,
                at=self.view.now,
            )
        return True

    def add_default(self, action: Action, mentions: Text) -> Withheld:
        """Adds a default text; another one for the same channel and thread takes it in (1.4.5)."""
        place = (action.channel, action.root or action.subject)
        earlier = self._defaults.get(place)
        if earlier is None:
            number = len(self.actions)
            if not self.add(_mentioning(action, mentions)):
                return "limit of actions reached"
            self._defaults[place] = (number, action.rule)
            return None
        number, rule = earlier
        first = self.actions[number]
        known = first.message.text if first.message else ()
        fresh = [span for span in mentions if isinstance(span, Mention | Broadcast)]
        fresh = [span for span in fresh if span not in known]
        self.actions[number] = _mentioning(first, join(" ", fresh))
        said = f"collapsed into {rule}"
        # Also where the rule says it in another channel.
        self.remarks.setdefault(action.rule, []).append(said)
        return said


def say(action: Action, spec: ActionSpec, who: Text, to: Plan) -> Withheld:
    """Adds a message with those whom it pings; default texts of one place collapse."""
    if spec.text is None:
        return to.add_default(action, who)
    return None if to.add(_mentioning(action, who)) else "limit of actions reached"


def _signed(action: Action, view: View) -> Message | None:
    """With the rule's name, where the file wants it."""
    if not view.footer or action.message is None:
        return action.message
    return signed(action.message, action.rule)


def signed(message: Message, rule: str) -> Message:
    """With the rule's name below it, once."""
    line = text(f"rule: {one_line(rule)}")
    if line in message.context:
        return message
    return replace(message, context=(*message.context, line))


def _mentioning(action: Action, mentions: Text) -> Action:
    if action.message is None or not mentions:
        return action
    return replace(action, message=action.message.with_mentions(mentions))


def new_action(
    verb: str,
    asker: Asker,
    channel: str,
    subject: SubjectKey,
    *,
    message: Message | None = None,
    claims: tuple[SubjectKey, ...] = (),
) -> Action:
    """An action to be completed by its verb; `Plan.add` gives it its id."""
    return Action(
        id=_UNNUMBERED,
        verb=verb,
        rule=asker.name,
        channel=channel,
        subject=subject,
        message=message,
        claims=claims,
        apart=asker.apart,
    )


def channels(routing: Routing, asker: Asker, view: View) -> tuple[str, ...]:
    """Where a message of this rule goes, each channel once."""
    wanted = list(routing.to)
    if routing.by is not None:
        wanted += _routed(routing, view.lookup(routing.by)) or routing.default
    found = dict.fromkeys(view.channel(name) for name in wanted)
    return tuple(name for name in found if asker.may(name))


def _routed(routing: Routing, value: object) -> list[str]:
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    texts = [item.username if isinstance(item, Person) else str(item) for item in values]
    return [
        channel
        for matches, targets in routing.cases
        if any(matches(item) for item in texts)
        for channel in targets
    ]


def message(spec: ActionSpec, view: View, default: Callable[[], Message]) -> Message:
    """The rule's own text, or the default in the size the rule wants."""
    if spec.text is not None:
        made = Message(text=spec.text.render(view.lookup, people=partial(_shown, view=view)))
    else:
        # A card has its subject's facts already.
        made = sized(default(), spec.size, None if spec.verb == "card" else view.event)
    color = spec.color or made.color
    if color == made.color and spec.unfurl == made.unfurl:
        return made
    return replace(made, color=color, unfurl=spec.unfurl)


def _shown(person: Person, view: View) -> Span:
    """As `| mention` shows somebody: who did it themselves is only named."""
    return Plain(one_line(person.shown)) if own_act(person, view) else view.person(person)


def mentions(spec: ActionSpec, view: View) -> Text:
    """Who is pinged, each once; never the actor for their own act, never an unknown name."""
    spans: dict[Span, None] = {}
    for name in spec.mention:
        for span in _mention(name, view):
            spans[span] = None
    return join(" ", [(span,) for span in spans])


def _mention(name: str, view: View) -> tuple[Span, ...]:
    if name == "here":
        return (Broadcast("here"),)
    if name == "channel":
        return (Broadcast("channel"),)
    value = view.lookup(name)
    people = value if isinstance(value, tuple) else (value,)
    found = [person for person in people if isinstance(person, Person)]
    if found:
        spans = [view.person(person) for person in found if not own_act(person, view)]
        return tuple(span for span in spans if isinstance(span, Mention))
    slack_id = view.named.get(name.lower(), "")
    if slack_id.startswith("@"):
        slack_id = view.teams.get(slack_id[1:].lower(), "")
    return (Mention(slack_id, name),) if slack_id and not _is_actor(slack_id, view) else ()


def own_act(person: Person, view: View) -> bool:
    """Whether they did it themselves, and know."""
    actor = view.event.actor
    if actor is None or view.spec.outcome:
        return False
    if person.username.casefold() == actor.username.casefold():
        return True
    slack_id = view.slack_id(person)
    return slack_id is not None and slack_id == view.slack_id(actor)


def _is_actor(slack_id: str, view: View) -> bool:
    actor = view.event.actor
    return actor is not None and not view.spec.outcome and view.slack_id(actor) == slack_id


_UNNUMBERED: Final = action_id(DeliveryId("unnumbered"), 0)
