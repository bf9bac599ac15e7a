"""`/hook test`: puts a project's hook in order and proves anew that the forge reaches the bot.

Nothing tells a test call from a real push, so the live hook is left alone: a second hook without
any triggers, at a one-time address, is proved and deleted again. A hook that the forge disabled
gets no events anyway, so it is replaced by a new, proved one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.answers import destinations, notes
from bot.commands.making import Plan, begun, make
from bot.commands.spec import Arguments, CommandSpec, Context, Site
from bot.commands.survey import Found, place_of, survey
from bot.commands.target import check_reachable, place_target, written
from bot.commands.upkeep import check_idle, settle, sweep
from bot.commands.wishes import Brings, wanted, wanted_of
from bot.errors import CommandError
from bot.message import Message, bold, text
from bot.outside import Right

if TYPE_CHECKING:
    from bot.commands.making import Made
    from bot.message import Text
    from bot.model import Job, Project
    from bot.outside import ForgeAdmin


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    site, path = place_target(arguments, ctx.sites)
    check_reachable(ctx, site)
    admin = ctx.forge(site.name)
    if admin is None:
        raise CommandError(
            f"{path}: without a token ({site.setting}) the bot cannot make a test call; the hook's"
            " page at the forge has a Test button."
        )
    project = await place_of(ctx, admin, site, path)
    resumed = begun(job.progress)
    found = await survey(ctx, admin, site, project)
    if not resumed:
        check_idle(found, project)
    if found.live is None and not resumed:
        raise CommandError(
            f"{project.path} has no hook of this bot; `/hook add {written(project)}` makes one."
        )
    if found.live is not None and found.live[0].status == "paused":
        raise CommandError(
            f"{project.path}: its hook is paused; `/hook resume {written(project)}` makes it"
            " active."
        )
    brings = await _brings(ctx, site, admin, project, found)
    channel = found.live[0].channel if found.live else None
    trial = _healthy(found) if not resumed else bool(job.progress.get("trial", True))
    if not resumed:
        await sweep(ctx, admin, project, found)
    if trial and found.live is not None and not resumed:
        await settle(ctx, admin, site, project, found.live, brings=brings, channel=channel)
    plan = Plan(
        admin=admin,
        site=site,
        project=project,
        brings=brings,
        channel=channel,
        who=job.who,
        trial=trial,
    )
    made = await make(ctx, plan, job.progress)
    if trial:
        return await _tried(ctx, plan, made)
    return await _replaced(ctx, plan, made)


async def _brings(
    ctx: Context, site: Site, admin: ForgeAdmin, project: Project, found: Found
) -> Brings:
    """What the hook should bring now: by the rules, else as it was made."""
    if found.live is None:
        return wanted(ctx, site, project, anyway=False)
    return await wanted_of(ctx, site, admin, project, found.live)


def _healthy(found: Found) -> bool:
    return found.live is None or found.live[1].health == "executable"


async def _tried(ctx: Context, plan: Plan, made: Made) -> Message:
    project = plan.project
    found = await _looked(ctx, plan, made)
    record = found.live[0] if found.live else made.record
    if found.live is not None and made.proof.at is not None:
        await ctx.hooks.save_hook(replace(record, proved_at=made.proof.at))
    unknown = plan.brings.triggers - found.live[1].triggers if found.live else frozenset[str]()
    where = await destinations(ctx, project, record.channel)
    return _answer(
        text(bold(project.path), f": the settings of hook {record.remote_id} are in order"),
        where,
        made,
        notes(unknown=unknown, shared=found.shared, left=made.left),
    )


async def _looked(ctx: Context, plan: Plan, made: Made, *, prefer: str = "") -> Found:
    """As `survey`; when the forge cannot be asked any more, what it has too much is named."""
    try:
        return await survey(ctx, plan.admin, plan.site, plan.project, prefer=prefer)
    except CommandError as error:
        if not made.left:
            raise
        raise CommandError(f"{error}\n{made.left}") from error


async def _replaced(ctx: Context, plan: Plan, made: Made) -> Message:
    project, record = plan.project, made.record
    found = await _looked(ctx, plan, made, prefer=record.id)
    swept = await sweep(ctx, plan.admin, project, found)
    old = ", ".join(hook.id for hook in swept)
    head = text(
        bold(project.path),
        f": the forge had disabled the hook, so hook {record.remote_id} takes its place",
        f" (hook {old} was deleted)" if old else "",
    )
    where = await destinations(ctx, project, record.channel)
    return _answer(
        head, where, made, notes(unknown=made.unknown, shared=found.shared, left=made.left)
    )


def _answer(head: Text, where: Text, made: Made, more: tuple[Text, ...]) -> Message:
    if made.proof.at is None:
        unproved = text(
            "No test call could be made: the project has nothing yet to send (no commits)."
        )
        return Message(text=text(head, "; ", where, "."), body=(unproved, *more), color="warning")
    took = f"seen in {made.proof.seconds:.1f} s" if made.proof.seconds else "seen"
    return Message(
        text=text(head, f"; test call {took}; ", where, "."),
        body=more,
        color="warning" if made.left else "good",
    )


SPEC: Final = CommandSpec(
    name="test",
    usage="test group/repo [--on instance]",
    summary="Puts the project's hook in order and proves anew that the forge reaches the bot.",
    examples=("test group/repo", "test group/**"),
    needs=Right.MANAGE,
    run=run,
)
