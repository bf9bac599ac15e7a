"""Fields that are long in the making are made when a rule asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from typing_extensions import override

from bot.model import Value
from tests.deciding import Bench, event_of


class Looked(Mapping[str, Value]):
    """An event's fields, and which of them were looked at."""

    def __init__(self, fields: Mapping[str, Value]) -> None:
        self.at: set[str] = set()
        self._fields = fields

    @override
    def __getitem__(self, name: str) -> Value:
        self.at.add(name)
        return self._fields[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    @override
    def __len__(self) -> int:
        return len(self._fields)


@pytest.mark.parametrize(
    ("condition", "looked"), [("{branch: main}", False), ("{paths: '**/*.py'}", True)]
)
def test_only_what_a_rule_asks_for_is_looked_at(condition: str, looked: bool) -> None:
    run = Bench(f"channels: {{dev: C0DEV0001}}\nrules:\n- {{on: push, if: {condition}, post: dev}}")
    event = event_of("push")
    fields = Looked(event.fields)
    run.take(replace(event, fields=fields))
    assert ("paths" in fields.at) is looked
