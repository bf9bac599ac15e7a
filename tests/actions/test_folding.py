"""Many messages in one: within Slack's limits, in order, nothing left out untold."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.actions.folding import fold, may_fold
from bot.message import Code, Link, Message, Plain, Trusted, bold, quote, text
from bot.slack.blocks import blocks
from tests.store.make import action

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400)


def _said(message: Message | None) -> str:
    assert message is not None
    sent = blocks(message)
    return "\n".join(
        block["text"]["text"] if "text" in block else block["elements"][0]["text"]
        for block in sent.blocks
    )


def _of(*leads: Any) -> list[Any]:
    return [action(n, message=Message(text=text(lead))) for n, lead in enumerate(leads)]


def test_each_has_a_line_with_its_links() -> None:
    leads = (text("pushed to ", Link("shop/api", "https://x/1")), text(bold("two\nlines")))
    folded, taken = fold(_of(*leads), whole=False)
    assert taken == 2
    said = _said(folded.message)
    assert "• pushed to <https://x/1|shop/api>\n• *two lines*" in said


def test_what_finds_no_room_waits_for_the_next_message() -> None:
    folded, taken = fold(_of(*(f"{n:04} " + "x" * 150 for n in range(200))), whole=False)
    said = _said(folded.message)
    assert 40 < taken < 200
    assert f"{taken - 1:04} " in said
    assert f"{taken:04} " not in said
    assert "more" not in said.partition("\n")[2]


def test_what_finds_no_room_is_counted_when_too_much_waits() -> None:
    folded, taken = fold(_of(*(f"{n:04} " + "x" * 150 for n in range(200))), whole=True)
    assert taken == 200
    said = _said(folded.message)
    named = said.count("• ")
    assert f"… and {200 - named} more" in said


def test_one_alone_stays_as_it_is() -> None:
    [one] = _of("alone")
    assert fold([one], whole=True) == (one, 1)


def test_a_fold_is_private_when_one_of_it_is() -> None:
    public, private = _of("a", "b")
    made, _ = fold([public, action(2, private=True)], whole=False)
    assert made.private
    assert not fold([public, private], whole=False)[0].private


@given(st.lists(TEXTS, min_size=2, max_size=120))
def test_every_line_that_was_taken_arrives_whole_or_cut_by_itself(leads: list[str]) -> None:
    folded, taken = fold(_of(*leads), whole=False)
    if taken > 1:
        sent = blocks(folded.message or Message(text=()))
        said = [block["text"]["text"] for block in sent.blocks if "text" in block][1:]
        assert sum(part.count("• ") for part in said) >= taken
        assert all(not part.endswith("\n…") for part in said)
        assert sent.blocks[-1]["type"] == "section"  # no block that says that something is cut


def test_what_acts_or_stands_by_itself_is_not_folded() -> None:
    assert may_fold(action(1))
    assert not may_fold(action(1, message=None))
    for span in (Trusted("<!here>"), Trusted("<@U1>"), Code("a\nb"), quote("words")):
        assert not may_fold(action(1, message=Message(text=text(Plain("x "), span))))
