"""`/hook add`: makes a project's hook, proves that it reaches the bot, and says where it leads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.commands import by_hand
from bot.commands.answers import destinations, notes
from bot.commands.extras import with_key, with_open, with_open_below
from bot.commands.groups import whole_group
from bot.commands.making import Plan, begun, make
from bot.commands.several import each
from bot.commands.spec import Arguments, CommandSpec, Context, Site, Takes
from bot.commands.survey import asked, covering, own_below, records_of, survey
from bot.commands.target import check_reachable, written
from bot.commands.upkeep import check_idle, in_order, settle, sweep
from bot.commands.wishes import Brings, no_rule, resolved, wanted, wanted_of
from bot.errors import CommandError
from bot.message import Code, Message, bold, text
from bot.outside import Right

if TYPE_CHECKING:
    from bot.commands.groups import Group
    from bot.commands.making import Made
    from bot.commands.survey import Found
    from bot.message import Text
    from bot.model import HookRecord, Job, Project
    from bot.outside import ForgeAdmin, RemoteHook

_NAMED: Final = 5


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    wish = _Wish(
        channel=await resolved(ctx, arguments.channel),
        anyway="anyway" in arguments.flags,
        open="open" in arguments.flags,
        key="key" in arguments.flags,
    )
    if len(arguments.projects) == 1 and not wish.key:
        group = await whole_group(ctx, arguments)
        if group is not None:
            return await _whole(ctx, job, wish, group)

    async def one(ctx: Context, job: Job, site: Site, path: str) -> Message:
        return await _one(ctx, job, wish, site, path)

    return await each(ctx, job, arguments, one)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    #: Its own, by id.
    channel: str | None
    anyway: bool
    #: Cards for the merge requests that are open already.
    open: bool
    #: A deploy key too.
    key: bool

    @property
    def all(self) -> bool:
        """The rules do not decide alone what it should bring."""
        return self.anyway or self.channel is not None


async def _whole(ctx: Context, job: Job, wish: _Wish, group: Group) -> Message:
    """One hook for all of the group."""
    answer = await _add(ctx, job, wish, group.site, group.place, group.brings)
    admin = ctx.forge(group.site.name)
    if wish.open and admin is not None and answer.color != "danger":
        answer = await with_open_below(ctx, admin, group.site, group.place, answer)
    own = await own_below(ctx, group.site, group.place.path)
    if not own:
        return answer
    named = ", ".join(own[:_NAMED]) + (" and others" if len(own) > _NAMED else "")
    note = text(
        f"With hooks of their own as well, so that events come twice and are told once: {named}. ",
        Code(f"/hook remove {own[0]}"),
        " ends that.",
    )
    return replace(answer, body=(*answer.body, note))


async def _one(ctx: Context, job: Job, wish: _Wish, site: Site, path: str) -> Message:
    check_reachable(ctx, site)
    admin = ctx.forge(site.name)
    if admin is None:
        return await by_hand.add(ctx, job, site, path, channel=wish.channel, anyway=wish.all)
    project = await asked(path, admin.project(path))
    brings = wanted(ctx, site, project, anyway=wish.all)
    group = await covering(ctx, site, project.path)
    if group is not None and not wish.all and not await records_of(ctx, site, project):
        answer = _served(project, group)
    else:
        answer = await _add(ctx, job, wish, site, project, brings)
    if wish.open and answer.color != "danger":
        answer = await with_open(ctx, admin, site, project, answer)
    if wish.key:
        answer = await with_key(ctx, job, admin, site, project, answer)
    return answer


def _served(project: Project, group: HookRecord) -> Message:
    return Message(
        text=text(
            bold(project.path),
            f" is served by the hook of {group.project} already (hook {group.remote_id}), so none"
            " of its own was made.",
        ),
        body=(text("A second one: ", Code(f"/hook add {project.path} --anyway")),),
        color="good",
    )


async def _add(
    ctx: Context,
    job: Job,
    wish: _Wish,
    site: Site,
    project: Project,
    brings: Brings,
) -> Message:
    check_reachable(ctx, site)
    admin = ctx.forge(site.name)
    if admin is None:
        raise CommandError(f"{project.path}: the bot has no token for {site.url}.")
    found = None
    if not begun(job.progress):
        found = await survey(ctx, admin, site, project)
        check_idle(found, project)
        if found.live is not None:
            swept = await sweep(ctx, admin, project, found)
            body = notes(swept=swept, shared=found.shared)
            return await _already(
                ctx, admin, site, project, found.live, brings, channel=wish.channel, body=body
            )
        if not brings.triggers:
            return no_rule(project.path)
        await sweep(ctx, admin, project, found)
    plan = Plan(
        admin=admin,
        site=site,
        project=project,
        brings=brings,
        channel=wish.channel,
        who=job.who,
    )
    return await _report(ctx, plan, await make(ctx, plan, job.progress), found)


async def _already(
    ctx: Context,
    admin: ForgeAdmin,
    site: Site,
    project: Project,
    live: tuple[HookRecord, RemoteHook],
    brings: Brings,
    *,
    channel: str | None,
    body: tuple[Text, ...],
) -> Message:
    record, remote = live
    kept = channel or record.channel
    if kept:
        # It goes on bringing everything for its own channel.
        brings = Brings(triggers=brings.triggers | site.open_triggers)
    elif not brings.triggers:
        brings = await wanted_of(ctx, site, admin, project, live)
    changed: Text = text()
    if kept != record.channel or not in_order(ctx, site, project, (record, remote), brings):
        record, remote = await settle(
            ctx, admin, site, project, (record, remote), brings=brings, channel=channel
        )
        changed = text(" Its settings were brought up to date.")
    return Message(
        text=text(
            bold(project.path),
            f" has its hook already (hook {remote.id}): ",
            await destinations(ctx, project, record.channel),
            ".",
            changed,
        ),
        body=(*_health(project, record, remote), *body),
        color="good" if remote.health == "executable" else "warning",
    )


def _health(project: Project, record: HookRecord, remote: RemoteHook) -> tuple[Text, ...]:
    again = Code(f"/hook test {written(project)}")
    if remote.health != "executable":
        return (text("The forge has disabled it after failures; ", again, " brings it back."),)
    if record.proved_at is None and record.last_seen_at is None:
        return (text("Nothing ever came through it; ", again, " finds out why."),)
    return ()


async def _report(ctx: Context, plan: Plan, made: Made, found: Found | None) -> Message:
    project, record = plan.project, made.record
    head = text(bold(project.path), f": hook {record.remote_id} is made")
    where = await destinations(ctx, project, record.channel)
    body = notes(
        unknown=made.unknown,
        swept=found.strays if found else (),
        shared=found.shared if found else None,
        left=made.left,
    )
    if made.proof.at is None:
        unproved = text(
            "It is not proved: the project has nothing yet that a test call could send. The first"
            " real event will prove it, or ",
            Code(f"/hook test {written(project)}"),
            " after the first commit.",
        )
        return Message(text=text(head, "; ", where, "."), body=(unproved, *body), color="warning")
    took = f"seen in {made.proof.seconds:.1f} s" if made.proof.seconds else "seen"
    return Message(
        text=text(head, f" and proved (test call {took}); ", where, "."), body=body, color="good"
    )


SPEC: Final = CommandSpec(
    name="add",
    usage="add group/repo … [#channel] [--anyway] [--open] [--key] [--on instance]",
    summary="Makes projects' hooks at the forge and proves that they reach the bot.",
    examples=(
        "add group/repo",
        "add https://gitlab.example.com/group/repo/-/tree/main",
        "add group/repo #dev",
        "add group/* other/repo",
        "add group/** --open",
        "add group/repo --key",
        "add group/repo --anyway",
    ),
    needs=Right.MANAGE,
    takes=Takes.PROJECTS,
    channel=True,
    flags=("anyway", "open", "key"),
    run=run,
)
