"""The verbs of `/hook`; a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands import (
    add,
    audit,
    dm,
    help,  # noqa: A004 - the verb's name
    key,
    link,
    list_hooks,
    mute,
    pause,
    remove,
    resume,
    retest,
    rotate,
    show,
    sync,
    unlink,
    unmute,
    whoami,
    why,
    words,
)
from bot.commands.acts import keep
from bot.commands.permission import Permission
from bot.commands.refusals import Forbidden, admins_only
from bot.commands.spec import LOCAL, Arguments, CommandSpec, Context, RulesView, Site
from bot.errors import CallError, CommandError
from bot.message import text

if TYPE_CHECKING:
    from bot.message import Message
    from bot.model import Job

__all__ = [
    "ALL",
    "LOCAL",
    "Arguments",
    "CommandSpec",
    "Context",
    "RulesView",
    "Site",
    "parse",
    "run",
]

ALL: Final[tuple[CommandSpec, ...]] = (
    add.SPEC,
    list_hooks.SPEC,
    show.SPEC,
    retest.SPEC,
    pause.SPEC,
    resume.SPEC,
    rotate.SPEC,
    sync.SPEC,
    remove.SPEC,
    key.SPEC,
    why.SPEC,
    mute.SPEC,
    unmute.SPEC,
    link.SPEC,
    unlink.SPEC,
    whoami.SPEC,
    dm.SPEC,
    audit.SPEC,
    help.SPEC,
)


def parse(given: Sequence[str]) -> tuple[CommandSpec, Arguments]:
    """The command and its arguments. Raises CommandError with what would be right."""
    return words.parse(given, ALL)


async def run(ctx: Context, job: Job) -> Message:
    """Carries a job out. Raises CommandError with what to do, and StoreError to be run again."""
    spec, arguments = parse(job.args)
    try:
        answer = await _carried_out(ctx, job, spec, arguments)
    except Forbidden as error:
        await keep(ctx, job, spec, arguments, outcome="refused", detail=error.message.text)
        return error.message
    except (CommandError, CallError) as error:
        await keep(ctx, job, spec, arguments, outcome="failed", detail=text(str(error)))
        raise
    await keep(ctx, job, spec, arguments, outcome="done", detail=answer.text)
    return answer


async def _carried_out(ctx: Context, job: Job, spec: CommandSpec, arguments: Arguments) -> Message:
    permission = Permission(ctx, job, spec)
    if spec.admin_only and not permission.unbounded:
        raise admins_only(ctx, spec.name)
    await permission.admit(arguments, spec.takes)
    around = replace(ctx, commands=ALL, permission=permission, forge=permission.guarded)
    return await spec.run(around, job, arguments)
