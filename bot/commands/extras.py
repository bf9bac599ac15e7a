"""What `/hook add` does besides: cards for what is open already, a deploy key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.commands.handing import place_for
from bot.commands.key_making import KeyWish, make_key
from bot.commands.key_telling import added
from bot.commands.spec import Arguments
from bot.commands.survey import asked, covering, records_of
from bot.message import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.commands.spec import Context, Site
    from bot.message import Message
    from bot.model import HookRecord, Job, Json, Project
    from bot.outside import ForgeAdmin

#: The event header of a merge request's delivery.
_OPENED: Final = {"gitlab": "Merge Request Hook", "github": "pull_request"}


async def with_open(
    ctx: Context, admin: ForgeAdmin, site: Site, project: Project, answer: Message
) -> Message:
    """The merge requests that are open already, taken in as if they had just been opened; those
    that were taken in before are not taken twice."""
    records = await records_of(ctx, site, project)
    record = next((one for one in records if one.status == "active"), None)
    record = record or await covering(ctx, site, project.path)
    if record is None or ctx.feed is None:
        return answer
    bodies = await asked(project.path, admin.open_mrs(project.id))
    return _told(answer, await _fed(ctx, site, record, project, bodies), len(bodies))


async def with_open_below(
    ctx: Context, admin: ForgeAdmin, site: Site, group: Project, answer: Message
) -> Message:
    """The same of every project of a group."""
    record = next((r for r in await records_of(ctx, site, group) if r.status == "active"), None)
    if record is None or ctx.feed is None:
        return answer
    fresh = total = 0
    for project in await asked(group.path, admin.projects(group.path, nested=True)):
        bodies = await asked(project.path, admin.open_mrs(project.id))
        total += len(bodies)
        fresh += await _fed(ctx, site, record, project, bodies)
    return _told(answer, fresh, total)


async def _fed(
    ctx: Context, site: Site, record: HookRecord, project: Project, bodies: Sequence[Json]
) -> int:
    """How many were not known."""
    fresh = 0
    if ctx.feed is None:
        return fresh
    for body in bodies:
        key = f"open:{project.id}:{_number(body)}"
        fresh += await ctx.feed(record, body, event=_OPENED[site.forge], key=key)
    return fresh


def _told(answer: Message, fresh: int, total: int) -> Message:
    known = total - fresh
    if not total:
        said = "Nothing is open there now."
    elif fresh:
        also = f" ({known} were known)" if known else ""
        said = f"{fresh} that are open already go through the rules now, marked so{also}."
    else:
        said = f"All {known} that are open were known already."
    return replace(answer, body=(*answer.body, text(said)))


def _number(body: Json) -> str:
    attributes = body.get("object_attributes") or body.get("pull_request") or {}
    return str(attributes.get("iid") or attributes.get("number") or body.get("number") or "")


async def with_key(
    ctx: Context, job: Job, admin: ForgeAdmin, site: Site, project: Project, answer: Message
) -> Message:
    """A deploy key besides, that only reads."""
    variable = await place_for(ctx, job, Arguments(), site)
    wish = KeyWish(
        site=site,
        project=project,
        title="chat-ops bot",
        writes=False,
        expires_at=None,
        variable=variable,
    )
    made = await make_key(ctx, job, admin, wish, beside=job.progress)
    said = added(made, ctx.clock.now())
    return replace(answer, body=(*answer.body, said.text, *said.body))
