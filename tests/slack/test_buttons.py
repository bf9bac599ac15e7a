"""Buttons under answers: what Slack is sent, and what it sends back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.message import Button, Message, dump_message, load_message, text
from bot.slack.blocks import BLOCKS_LIMIT, blocks
from tests.slack.test_listener import Bot, bot

__all__ = ["bot"]

ASKED = Message(
    text=text("This would be removed:"),
    body=(text("hook 7"),),
    buttons=(
        Button("Remove it", "remove shop/api --yes", "danger"),
        Button("Test", "test shop/api"),
    ),
)


def actions(message: Message) -> list[Any]:
    sent = blocks(message)
    inside = [block for bar in sent.attachments for block in bar["blocks"]]
    found = [block for block in (*sent.blocks, *inside) if block["type"] == "actions"]
    return [element for block in found for element in block["elements"]]


def test_buttons_are_a_block_below_the_texts() -> None:
    assert blocks(ASKED).blocks[-1]["type"] == "actions"
    assert [one["value"] for one in actions(ASKED)] == ["remove shop/api --yes", "test shop/api"]
    assert [one.get("style") for one in actions(ASKED)] == ["danger", None]
    assert len({one["action_id"] for one in actions(ASKED)}) == 2


def test_beside_a_bar_they_stand_inside_it() -> None:
    assert len(actions(replace(ASKED, color="warning"))) == 2


def test_a_long_message_keeps_its_buttons() -> None:
    for color in (None, "good"):
        long = replace(ASKED, body=(text("line"),) * 200, color=color)
        sent = blocks(long)
        assert len(actions(long)) == 2
        assert len(sent.blocks) + sum(len(a["blocks"]) for a in sent.attachments) <= BLOCKS_LIMIT


def test_a_message_without_buttons_has_no_such_block() -> None:
    assert actions(replace(ASKED, buttons=())) == []


def test_buttons_outlive_the_store() -> None:
    assert load_message(dump_message(ASKED)) == ASKED
    assert "buttons" not in dump_message(replace(ASKED, buttons=()))


async def test_a_pressed_button_is_a_command_of_whoever_pressed_it(bot: Bot) -> None:
    dev = bot.slack.workspace.channel("dev")
    status = await bot.slack.commands.press(
        bot.url, "remove shop/api --yes", user="U0BOB", channel=dev
    )
    assert status == 200
    (kept,) = bot.desk.kept
    assert (kept.text, kept.user_id, kept.channel_id) == ("remove shop/api --yes", "U0BOB", dev.id)
    assert kept.response_url.startswith(bot.slack.url.removesuffix("/api/"))


def test_a_command_too_long_for_a_button_has_none() -> None:
    many = " ".join(f"shop/service-{number}" for number in range(200))
    cut = replace(ASKED, buttons=(Button("Apply", f"sync {many} --yes"), *ASKED.buttons))
    assert [one["value"] for one in actions(cut)] == ["remove shop/api --yes", "test shop/api"]
    assert actions(replace(ASKED, buttons=cut.buttons[:1])) == []
