"""`/hook link`: a person shows that an account at a forge is theirs, by signing in there where the
bot has an application, else by a code on its profile."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.commands.spec import LOCAL, Arguments, CommandSpec, Context, Site, Takes
from bot.commands.target import site_of
from bot.errors import CallError, CommandError
from bot.message import Code, Link, Mention, Message, bold, one_line, text
from bot.people import Account, LinkCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from typing import TypeVar

    from bot.commands.spec import People
    from bot.message import Text
    from bot.model import Job, Person
    from bot.outside import ForgeAdmin

    T = TypeVar("T")

VALID: Final = timedelta(minutes=15)
_NAME: Final = re.compile(r"@?([A-Za-z0-9_][\w.-]{0,254})", re.ASCII)
#: As the page shows it after somebody signed in; dashes are left out by some.
_CODE: Final = re.compile(r"[A-Za-z0-9]{4}[-–—]?[A-Za-z0-9]{4}")
#: Where people change what their profile shows.
_SETTINGS: Final = {
    "gitlab": "{url}/-/user_settings/profile",
    "github": "{url}/settings/profile",
}


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    people = known_people(ctx, job)
    if _is_code(arguments.words) and await people.proof_waits(job.who):
        return await _by_sign_in(ctx, people, job, arguments.words[0])
    site, username = _meant(ctx, arguments.words)
    if "code" not in arguments.flags:
        door = await _door(ctx, people, job, site, named=username is not None)
        if door is not None:
            return await _sign_in(ctx, job, door)
    if username is None:
        return await _again(ctx, people, job, site)
    return await _by_profile(ctx, people, job, site or _likeliest(ctx), username)


def known_people(ctx: Context, job: Job) -> People:
    if ctx.people is None:
        raise CommandError("There is no store of people here.")
    if job.who == LOCAL:
        raise CommandError(
            "Nobody of Slack gave this command, so there is nobody to link: type it in Slack, or"
            " use `bot people link U0ALICE01 alice --on gitlab`."
        )
    return ctx.people


async def asked(site: Site, call: Awaitable[T]) -> T:
    try:
        return await call
    except CallError as error:
        raise CommandError(f"{site.name}: {error}") from error


def _meant(ctx: Context, words: Sequence[str]) -> tuple[Site | None, str | None]:
    """The site and the user name, as far as they are given."""
    site: Site | None = None
    name: str | None = None
    for word in words:
        found = site_of(word, ctx.sites) if site is None else None
        if found is not None:
            site, name = found, _in_address(word) or name
        elif name is None and (given := _NAME.fullmatch(word)):
            name = given[1]
        else:
            shown = one_line(word).replace("`", "'")
            raise CommandError(f"`{shown}` is one word too many. Use: `/hook {SPEC.usage}`")
    return site, name


def _in_address(word: str) -> str | None:
    """The user name in a profile's address."""
    if "://" not in word:
        return None
    path = urlsplit(word.strip("<>").partition("|")[0]).path.strip("/")
    found = _NAME.fullmatch(path.rpartition("/")[2])
    return found[1] if found else None


def _likeliest(ctx: Context) -> Site:
    """The first forge that the bot can ask."""
    return next((site for site in ctx.sites if ctx.forge(site.name)), ctx.sites[0])


def _forge(ctx: Context, site: Site) -> ForgeAdmin:
    admin = ctx.forge(site.name)
    if admin is None:
        raise CommandError(
            f"The bot has no token for {site.url} ({site.setting}), so it cannot see your profile"
            " there. An admin of the bot can set it, or link you: `bot people link`."
        )
    return admin


# -- signing in ----------------------------------------------------------------------------------


async def _door(
    ctx: Context, people: People, job: Job, site: Site | None, *, named: bool
) -> Site | None:
    """Where to sign in; None where that cannot be, and when a code on a profile waits."""
    if ctx.sign_in is None:
        return None
    if site is not None or named:
        site = site or _likeliest(ctx)
        return site if site.oauth else None
    for one in ctx.sites:
        code = await people.link_code(job.who, one.name)
        if code is not None and ctx.clock.now() < code.until:
            return None
    return next((one for one in ctx.sites if one.oauth), None)


async def _sign_in(ctx: Context, job: Job, site: Site) -> Message:
    if ctx.sign_in is None:
        raise CommandError(f"Nobody can sign in at {site.name}.")
    way = await ctx.sign_in(job.who, site.name)
    other = Code(f"/hook link {site.name} your-user-name --code")
    return Message(
        text=text(
            Link(f"Sign in at {site.name}", way),
            ": the page that follows shows what to type here.",
        ),
        context=(
            text(
                "The link works once, within ten minutes, and is for you alone. The bot only learns"
                " who you are there, and keeps no token. Without a browser here: ",
                other,
            ),
        ),
    )


async def _by_sign_in(ctx: Context, people: People, job: Job, typed: str) -> Message:
    account = await people.take_proof(job.who, typed)
    if account is None:
        raise CommandError(
            "That is not the code that the page showed to you. After five wrong ones begin anew:"
            " `/hook link`."
        )
    account = replace(account, linked_at=ctx.clock.now())
    return await told(ctx, account, await people.save_account(account))


def _is_code(words: Sequence[str]) -> bool:
    return len(words) == 1 and _CODE.fullmatch(words[0]) is not None


# -- a code on a profile ---------------------------------------------------------------------------


async def _by_profile(ctx: Context, people: People, job: Job, site: Site, username: str) -> Message:
    admin = _forge(ctx, site)
    person = await asked(site, admin.person(username))
    if person is None:
        over = " (or, if it is a code, get a new one)" if _CODE.fullmatch(username) else ""
        raise CommandError(
            f"{site.name} shows no account `{username}`: check how it is spelt{over}."
        )
    if person.bot:
        raise CommandError(f"`{person.username}` is a machine's account at {site.name}.")
    (linked,) = await people.accounts(slack=job.who, instance=site.name) or (None,)
    if linked is not None and linked.user_id == person.id != "":
        return Message(text=text("You are ", Code(person.username), f" at {site.name} already."))
    waiting = await people.link_code(job.who, site.name)
    if waiting is not None and _fits(waiting, person, ctx):
        return await _check(ctx, people, site, waiting)
    return await _begin(ctx, people, job, site, person)


async def _begin(ctx: Context, people: People, job: Job, site: Site, person: Person) -> Message:
    code = LinkCode(
        slack=job.who,
        instance=site.name,
        username=person.username,
        code=f"link-{ctx.new_id()}",
        until=ctx.clock.now() + VALID,
    )
    await people.save_link_code(code)
    return _steps(site, code, "Show me that it is yours:")


def _steps(site: Site, code: LinkCode, head: str) -> Message:
    page = _SETTINGS[site.forge].format(url=site.pages)
    return Message(
        text=text(bold(code.username), f" at {site.name}? {head}"),
        body=(
            text(
                "1. Put ",
                Code(code.code),
                " into the status or the bio of your ",
                Link("public profile", page),
                ".",
            ),
            text("2. Type ", Code("/hook link"), " again, within 15 minutes."),
        ),
        context=(text("Afterwards you may take it out again."),),
    )


def _fits(waiting: LinkCode, person: Person, ctx: Context) -> bool:
    same = waiting.username.casefold() == person.username.casefold()
    return same and ctx.clock.now() < waiting.until


async def _again(ctx: Context, people: People, job: Job, site: Site | None) -> Message:
    """Without a name: the code that waits, the newest of all when no forge is named."""
    sites = (site,) if site is not None else ctx.sites
    found = [(one, await people.link_code(job.who, one.name)) for one in sites]
    waiting = [(one, code) for one, code in found if code is not None]
    if not waiting:
        raise CommandError(
            "Which account is yours? `/hook link gitlab your-user-name`, or paste the address of"
            " your profile."
        )
    where, code = max(waiting, key=lambda pair: pair[1].until)
    if ctx.clock.now() >= code.until:
        raise CommandError(
            f"The code is over after 15 minutes: `/hook link {where.name} {code.username}` makes a"
            " new one."
        )
    return await _check(ctx, people, where, code)


async def _check(ctx: Context, people: People, site: Site, code: LinkCode) -> Message:
    admin = _forge(ctx, site)
    if code.code not in await asked(site, admin.says(code.username)):
        steps = _steps(site, code, "The profile does not show the code yet.")
        return replace(steps, color="warning")
    person = await asked(site, admin.person(code.username))
    if person is None:
        raise CommandError(f"{site.name} shows no account `{code.username}` any more.")
    account = Account(
        slack=code.slack,
        instance=site.name,
        username=person.username,
        user_id=person.id,
        name=person.name,
        proved="code",
        linked_at=ctx.clock.now(),
    )
    lost = await people.save_account(account)
    await people.forget_link_code(code.slack, site.name)
    return await told(ctx, account, lost)


async def told(ctx: Context, account: Account, lost: Account | None) -> Message:
    """Says so to the person, and to the one whose link it ended."""
    before: tuple[Text, ...] = ()
    if lost is not None:
        before = (text("It was linked to ", Mention(lost.slack, lost.slack), ", who is told."),)
        if ctx.tell is not None:
            await ctx.tell(lost.slack, taken(account))
    return Message(
        text=text("You are ", Code(account.username), f" at {account.instance}."),
        body=before,
        context=(
            text(
                "Rules may mention you now, and /hook lets you do what you may do there.",
                " The code may leave your profile." if account.proved == "code" else "",
                " Not you? ",
                Code(f"/hook unlink {account.instance}"),
            ),
        ),
        color="good",
    )


def taken(account: Account) -> Message:
    """For whom it was linked to before."""
    return Message(
        text=text(
            "The account ",
            Code(account.username),
            f" at {account.instance} is not linked to you any more: ",
            Mention(account.slack, account.slack),
            " showed that it is theirs.",
        ),
        body=(text("If it is yours, ", Code(f"/hook link {account.instance}"), " it again."),),
        color="warning",
    )


SPEC: Final = CommandSpec(
    name="link",
    usage="link [gitlab | github | address] [user-name | code] [--code]",
    summary="Shows the bot which account at a forge is yours.",
    examples=(
        "link",
        "link gitlab",
        "link K7QX-42MD",
        "link gitlab alice --code",
        "link https://gitlab.example.com/alice",
    ),
    takes=Takes.WORDS,
    flags=("code",),
    acts=True,
    run=run,
)
