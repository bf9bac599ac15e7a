"""What events carry is what their families declare."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from bot.events import ALL, SPECS
from bot.model import Person, Ref, Value
from bot.registry import FieldType
from tests.events.reading import NAMES, corpus, event_of, everything

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES: Final[Mapping[FieldType, type | tuple[type, ...]]] = {
    FieldType.TEXT: str,
    FieldType.NUMBER: (int, float),
    FieldType.BOOL: bool,
    FieldType.DURATION: timedelta,
    FieldType.TIME: datetime,
    FieldType.PERSON: Person,
    FieldType.REF: Ref,
    FieldType.TEXTS: str,
    FieldType.PEOPLE: Person,
    FieldType.REFS: Ref,
}
_LISTS: Final = {FieldType.TEXTS, FieldType.PEOPLE, FieldType.REFS}


def test_every_field_is_declared_with_its_type() -> None:
    for name, event in everything():
        declared = {field.name: field.type for field in SPECS[event.kind].fields}
        for field, value in event.fields.items():
            assert field in declared, f"{name}: {event.kind} does not declare {field}"
            assert _is(value, declared[field]), f"{name}: {field} is {value!r}"


def _is(value: Value, kind: FieldType) -> bool:
    if kind in _LISTS:
        return isinstance(value, tuple) and all(isinstance(v, _TYPES[kind]) for v in value)
    if isinstance(value, bool) and kind is not FieldType.BOOL:
        return False
    return isinstance(value, _TYPES[kind])


def test_every_name_an_event_carries_is_declared_and_not_one_that_needs_state() -> None:
    for name, event in everything():
        plain = {n.name for n in SPECS[event.kind].names if not n.derived}
        assert set(event.names) <= plain, name


def test_a_field_limited_to_some_events_is_on_no_other() -> None:
    for name, event in everything():
        for field in SPECS[event.kind].fields:
            if field.only and field.name in event.fields and event.names:
                assert set(field.only) & set(event.names), f"{name}: {field.name}"


def test_every_declared_field_is_told_by_some_fixture_or_comes_from_elsewhere() -> None:
    events = [event_of(name) for name in NAMES]
    seen = {(event.kind, field) for event in events for field in event.fields}
    derived = {("pipeline", name) for name in ("previous_status", "broken_for", "failures")}
    derived |= {(kind, "compare") for kind in ("tag", "release", "deployment")}
    common = {field.name for field in SPECS["other"].fields}
    missing = [
        (spec.kind, field.name)
        for spec in ALL
        for field in spec.fields
        if not field.fetched and field.name not in common
        if (spec.kind, field.name) not in seen | derived
    ]
    assert missing == []


def test_one_word_has_one_type_in_every_family() -> None:
    types: dict[str, set[FieldType]] = {}
    for spec in ALL:
        for field in spec.fields:
            types.setdefault(field.name, set()).add(field.type)
    assert {name for name, kinds in types.items() if len(kinds) > 1} == set()


def test_lists_that_are_present_but_empty_are_empty_and_not_absent() -> None:
    fields = event_of("merge_request_hook__open").fields
    assert fields["labels"] == ()
    assert fields["reviewers"] == ()
    assert fields["added_labels"] == ()


@pytest.mark.skipif(not os.environ.get("CORPUS"), reason="CORPUS is not set")
def test_a_family_knows_every_delivery_of_the_corpus() -> None:
    events = [(name, event) for name, event in corpus() if "__ping__" not in name]
    assert len(events) == 253
    assert [name for name, event in events if not event.known] == []
    assert [name for name, event in events if not event.names] == []


@pytest.mark.skipif(not os.environ.get("CORPUS"), reason="CORPUS is not set")
def test_every_delivery_of_the_corpus_has_its_default_texts() -> None:
    for name, event in corpus():
        spec = SPECS[event.kind]
        assert spec.line(event).text, name
        if spec.reply is not None:
            assert spec.reply(event), name
