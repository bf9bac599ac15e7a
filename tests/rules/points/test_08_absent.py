"""8. Absent values: two-valued; each positive test fails, its negation holds."""

from __future__ import annotations

import pytest

from tests.rules.points import bench
from tests.rules.rules_text import errors_of, loaded


def holds(condition: str, name: str = "mr.opened", **given: object) -> bool:
    run = bench(f"rules: [{{on: {name}, if: {condition}, post: {{to: dev, text: x}}}}]")
    return bool(run.does(name, **given))


@pytest.mark.parametrize(
    "test",
    ["x", "'*'", "/./", "{starts: x}", "set", "[x, y]", '">= 0"'],
)
def test_point_8_absent_fails_each_positive_test(test: str) -> None:
    assert not holds(f"{{payload.no.such: {test}}}")


@pytest.mark.parametrize(
    "test",
    ["{not: x}", "unset", '["!x"]', "{not: set}", '{not: ">= 0"}'],
)
def test_point_8_negations_are_their_exact_complements(test: str) -> None:
    assert holds(f"{{payload.no.such: {test}}}")


def test_point_8_lists_are_empty_and_not_absent() -> None:
    assert not holds("{labels: {any: [x]}}", labels=[])
    assert holds("{labels: {none: [x]}}", labels=[])
    assert not holds("{labels: {only: x}}", labels=[])
    assert holds("{labels: unset}", labels=[])


def test_point_8_expressions_agree() -> None:
    assert not holds("payload.no.such == 'x'")
    assert holds("payload.no.such != 'x'")
    assert not holds("payload.no.such > 1")
    assert holds("not (payload.no.such > 1)")


def test_point_8_arithmetic_on_absent_is_absent() -> None:
    assert not holds("payload.no.such + 1 > 0")
    assert holds("payload.no.such + 1 != 1")


def test_point_8_a_mistyped_payload_path_is_absent() -> None:
    assert not holds('{payload.object_kind.deeper: ">= 0"}')
    assert not holds("payload.object_kind > 1")


def test_point_8_a_field_of_none_of_the_rules_events_is_an_error() -> None:
    (fault,) = errors_of("rules: [{on: [push, tag], if: {labels: x}, post: dev}]")
    assert fault.text == "`labels` never exists on push and tag events"


def test_point_8_of_only_some_a_warning() -> None:
    made = loaded("rules: [{name: x, on: [push, mr.opened], if: {labels: x}, post: dev}]")
    assert "`labels` never exists on push events: never true there" in [
        one.text for one in made.warnings
    ]


def test_point_8_an_empty_list_as_a_matcher_is_an_error() -> None:
    (fault,) = errors_of("rules: [{on: mr, if: {labels: []}, post: dev}]")
    assert (fault.text, fault.hint) == ("`labels` has an empty list", "for none, `unset`")


def test_point_8_from_a_macros_input_it_leaves_the_condition_out() -> None:
    run = bench(
        """
macros:
  m:
    inputs: {labels: {type: list, default: []}}
    rules: [{on: mr.opened, if: {labels: "${labels}"}, post: {to: dev, text: x}}]
rules: [{use: m}]
"""
    )
    assert len(run.does("mr.opened", labels=["any"])) == 1
