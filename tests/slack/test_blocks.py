"""What a message becomes in Block Kit, and that Slack's limits hold for any message."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.message import Broadcast, Code, Link, Mention, Message, Text, Trusted, bold, text
from bot.slack.blocks import BLOCKS_LIMIT, SECTION_LIMIT, TOTAL_LIMIT, Sent, blocks, fit, size
from tests.slack.test_mrkdwn import FORGE_TEXTS

MR = "https://gitlab.com/shop/api/-/merge_requests/12"


def section(shown: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": shown, "verbatim": True}}


def context(shown: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": shown, "verbatim": True}]}


def all_blocks(sent: Sent) -> list[Any]:
    return [*sent.blocks, *(block for bar in sent.attachments for block in bar["blocks"])]


def shown(sent: Sent) -> list[str]:
    """The text of every block that has one."""
    texts = []
    for block in all_blocks(sent):
        elements = [block["text"]] if "text" in block else block.get("elements", [])
        texts += [element["text"] for element in elements]
    return texts


def test_a_lead_alone_is_one_section_and_its_own_notification() -> None:
    sent = blocks(Message(text=text(bold("Alice"), " opened ", Link("!12 <Fix>", MR))))
    lead = f"*Alice* opened <{MR}|!12 &lt;Fix&gt;>"
    assert sent == Sent(text=lead, blocks=(section(lead),))


def test_a_notice_is_announced_and_not_shown() -> None:
    message = Message(text=text("Open · !12"), notice=text("Open · !12 – Alice in shop/api"))
    pinging = message.with_mentions(text(Mention("U0BOB", "bob")))
    assert blocks(message).text == "Open · !12 – Alice in shop/api"
    assert blocks(pinging).text == "<@U0BOB> Open · !12 – Alice in shop/api"
    assert shown(blocks(message)) == ["Open · !12"]


def test_body_and_context_hang_below_the_lead() -> None:
    sent = blocks(
        Message(
            text=text("2 commits"),
            body=(text(Code("a1b2"), " one"), text(), text("two & three")),
            context=(text("shop/api"), text("main")),
        )
    )
    assert sent.blocks == (
        section("2 commits"),
        section("`a1b2` one"),
        section("two &amp; three"),
        context("shop/api"),
        context("main"),
    )
    assert sent.attachments == ()


def test_a_colour_is_the_bar_beside_what_hangs_below() -> None:
    sent = blocks(Message(text=text("broken"), body=(text("job lint"),), color="danger"))
    assert sent == Sent(
        text="broken",
        blocks=(section("broken"),),
        attachments=({"color": "danger", "blocks": [section("job lint")]},),
    )


def test_a_coloured_lead_alone_keeps_its_bar_and_is_not_shown_twice() -> None:
    sent = blocks(Message(text=text("broken"), color="danger"))
    assert sent.blocks == (section("broken"),)
    assert sent.attachments == ({"color": "danger", "blocks": [{"type": "divider"}]},)


def test_a_message_without_a_lead_is_announced_by_its_first_block() -> None:
    assert blocks(Message(text=(), body=(text("only body"),))).text == "only body"
    assert blocks(Message(text=(), context=(text("only grey"),))).text == "only grey"


def test_an_empty_message_still_has_a_text() -> None:
    assert blocks(Message(text=text("\u200b"))) == Sent(text="…", blocks=())


def test_the_cut_counts_escaped_characters() -> None:
    sent = blocks(Message(text=text("<" * 2000)))
    assert shown(sent)[0].endswith("&lt;…")
    assert SECTION_LIMIT - 4 < len(shown(sent)[0]) <= SECTION_LIMIT


def test_a_link_is_never_cut_in_two() -> None:
    rendered = fit(text("x" * 90, Link("label", MR), " tail"), 100)
    assert rendered == "x" * 90 + "…"


def test_invisible_characters_do_not_push_the_text_out() -> None:
    assert fit(text("\u200b" * 200 + "seen" * 40), 100).startswith("seenseen")


def test_an_emoji_counts_as_two() -> None:
    assert size("🔴a") == 3
    assert size(fit(text("🔴" * 100), 50)) <= 50


def test_too_many_paragraphs_end_with_an_ellipsis() -> None:
    sent = blocks(Message(text=text("lead"), body=tuple(text(f"p{n}") for n in range(80))))
    assert len(sent.blocks) == BLOCKS_LIMIT
    assert shown(sent)[-2:] == ["p47", "…"]


def test_exactly_as_many_as_fit_are_all_shown() -> None:
    sent = blocks(Message(text=text("lead"), body=tuple(text(f"p{n}") for n in range(49))))
    assert shown(sent)[-1] == "p48"


def test_a_long_message_stops_at_the_total() -> None:
    sent = blocks(Message(text=text("lead"), body=(text("x" * 2900),) * 9))
    total = sum(size(part) for part in shown(sent))
    assert TOTAL_LIMIT - SECTION_LIMIT < total <= TOTAL_LIMIT
    assert shown(sent)[-1].endswith("…")


SPANS = st.one_of(
    st.just(Mention("U12345", "alice")),
    st.just(Broadcast("here")),
    st.builds(Trusted, st.text(alphabet="ab *_\n", max_size=4000)),
    st.builds(Link, st.text(max_size=300), st.just(MR)),
)
LONG = st.builds(lambda part, times: part * times, st.text(max_size=20), st.integers(0, 300))
TEXTS: st.SearchStrategy[Text] = st.one_of(
    FORGE_TEXTS, st.lists(SPANS, max_size=3).map(tuple), LONG.map(text)
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    kinds = draw(st.lists(TEXTS, min_size=1, max_size=5))
    repeat = draw(st.sampled_from([0, 1, 20]))
    return Message(
        text=kinds[0],
        body=tuple(kinds[1:]) * repeat,
        context=tuple(draw(st.lists(TEXTS, max_size=3))),
        color=draw(st.sampled_from([None, "danger", "#00ff00"])),
    )


@given(messages())
def test_any_message_is_within_the_limits(message: Message) -> None:
    sent = blocks(message)
    texts = shown(sent)
    assert len(all_blocks(sent)) <= BLOCKS_LIMIT
    assert 0 < size(sent.text) <= SECTION_LIMIT
    assert sum(size(part) for part in texts) <= TOTAL_LIMIT
    assert all(0 < size(part.strip()) <= SECTION_LIMIT for part in texts)
    for block in all_blocks(sent):
        parsed = Block.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block


def test_facts_stand_side_by_side_between_body_and_context() -> None:
    message = Message(
        text=text("lead"),
        body=(text("body"),),
        context=(text("grey"),),
        facts=(("Labels", text(Code("a<b"))), ("Nothing", ()), ("Author", text("<!here>"))),
        color="good",
    )
    (bar,) = blocks(message).attachments
    fields = [
        {"type": "mrkdwn", "text": "*Labels*\n`a&lt;b`", "verbatim": True},
        {"type": "mrkdwn", "text": "*Author*\n&lt;!here&gt;", "verbatim": True},
    ]
    middle = {"type": "section", "fields": fields}
    assert bar["blocks"] == [section("body"), middle, context("grey")]


def test_facts_stay_within_slacks_limits() -> None:
    message = Message(text=text("lead"), facts=(("Long", text("<" * 5000)),) * 20)
    _lead, facts = blocks(message).blocks
    assert len(facts["fields"]) == 10
    assert max(len(field["text"]) for field in facts["fields"]) <= 300
