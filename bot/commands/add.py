"""`/hook add`: makes a project's hook, proves that it reaches the bot, and says where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.commands import by_hand
from bot.commands.answers import destinations, notes
from bot.commands.making import Plan, begun, make
from bot.commands.spec import Arguments, CommandSpec, Context, Site
from bot.commands.survey import asked, survey
from bot.commands.target import check_reachable, target
from bot.commands.upkeep import check_idle, in_order, settle, sweep
from bot.commands.wishes import no_rule, resolved, wanted
from bot.message import Code, Message, bold, text
from bot.outside import Right

if TYPE_CHECKING:
    from bot.commands.making import Made
    from bot.commands.survey import Found
    from bot.message import Text
    from bot.model import HookRecord, Job, Project
    from bot.outside import ForgeAdmin, RemoteHook


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    site, path = target(arguments, ctx.sites)
    check_reachable(ctx, site)
    channel = await resolved(ctx, arguments.channel)
    anyway = channel is not None or "anyway" in arguments.flags
    admin = ctx.forge(site.name)
    if admin is None:
        return await by_hand.add(ctx, job, site, path, channel=channel, anyway=anyway)
    project = await asked(path, admin.project(path))
    triggers = wanted(ctx, site, project.path, anyway=anyway)
    if begun(job.progress):
        found = None
    else:
        found = await survey(ctx, admin, site, project)
        check_idle(found, project)
        if found.live is not None:
            swept = await sweep(ctx, admin, project, found)
            body = notes(swept=swept, shared=found.shared)
            return await _already(
                ctx, admin, site, project, found.live, triggers, channel=channel, body=body
            )
        if not triggers:
            return no_rule(project.path)
        await sweep(ctx, admin, project, found)
    plan = Plan(
        admin=admin, site=site, project=project, triggers=triggers, channel=channel, who=job.who
    )
    return await _report(ctx, plan, await make(ctx, plan, job.progress), found)


async def _already(
    ctx: Context,
    admin: ForgeAdmin,
    site: Site,
    project: Project,
    live: tuple[HookRecord, RemoteHook],
    triggers: frozenset[str],
    *,
    channel: str | None,
    body: tuple[Text, ...],
) -> Message:
    record, remote = live
    kept = channel or record.channel
    if kept:
        triggers |= site.open_triggers  # It goes on bringing everything for its own channel.
    elif not triggers:
        triggers = frozenset(record.events)
    changed: Text = text()
    if kept != record.channel or not in_order(ctx, site, (record, remote), triggers):
        record, remote = await settle(
            ctx, admin, site, project, (record, remote), triggers=triggers, channel=channel
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
    again = Code(f"/hook test {project.path}")
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
            Code(f"/hook test {project.path}"),
            " after the first commit.",
        )
        return Message(text=text(head, "; ", where, "."), body=(unproved, *body), color="warning")
    took = f"seen in {made.proof.seconds:.1f} s" if made.proof.seconds else "seen"
    return Message(
        text=text(head, f" and proved (test call {took}); ", where, "."), body=body, color="good"
    )


SPEC: Final = CommandSpec(
    name="add",
    usage="add group/repo [#channel] [--anyway] [--on instance]",
    summary="Makes the project's hook at the forge and proves that it reaches the bot.",
    examples=(
        "add group/repo",
        "add https://gitlab.example.com/group/repo/-/tree/main",
        "add group/repo #dev",
        "add group/repo --anyway",
    ),
    needs=Right.MANAGE,
    channel=True,
    flags=("anyway",),
    run=run,
)
