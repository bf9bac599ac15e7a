"""Keys of the verbs that write to people and act outside of chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.actions.dm import NAMED
from bot.registry import FieldType
from bot.rules.faults import choices, did_you_mean
from bot.rules.habits import field_hint
from bot.rules.nodes import Map, Node, Seq
from bot.rules.times import duration

if TYPE_CHECKING:
    from bot.rules.reading import Reading, Scope

_SECRET: Final = re.compile(r"\$\{secret:[A-Z][A-Z0-9_]*\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OWN_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "idempotency-key"}
)
_LONGEST: Final = timedelta(seconds=15)
METHODS: Final = ("POST", "PUT", "PATCH", "GET", "DELETE")


def _people(node: Node, reading: Reading, scope: Scope) -> tuple[str, ...]:
    """Fields that hold people, and `{person: alice}` as `@alice`."""
    found: list[str] = []
    for item in reading.items(node, "to"):
        if isinstance(item, Map):
            reading.keys(item, ("person",), "to")
            found += _person(item, reading)
        elif (name := reading.text(item, "to")) is not None:
            found += _people_field(name, item, reading, scope)
    return tuple(found)


def _person(node: Map, reading: Reading) -> list[str]:
    value = node.get("person")
    name = reading.text(value, "person") if value is not None else None
    if value is None or name is None:
        return []
    if name.lower() not in reading.people:
        hint = did_you_mean(name, reading.people) or "declare them under `people:`"
        reading.faults.add(value, f"`{name}` is not declared", hint)
        return []
    return [f"{NAMED}{name.lower()}"]


def _people_field(name: str, node: Node, reading: Reading, scope: Scope) -> list[str]:
    bare = name.removeprefix("@")
    if bare.lower() in reading.people and reading.catalogue.field(name) is None:
        hint = f"dm: {{to: {{person: {bare}}}}}"
        reading.faults.add(node, f"`{name}` is a person, not a field that holds some", hint)
        return []
    holds = reading.people_fields()
    if reading.catalogue.field(name) is None and field_hint(name, holds) is None:
        hint = f"{choices(holds)}; or a person of `people:`, {{person: {bare}}}"
        reading.faults.add(node, f"`{name}` is no field that holds people", hint)
        return []
    field = reading.field(name, node, scope)
    if field is None:
        return []
    if field.type not in {FieldType.PERSON, FieldType.PEOPLE}:
        reading.faults.add(node, f"`{name}` holds nobody", "author, reviewers, {person: alice}")
        return []
    if scope.confidential:
        reading.faults.add(
            node,
            "this rule is for confidential events: they go only to people it names",
            "dm: {to: {person: alice}}",
        )
    return [name]


def _template(node: Node, reading: Reading, scope: Scope) -> object:
    return reading.template(node, scope)


def _variables(node: Node, reading: Reading, scope: Scope) -> object:
    return _texts(node, "variables", _VARIABLE, reading, scope)


def _headers(node: Node, reading: Reading, scope: Scope) -> object:
    for key, _ in node.entries if isinstance(node, Map) else ():
        if key.text.lower() in _OWN_HEADERS:
            reading.faults.add(key, f"the header `{key.text}` is the bot's own")
    return _texts(node, "headers", _HEADER, reading, scope)


def _texts(node: Node, what: str, fits: re.Pattern[str], reading: Reading, scope: Scope) -> object:
    table = reading.map_of(node, what)
    if table is None:
        return None
    for key, _ in table.entries:
        if not fits.fullmatch(key.text):
            reading.faults.add(key, f"`{key.text}` cannot be a name in `{what}`")
    return {key.text: reading.template(value, scope, key.text) for key, value in table.entries}


def _json(node: Node, reading: Reading, scope: Scope) -> object:
    if isinstance(node, Map):
        return {key.text: _json(value, reading, scope) for key, value in node.entries}
    if isinstance(node, Seq):
        return [_json(item, reading, scope) for item in node.items]
    if node.is_null:
        return None
    known = node.as_bool() if node.as_bool() is not None else node.as_number()
    return known if known is not None else reading.template(node, scope, "json")


def _url(node: Node, reading: Reading, _scope: Scope) -> object:
    text = reading.text(node, "url")
    if text is None:
        return None
    if not _SECRET.fullmatch(text) and not _is_https(text):
        reading.faults.add(
            node, "a webhook's url is fixed and begins with https://", '"${secret:NAME}"'
        )
    elif text == "${secret:KEY}":
        reading.faults.add(node, "SECRET_KEY is the bot's own", "give the secret another name")
    return text


def _is_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "{{" not in text


def _as(node: Node, reading: Reading, _scope: Scope) -> object:
    text = reading.text(node, "as")
    if text is not None and not _NAME.fullmatch(text):
        reading.faults.add(node, f"`{text}` is no name", "letters, digits and _")
    return text


def _timeout(node: Node, reading: Reading, _scope: Scope) -> object:
    text = reading.text(node, "timeout")
    wanted = duration(text) if text is not None else None
    if text is not None and (wanted is None or not timedelta() < wanted <= _LONGEST):
        reading.faults.add(node, f"`{text}` is no time to wait", "1s to 15s")
        return None
    return wanted.total_seconds() if wanted is not None else None


def _plain(node: Node, reading: Reading, _scope: Scope) -> object:
    return reading.text(node, "key")


def _workflow(node: Node, reading: Reading, _scope: Scope) -> object:
    return reading.text(node, "workflow")


def _subject(node: Node, reading: Reading, _scope: Scope) -> object:
    return reading.choice(node, "on", ("mr", "issue", "commit"))


def _method(node: Node, reading: Reading, _scope: Scope) -> object:
    return reading.choice(node, "method", METHODS)


#: (verb, key) -> how it is read into `ActionSpec.extra`.
OUTSIDE: Final[Mapping[tuple[str, str], Callable[[Node, Reading, Scope], object]]] = {
    ("dm", "to"): _people,
    ("comment", "key"): _plain,
    ("comment", "on"): _subject,
    ("pipeline", "ref"): _template,
    ("pipeline", "variables"): _variables,
    ("pipeline", "workflow"): _workflow,
    ("pipeline", "as"): _as,
    ("webhook", "url"): _url,
    ("webhook", "json"): _json,
    ("webhook", "method"): _method,
    ("webhook", "headers"): _headers,
    ("webhook", "timeout"): _timeout,
}
#: What a verb cannot do without; of `comment` one of two.
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "dm": ("to",),
    "comment": ("text", "template"),
    "pipeline": ("ref",),
    "webhook": ("url",),
}
