"""`/hook dm`: a person switches the direct messages of rules off, or on again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.link import known_people
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.errors import CommandError
from bot.message import Code, Message, text

if TYPE_CHECKING:
    from bot.model import Job


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    people = known_people(ctx, job)
    word = arguments.words[0].lower() if arguments.words else ""
    if word not in {"on", "off"} or len(arguments.words) > 1:
        raise CommandError(f"On or off? Use: `/hook {SPEC.usage}`")
    await people.set_quiet(job.who, quiet=word == "off", now=ctx.clock.now())
    if word == "off":
        said = text("Rules write no direct messages to you any more; ", Code("/hook dm on"))
        return Message(text=text(*said, " takes that back."))
    return Message(text=text("Rules may write direct messages to you again."))


SPEC: Final = CommandSpec(
    name="dm",
    usage="dm on | off",
    summary="Switches the direct messages that rules write to you.",
    examples=("dm off", "dm on"),
    takes=Takes.WORDS,
    acts=True,
    run=run,
)
