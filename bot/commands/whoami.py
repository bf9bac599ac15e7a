"""`/hook whoami`: what the bot knows of the person who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands.link import known_people
from bot.commands.refusals import link_with
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.message import Code, Message, bold, join, text

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Job
    from bot.people import Account

_PROVED: Final = {
    "code": "shown on the profile",
    "oauth": "signed in there",
    "admin": "an admin said so",
}


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:  # noqa: ARG001 - every handler's
    people = known_people(ctx, job)
    linked = {one.instance: one for one in await people.accounts(slack=job.who)}
    rows: list[Text] = [_line(one) for one in linked.values()]
    rows += [
        text(f"• {site.name}: not linked; ", link_with(site))
        for site in ctx.sites
        if site.name not in linked and (site.oauth or ctx.forge(site.name) is not None)
    ]
    quiet = job.who in await people.quiet_people()
    told = [
        "direct messages from rules are off (/hook dm on)"
        if quiet
        else "direct messages from rules are on (/hook dm off)"
    ]
    if job.who in ctx.admins:
        told.append("you are an admin of the bot and may do all")
    return Message(
        text=text("You are ", bold(job.who), " in Slack" + (" and" if linked else "")),
        body=(join("\n", rows),) if rows else (),
        context=(text("; ".join(told)),),
    )


def _line(account: Account) -> Text:
    since = f", {account.linked_at:%Y-%m-%d}" if account.linked_at is not None else ""
    how = _PROVED.get(account.proved, account.proved)
    return text("• ", Code(account.username), f" at {account.instance} ({how}{since})")


SPEC: Final = CommandSpec(
    name="whoami",
    usage="whoami",
    summary="Shows which accounts at forges are yours.",
    examples=("whoami",),
    takes=Takes.NOTHING,
    run=run,
)
