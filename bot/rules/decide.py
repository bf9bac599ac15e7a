"""Decides one event: which rules want it, what is done, what is remembered. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from bot.actions.plan import Plan, View, kind_of
from bot.message import Mention, Plain, one_line
from bot.model import Decision, Needs, Outcome, Person, State, SubjectKey, Verdict
from bot.payload import Unread
from bot.people import NOBODY, Faces, Unknown
from bot.rules import loops
from bot.rules.mutes import CHAT_MUTES
from bot.rules.open_subjects import touched
from bot.rules.privacy import Bounds, is_private
from bot.rules.state_reader import StateReader
from bot.rules.twins import Twins
from bot.rules.walk import VERDICT_LIMIT, Walk

if TYPE_CHECKING:
    from datetime import datetime

    from bot.actions.spec import Lookup
    from bot.message import Span
    from bot.model import DeliveryId, Event, Json, Value
    from bot.registry import Spec, Specs
    from bot.rules.ruleset import Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a decision depends on besides the event, its state and the rules."""

    specs: Specs
    #: Channel ids by lower-case name without `#`, as far as the chat told them.
    channels: Mapping[str, str] = field(default_factory=dict)
    #: User names of the bot accounts that our tokens belong to, by instance.
    accounts: Mapping[str, str] = field(default_factory=dict)
    #: The default route of the hook that brought the delivery.
    default_route: str | None = None
    #: That hook; with `content`, tells an event that came through another hook as well.
    hook: str = ""
    #: A hash of what the forge sent; empty where duplicates are of no concern.
    content: str = ""
    #: It was missed while the bot was away, and fetched later.
    late: bool = False
    #: Who is who beside what the rules say.
    faces: Faces = NOBODY
    #: Cards may ask the forge's API for what they show.
    wishes: bool = False
    #: Ids of channels that people of another organisation read.
    shared: frozenset[str] = frozenset()


def decide(
    event: Event,
    state: State,
    *,
    delivery: DeliveryId,
    now: datetime,
    ruleset: Ruleset,
    around: Surroundings,
) -> Decision | Needs:
    """Needs names the state to load before deciding again; it never asks twice for the same."""
    if event.silent:
        return Decision(ruleset=ruleset.hash, names=event.names, skipped=len(ruleset.rules))
    known: dict[str, Value] = {"late": True} if around.late else {}
    event = _with(event, {}, known)
    reader = StateReader(state)
    seen = _seen(event, reader, delivery, around, now)
    if seen.twin_of is not None:
        return _duplicate(event, seen, ruleset)
    subjects = _subjects(event, reader)
    remember: dict[str, Json] = {**_remembered(event, around.specs), **seen.remember}
    names, fields = _derive(event, reader, around.specs, remember)
    told = {name: value for name, value in state.facts.items() if value is not None}
    asked = _with(event, told, fields)
    facts = _facts(asked, subjects, reader, around.specs, remember)
    threads = {key: reader.threads(key) for key in subjects}
    ours = loops.own(event, around.accounts, reader)
    if reader.needs:
        return reader.needs
    event, fields = _completed(event, fields, facts, around.specs)
    event = _with(event, told, fields)
    if names != event.names or subjects != event.subjects:
        event = replace(event, names=names, subjects=subjects)
    unknown: dict[str, Person] = {}
    view = view_of(
        event,
        delivery=delivery,
        facts=facts,
        now=now,
        ruleset=ruleset,
        around=around,
        unknown=unknown,
        own=ours,
        changed=frozenset(key for key in facts if _facts_key(key, around.specs) in remember),
    )
    run = Walk(view, ruleset, Plan(view, threads), reader)
    run.walk(around.default_route)
    if around.wishes and not reader.asking:
        run.wish()
    if reader.needs:
        return reader.needs
    return Decision(
        ruleset=ruleset.hash,
        names=names,
        verdicts=tuple(run.verdicts[:VERDICT_LIMIT]),
        actions=tuple(run.plan.actions),
        remember={
            **remember,
            **run.gates.remember,
            **run.plan.remember,
            **loops.acting(run.plan.actions),
        },
        expect={**run.gates.expect, **seen.expect},
        held=tuple(run.gates.held),
        touched=touched(event, subjects, facts),
        unknown=tuple(
            Unknown(instance=event.instance, username=one.username, name=one.name)
            for one in unknown.values()
        ),
        skipped=len(ruleset.rules) - run.tried,
        learned={**told, **fields, **known},
    )


def foreseen(event: Event, specs: Specs, *, content: str) -> Needs:
    """What every decision about it asks for, as far as the event tells: loaded beforehand, it
    spares a round."""
    key = specs[event.kind].state_key
    kept = (key(event),) if key is not None else ()
    seen = (f"seen:{content}",) if content else ()
    facts = (
        _facts_key(subject, specs) for subject in event.subjects if kind_of(subject) in specs.folds
    )
    asked = (*seen, *event.links, *filter(None, kept), *facts, *loops.keys_of(event), CHAT_MUTES)
    return Needs(memory=tuple(dict.fromkeys(asked)), threads=event.subjects)


def view_of(
    event: Event,
    *,
    delivery: DeliveryId,
    facts: Mapping[SubjectKey, Mapping[str, Json]],
    now: datetime,
    ruleset: Ruleset,
    around: Surroundings,
    unknown: dict[str, Person] | None = None,
    own: bool = False,
    changed: frozenset[SubjectKey] = frozenset(),
) -> View:
    """What planning sees of an event whose names, fields and subjects are all known. `unknown`
    gathers, by user name, people who were to be mentioned and are not known. `own`: the bot
    itself caused it. `changed`: the subjects whose facts it changed."""
    channel, private = channel_of(around.channels), is_private(event)
    known = partial(slack_id_of, ruleset, around.faces, event.instance)
    bounds = Bounds(
        ruleset=ruleset,
        channel=channel,
        shared=around.shared,
        confidential=event.confidential,
        private=private,
    )
    return View(
        delivery=delivery,
        event=event,
        names=event.names,
        subjects=event.subjects,
        facts=facts,
        lookup=lookup_of(event, ruleset),
        specs=around.specs,
        now=now,
        person=_shown_by(known, unknown),
        named=ruleset.named,
        channel=channel,
        changed=changed,
        own=own,
        barred=bounds.refuses,
        private=private,
        slack_id=known,
        teams=around.faces.teams,
        quiet=around.faces.quiet,
        unasked=around.faces.unasked,
        footer=ruleset.footer is not None,
    )


@dataclass(frozen=True, slots=True)
class _Copies:
    """Whether another hook brought it, and what is kept of that."""

    twin_of: str | None = None
    remember: Mapping[str, Json] = field(default_factory=dict)
    expect: Mapping[str, Json] = field(default_factory=dict)


def _seen(
    event: Event,
    reader: StateReader,
    delivery: DeliveryId,
    around: Surroundings,
    now: datetime,
) -> _Copies:
    if not around.content:
        return _Copies()
    key = f"seen:{around.content}"
    before = reader.get(key)
    twins, fresh = Twins.of(before, now).with_one(around.hook, delivery, now)
    # Of an event without a project each hook has a lane of its own, which may see it meanwhile.
    expect = {key: before} if event.project is None else {}
    twin_of = None if fresh else twins.delivery
    return _Copies(twin_of=twin_of, remember={key: twins.kept()}, expect=expect)


def _duplicate(event: Event, seen: _Copies, ruleset: Ruleset) -> Decision:
    """The project's hook and its group's both fired: it changes nothing, and says so."""
    verdict = Verdict(
        rule="(all)",
        file="",
        line=0,
        outcome=Outcome.WITHHELD,
        reason=f"duplicate of {seen.twin_of}, through another hook",
    )
    return Decision(
        ruleset=ruleset.hash,
        names=event.names,
        verdicts=(verdict,),
        remember=seen.remember,
        expect=seen.expect,
    )


def lookup_of(event: Event, ruleset: Ruleset) -> Lookup:
    """A field's value by name, absent fields None; `payload.a.b` reads the body."""
    seen = _Seen(event)
    if event.actor is not None and ruleset.is_bot(event.actor.username):
        seen["bot"] = True
    return seen.__getitem__


class _Seen(dict[str, "Value | None"]):
    """What was asked of an event: the value of each name, which is looked for once."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self._event = event

    def __missing__(self, name: str) -> Value | None:
        found = self._event.fields.get(name)
        if found is None and name.startswith("payload."):
            found = _dig(self._event.payload, name.split(".")[1:])
        self[name] = found
        return found


def _dig(value: Json, path: list[str]) -> Value | None:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | Unread) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    if isinstance(value, list | Unread):
        return tuple(str(item) for item in value if isinstance(item, str | int | float))
    return value if isinstance(value, str | bool | int | float) else None


def _subjects(event: Event, reader: StateReader) -> tuple[SubjectKey, ...]:
    linked = [reader.get(key) for key in event.links]
    found = [SubjectKey(key) for key in linked if isinstance(key, str)]
    return tuple(dict.fromkeys((*event.subjects, *found)))


def _remembered(event: Event, specs: Mapping[str, Spec]) -> Mapping[str, Json]:
    remembers = specs[event.kind].remembers
    return remembers(event) if remembers is not None else {}


def _derive(
    event: Event, reader: StateReader, specs: Mapping[str, Spec], remember: dict[str, Json]
) -> tuple[tuple[str, ...], Mapping[str, Value]]:
    spec = specs[event.kind]
    key = spec.state_key(event) if spec.state_key is not None else ""
    if spec.derive is None or not key:
        return event.names, {}
    derived = spec.derive(event, reader.get(key))
    remember[key] = derived.state
    return tuple(dict.fromkeys((*derived.names, *event.names))), derived.fields


def _with(event: Event, below: Mapping[str, Value], above: Mapping[str, Value]) -> Event:
    """With further fields: the event's own go before those `below`. Without any it stays what it
    is, and makes none of its own that nobody asked for."""
    if not below and not above:
        return event
    return replace(event, fields={**below, **event.fields, **above})


def _facts(
    event: Event,
    subjects: tuple[SubjectKey, ...],
    reader: StateReader,
    specs: Specs,
    remember: dict[str, Json],
) -> dict[SubjectKey, Mapping[str, Json]]:
    facts: dict[SubjectKey, Mapping[str, Json]] = {}
    for subject in subjects:
        fold = specs.folds.get(kind_of(subject))
        if fold is None:
            continue
        key = _facts_key(subject, specs)
        known = reader.get(key)
        folded = fold(known, event)
        if folded is not None:
            facts[subject] = folded
            if folded != known:
                remember[key] = folded
    return facts


def _facts_key(subject: SubjectKey, specs: Mapping[str, Spec]) -> str:
    """What a card shows is kept for good, the rest for as long as its parts come in."""
    spec = specs.get(kind_of(subject))
    return f"{'sum' if spec is None or spec.card is None else 'facts'}:{subject}"


def _completed(
    event: Event,
    fields: Mapping[str, Value],
    facts: Mapping[SubjectKey, Mapping[str, Json]],
    specs: Mapping[str, Spec],
) -> tuple[Event, Mapping[str, Value]]:
    """The event with what the facts of its first subject add, and the fields that state told."""
    complete, known = specs[event.kind].complete, facts.get(event.subjects[0])
    if complete is None or known is None:
        return event, fields
    whole = complete(event, known)
    added = {k: v for k, v in whole.fields.items() if event.fields.get(k) != v}
    return whole, {**added, **fields}


def person_of(
    ruleset: Ruleset, faces: Faces = NOBODY, instance: str = ""
) -> Callable[[Person], Span]:
    """People as texts show them who are pinged: the unknown by their names alone."""
    return _shown_by(partial(slack_id_of, ruleset, faces, instance))


def _shown_by(
    known: Callable[[Person], str | None], unknown: dict[str, Person] | None = None
) -> Callable[[Person], Span]:
    def person(who: Person) -> Span:
        slack_id = known(who)
        if slack_id is None:
            if unknown is not None and who.username and not who.bot:
                unknown[who.username.lower()] = who
            return Plain(one_line(who.shown))
        return Mention(slack_id, who.shown)

    return person


def slack_id_of(ruleset: Ruleset, faces: Faces, instance: str, who: Person) -> str | None:
    """By `people:`, then by what they linked, then by e-mail; never by anything that is alike."""
    username = who.username.lower()
    if "/" in username:
        return _team(ruleset, faces, username)
    found = ruleset.people.get(username)
    if found is not None:
        return found
    account = faces.linked.get((instance, username)) if username else None
    # The name may have been given to somebody else since.
    if account is not None and account.user_id in {"", who.id or account.user_id}:
        return account.slack
    return faces.by_email.get(who.email.lower()) if who.email else None


def _team(ruleset: Ruleset, faces: Faces, path: str) -> str | None:
    """GitHub asks teams for reviews too, as `owner/team`: a user group by either name."""
    found = ruleset.teams.get(path) or ruleset.teams.get(path.rpartition("/")[2], "")
    return faces.teams.get(found[1:].lower()) if found.startswith("@") else found or None


def channel_of(known: Mapping[str, str]) -> Callable[[str], str]:
    def channel(name: str) -> str:
        return known.get(name[1:].lower(), name) if name.startswith("#") else name

    return channel
