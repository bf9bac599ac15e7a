"""`/hook unmute`: takes back what `/hook mute` did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands import mute
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.errors import CommandError
from bot.message import Message, text

if TYPE_CHECKING:
    from bot.model import Job


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    mutes = mute.kept_mutes(ctx)
    if not arguments.words and arguments.channel is None:
        raise CommandError("Unmute what? `/hook mute` lists what is muted.")
    about = await mute.meant(arguments.words, arguments.channel, ctx, known=False)
    await mute.demand(about, ctx, job)
    if not await mutes.unmute(about, now=ctx.clock.now()):
        raise CommandError("That is not muted from chat; `/hook mute` lists what is.")
    return Message(text=text("🔔 ", await mute.told(about, ctx), " is not muted any more."))


SPEC: Final = CommandSpec(
    name="unmute",
    usage="unmute <group/repo | group/** | rule | #channel>",
    summary="Takes a mute back.",
    examples=("unmute group/repo", "unmute #dev"),
    takes=Takes.WORDS,
    channel=True,
    acts=True,
    run=run,
)
