"""`/hook sync`: how the hooks at the forges differ from what they should be, and mends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.commands import add, retest, rotate
from bot.commands.drift import ADD, FORGET, NOTHING, ROTATE, TEST, Finding, findings, should_be
from bot.commands.refusals import Forbidden
from bot.commands.several import Work, chosen, in_turn
from bot.commands.spec import Arguments, CommandSpec, Context, Takes
from bot.commands.survey import hook_url, is_group, same_url, survey
from bot.errors import CallError, CommandError, TargetRefused
from bot.message import Button, Code, Message, bold, join, text
from bot.outside import Right

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.commands.spec import Site
    from bot.commands.survey import Found
    from bot.message import Text
    from bot.model import HookRecord, Job, Project
    from bot.outside import ForgeAdmin

_SHOWN: Final = 60
_LINES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One project."""

    site: Site
    #: As it is called now.
    path: str
    findings: tuple[Finding, ...]
    #: The forge showed its hooks.
    seen: bool = True
    #: It is a group, with one hook for all of it.
    whole: bool = False

    @property
    def verbs(self) -> tuple[str, ...]:
        """What mends it, in the order to do it in; each also does what those before it do not."""
        wanted = {one.mends for one in self.findings}
        if FORGET in wanted:
            return (FORGET,)
        # A test puts everything in order on its way.
        order = (ROTATE, TEST) if TEST in wanted else (ROTATE, ADD)
        return tuple(verb for verb in order if verb in wanted)


async def run(ctx: Context, job: Job, arguments: Arguments) -> Message:
    compared = await compare(ctx, arguments)
    open_ = [one for one in compared if one.findings]
    if not compared and arguments.projects:
        named = ", ".join(arguments.projects)
        why = "there is no hook of this bot to compare, or the forge did not show it just now"
        return Message(text=text(f"{named}: {why}; try again."), color="warning")
    if not open_:
        count = f"{len(compared)} hook{'' if len(compared) == 1 else 's'}"
        said = (
            f"{count} compared: all are as they should be." if compared else "There are no hooks."
        )
        return Message(text=text(said), color="good")
    mendable = [one for one in open_ if one.verbs]
    if "yes" in arguments.flags and "plan" not in arguments.flags:
        return await apply(ctx, job, mendable, open_)
    return _plan(arguments, open_, mendable)


async def compare(ctx: Context, arguments: Arguments) -> list[Compared]:
    """What is named, or else everything there is."""
    pairs = await (chosen(ctx, arguments) if arguments.projects else _everything(ctx, arguments))
    done: list[Compared] = []
    for site, path in pairs:
        await ctx.count(len(done), len(pairs))
        try:
            one = await compared(ctx, site, path)
        except Forbidden:
            if arguments.projects:
                raise
            continue
        if one is not None:
            done.append(one)
    return done


async def _everything(ctx: Context, arguments: Arguments) -> tuple[tuple[Site, str], ...]:
    """Every stored hook, and what rules name one by one at the first forge."""
    sites = {site.name: site for site in ctx.sites if arguments.on in {None, site.name}}
    found: dict[tuple[str, str], tuple[Site, str]] = {}
    for record in await ctx.hooks.hooks():
        if record.instance in sites:
            key = (record.instance, record.project.lower())
            found[key] = (sites[record.instance], record.project)
    hooked = {path for _, path in found}
    groups = [one for one in await ctx.hooks.hooks() if is_group(one.project_id)]
    first = ctx.sites[0]
    if first.name in sites and _usable(ctx, first):
        for path in ctx.rules.projects():
            if path.lower() not in hooked and not _covered(path, groups):
                found[(first.name, path.lower())] = (first, path)
    return tuple(found.values())


def _covered(path: str, groups: Sequence[HookRecord]) -> bool:
    """The hook of a group brings its events already."""
    return any(path.lower().startswith(f"{one.project.lower()}/") for one in groups)


def _usable(ctx: Context, site: Site) -> bool:
    try:
        return ctx.forge(site.name) is not None
    except CommandError:
        return False


async def compared(ctx: Context, site: Site, path: str) -> Compared | None:
    """None for a project that they cannot touch, and one that another command is at."""
    admin = ctx.forge(site.name)
    records = [one for one in await ctx.hooks.hooks(project=path) if one.instance == site.name]
    if admin is None:
        words = f"the bot has no token for {site.url} ({site.setting})"
        return Compared(site=site, path=path, findings=(Finding("!", words),), seen=False)
    try:
        project = await project_of(admin, site, path, records)
        found = await survey(ctx, admin, site, project)
        if found.busy is not None:
            return None
        return await _told(ctx, site, admin, project, found, known=bool(records))
    except TargetRefused as error:
        if not records or _bounded(ctx):
            return None  # A name in the rules is no hook; nor is what is gone everybody's to know.
        gone = error.code == "404"
        words = "the project is gone, or hidden from the bot" if gone else str(error)
        one = Finding("-" if gone else "!", words, FORGET if gone else NOTHING)
        return Compared(site=site, path=path, findings=(one,), seen=False)
    except Forbidden:
        raise
    except (CallError, CommandError) as error:
        if not records or _bounded(ctx):
            return None
        said = str(error).removeprefix(f"{path}: ")
        return Compared(site=site, path=path, findings=(Finding("!", said),), seen=False)


async def _told(
    ctx: Context, site: Site, admin: ForgeAdmin, project: Project, found: Found, *, known: bool
) -> Compared:
    triggers = ctx.rules.triggers(project.path, site.forge)
    if found.live is None and not found.strays and not known:
        missing = Finding("+", "rules name it, and it has no hook", ADD)
        return Compared(site=site, path=project.path, findings=(missing,) if triggers else ())
    url = hook_url(ctx, site, found.live[0].id) if found.live else ""
    told = findings(
        found,
        project,
        await should_be(ctx, site, admin, project, url),
        same=found.live is not None and same_url(found.live[1].url, url),
    )
    return Compared(site=site, path=project.path, findings=told, whole=is_group(project.id))


def _bounded(ctx: Context) -> bool:
    return ctx.permission is not None and not ctx.permission.unbounded


async def project_of(
    admin: ForgeAdmin, site: Site, path: str, records: Sequence[HookRecord]
) -> Project:
    """By its number where that is known and the forge takes it: a path may be another's now."""
    number = next((one.project_id for one in records if one.project_id), "")
    if is_group(number):
        return await admin.group(path)
    found = await admin.project(number if number and site.forge == "gitlab" else path)
    if number and found.id != number:
        raise TargetRefused("another project has that name now", code="404")
    return found


# -- the plan --------------------------------------------------------------------------------


def _plan(arguments: Arguments, open_: Sequence[Compared], mendable: Sequence[Compared]) -> Message:
    marks = [one.mark for project in open_ for one in project.findings]
    counts = [
        (f"{marks.count(mark)} {word}")
        for mark, word in (
            ("+", "to make"),
            ("~", "to change"),
            ("-", "to delete"),
            ("!", "to see"),
        )
        if mark in marks
    ]
    words = " ".join(("sync", *arguments.projects))
    on = f" --on {arguments.on}" if arguments.on else ""
    ask = mendable and "plan" not in arguments.flags
    confirm = text("To do it: ", Code(f"/hook {words}{on} --yes"))
    return Message(
        text=text(bold("Plan"), f": {', '.join(counts)}."),
        body=(*plan_lines(open_), *((confirm,) if ask else ())),
        color="warning",
        buttons=(Button("Apply", f"{words}{on} --yes", "primary"),) if ask else (),
    )


def plan_lines(open_: Iterable[Compared]) -> tuple[Text, ...]:
    lines = [
        text(Code(one.mark), " ", bold(project.path), ": ", one.words)
        for project in open_
        for one in project.findings
    ]
    shown = lines[:_SHOWN]
    if len(lines) > _SHOWN:
        shown.append(text(f"… and {len(lines) - _SHOWN} more"))
    return tuple(join("\n", shown[at : at + _LINES]) for at in range(0, len(shown), _LINES))


# -- mending ---------------------------------------------------------------------------------


async def apply(
    ctx: Context, job: Job, mendable: Sequence[Compared], open_: Sequence[Compared]
) -> Message:
    works = [
        Work(f"{one.site.name}:{one.path}:{verb}", one.path, _mending(one, verb))
        for one in mendable
        for verb in one.verbs
    ]
    answer = await in_turn(ctx, job, works)
    left = [replace(one, findings=_for_people(one)) for one in open_]
    lines = plan_lines([one for one in left if one.findings])
    if not lines:
        return answer
    return replace(answer, body=(*answer.body, text("Left for you:"), *lines))


def _for_people(one: Compared) -> tuple[Finding, ...]:
    return tuple(found for found in one.findings if found.mends == NOTHING)


def _mending(one: Compared, verb: str) -> Callable[[Context, Job], Awaitable[Message]]:
    written = f"{one.path}/**" if one.whole else one.path
    arguments = Arguments(project=written, projects=(written,), on=one.site.name)

    async def run(ctx: Context, job: Job) -> Message:
        if verb == FORGET:
            return await _forgotten(ctx, one)
        if verb == ROTATE:
            return await rotate.one(ctx, job, one.site, one.path)
        if verb == TEST:
            return await retest.run(ctx, job, arguments)
        return await add.run(ctx, job, arguments)

    return run


async def _forgotten(ctx: Context, one: Compared) -> Message:
    for record in await ctx.hooks.hooks(project=one.path):
        if record.instance == one.site.name:
            await ctx.hooks.save_hook(replace(record, status="removed"))
    return Message(text=text(bold(one.path), " is forgotten here."), color="good")


SPEC: Final = CommandSpec(
    name="sync",
    usage="sync [group/repo …] [--plan] [--yes] [--on instance]",
    summary="Shows how hooks differ from what they should be, then mends it.",
    examples=("sync", "sync --plan", "sync group/repo", "sync group/** --yes"),
    needs=Right.MANAGE,
    takes=Takes.ANY_PROJECTS,
    flags=("plan", "yes"),
    run=run,
)
