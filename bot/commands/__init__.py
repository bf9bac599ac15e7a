"""The verbs of `/hook`; a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands import (
    add,
    help,  # noqa: A004 - the verb's name
    list_hooks,
    mute,
    remove,
    retest,
    unmute,
    why,
    words,
)
from bot.commands.answers import refusal
from bot.commands.spec import LOCAL, Arguments, CommandSpec, Context, RulesView, Site

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
    remove.SPEC,
    retest.SPEC,
    why.SPEC,
    mute.SPEC,
    unmute.SPEC,
    help.SPEC,
)


def parse(given: Sequence[str]) -> tuple[CommandSpec, Arguments]:
    """The command and its arguments. Raises CommandError with what would be right."""
    return words.parse(given, ALL)


async def run(ctx: Context, job: Job) -> Message:
    """Carries a job out. Raises CommandError with what to do, and StoreError to be run again."""
    spec, arguments = parse(job.args)
    if spec.admin_only and job.who != LOCAL and job.who not in ctx.admins:
        return refusal(ctx, spec.name)
    return await spec.run(replace(ctx, commands=ALL), job, arguments)
