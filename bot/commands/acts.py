"""What people did by commands, kept for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.refusals import said_of
from bot.commands.spec import Takes
from bot.commands.target import target
from bot.errors import CommandError
from bot.message import one_line
from bot.people import Act

if TYPE_CHECKING:
    from bot.commands.spec import Arguments, CommandSpec, Context
    from bot.message import Text
    from bot.model import Job

_LONGEST: Final = 500


async def keep(
    ctx: Context,
    job: Job,
    spec: CommandSpec,
    arguments: Arguments,
    *,
    outcome: str,
    detail: Text,
) -> None:
    """Nothing for a command that only looked."""
    looked = spec.takes is Takes.WORDS and not arguments.words and not arguments.channel
    if ctx.audit is None or not spec.audited or looked:
        return
    instance, about = _about(ctx, arguments)
    act = Act(
        id=job.id,
        at=ctx.clock.now(),
        who=job.who,
        verb=spec.name,
        words=one_line(" ".join(job.args))[:_LONGEST],
        target=about[:_LONGEST],
        instance=instance,
        outcome=outcome,
        detail=one_line(said_of(detail))[:_LONGEST],
    )
    await ctx.audit.record_act(act)


def _about(ctx: Context, arguments: Arguments) -> tuple[str, str]:
    """The instance and what the command was about."""
    if arguments.project is None:
        return arguments.on or "", one_line(" ".join(arguments.words) or arguments.channel or "")
    try:
        site, path = target(arguments, ctx.sites)
    except CommandError:
        return arguments.on or "", one_line(arguments.project)
    return site.name, path
