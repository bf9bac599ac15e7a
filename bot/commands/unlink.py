"""`/hook unlink`: the bot forgets which account at a forge is somebody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.link import known_people
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.target import site_of
from bot.errors import CommandError
from bot.message import Code, Message, text

if TYPE_CHECKING:
    from bot.model import Job


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    people = known_people(ctx, job)
    linked = await people.accounts(slack=job.who)
    if not linked:
        raise CommandError("No account of yours is linked; `/hook link` links one.")
    if arguments.words:
        site = site_of(arguments.words[0], ctx.sites)
        wanted = site.name if site is not None else arguments.words[0].lower()
        linked = tuple(one for one in linked if one.instance == wanted)
    if len(linked) != 1:
        names = ", ".join(one.instance for one in await people.accounts(slack=job.who))
        raise CommandError(f"Which one? You are linked at {names}: `/hook unlink <instance>`.")
    (account,) = linked
    await people.forget_account(job.who, account.instance)
    return Message(
        text=text(
            "Your link to ",
            Code(account.username),
            f" at {account.instance} is gone: /hook no longer lets you do what you may do there,"
            " and rules do not know you by it. ",
            Code(f"/hook link {account.instance}"),
            " makes it again.",
        )
    )


SPEC: Final = CommandSpec(
    name="unlink",
    usage="unlink [instance]",
    summary="Forgets which account at a forge is yours.",
    examples=("unlink", "unlink gitlab"),
    takes=Takes.WORDS,
    acts=True,
    run=run,
)
