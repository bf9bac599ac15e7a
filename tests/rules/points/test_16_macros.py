"""16. Macros: a lone `${x}` is the typed value, inside a text its string; nothing else is seen."""

from __future__ import annotations

from tests.rules.points import bench
from tests.rules.rules_text import errors_of

MACRO = """\
macros:
  feed:
    inputs: {projects: list, channel: channel, word: text}
    rules:
      - name: pushes
        on: push
        project: "${projects}"
        post: {to: "${channel}", text: "${word}: {{ branch }}"}
"""


def test_point_16_a_lone_input_is_the_typed_value_and_within_text_its_string() -> None:
    run = bench(
        MACRO + "rules: [{use: feed, with: {projects: [a/**, b/c], channel: dev, word: hi}}]"
    )
    assert run.does("push", project="b/c", branch="main") == ["post C0DEV0001: hi: main"]
    assert run.does("push", project="c/c") == []


def test_point_16_only_declared_inputs_are_visible() -> None:
    (fault,) = errors_of(
        MACRO.replace("${word}", "${nothing}")
        + "rules: [{use: feed, with: {projects: [a], channel: dev, word: hi}}]"
    )
    assert fault.text == "macro `feed` has no input `nothing`"


def test_point_16_rules_are_named_by_use_and_rule() -> None:
    use = "{use: feed, with: {projects: [a/b], channel: dev, word: hi}}"
    run = bench(MACRO + f"rules: [{use}, {use}]")
    assert [rule.name for rule in run.ruleset.rules] == ["feed/pushes", "feed#2/pushes"]


def test_point_16_macros_do_not_nest() -> None:
    (fault,) = errors_of("macros: {a: {rules: [{use: b}]}}\nrules: []")
    assert fault.text == "macros do not nest"


def test_point_16_plain_anchors_are_accepted_and_merge_keys_refused() -> None:
    run = bench("rules: [{on: &what push, post: {to: dev, text: x}}, {on: *what, post: ci}]")
    assert len(run.does("push")) == 2
    (fault,) = errors_of("rules: [{on: push, <<: {post: dev}, post: dev}]")
    assert fault.hint == "use `macros`, or a parent rule with `rules:`"
