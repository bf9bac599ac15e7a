"""Globs and words told by plain text operations say what RE2 says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.model import Person, Value
from bot.registry import Field, FieldType
from bot.rules import patterns
from bot.rules.faults import Faults
from bot.rules.match import compile_match, compile_test
from bot.rules.nodes import Scalar, Seq

PIECES = st.lists(st.sampled_from(["a", "b", "A", "/", "*", "**", ".", "-"]), max_size=8)
VALUES = st.text(alphabet="abA/.-", max_size=12)


@given(PIECES.map("".join), VALUES, st.booleans(), st.booleans())
def test_a_plain_test_agrees_with_re2(pattern: str, value: str, path: bool, fold: bool) -> None:
    body = patterns._translated(pattern, path=path)
    slow = patterns._searcher(rf"(?s{'i' if fold else ''})\A(?:{body})\z")
    assert patterns.glob(pattern, path=path, fold=fold)(value) == slow(value)


@given(PIECES.map("".join), st.booleans())
def test_a_pattern_without_stars_matches_itself(pattern: str, path: bool) -> None:
    plain = pattern.replace("*", "")
    assert patterns.glob(plain, path=path, fold=False)(plain)


@given(st.text(alphabet="abA -", min_size=1, max_size=3), st.text(alphabet="abAK -", max_size=9))
def test_a_word_as_a_regular_expression_agrees_with_re2(word: str, value: str) -> None:
    for flags in ("", "i", "s"):
        slow = patterns._searcher(f"(?{flags})(?:{word})" if flags else word)
        assert patterns.regex(word, flags)(value) == slow(value)


WORDS = st.lists(
    st.sampled_from(["alice", "Alice", "al*", "/^a/", "b?", "$default", "main", "release/*"]),
    min_size=1,
    max_size=4,
)
SEEN = st.one_of(
    st.none(),
    st.sampled_from(["alice", "ALICE", "al", "main", "release/1", "x"]),
    st.just(Person(username="Alice")),
    st.just(("main", "bob")),
)


@given(WORDS, SEEN, st.booleans(), st.booleans())
def test_a_test_in_one_step_agrees_with_the_matcher(
    words: list[str], value: Value | None, fold: bool, as_list: bool
) -> None:
    field = Field("seen", FieldType.TEXT, "", path=True, fold=fold)
    nodes = tuple(Scalar("rules.yaml", 1, 1, 1, word, plain=False) for word in words)
    node = Seq("rules.yaml", 1, 1, 1, nodes) if as_list else nodes[0]

    def lookup(name: str) -> Value | None:
        return {"seen": value, "default_branch": "main"}.get(name)

    faults = Faults({})
    slow = compile_match(node, field, faults)(value, lookup)
    assert compile_test(node, field, faults)(lookup) == slow
    assert faults.count == 0
