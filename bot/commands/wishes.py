"""What a hook should bring, and where to, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import CommandError
from bot.message import Code, Message, bold, text

if TYPE_CHECKING:
    from bot.commands.spec import Context, Site


def wanted(ctx: Context, site: Site, path: str, *, anyway: bool) -> frozenset[str]:
    """What the rules need; every open trigger when they are not the only ones to decide."""
    needed = ctx.rules.triggers(path, site.forge)
    return needed | site.open_triggers if anyway else needed


def no_rule(path: str) -> Message:
    return Message(
        text=text("No rule could match ", bold(path), ", so no hook was made."),
        body=(
            text("Add a rule to rules.yaml, then run the command again:"),
            text(
                Code("- on: [push, mr, pipeline.broken, pipeline.fixed]"),
                "\n",
                Code(f"  project: {path}"),
                "\n",
                Code('  post: "#your-channel"'),
            ),
            text(
                "Or make it without a rule: ",
                Code(f"/hook add {path} #channel"),
                " sends there what no rule wants; ",
                Code(f"/hook add {path} --anyway"),
                " only stores it for now.",
            ),
        ),
        color="warning",
    )


async def resolved(ctx: Context, named: str | None) -> str | None:
    if named is None:
        return None
    found = await ctx.channel(named)
    if found is None:
        raise CommandError(
            f"There is no channel {named} that the bot can see: check its name, and if it is"
            " private invite the bot with `/invite`."
        )
    return found
