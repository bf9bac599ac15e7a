"""JSON Schema (draft-07) of rules files, from the tables that read them: `bot schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot import events as families
from bot.events import samples
from bot.rules.catalogue import LISTS, SUBJECTS, Catalogue
from bot.rules.conditions import NESTS, ON_RULE
from bot.rules.entries import CHILD_KEYS, RULE_KEYS
from bot.rules.inline_reading import EXPECT_KEYS, GIVEN_KEYS, TEST_KEYS
from bot.rules.load import FILE_KEYS
from bot.rules.macros import TYPES
from bot.rules.settings import CHANNEL_KEYS, DEFAULT_KEYS, HOURS_KEYS, MUTE_KEYS
from bot.rules.verbs import FOLLOW, GUARDED, SIZES, VERBS
from bot.rules.verbs_outside import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.registry import Spec

_Schema = dict[str, Any]

_TEXT: Final[_Schema] = {"type": "string", "minLength": 1}
_FLAG: Final[_Schema] = {"type": "boolean"}
_ANY: Final[_Schema] = {}
_DURATION: Final[_Schema] = {"type": "string", "pattern": "^([0-9]{1,6}[smhdw])+$"}


def schema(*, specs: Iterable[Spec] | None = None) -> _Schema:
    """For editors: completion, and most mistakes; `bot check` tells all of them."""
    catalogue = Catalogue.of(families.ALL if specs is None else specs)
    rules: dict[str, _Schema] = {
        "channel": {"type": "string", "minLength": 1, "description": 'alias, "#name" or id'},
        "channels": _one_or_many({"$ref": "#/definitions/channel"}),
        "event": _event(catalogue),
        "matcher": _matcher(),
        "condition": _condition(catalogue),
        "rule": {**_object(RULE_KEYS, _rule_part), "anyOf": _WAYS},
        "child": _object(CHILD_KEYS, _rule_part),
        **{f"verb_{verb}": _verb(verb) for verb in VERBS},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "rules.yaml",
        **_object(FILE_KEYS, _FILE),
        "definitions": {
            **rules,
            **{f"{_IN_MACRO}{name}": _filled(made) for name, made in rules.items()},
            "input": {"type": "string", "pattern": r"\$\{[A-Za-z_][\w-]*\}"},
            "test": _object(TEST_KEYS, _test_parts()),
        },
    }


#: Before the name of a definition that a macro's rules use.
_IN_MACRO: Final = "macro_"
#: What says of which texts a schema approves.
_NARROW: Final = frozenset({"enum", "const", "pattern"})


def _filled(schema: Any) -> Any:
    """The schema as it is within a macro: wherever not every text is good, `${input}` is too."""
    if isinstance(schema, list):
        return [_filled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    ref = schema.get("$ref")
    if ref is not None:
        return _ref(f"{_IN_MACRO}{ref.rpartition('/')[2]}")
    if "properties" in schema:
        parts = {name: _filled(part) for name, part in schema["properties"].items()}
        return {**schema, "properties": parts} | _inner(schema, "patternProperties")
    inner = {**schema, **_inner(schema, "anyOf", "allOf", "items", "additionalProperties")}
    if schema.get("type") == "boolean" or _NARROW & schema.keys():
        return {"anyOf": [inner, _ref("input")]}
    return inner


def _inner(schema: _Schema, *words: str) -> _Schema:
    return {word: _filled(schema[word]) for word in words if word in schema}


def _object(keys: Iterable[str], part: Any) -> _Schema:
    """A map of these keys only; `part`: key -> schema, a table or a function."""
    look = part if callable(part) else part.get
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: look(key) or _ANY for key in keys},
    }


def _one_or_many(item: _Schema) -> _Schema:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1, "maxItems": 500}]}


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/definitions/{name}"}


def _event(catalogue: Catalogue) -> _Schema:
    names = list(dict.fromkeys(catalogue.names()))
    also = [f"{kind}.*" for kind in catalogue.kinds] + ["pr"]
    also += [f"pr.{name[3:]}" for name in names if name.startswith("mr.")]
    return {"enum": [*names, *also]}


def _matcher() -> _Schema:
    plain: _Schema = {"type": ["string", "number", "boolean"]}
    inner = _ref("matcher")
    return {
        "anyOf": [
            plain,
            {"type": "array", "minItems": 1, "maxItems": 500, "items": {"not": {"type": "null"}}},
            {
                **_object(
                    ("starts", "ends", "contains", "not", "any", "all", "none", "only"),
                    lambda key: inner if key == "not" else _ANY,
                ),
                "minProperties": 1,
            },
        ]
    }


def _condition(catalogue: Catalogue) -> _Schema:
    nests: _Schema = {
        "any": _one_or_many(_ref("condition")),
        "all": _one_or_many(_ref("condition")),
        "not": _ref("condition"),
    }
    fields = {name: _described(name, catalogue) for name in catalogue.fields if name not in NESTS}
    return {
        "anyOf": [
            {"type": "string", "minLength": 1, "description": "an expression"},
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {**fields, **nests},
                "patternProperties": {r"^payload\..+": _ref("matcher")},
            },
        ]
    }


def _described(name: str, catalogue: Catalogue) -> _Schema:
    field = catalogue.fields[name]
    return {"allOf": [_ref("matcher")], "description": f"{field.type.value}: {field.doc}"}


def _rule_part(key: str) -> _Schema:
    if key in VERBS:
        return _ref(f"verb_{key}")
    if key in ON_RULE:
        return _ref("matcher")
    return _RULE.get(key, _ANY)


def _verb(verb: str) -> _Schema:
    long = _object(VERBS[verb], lambda key: _VERB_PARTS.get((verb, key)) or _VERB_PARTS.get(key))
    short: _Schema = _one_or_many(_TEXT)
    return {"anyOf": [short, long, {"type": "array", "items": {"anyOf": [_TEXT, long]}}]}


_VERB_PARTS: Final[dict[Any, _Schema]] = {
    "to": _ref("channels"),
    ("dm", "to"): {"type": ["string", "object", "array"]},
    "default": _ref("channels"),
    "by": _TEXT,
    "map": {"type": "object", "minProperties": 1, "additionalProperties": _ref("channels")},
    "text": _TEXT,
    "template": _TEXT,
    "thread": {"anyOf": [{"enum": list(SUBJECTS)}, {"type": "string", "pattern": r"\{[{%]"}]},
    "size": {"enum": list(SIZES)},
    "mention": _one_or_many(_TEXT),
    "broadcast": _FLAG,
    "unfurl": _FLAG,
    "color": {"type": "string", "pattern": "^(good|warning|danger|#[0-9a-fA-F]{6})$"},
    "follow": _one_or_many({"enum": list(FOLLOW)}),
    "emoji": _TEXT,
    "remove": {"type": ["string", "boolean"]},
    "key": _TEXT,
    "on": {"enum": ["mr", "issue", "commit"]},
    "ref": _TEXT,
    "workflow": _TEXT,
    "as": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    "url": {"type": "string", "pattern": r"^(https://|\$\{secret:)"},
    "method": {"enum": list(METHODS)},
    "timeout": _DURATION,
    "variables": {"type": "object"},
    "headers": {"type": "object"},
}
_TIMES: Final[dict[str, _Schema]] = {
    **dict.fromkeys(("every", "quiet", "max_wait"), _DURATION),
    "by": _one_or_many(_TEXT),
    "daily": _TEXT,
}
_RULE: Final[dict[str, _Schema]] = {
    "name": _TEXT,
    "on": _one_or_many(_ref("event")),
    "if": _ref("condition"),
    "list": {"enum": list(LISTS)},
    "each": {"enum": list(LISTS)},
    "once": {"enum": list(SUBJECTS)},
    "first": {"type": "array", "minItems": 1, "items": _ref("child")},
    "rules": {"type": "array", "minItems": 1, "items": _ref("rule")},
    "stop": _FLAG,
    "own": _FLAG,
    "allow": _one_or_many({"enum": list(GUARDED)}),
    "use": _TEXT,
    "with": {"type": "object"},
    "during": _TEXT,
    "wait_for": _TEXT,
    "throttle": {**_object(("every", "by"), _TIMES), "required": ["every"]},
    "batch": {"anyOf": [_TEXT, _object(("quiet", "max_wait", "by", "daily"), _TIMES)]},
    "every": {"anyOf": [_TEXT, {**_object(("cron",), {"cron": _TEXT}), "required": ["cron"]}]},
}
#: A rule does one of these; children inherit from their parents, so `on` is not demanded here.
_WAYS: Final[list[_Schema]] = [
    {"required": [word]} for word in (*VERBS, "first", "rules", "stop", "use", "on", "every")
]


def _test_parts() -> dict[str, _Schema]:
    given = dict.fromkeys(("file", "stored", "after"), _TEXT)
    given |= {"event": {"enum": list(samples.NAMES)}}
    given |= {key: {"type": "object"} for key in ("with", "headers", "api")}
    flags = dict.fromkeys(("edit", "broadcast"), _FLAG)
    texts = dict.fromkeys(("text_contains", "rule", "thread", "emoji"), _TEXT)
    aims = {verb: {"type": ["string", "null"]} for verb in VERBS}
    expected: _Schema = {
        "type": "array",
        "maxItems": 500,
        "items": _object(EXPECT_KEYS, {"text": _ref("matcher"), **flags, **texts, **aims}),
    }
    return {
        "name": _TEXT,
        "at": _TEXT,
        "api": {"type": "object"},
        "given": {"type": "array", "items": _object(GIVEN_KEYS, given)},
        "expect": expected,
        "expect_some": expected,
    }


def _table(values: _Schema) -> _Schema:
    return {"type": ["object", "null"], "additionalProperties": values}


_FILE: Final[dict[str, _Schema]] = {
    "version": {"const": 1},
    "include": _one_or_many(_TEXT),
    "channels": _table({"anyOf": [_TEXT, _object(CHANNEL_KEYS, {"confidential": _FLAG})]}),
    "people": _table({"type": "string", "pattern": "^[UW][A-Z0-9]{7,}$"}),
    "groups": _table({"type": "string", "pattern": "^(S[A-Z0-9]{7,}|@[a-z0-9][a-z0-9._-]*)$"}),
    "templates": _table(_TEXT),
    "bots": _one_or_many(_TEXT),
    "defaults": _object(DEFAULT_KEYS, dict.fromkeys(DEFAULT_KEYS, _TEXT)),
    "hours": _table(_object(HOURS_KEYS, dict.fromkeys(HOURS_KEYS, _TEXT))),
    "mute": _one_or_many(_object(MUTE_KEYS, {key: _ref("matcher") for key in ON_RULE})),
    "macros": _table(
        _object(
            ("inputs", "rules"),
            {
                "inputs": _table({"anyOf": [{"enum": list(TYPES)}, {"type": "object"}]}),
                "rules": {"type": "array", "items": _ref(f"{_IN_MACRO}rule")},
            },
        )
    ),
    "rules": {"type": ["array", "null"], "items": _ref("rule")},
    "tests": {"type": ["array", "null"], "items": _ref("test")},
}
