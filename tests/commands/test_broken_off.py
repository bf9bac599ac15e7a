"""Broken off at any request, a verb leaves nothing unnamed, and the next time it is done."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.commands.on_forge import PATH, VERBS, WANTED, ForgeBot, forge_bot, prepared

_LEFT: Final = re.compile("could not be deleted|may be left|may appear|is still at the forge")
HALF = (*VERBS, "key add group/repo", "key rotate group/repo")


async def half_way(kind: str, words: str, number: int, how: str) -> bool:
    """Whether the command asks the forge that often."""
    async with forge_bot(kind) as bot:
        if words.startswith("key rotate"):
            await bot.run("key add group/repo")
        elif not words.startswith("key"):
            await prepared(bot, words)
        known = {hook.id for hook in bot.held()}
        bot.break_at(number, after=how == "after", lasts=how == "and stays away")
        answer = await bot.run(words)
        if not bot.mended():
            return False
        _assert_told(bot, answer, known)
        assert 401 not in await bot.push(), answer
        again = await bot.run(words)
        _assert_done(bot, words, again)
    return True


def _assert_told(bot: ForgeBot, answer: str, known: set[str]) -> None:
    """Each hook at the forge is the one that serves, was there before, or is named as left."""
    records = bot.stage.store.rows.values()
    serving = {one.remote_id for one in records if one.status in {"active", "paused"}}
    for hook in bot.held():
        named = _LEFT.search(answer) and (hook.id in answer or hook.url in answer)
        assert hook.id in serving | known or named, f"{hook}: {answer}"
    # Nobody has the private half of a key that was not handed over.
    made = len(bot.stage.handovers)
    assert len(bot.keys()) <= made or "is left at the forge" in answer, answer


def _assert_done(bot: ForgeBot, words: str, again: str) -> None:
    if words.startswith("key"):
        assert len(bot.keys()) <= len(bot.stage.handovers), again
    elif words.startswith("remove"):
        assert bot.held() == [], again
    elif words.startswith("pause"):
        (hook,) = bot.held()
        assert not hook.triggers & WANTED[bot.kind], again
    elif words.startswith("rotate"):
        (hook,) = bot.held()
        (record,) = bot.stage.active(PATH)
        assert hook.secret == record.secrets[0], again
    else:
        bot.assert_one_good_hook()


@pytest.mark.parametrize("how", ["before", "after", "and stays away"])
@pytest.mark.parametrize("words", HALF)
@pytest.mark.parametrize("kind", ["gitlab", "github"])
async def test_broken_off_anywhere_nothing_is_left_unnamed_and_the_next_time_it_is_done(
    kind: str, words: str, how: str
) -> None:
    number = 1
    while await half_way(kind, words, number, how):
        number += 1
    assert number > 2
