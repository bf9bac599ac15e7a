"""`/hook key`: deploy keys of projects, made, listed, replaced and taken away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.commands.handing import place_for
from bot.commands.key_making import KeyWish, make_key
from bot.commands.key_telling import added, already
from bot.commands.lifetimes import end, left, span
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.survey import asked
from bot.commands.target import target
from bot.errors import CommandError
from bot.message import Button, Code, Message, bold, join, text
from bot.outside import Right

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.commands.spec import Site
    from bot.deploy_keys import KeyRecord
    from bot.message import Text
    from bot.model import Job, Project
    from bot.outside import DeployKey, ForgeAdmin

_OVERLAP: Final = timedelta(days=7)
_SOON: Final = timedelta(days=30)
_TITLE: Final = "chat-ops bot"


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    what, *rest = arguments.words or ("",)
    if what.lower() == "expiring":
        return await _expiring(ctx, arguments)
    act = _ACTS.get(what.lower())
    if act is None:
        raise CommandError(f"Use: `/hook {SPEC.usage}`")
    if not rest:
        raise CommandError(f"Which project? `/hook key {what.lower()} group/repo`")
    site, path = target(replace(arguments, project=rest[0]), ctx.sites)
    if ctx.permission is not None and ctx.permission.needs:
        await ctx.permission.demand_path(site, path)
    admin = ctx.forge(site.name)
    if admin is None:
        raise CommandError(
            f"{path}: without a token ({site.setting}) the bot cannot touch deploy keys."
        )
    project = await asked(path, admin.project(path))
    about = _About(site, project, admin, arguments, tuple(rest[1:]))
    return await act(ctx, job, about)


class _About:
    def __init__(
        self,
        site: Site,
        project: Project,
        admin: ForgeAdmin,
        arguments: Arguments,
        words: tuple[str, ...],
    ) -> None:
        self.site = site
        self.project = project
        self.admin = admin
        self.options: Mapping[str, str] = arguments.options
        self.flags = arguments.flags
        self.arguments = arguments
        #: Behind the project.
        self.words = words

    @property
    def on(self) -> str:
        return f"{self.project.path} --on {self.site.name}"


# -- add -------------------------------------------------------------------------------------


async def _add(ctx: Context, job: Job, about: _About) -> Message:
    wish = await _wish(ctx, job, about)
    made, now = await make_key(ctx, job, about.admin, wish), ctx.clock.now()
    if made.there:
        return already(made, wish, now, titled="title" in about.options)
    return added(made, now)


async def _wish(ctx: Context, job: Job, about: _About) -> KeyWish:
    public = _public(about)
    expires = about.options.get("expires")
    return KeyWish(
        site=about.site,
        project=about.project,
        title=about.options.get("title") or _TITLE,
        writes="write" in about.flags,
        expires_at=end(expires, ctx.clock.now()) if expires else None,
        public=public,
        variable=None if public else await place_for(ctx, job, about.arguments, about.site),
    )


def _public(about: _About) -> str | None:
    """The option's value; unquoted, its second half stands among the words."""
    given = about.options.get("public-key")
    if given is None or " " in given.strip():
        return given
    return " ".join((given, *_encoded(about)[:1]))


def _encoded(about: _About) -> list[str]:
    """An SSH key's body among the words: it begins with its length, four bytes."""
    return [word for word in about.words if word.startswith("AAAA")]


# -- list ------------------------------------------------------------------------------------


async def _list(ctx: Context, job: Job, about: _About) -> Message:  # noqa: ARG001 - as its siblings
    keys = await asked(about.project.path, about.admin.keys(about.project.id))
    if not keys:
        add = Code(f"/hook key add {about.project.path}")
        return Message(text=text(bold(about.project.path), " has no deploy keys: ", add))
    records = {one.remote_id: one for one in await _records(ctx, about)}
    lines = [_line(key, records.get(key.id), ctx.clock.now()) for key in keys]
    count = f"{len(keys)} deploy key{'' if len(keys) == 1 else 's'}"
    return Message(text=text(bold(about.project.path), f" has {count}:"), body=(join("\n", lines),))


async def _records(ctx: Context, about: _About) -> tuple[KeyRecord, ...]:
    if ctx.keys is None:
        return ()
    found = await ctx.keys.deploy_keys()
    return tuple(
        one
        for one in found
        if one.instance == about.site.name and one.project_id == about.project.id
    )


def _line(key: DeployKey, record: KeyRecord | None, now: datetime) -> Text:
    rights = "reads and pushes" if key.writes else "reads"
    expires = key.expires_at or (record.expires_at if record else None)
    until = f"ends {left(expires, now)}" if expires else "never ends"
    who = f"by {record.created_by}" if record and record.created_by else "not made by this bot"
    going = f", replaced: goes {left(record.retire_at, now)}" if record and record.retire_at else ""
    return text(
        f"• {key.id} ",
        bold(key.title or "untitled"),
        f": {rights}, {until}, {who}{going}  ",
        Code(key.fingerprint or "no fingerprint"),
    )


# -- rotate ----------------------------------------------------------------------------------


async def _rotate(ctx: Context, job: Job, about: _About) -> Message:
    old, record = await _chosen(ctx, about)
    overlap = span(about.options["overlap"]) if "overlap" in about.options else _OVERLAP
    now = ctx.clock.now()
    wish = await _wish(ctx, job, about)
    wish = replace(
        wish,
        title=about.options.get("title") or old.title,
        writes=old.writes,
        expires_at=wish.expires_at or _same_lifetime(old, record, now),
    )
    made = await make_key(ctx, job, about.admin, wish)
    if made.there:
        raise CommandError(_no_successor(about, old, made.record))
    answer = added(made, now)
    if ctx.keys is not None and overlap:
        kept = replace(record, retire_at=now + overlap) if record else None
        kept = kept or replace(
            made.record,
            id=ctx.new_id(),
            remote_id=old.id,
            title=old.title,
            fingerprint=old.fingerprint,
            retire_at=now + overlap,
        )
        await ctx.keys.save_deploy_key(kept)
        until = f"goes on until {now + overlap:%Y-%m-%d %H:%M} UTC, then it is deleted"
    else:
        await _delete(ctx, about, old, record)
        until = "is deleted"
    return replace(answer, body=(*answer.body, text(f"The old key {old.id} {until}.")))


def _no_successor(about: _About, old: DeployKey, there: KeyRecord) -> str:
    path = about.project.path
    if there.remote_id == old.id:
        return f"{path}: nothing was changed: that is deploy key {old.id} itself. Give a new one."
    return (
        f"{path}: nothing was changed: that key is there already, as deploy key {there.remote_id}."
        f" Give a new one; or take the old one away with `/hook key remove {path} {old.id}`."
    )


def _same_lifetime(old: DeployKey, record: KeyRecord | None, now: datetime) -> datetime | None:
    until = old.expires_at or (record.expires_at if record else None)
    since = (record.created_at if record else None) or old.created_at
    return now + (until - since) if until is not None and since is not None else None


async def _chosen(ctx: Context, about: _About) -> tuple[DeployKey, KeyRecord | None]:
    """The key that is named by id, title or fingerprint; the only one needs no name."""
    keys = await asked(about.project.path, about.admin.keys(about.project.id))
    records = {one.remote_id: one for one in await _records(ctx, about)}
    # What another key has replaced already is not meant, unless it is named.
    current = [key for key in keys if not _going(records.get(key.id))]
    words = [word for word in about.words if not word.startswith("AAAA")]
    named = " ".join(words)
    found = (
        [key for key in keys if named in {key.id, key.title, key.fingerprint}] if named else current
    )
    if len(found) == 1:
        return found[0], records.get(found[0].id)
    listed = ", ".join(f"{key.id} ({key.title})" for key in keys) or "none"
    what = f"no deploy key `{named[:80]}`." if named and not found else "which deploy key?"
    raise CommandError(
        f"{about.project.path}: {what} It has {listed}; name one by its number, title or"
        " fingerprint."
    )


def _going(record: KeyRecord | None) -> bool:
    return record is not None and record.retire_at is not None


# -- remove ----------------------------------------------------------------------------------


async def _remove(ctx: Context, job: Job, about: _About) -> Message:  # noqa: ARG001 - as its siblings
    key, record = await _chosen(ctx, about)
    if "yes" not in about.flags:
        words = f"key remove {about.project.path} {key.id} --on {about.site.name} --yes"
        return Message(
            text=text("This would be removed from ", bold(about.project.path), ":"),
            body=(
                _line(key, record, ctx.clock.now()),
                text(
                    "Whatever uses it can no longer fetch or push. To do it: ",
                    Code(f"/hook {words}"),
                ),
            ),
            color="warning",
            buttons=(Button("Remove it", words, "danger"),),
        )
    await _delete(ctx, about, key, record)
    return Message(
        text=text(bold(about.project.path), f": deploy key {key.id} ({key.title}) is deleted."),
        color="good",
    )


async def _delete(ctx: Context, about: _About, key: DeployKey, record: KeyRecord | None) -> None:
    await asked(about.project.path, about.admin.delete_key(about.project.id, key.id))
    if record is not None and ctx.keys is not None:
        await ctx.keys.save_deploy_key(replace(record, status="removed"))


# -- expiring --------------------------------------------------------------------------------


async def _expiring(ctx: Context, arguments: Arguments) -> Message:
    within = span(arguments.options["within"]) if "within" in arguments.options else _SOON
    now = ctx.clock.now()
    soon: list[KeyRecord] = []
    for record in await ctx.keys.deploy_keys() if ctx.keys is not None else ():
        if record.expires_at is None or record.expires_at > now + within or _going(record):
            continue
        if await _may_see(ctx, record):
            soon.append(record)
    if not soon:
        return Message(text=text(f"No deploy key ends within {within.days} d."), color="good")
    soon.sort(key=lambda one: one.expires_at or now)
    return Message(
        text=text(
            f"{len(soon)} deploy key{' ends' if len(soon) == 1 else 's end'} within"
            f" {within.days} d:"
        ),
        body=(join("\n", expiry_lines(soon, now)),),
        color="warning",
    )


async def _may_see(ctx: Context, record: KeyRecord) -> bool:
    if ctx.permission is None or ctx.permission.unbounded:
        return True
    site = next((one for one in ctx.sites if one.name == record.instance), None)
    if site is None:
        return False
    return await ctx.permission.right(site, record.project_id) >= Right.MANAGE


def expiry_lines(records: Sequence[KeyRecord], now: datetime) -> list[Text]:
    return [
        text(
            "• ",
            bold(one.project),
            f": {one.title} ({one.remote_id}) ends {left(one.expires_at or now, now)}; ",
            Code(f"/hook key rotate {one.project} {one.remote_id}"),
        )
        for one in records
    ]


_ACTS: Final[Mapping[str, Callable[[Context, Job, _About], Awaitable[Message]]]] = {
    "add": _add,
    "list": _list,
    "rotate": _rotate,
    "remove": _remove,
}

SPEC: Final = CommandSpec(
    name="key",
    usage="key add|list|rotate|remove|expiring [group/repo] [key] [--write] [--expires 90d]",
    summary="Makes, lists, replaces and deletes projects' deploy keys; nobody keeps their secrets.",
    examples=(
        "key add group/repo --expires 90d",
        'key add group/repo --write --title "release bot" --to group/ci:DEPLOY_KEY',
        "key add group/repo --public-key ssh-ed25519 AAAA…",
        "key list group/repo",
        "key rotate group/repo --overlap 7d",
        "key remove group/repo 501",
        "key expiring --within 60d",
    ),
    needs=Right.MANAGE,
    takes=Takes.WORDS,
    about=1,
    flags=("write", "yes"),
    options=("expires", "title", "public-key", "to", "overlap", "within"),
    run=run,
)
