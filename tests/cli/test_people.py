"""`bot people` and `bot audit`; `bot doctor` names whom nobody knows."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.store import open_store
from tests.cli.test_explain import Shell, shell
from tests.kept import Kept

__all__ = ["shell"]


@pytest.fixture
def opened(shell: Shell) -> Shell:
    """With a database."""
    assert shell.bot("migrate")[0] == 0
    return shell


def test_an_account_is_linked_listed_and_forgotten(opened: Shell) -> None:
    assert opened.bot("people", "list") == (
        0,
        "Nobody is linked yet; in Slack: /hook link.\n",
    )
    assert opened.bot("people", "link", "U0ALICE01", "@alice") == (
        0,
        "alice at gitlab is U0ALICE01\n",
    )
    (row,) = map(json.loads, opened.bot("people", "list", "--json")[1].splitlines())
    assert (row["username"], row["slack"], row["proved"]) == ("alice", "U0ALICE01", "admin")
    assert "It was U0ALICE01 before" in opened.bot("people", "link", "U0BOB0001", "alice")[1]
    assert opened.bot("people", "unlink", "U0BOB0001")[0] == 0
    assert opened.bot("people", "unlink", "U0BOB0001")[0] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alice", "alice"), "is no Slack user id"),
        (("U0ALICE01", "alice", "--on", "nowhere"), "there is no instance 'nowhere'"),
    ],
)
def test_what_is_wrong_is_said(opened: Shell, words: tuple[str, ...], said: str) -> None:
    code, told = opened.bot("people", "link", *words)
    assert (code, said in told) == (2, True)


def test_the_audit_shows_what_was_done(opened: Shell) -> None:
    assert opened.bot("audit")[1] == "Nothing was done yet.\n"
    opened.bot("people", "link", "U0ALICE01", "alice")
    (row,) = map(json.loads, opened.bot("audit", "--json")[1].splitlines())
    assert (row["who"], row["what"], row["outcome"]) == (
        "local",
        "bot people link U0ALICE01 alice",
        "done",
    )
    assert opened.bot("audit", "shop/api", "--json")[1] == ""


def test_the_doctor_names_whom_nobody_knows(shell: Shell) -> None:
    rules = "channels: {dev: C0DEV0001}\nrules:\n- {on: mr, post: {to: dev, mention: reviewers}}"

    async def main() -> None:
        url = f"sqlite:///{shell.folder}/bot.db"
        async with open_store(url, secret_key="a-key-for-the-tests") as store:
            await Kept(store, rules).take("mr.review_requested")

    asyncio.run(main())
    assert "rules wanted to mention bob at gitlab (1×)" in shell.bot("doctor")[1]
