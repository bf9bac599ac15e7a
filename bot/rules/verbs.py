"""The verbs of a rule: their keys, their short forms, and how they become ActionSpecs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bot.actions.spec import ActionSpec, Routing
from bot.registry import FieldType
from bot.rules.catalogue import SUBJECTS
from bot.rules.faults import choices, did_you_mean
from bot.rules.habits import subject_hint
from bot.rules.match import compile_text
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word
from bot.rules.template import Template
from bot.rules.verbs_outside import OUTSIDE, REQUIRED

if TYPE_CHECKING:
    from bot.rules.reading import Reading, Scope

_ROUTE: Final = ("to", "by", "map", "default")
_LOOK: Final = ("text", "template", "size", "mention", "color", "unfurl")

#: The keys of each verb's long form, the first also being what its short form gives.
VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "post": (*_ROUTE, "thread", *_LOOK, "follow"),
    "card": (*_ROUTE, "size", "mention", "color", "unfurl", "follow"),
    "reply": (*_ROUTE, "thread", "broadcast", *_LOOK),
    "react": ("emoji", "remove", "to", "thread"),
    "dm": ("to", *_LOOK),
    "comment": ("text", "template", "key", "on"),
    "pipeline": ("ref", "variables", "workflow", "as"),
    "webhook": ("url", "json", "method", "headers", "timeout"),
}
#: Verbs that change something at a forge or elsewhere: a rule must `allow` them.
GUARDED: Final = ("comment", "pipeline", "webhook")
#: Of those, the ones whose words others than the subject's readers may see.
OPEN: Final = ("pipeline", "webhook")
#: Their texts may show the result of another verb.
LATE_VERBS: Final = ("comment", "webhook")
SIZES: Final = ("line", "compact", "card")
FOLLOW: Final = ("comments", "reviews", "state", "pipeline")
EVERYONE: Final = ("here", "channel")

_MEANT: Final[Mapping[str, str]] = {
    "channel": "here it is called `to`",
    "chanel": "did you mean `channel`? here it is called `to`",
    "channels": "here it is called `to`",
    "message": "here it is called `text`",
    "icon": "here it is called `emoji`",
    "colour": "did you mean `color`?",
    "mentions": "did you mean `mention`?",
    "body": "here it is called `text`",
    "msg": "here it is called `text`",
    "format": "here it is called `text`",
    "title": "the title stands in the `text`: {{ title }}",
    "emoji": "a reaction is a verb of its own: `react: tada`",
    "thread_ts": "here it is called `thread`",
    "if": "`if` stands on the rule, beside `on`",
    "once": "`once` stands on the rule, beside `on`",
    "batch": "`batch` stands on the rule, beside `on`",
    "throttle": "`throttle` stands on the rule, beside `on`",
    "during": "`during` stands on the rule, beside `on`",
}
_NOT_HERE: Final[Mapping[str, Mapping[str, str]]] = {
    "post": {"broadcast": "only a reply is shown in the channel too; a post always is"},
    "card": {
        "text": "a card is made of its subject; for own words use `post`",
        "template": "a card is made of its subject; for own words use `post`",
        "thread": "a card's thread is its subject's",
    },
}


def read_verb(
    verb: str, key: Scalar, node: Node, reading: Reading, scope: Scope
) -> list[ActionSpec]:
    """What one verb of a rule asks for; a list of maps asks several times."""
    if verb not in LATE_VERBS and scope.names:
        scope = replace(scope, names=frozenset(), elsewhere=scope.names)
    if (isinstance(node, Seq) and any(isinstance(item, Map) for item in node.items)) or (
        isinstance(node, Seq) and verb == "react"
    ):
        items = reading.items(node, verb)
    else:
        items = (node,)
    found: list[ActionSpec] = []
    for item in items:
        whole = long_form(verb, key, item, reading)
        if whole is not None:
            found.append(_spec(verb, key, whole, reading, scope))
    return found


def long_form(verb: str, key: Scalar, node: Node, reading: Reading) -> Map | None:
    """`post: dev` as `post: {to: dev}`; None after a fault."""
    if isinstance(node, Map):
        return node
    if isinstance(node, Scalar) and node.is_null:
        hint = {"post": 'post: dev, or post: "#dev"', "reply": "reply: {}"}.get(verb)
        reading.faults.add(
            key, f"`{verb}` has nothing after it", hint or f"for example {verb}: {_EXAMPLE[verb]}"
        )
        return None
    if isinstance(node, Scalar) and node.as_bool() is not None:
        reading.faults.add(
            node, f"`{verb}` cannot be {kind_word(node)}", "leave it out, or fill it"
        )
        return None
    short = Scalar(key.file, key.line, key.column, key.length, VERBS[verb][0])
    return Map(node.file, node.line, node.column, node.length, ((short, node),))


def mergeable(node: Node) -> bool:
    """Whether a child's keys can be added to it."""
    if isinstance(node, Scalar):
        return not node.is_null and node.as_bool() is None
    return isinstance(node, Map) or not any(isinstance(item, Map) for item in node.items)


def made_names(verbs: Iterable[tuple[Scalar, Node]]) -> Iterable[str]:
    """Names that `as:` of a verb gives to its result."""
    for key, node in verbs:
        items = node.items if isinstance(node, Seq) else (node,)
        for item in items if key.text == "pipeline" else ():
            made = item.get("as") if isinstance(item, Map) else None
            if isinstance(made, Scalar):
                yield made.text


_EXAMPLE: Final = {
    "post": "dev",
    "card": "dev",
    "reply": "{}",
    "react": "tada",
    "dm": "reviewers",
    "comment": '"done"',
    "pipeline": "main",
    "webhook": "{url: https://…, json: {…}}",
}


def _spec(verb: str, key: Scalar, node: Map, reading: Reading, scope: Scope) -> ActionSpec:
    meant = {**_MEANT, **_NOT_HERE.get(verb, {})}
    reading.keys(node, VERBS[verb], verb, meant)
    known: dict[str, Any] = {}
    extra: dict[str, object] = {}
    for name, value in node.entries:
        reader = _READERS.get(name.text)
        if name.text not in VERBS[verb]:
            continue
        later = OUTSIDE.get((verb, name.text))
        if later is not None:
            extra[name.text] = later(value, reading, scope)
        elif reader is not None:
            into, read = reader
            known[into] = read(value, reading, scope)
    if verb == "react":
        _react(key, node, known, reading)
    known["to"] = Routing() if verb == "dm" else _routing(verb, key, node, reading, scope)
    _not_both(node, reading, "text", "template")
    given = {name: value for name, value in known.items() if value is not None}
    spec = ActionSpec(verb=verb, line=key.line, extra=extra, **given)
    _complete(key, node, reading)
    names = tuple(dict.fromkeys(_shown_fields(spec)))
    first = dict.fromkeys(name.partition(".")[0] for name in names)
    asks = reading.catalogue.asks(names)
    shows = tuple(name for name in first if name in scope.names)
    return replace(spec, asks=asks, shows=shows) if asks or shows else spec


def _complete(key: Scalar, node: Map, reading: Reading) -> None:
    """A fault for a verb that lacks what it cannot do without."""
    needed = REQUIRED.get(key.text, ())
    if needed and not any(node.get(word) is not None for word in needed):
        reading.faults.add(key, f"`{key.text}` lacks `{needed[0]}`", _EXAMPLE[key.text])


def _shown_fields(spec: ActionSpec) -> Iterator[str]:
    """Every field that decides what it says or to whom."""
    yield from spec.mention
    if spec.to.by is not None:
        yield spec.to.by
    held: list[object] = [spec.text, spec.thread, *spec.extra.values()]
    while held:
        value = held.pop()
        if isinstance(value, Template):
            yield from (name for name, _ in value.fields)
        elif isinstance(value, Mapping):
            held += value.values()
        elif isinstance(value, list | tuple):
            held += value
        elif isinstance(value, str) and spec.verb == "dm":
            yield value


def _not_both(node: Map, reading: Reading, one: str, other: str) -> None:
    second = node.key(other)
    if node.get(one) is not None and second is not None:
        reading.faults.add(second, f"`{one}` and `{other}` exclude each other")


def _react(key: Scalar, node: Map, known: dict[str, Any], reading: Reading) -> None:
    """`{remove: tada}` is short for `{emoji: tada, remove: true}`."""
    remove = node.get("remove")
    flag = remove.as_bool() if isinstance(remove, Scalar) else None
    if remove is not None and flag is None:
        if "emoji" in known:
            reading.faults.add(remove, "`remove` must be true or false beside `emoji`")
        else:
            known["emoji"] = _emoji(remove, reading)
    known["remove"] = flag is True or (remove is not None and flag is None)
    if "emoji" not in known:
        reading.faults.add(key, "`react` needs an emoji", "for example react: tada")


# -- where it goes -------------------------------------------------------------------------------


def _routing(verb: str, key: Scalar, node: Map, reading: Reading, scope: Scope) -> Routing:
    if "to" not in VERBS[verb]:
        return Routing()
    to, by, cases = node.get("to"), node.get("by"), node.get("map")
    for name in ("by", "map"):
        _not_both(node, reading, "to", name)
    if (by is None) != (cases is None):
        reading.faults.add(key, "`by` and `map` belong together", "by: labels, map: {bug: dev}")
    if by is None and node.key("default") is not None and to is None:
        reading.faults.add(node.key("default") or key, "`default` belongs to `by` and `map`")
    strange = any(name.text not in VERBS[verb] for name, _ in node.entries)
    if to is None and by is None and verb in {"post", "card"} and not strange:
        reading.faults.add(key, f"`{verb}` does not say where to", f"{verb}: {{to: dev}}")
    default = node.get("default")
    return Routing(
        to=reading.channels_of(to, scope) if to is not None else (),
        by=_by(by, reading, scope) if by is not None else None,
        cases=_cases(cases, reading, scope) if cases is not None else (),
        default=reading.channels_of(default, scope) if default is not None else (),
    )


def _by(node: Node, reading: Reading, scope: Scope) -> str | None:
    name = reading.text(node, "by")
    if name is None or reading.field(name, node, scope) is None:
        return None
    return name


def _cases(
    node: Node, reading: Reading, scope: Scope
) -> tuple[tuple[Callable[[str], bool], tuple[str, ...]], ...]:
    table = reading.map_of(node, "map")
    if table is None:
        return ()
    if not table.entries:
        reading.faults.add(node, "`map` is empty")
    return tuple(
        (compile_text(key, reading.faults), reading.channels_of(value, scope))
        for key, value in table.entries
    )


# -- what it says --------------------------------------------------------------------------------

_COLOR: Final = re.compile(r"good|warning|danger|#[0-9a-fA-F]{6}")
_EMOJI: Final = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")


def _emoji(node: Node, reading: Reading, _scope: Scope | None = None) -> str | None:
    text = reading.text(node, "emoji")
    if text is None:
        return None
    name = text.removeprefix(":").removesuffix(":") if text.endswith(":") else text
    if _EMOJI.fullmatch(name):
        return name
    reading.faults.add(node, f"`{text}` is no emoji's name", "the name in Slack: white_check_mark")
    return None


def _color(node: Node, reading: Reading, _scope: Scope) -> str | None:
    text = reading.text(node, "color")
    if text is None or _COLOR.fullmatch(text):
        return text
    reading.faults.add(node, f"`{text}` is no color", 'good, warning, danger or "#rrggbb"')
    return None


def _thread(node: Node, reading: Reading, scope: Scope) -> object:
    text = reading.text(node, "thread")
    if text is None:
        return None
    if "{{" in text or "{%" in text:
        return reading.template(node, scope, "thread")
    if text in SUBJECTS:
        return text
    hint = subject_hint(text, SUBJECTS) or f"{choices(SUBJECTS)}, or a text with {{{{ field }}}}"
    reading.faults.add(node, f"`{text}` is no thread", hint)
    return None


def _mention(node: Node, reading: Reading, scope: Scope) -> tuple[str, ...]:
    return tuple(
        word.text
        for word in reading.words(node, "mention")
        if _is_mentionable(word, reading, scope)
    )


def _is_mentionable(word: Scalar, reading: Reading, scope: Scope) -> bool:
    field = reading.catalogue.field(word.text)
    if field is not None and field.type in {FieldType.PERSON, FieldType.PEOPLE}:
        return reading.field(word.text, word, scope) is not None
    if word.text in EVERYONE or word.text in reading.groups:
        return True
    if word.text.lower() in reading.people:
        return True
    named = (*EVERYONE, *reading.people, *reading.groups, *reading.people_fields())
    hint = _CROWDS.get(word.text.lower()) or did_you_mean(word.text.removeprefix("@"), named)
    reading.faults.add(
        word,
        f"`{word.text}` cannot be mentioned",
        hint or "declare it under `people:` or `groups:`",
    )
    return False


_CROWDS: Final = {
    "everyone": "`here` pings who is there, `channel` everybody",
    "@everyone": "`here` pings who is there, `channel` everybody",
    "all": "`here` pings who is there, `channel` everybody",
    "team": "a Slack user group is declared under `groups:`",
}


def _follow(node: Node, reading: Reading, _scope: Scope) -> tuple[str, ...]:
    found = (reading.choice(word, "follow", FOLLOW) for word in reading.words(node, "follow"))
    return tuple(word for word in found if word is not None)


#: Key -> the member of ActionSpec it fills and how it is read.
_READERS: Final[Mapping[str, tuple[str, Callable[[Node, Reading, Scope], object]]]] = {
    "text": ("text", lambda node, reading, scope: reading.template(node, scope)),
    "template": ("text", lambda node, reading, scope: reading.named_template(node, scope)),
    "size": ("size", lambda node, reading, _scope: reading.choice(node, "size", SIZES)),
    "thread": ("thread", _thread),
    "mention": ("mention", _mention),
    "broadcast": ("broadcast", lambda node, reading, _scope: reading.flag(node, "broadcast")),
    "unfurl": ("unfurl", lambda node, reading, _scope: reading.flag(node, "unfurl")),
    "color": ("color", _color),
    "emoji": ("emoji", _emoji),
    "follow": ("follow", _follow),
}
