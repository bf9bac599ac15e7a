"""From words to a command: what is understood, and how mistakes are answered."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import ALL, parse
from bot.commands.spec import Arguments
from bot.commands.words import PLANNED
from bot.errors import CommandError


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as caught:
        parse(words)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ("add group/repo", "add", Arguments(project="group/repo")),
        ("ADD Group/Repo", "add", Arguments(project="Group/Repo")),
        ("add group/repo #dev", "add", Arguments(project="group/repo", channel="#dev")),
        ("add #dev group/repo", "add", Arguments(project="group/repo", channel="#dev")),
        ("add g/r <#C012AB3CD|dev>", "add", Arguments(project="g/r", channel="C012AB3CD")),
        ("add g/r <#C012AB3CD>", "add", Arguments(project="g/r", channel="C012AB3CD")),
        ("add g/r --anyway", "add", Arguments(project="g/r", flags=frozenset({"anyway"}))),
        ("add g/r —anyway", "add", Arguments(project="g/r", flags=frozenset({"anyway"}))),
        ("add --on inner g/r", "add", Arguments(project="g/r", on="inner")),
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
        ("ad group/repo", "There is no `/hook ad`; did you mean `add`?"),
        ("xyzzy", "There is no `/hook xyzzy`; `/hook help` shows"),
        ("`<!channel>`", "There is no `/hook '<!channel>'`;"),
        ("add", "Which project? Use: `/hook add group/repo"),
        ("add a/b c/d", "`c/d` is one word too many. Use: `/hook add group/repo"),
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


@pytest.mark.parametrize("verb", PLANNED)
def test_promised_verbs_say_that_they_are_not_built(verb: str) -> None:
    assert refused(verb, "group/repo").startswith(f"`/hook {verb}` is not built yet")


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
    assert not set(names) & set(PLANNED)
