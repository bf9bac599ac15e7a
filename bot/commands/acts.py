"""What people did by commands, kept for the audit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.refusals import said_of
from bot.commands.spec import Takes
from bot.commands.target import target
from bot.errors import CommandError
from bot.message import one_line
from bot.people import Act

if TYPE_CHECKING:
    from bot.commands.spec import Arguments, CommandSpec, Context
    from bot.deploy_keys import KeyRecord
    from bot.message import Text
    from bot.model import HookRecord, Job

_LONGEST: Final = 500
_ITSELF: Final = "the bot"
_SEVERAL: Final = frozenset({Takes.PROJECTS, Takes.ANY_PROJECTS})


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
    # What is done on several projects is kept of each of them: see several.py.
    apart = outcome == "done" and spec.takes in _SEVERAL and arguments.project is None
    if ctx.audit is None or not spec.audited or looked or apart:
        return
    instance, about = _about(ctx, spec, arguments)
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


async def keep_own(ctx: Context, verb: str, record: HookRecord | KeyRecord, detail: Text) -> None:
    """What the bot did of itself, looking after hooks and keys."""
    if ctx.audit is None:
        return
    now = ctx.clock.now()
    act = Act(
        id=f"{verb}:{record.id}:{now.timestamp():.3f}",
        at=now,
        who=_ITSELF,
        verb=verb,
        words="",
        target=record.project,
        instance=record.instance,
        detail=one_line(said_of(detail))[:_LONGEST],
    )
    await ctx.audit.record_act(act)


def _about(ctx: Context, spec: CommandSpec, arguments: Arguments) -> tuple[str, str]:
    """The instance and what the command was about."""
    if spec.about is not None and len(arguments.words) > spec.about:
        arguments = replace(arguments, project=arguments.words[spec.about])
    if arguments.project is None:
        named = arguments.words or arguments.projects or (arguments.channel or "",)
        return arguments.on or "", one_line(" ".join(named))
    try:
        site, path = target(arguments, ctx.sites)
    except CommandError:
        return arguments.on or "", one_line(arguments.project)
    return site.name, path
