"""What `bot fields` prints and what editors validate against."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.rules import fields
from bot.rules.schema_json import schema

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.yaml"))
MACRO = "macros: {m: {inputs: {event: text}, rules: "
VALIDATOR = jsonschema.Draft7Validator(schema())


def read(text: str) -> Any:  # whatever YAML holds
    """As editors do: YAML 1.2, where `on` is a word."""
    return yaml.load(re.sub(r"\bon:", '"on":', text), Loader=yaml.CSafeLoader)


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_worked_examples_are_valid(path: Path) -> None:
    found = [error.message for error in VALIDATOR.iter_errors(read(path.read_text("utf-8")))]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "rules: [{on: pusj, post: dev}]",
        "rules: [{on: push, pots: dev}]",
        "rules: [{on: push, post: {chanel: dev}}]",
        "rules: [{on: push, post: {to: dev, size: big}}]",
        "rules: [{on: push, if: {lables: x}, post: dev}]",
        "rules: [{on: push, if: {labels: {begins: x}}, post: dev}]",
        "rules: [{project: a/b}]",
        "rules: [{on: push, once: week, post: dev}]",
        "rules: {on: push}",
        "version: 2",
        "people: {alice: alice}",
        "chanels: {dev: C0DEV0001}",
        "rules: [{on: push, batch: {quite: 5m}, post: dev}]",
        "rules: [{on: push, throttle: {every: 15min}, post: dev}]",
        "rules: [{on: push, throttle: 15m, post: dev}]",
        "rules: [{every: {crn: x}, list: open_mrs, post: dev}]",
        "rules: [{on: push, allow: webhook, webhook: {url: 'http://x'}}]",
        "rules: [{on: push, allow: comment, comment: {text: x, on: push}}]",
        f"{MACRO}[{{on: pusj, post: dev}}]}}}}",
        f"{MACRO}[{{on: mr, pots: dev}}]}}}}",
        f"{MACRO}[{{on: mr, if: {{lables: x}}, post: dev}}]}}}}",
        f"{MACRO}[{{on: mr, once: week, post: dev}}]}}}}",
        f"{MACRO}[{{on: mr, first: [{{on: mr, post: dev}}]}}]}}}}",
        f"{MACRO}[{{on: mr, post: {{to: dev, size: big}}}}]}}}}",
    ],
)
def test_broken_rules_are_not_valid(text: str) -> None:
    assert list(VALIDATOR.iter_errors(read(text)))


@pytest.mark.parametrize(
    "rule",
    [
        "{on: '${event}', post: '${channel}'}",
        "{on: ['${event}', mr.opened], project: '${projects}', post: ['${channel}', dev]}",
        "{on: mr, if: {labels: '${labels}', draft: '${draft}', approvals: '>= ${n}'}, post: dev}",
        "{on: mr, once: '${once}', stop: '${stop}', post: {to: dev, size: '${size}'}}",
        "{on: mr, throttle: {every: '${span}'}, reply: {broadcast: '${loud}', text: '${text}'}}",
        "{on: mr, first: [{if: {draft: '${draft}'}, react: '${emoji}'}, {post: '${channel}'}]}",
    ],
)
def test_a_macros_rules_take_inputs_where_values_stand(rule: str) -> None:
    text = f"{MACRO}[{rule}]}}}}"
    assert [error.message for error in VALIDATOR.iter_errors(read(text))] == []


def test_inputs_are_taken_in_macros_only() -> None:
    assert list(VALIDATOR.iter_errors(read("rules: [{on: '${event}', post: dev}]")))


def test_the_fields_of_an_event_are_listed_with_type_and_meaning() -> None:
    lines = fields.as_text("push").splitlines()
    assert lines[0] == "push"
    assert any(line.startswith("commit_count") and "number" in line for line in lines)
    assert not any(line.startswith("labels") for line in lines)


def test_without_an_event_the_events_are_listed() -> None:
    lines = fields.as_text().splitlines()
    assert any(line.startswith("mr.opened ") for line in lines)


def test_the_fields_are_json_too() -> None:
    (event,) = json.loads(fields.as_json("pr.opened"))["events"]
    assert event["name"] == "mr.opened"
    title = next(field for field in event["fields"] if field["name"] == "title")
    assert title["type"] == "text"


def test_an_unknown_event_gives_a_hint() -> None:
    with pytest.raises(KeyError, match="did you mean `push`"):
        fields.as_text("pusj")
