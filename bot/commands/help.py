"""`/hook help`: what there is, and how to use one verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.words import parse
from bot.message import Code, Message, join, text

if TYPE_CHECKING:
    from bot.model import Job


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:  # noqa: ARG001 - every handler's
    if arguments.verb is None:
        return _all(ctx)
    # Misspelt verbs answer as they do elsewhere.
    known = {spec.name: spec for spec in ctx.commands}
    if arguments.verb not in known:
        parse([arguments.verb], ctx.commands)
    return _one(known[arguments.verb])


def _all(ctx: Context) -> Message:
    lines = [text("• ", Code(f"/hook {spec.usage}"), f"  {spec.summary}") for spec in ctx.commands]
    return Message(
        text=text("What this bot can do with webhooks:"),
        body=(join("\n", lines),),
    )


def _one(spec: CommandSpec) -> Message:
    examples = [text("• ", Code(f"/hook {example}")) for example in spec.examples]
    who = () if spec.who == "everybody" else (text(_WHO.get(spec.who, f"For {spec.who}.")),)
    return Message(
        text=text(Code(f"/hook {spec.usage}"), f"  {spec.summary}"),
        body=(join("\n", examples),),
        context=who,
    )


_WHO: Final = {"admins": "For the bot's admins only (BOT_ADMINS)."}

SPEC: Final = CommandSpec(
    name="help",
    usage="help [verb]",
    summary="Shows this, or how to use one verb.",
    examples=("help", "help add"),
    takes=Takes.VERB,
    run=run,
)
