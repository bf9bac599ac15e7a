"""One command on several projects, one after the other, each as if it were alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.commands.refusals import said_of
from bot.commands.survey import asked, is_group
from bot.commands.target import group_of, group_target, target
from bot.errors import CallError, CommandError, NotSent
from bot.message import Message, bold, dump_text, join, load_text, one_line, text
from bot.people import Act

if TYPE_CHECKING:
    from bot.commands.spec import Arguments, Context, Site
    from bot.message import Text
    from bot.model import Job, Json

#: The command on one project.
One: TypeAlias = Callable[["Context", "Job", "Site", str], Awaitable[Message]]

_SHOWN: Final = 40
_LETTERS: Final = 500
#: How often one project's forge is waited for, and for how long at most.
_WAITS: Final = 3
_LONGEST_WAIT_S: Final = 60.0
_SLOW_DOWN: Final = "429"
_MARKS: Final = {"good": "✅", "failed": "❌", "other": "⚠️"}


@dataclass(frozen=True, slots=True)
class _Ended:
    name: str
    #: `good`, `failed`, `other`.
    how: str
    line: Text


async def chosen(ctx: Context, arguments: Arguments) -> tuple[tuple[Site, str], ...]:
    """Every project that is meant, in the order written. Raises CommandError."""
    found: dict[tuple[str, str], tuple[Site, str]] = {}
    for written in arguments.projects:
        group = group_of(written)
        if group is None:
            pairs = [target(replace(arguments, project=written), ctx.sites)]
        else:
            pairs = await _hooked_group(ctx, arguments, group[0], nested=group[1])
            pairs = pairs or await _below(ctx, arguments, group[0], nested=group[1])
        found |= {(site.name, path.lower()): (site, path) for site, path in pairs}
    return tuple(found.values())


async def _hooked_group(
    ctx: Context, arguments: Arguments, written: str, *, nested: bool
) -> list[tuple[Site, str]]:
    """The group itself, where one hook serves it as a whole."""
    site, path = group_target(arguments, written, ctx.sites)
    records = await ctx.hooks.hooks(project=path)
    whole = any(one.instance == site.name and is_group(one.project_id) for one in records)
    return [(site, path)] if nested and whole else []


async def _below(
    ctx: Context, arguments: Arguments, written: str, *, nested: bool
) -> list[tuple[Site, str]]:
    site, path = group_target(arguments, written, ctx.sites)
    admin = ctx.forge(site.name)
    if admin is None:
        raise CommandError(
            f"{path}: without a token ({site.setting}) the bot cannot see which projects are in"
            " there; name them one by one."
        )
    projects = await asked(path, admin.projects(path, nested=nested))
    if not projects:
        hint = "" if nested else f" (`{path}/**` looks into its subgroups too)"
        raise CommandError(f"{path} has no projects that you can manage{hint}.")
    return [(site, project.path) for project in projects]


async def each(ctx: Context, job: Job, arguments: Arguments, one: One) -> Message:
    """Runs it on all that are named; a single project is answered at length."""
    if len(arguments.projects) == 1 and group_of(arguments.projects[0]) is None:
        site, path = target(replace(arguments, project=arguments.projects[0]), ctx.sites)
        await _admitted(ctx, site, path)
        return await one(ctx, job, site, path)

    def work(site: Site, path: str) -> Work:
        async def run(inner: Context, job: Job) -> Message:
            await _admitted(inner, site, path)
            return await one(inner, job, site, path)

        return Work(f"{site.name}:{path}", path, run)

    return await in_turn(ctx, job, [work(*pair) for pair in await chosen(ctx, arguments)])


async def _admitted(ctx: Context, site: Site, path: str) -> None:
    """A project that is not there is told like one they are not a member of."""
    if ctx.permission is not None and ctx.permission.needs:
        await ctx.permission.demand_path(site, path)


@dataclass(frozen=True, slots=True)
class Work:
    #: Of its own among the others.
    name: str
    project: str
    run: Callable[[Context, Job], Awaitable[Message]]


async def in_turn(ctx: Context, job: Job, works: Sequence[Work]) -> Message:
    """One failure does not stop the others. A killed worker's job goes on where it was."""
    ended = [_ended(raw) for raw in job.progress.get("ended") or ()]
    known = {one.name for one in ended}
    for work in works:
        if work.name in known:
            continue
        await ctx.count(len(ended), len(works))
        ended.append(await _run(ctx, job, ended, work))
        await _kept(ctx, job, work, ended[-1])
        await ctx.progress({"ended": [_dumped(one) for one in ended]})
    return _answer(ended)


async def _kept(ctx: Context, job: Job, work: Work, ended: _Ended) -> None:
    """In the audit, of each project by itself."""
    if ctx.audit is None or ctx.permission is None:
        return
    act = Act(
        id=f"{job.id}:{work.name}",
        at=ctx.clock.now(),
        who=job.who,
        verb=ctx.permission.verb,
        words=one_line(" ".join(job.args))[:_LETTERS],
        target=work.project,
        instance=work.name.partition(":")[0],
        outcome="failed" if ended.how == "failed" else "done",
        detail=one_line(said_of(ended.line))[:_LETTERS],
    )
    await ctx.audit.record_act(act)


async def _run(ctx: Context, job: Job, before: list[_Ended], work: Work) -> _Ended:
    inner = job.progress.get("inner") or {} if job.progress.get("at") == work.name else {}

    async def save(progress: Mapping[str, Json]) -> None:
        done = [_dumped(one) for one in before]
        await ctx.progress({"ended": done, "at": work.name, "inner": dict(progress)})

    try:
        answer = await _patiently(replace(ctx, progress=save), replace(job, progress=inner), work)
    except (CommandError, CallError) as error:
        # All of it: the second line names what may be left at the forge.
        lines = " ".join(str(error).splitlines())
        said = lines if work.project in lines else f"{work.project}: {lines}"
        return _Ended(work.name, "failed", text(said))
    how = "good" if answer.color in {"good", None} else "other"
    more = answer.body[:1] if how == "other" else ()
    return _Ended(work.name, how, join(" ", [answer.text, *more]))


async def _patiently(ctx: Context, job: Job, work: Work) -> Message:
    """A forge that asks to slow down is waited for: of many projects the last ones would fail."""
    for _ in range(_WAITS):
        try:
            return await work.run(ctx, job)
        except (CommandError, CallError) as error:
            wait_s = _asked_to_wait(error)
            if wait_s is None:
                raise
            await ctx.pause(wait_s)
    return await work.run(ctx, job)


def _asked_to_wait(error: BaseException | None) -> float | None:
    """Seconds; None when the forge asked for nothing of the kind, or for too long."""
    while error is not None:
        if isinstance(error, NotSent) and error.code == _SLOW_DOWN:
            wait_s = error.retry_after or _LONGEST_WAIT_S
            return wait_s if wait_s <= _LONGEST_WAIT_S else None
        error = error.__cause__
    return None


def _answer(ended: list[_Ended]) -> Message:
    bad = [one for one in ended if one.how != "good"]
    good = [one for one in ended if one.how == "good"]
    lines = [text(f"{_MARKS[one.how]} ", *one.line) for one in (*bad, *good)]
    shown = lines[:_SHOWN]
    if len(lines) > _SHOWN:
        shown.append(text(f"… and {len(lines) - _SHOWN} more that are good"))
    count = f"{len(ended)} project{'' if len(ended) == 1 else 's'}"
    head = text(bold(count), f": {len(good)} good" + (f", {len(bad)} not" if bad else ""), ".")
    # Paragraphs of a few lines each, so that none is cut.
    body = tuple(join("\n", shown[at : at + 8]) for at in range(0, len(shown), 8))
    failed = any(one.how == "failed" for one in ended)
    color = "danger" if failed and not good else "warning" if bad else "good"
    return Message(text=head, body=body, color=color)


def _dumped(ended: _Ended) -> Json:
    return [ended.name, ended.how, dump_text(ended.line)]


def _ended(raw: Json) -> _Ended:
    return _Ended(raw[0], raw[1], load_text(raw[2]))
