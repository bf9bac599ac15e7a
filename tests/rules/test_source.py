"""YAML into nodes: what is written is what is read, and no fault is a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Fault, Level
from bot.rules.faults import Faults
from bot.rules.nodes import Map, Node, Scalar, Seq, written
from bot.rules.source import parse


def read(text: str) -> tuple[Node | None, tuple[Fault, ...]]:
    faults = Faults({"r.yaml": text})
    return parse("r.yaml", text, faults), faults.of_level(Level.ERROR)


def scalar(text: str) -> Scalar:
    node, faults = read(text)
    assert not faults
    assert isinstance(node, Map)
    value = node.entries[0][1]
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("written_as", "text"),
    [
        ("on", "on"),
        ("NO", "NO"),
        ("12:30", "12:30"),
        ("1.10", "1.10"),
        ("2026-12-31", "2026-12-31"),
    ],
)
def test_words_that_old_yaml_turns_into_something_else_stay_text(
    written_as: str, text: str
) -> None:
    value = scalar(f"a: {written_as}")
    assert (value.text, value.as_bool(), value.as_int()) == (text, None, None)


def test_only_true_and_false_are_booleans_and_only_without_quotes() -> None:
    assert scalar("a: true").as_bool() is True
    assert scalar("a: False").as_bool() is False
    assert scalar('a: "true"').as_bool() is None
    assert scalar("a: yes").as_bool() is None


def test_a_leading_zero_does_not_make_a_number_octal() -> None:
    assert scalar("a: 0123").as_int() == 123


def test_a_scalar_knows_its_place_and_length() -> None:
    value = scalar('x:  "dev"')
    assert (value.line, value.column, value.length) == (1, 5, 5)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: *.md\n", 'a word that begins with `*` needs quotes: "*.md"'),
        ("a: **/x\n", 'a word that begins with `*` needs quotes: "**/x"'),
        ("a: @x\n", 'a word that begins with `@` needs quotes: "@x"'),
        ("a: !x/y\n", 'quote it: "!x/y"'),
        ("a: [x, !y/z]\n", 'a word that begins with `!` needs quotes: "!y/z"'),
        ("a: {{ title }}\n", 'quote the text: "{{ … }}"'),
        ("a: b: c\n", "a text that holds `: ` needs quotes"),
        ("a:\n\t- b\n", "indent with spaces, not tabs"),
        ("<<: {a: b}\n", "use `macros`, or a parent rule with `rules:`"),
        ("a: 1\nb: 2\na: 3\n", "the first is in line 1"),
        ("a: *foo\n", 'for the text itself, quote it: "*foo"'),
        ("a: b\n---\nc: d\n", "one document a file"),
        ("a: !include x.yaml\n", "there is no tag for that: list the file in `include:`"),
        (
            "rules:\n  - {on: push, post: #dev}\n  - {on: tag}\n",
            'a channel name needs quotes: "#dev"',
        ),
    ],
)
def test_what_yaml_misreads_says_how_to_write_it(text: str, hint: str) -> None:
    _, faults = read(text)
    assert [fault.hint for fault in faults] == [hint]


def test_a_comment_that_swallowed_a_bracket_is_pointed_at() -> None:
    _, (fault,) = read("rules:\n  - {on: push, post: #dev}\n  - {on: tag}\n")
    assert (fault.line, fault.column) == (2, 22)


def test_plain_anchors_are_taken() -> None:
    node, faults = read("a: &x [1, 2]\nb: *x\n")
    assert not faults
    assert node is not None
    assert written(node) == "{a: [1, 2], b: [1, 2]}"


def test_an_alias_bomb_is_refused_before_it_is_built() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    _, faults = read("\n".join(lines))
    assert [fault.text for fault in faults] == ["aliases repeat too much"]


def test_an_anchor_that_holds_itself_is_refused() -> None:
    _, faults = read("a: &a [*a]\n")
    assert [fault.text for fault in faults] == ["`*a` stands inside what it repeats"]


def test_deep_nesting_is_refused() -> None:
    _, faults = read("[" * 5_000)
    assert [fault.text for fault in faults] == ["nested more than 40 deep"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("".join(f"k{n}: 1\n" for n in range(100_000)), "more than 20000 keys in one map"),
        (f"a: [{','.join(['b'] * 100_000)}]", "more than 20000 entries in one list"),
    ],
    ids=["keys", "entries"],
)
def test_what_is_wider_than_any_rules_file_is_not_read_to_its_end(text: str, told: str) -> None:
    _, faults = read(text)
    assert [fault.text for fault in faults] == [told]


def test_a_file_over_four_megabytes_is_refused() -> None:
    _, faults = read("a: " + "x" * 4_000_000)
    assert [fault.text for fault in faults] == ["the file is over 4 MB"]


def test_a_control_character_is_named_with_its_place() -> None:
    _, (fault,) = read("a: b\nc: \x01\n")
    assert (fault.line, fault.column) == (2, 4)


def test_an_empty_file_is_nothing() -> None:
    assert read("") == (None, ())
    assert read("\ufeff# only a comment\n") == (None, ())


def test_lists_and_maps_nest() -> None:
    node, _ = read("- {a: [b, 'c']}\n- d\n")
    assert isinstance(node, Seq)
    assert written(node) == "[{a: [b, c]}, d]"


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("ab:-#[]{}&*!|>'\"@%`,? \n\t<x0\ud800\x00é"), max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    _, faults = read(text)
    assert all(fault.line >= 1 and fault.column >= 1 for fault in faults)


@given(st.text(max_size=200))
def test_any_unicode_is_read_or_refused(text: str) -> None:
    read(text)
