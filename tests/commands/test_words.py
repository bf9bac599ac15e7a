"""From words to a command: what is understood, and how mistakes are answered."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import ALL, parse
from bot.commands.spec import Arguments
from bot.errors import CommandError


def several(*projects: str, **rest: Any) -> Arguments:
    only = projects[0] if len(projects) == 1 else None
    return Arguments(project=only, projects=projects, **rest)


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as caught:
        parse(words)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ("add group/repo", "add", several("group/repo")),
        ("ADD Group/Repo", "add", several("Group/Repo")),
        ("add group/repo #dev", "add", several("group/repo", channel="#dev")),
        ("add #dev group/repo", "add", several("group/repo", channel="#dev")),
        ("add g/r <#C012AB3CD|dev>", "add", several("g/r", channel="C012AB3CD")),
        ("add g/r <#C012AB3CD>", "add", several("g/r", channel="C012AB3CD")),
        ("add g/r --anyway", "add", several("g/r", flags=frozenset({"anyway"}))),
        ("add g/r —anyway", "add", several("g/r", flags=frozenset({"anyway"}))),
        ("add --on inner g/r", "add", several("g/r", on="inner")),
        ("add a/b c/d,e/* a/b", "add", several("a/b", "c/d", "e/*")),
        ("remove g/r –yes", "remove", Arguments(project="g/r", flags=frozenset({"yes"}))),
        ("list", "list", Arguments()),
        ("list g/r", "list", Arguments(project="g/r")),
        ("help", "help", Arguments()),
        ("help Add", "help", Arguments(verb="add")),
        ("", "help", Arguments()),
    ],
)
def test_words_are_understood(words: str, name: str, expected: Arguments) -> None:
    spec, arguments = parse(words.split())
    assert (spec.name, arguments) == (name, expected)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ad group/repo", "There is no `/hook ad`; did you mean `add`? `/hook help`"),
        ("xyzzy", "There is no `/hook xyzzy`; `/hook help` shows"),
        ("`<!channel>`", "There is no `/hook '<!channel>'`;"),
        ("add", "Which project? Use: `/hook add group/repo"),
        ("remove a/b c/d", "`c/d` is one word too many. Use: `/hook remove group/repo"),
        ("add a/b #x #y", "One channel at most"),
        ("remove a/b #x", "No channel is wanted here"),
        ("remove a/b --yess", "No option `--yess`; did you mean `--yes`?"),
        ("list --yes", "No option `--yes`"),
        ("add a/b --on", "`--on` wants the name of an instance"),
        ("help add me", "`me` is one word too many"),
    ],
)
def test_mistakes_are_answered_with_what_would_be_right(words: str, said: str) -> None:
    assert said in refused(*words.split())


@given(st.lists(st.text(max_size=40), max_size=6))
def test_any_words_are_a_command_or_an_answer(words: list[str]) -> None:
    with suppress(CommandError):
        assert parse(words)[0] in ALL


def test_every_example_of_every_command_is_understood() -> None:
    for spec in ALL:
        for example in spec.examples:
            assert parse(example.split())[0] is spec
        assert spec.usage.startswith(spec.name)


def test_no_two_commands_share_a_name() -> None:
    names = [spec.name for spec in ALL]
    assert len(set(names)) == len(names)
