"""13. Escaping: every value once, by the target's escaper; broadcasts by `mention` alone."""

from __future__ import annotations

import pytest

from bot.message import Broadcast
from tests.rules.points import bench
from tests.rules.rules_text import errors_of


def shown(text: str, **given: object) -> str:
    run = bench(f"rules:\n- on: mr.opened\n  post: {{to: dev, text: '{text}'}}\n")
    (line,) = run.does("mr.opened", **given)
    return line.removeprefix("post C0DEV0001: ")


def test_point_13_a_hostile_title_cannot_ping_or_link() -> None:
    title = "<!channel> & <@U1> <http://x|y>"
    assert shown("{{ title }}", title=title) == (
        "&lt;!channel&gt; &amp; &lt;@U1&gt; &lt;http://x|y&gt;"
    )


def test_point_13_a_value_is_escaped_once() -> None:
    assert shown("{{ title | upper }} {{ title }}", title="a &amp; b") == (
        "A &amp;AMP; B a &amp;amp; b"
    )


def test_point_13_link_mention_and_code_return_trusted_text() -> None:
    made = shown("{{ mr | link }} {{ author | mention }} {{ source | code }}", title="<x>")
    assert made.startswith("<https://gitlab.example.com/shop/api/-/merge_requests/7|!7 &lt;x&gt;>")
    assert made.endswith("`search`")


@pytest.mark.parametrize("word", ["raw", "safe", "escape"])
def test_point_13_there_is_no_raw(word: str) -> None:
    (fault,) = errors_of(
        f"rules: [{{on: push, post: {{to: dev, text: '{{{{ branch | {word} }}}}'}}}}]"
    )
    assert fault.text == f"unknown filter `{word}`"


@pytest.mark.parametrize("word", ["here", "channel"])
def test_point_13_broadcasts_come_by_mention_alone(word: str) -> None:
    run = bench(f"rules: [{{on: push, post: {{to: dev, text: x, mention: {word}}}}}]")
    (action,) = run.decide("push").actions
    assert action.message is not None
    assert [one.to for one in action.message.text if isinstance(one, Broadcast)] == [word]
    (fault,) = errors_of(f"rules: [{{on: push, post: {{to: dev, text: '<!{word}> x'}}}}]")
    assert fault.text == f"`<!{word}>` in a text"


def test_point_13_control_bidi_and_zero_width_characters_are_removed() -> None:
    assert shown("{{ title }}", title="a\u202eb\u200bc\x07d") == "abcd"


def test_point_13_lengths_are_cut_on_graphemes() -> None:
    family = "👨‍👩‍👧"
    assert shown("{{ title | truncate(3) }}", title=f"ab{family}cd").startswith("ab")
    assert "\u200d" not in shown("{{ title | truncate(3) }}", title=f"ab{family}{family}").replace(
        family, ""
    )
