"""`bot hook …`: the verbs of `/hook`, carried out by the running bot."""

from __future__ import annotations

import asyncio
import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.environment import FAULTS, fail
from bot.cli.running import run_cli, store
from bot.errors import CommandError
from bot.model import Job
from bot.ports import TOLD

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
    """Webhooks and deploy keys of projects: `bot hook add group/repo`, `bot hook help`.

    The running bot carries it out, so that a restart in between loses nothing.
    """
    from bot.cli.key_file import key_file
    from bot.commands import parse

    given = words or ["help"]
    try:
        parse(given)
    except CommandError as error:
        fail(error)
    with key_file(given) as words_:
        answer = run_cli(_ask(words_))
    again = _agreed(answer)
    if again is not None:
        run_cli(_ask(again))


def _agreed(answer: Message) -> list[str] | None:
    """What to give after a question that was answered with yes; nobody is asked in a script."""
    asked = [button.words for button in answer.buttons if button.words.endswith(" --yes")]
    if len(asked) != 1 or not sys.stdin.isatty() or not typer.confirm("Do it?", default=False):
        return None
    return asked[0].split()


async def _ask(words: list[str]) -> Message:
    from bot.commands import LOCAL

    async with store() as opened:
        job = Job(
            id=secrets.token_hex(8),
            command="hook",
            args=tuple(words),
            who=LOCAL,
            created_at=await opened.now(),
        )
        await opened.add_job(job)
        done = await _finished(opened, job.id)
    if done.answer is not None:
        typer.echo(shown(done.answer))
    if done.state != "done" or done.answer is None:
        raise typer.Exit(FAULTS)
    return done.answer


async def _finished(opened: Store, job_id: str) -> Job:
    told, quiet = "", 0.0
    while True:
        job = await opened.job(job_id)
        if job is None:
            fail(f"the command {job_id} was forgotten", code=FAULTS)
        if job.state in {"done", "failed"}:
            return job
        if job.state == "todo" and quiet > _PICKED_UP_S:
            fail(
                "no running bot has picked the command up: start one with `bot run` on this"
                " database; it will carry the command out as soon as it runs",
                code=FAULTS,
            )
        if quiet > _DONE_S:
            fail(f"still running; `bot hook list` shows what became of it ({job_id})")
        now = str(job.progress.get(TOLD, ""))
        if now != told:
            told, quiet = now, 0.0
            typer.echo(now, err=True)
        await asyncio.sleep(_POLL_S)
        quiet += _POLL_S


def shown(message: Message) -> str:
    """The message as plain lines."""
    from bot.message import text
    from bot.slack.mrkdwn import plain

    parts = (message.text, *message.body, *message.context)
    return "\n".join(plain(part) for part in parts if part != text())
