"""`bot hook …`: the verbs of `/hook`, carried out by the running bot."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.environment import FAULTS, fail
from bot.cli.listings import run_cli, store
from bot.commands import LOCAL, parse
from bot.errors import CommandError
from bot.message import text
from bot.model import Job
from bot.slack.mrkdwn import plain

if TYPE_CHECKING:
    from bot.message import Message
    from bot.store import Store

_POLL_S: Final = 0.3
_PICKED_UP_S: Final = 10
_DONE_S: Final = 130


def register(app: typer.Typer) -> None:
    app.command("hook", context_settings={"ignore_unknown_options": True})(hook)


def hook(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="VERB ...", help="As in Slack; try `help`.")
    ] = None,
) -> None:
    """Add, list, test and remove the webhooks of projects: `bot hook add group/repo`.

    The running bot carries it out, so that a restart in between loses nothing.
    """
    given = words or ["help"]
    try:
        parse(given)
    except CommandError as error:
        fail(error)
    run_cli(_ask(given))


async def _ask(words: list[str]) -> None:
    job = Job(
        id=secrets.token_hex(8),
        command="hook",
        args=tuple(words),
        who=LOCAL,
        created_at=datetime.now(UTC),
    )
    async with store() as opened:
        await opened.add_job(job)
        done = await _finished(opened, job.id)
    if done.answer is not None:
        typer.echo(shown(done.answer))
    if done.state != "done":
        raise typer.Exit(FAULTS)


async def _finished(opened: Store, job_id: str) -> Job:
    for tick in count():
        job = await opened.job(job_id)
        if job is None:
            fail(f"the command {job_id} was forgotten", code=FAULTS)
        if job.state in {"done", "failed"}:
            return job
        if job.state == "todo" and tick * _POLL_S > _PICKED_UP_S:
            fail(
                "no running bot has picked the command up: start one with `bot run` on this"
                " database; it will carry the command out as soon as it runs",
                code=FAULTS,
            )
        if tick * _POLL_S > _DONE_S:
            fail(f"still running; `bot hook list` shows what became of it ({job_id})")
        await asyncio.sleep(_POLL_S)
    raise AssertionError


def shown(message: Message) -> str:
    """The message as plain lines."""
    parts = (message.text, *message.body, *message.context)
    return "\n".join(plain(part) for part in parts if part != text())
