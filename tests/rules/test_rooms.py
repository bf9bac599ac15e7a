"""Channels that rules name, beside those that Slack shows the bot."""

from __future__ import annotations

from bot.outside import Room
from bot.rules.rooms import unreachable
from tests.rules.rules_text import loaded

ROOMS = (
    Room(id="C0DEV0001", name="dev", joined=True),
    Room(id="C0CI00001", name="ci", joined=False),
    Room(id="C0RANDOM1", name="random", joined=True),
)


def told(text: str) -> list[tuple[int, str, str | None]]:
    return [(one.line, one.text, one.hint) for one in unreachable(loaded(text), ROOMS)]


def test_a_channel_that_the_bot_is_in_is_nothing_to_tell() -> None:
    assert told("rules:\n- {on: push, post: [dev, '#Random', C0RANDOM1]}\n") == []


def test_a_channel_that_the_bot_is_not_in_is_told_with_its_alias() -> None:
    ((line, text, hint),) = told("rules:\n- on: push\n  post: ci\n")
    assert line == 12
    assert text == "the bot is not in #ci (`ci`): nothing but plain posts gets there"
    assert hint == "invite it there: /invite @ and the bot's name"


def test_a_channel_that_is_not_there_is_met_with_the_nearest() -> None:
    assert told("rules:\n- {on: push, post: '#randm'}\n") == [
        (11, "Slack shows the bot no channel `#randm`", "did you mean `#random`?")
    ]


def test_an_id_that_slack_does_not_show_may_be_a_private_channels() -> None:
    ((_, text, hint),) = told("rules:\n- {on: push, post: triage}\n")
    assert text == "Slack shows the bot no channel `C0TRIAGE1` (`triage`)"
    assert hint is not None
    assert hint.startswith("is it private?")


def test_each_channel_is_told_once_whatever_names_it() -> None:
    text = """\
rules:
- {on: push, react: tada}
- on: mr
  first:
    - {if: {draft: true}, post: ci}
    - {card: {by: labels, map: {bug: ci, "sec*": [ci, dev]}, default: ci}}
- {on: mr.opened, dm: author}
"""
    assert [line for line, _, _ in told(text)] == [14]
