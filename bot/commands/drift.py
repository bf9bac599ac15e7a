"""How a hook at the forge differs from what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.commands.survey import is_group
from bot.commands.upkeep import differing, possible
from bot.commands.wishes import wanted, wanted_of_group
from bot.outside import EVERY_BRANCH, BranchFilter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.commands.spec import Context, Site
    from bot.commands.survey import Found
    from bot.model import HookRecord, Project
    from bot.outside import ForgeAdmin, RemoteHook

#: What mends a finding: the verb that is run, or nothing that the bot could do.
ADD: Final = "add"
TEST: Final = "test"
ROTATE: Final = "rotate"
FORGET: Final = "remove"
NOTHING: Final = ""


@dataclass(frozen=True, slots=True)
class Finding:
    #: As in the plans of tools for infrastructure: `+` is missing, `~` differs, `-` is too much,
    #: `!` somebody has to look at it.
    mark: str
    words: str
    mends: str = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the live hook should be."""

    url: str
    #: By the rules; empty when they want nothing of the project any more.
    triggers: frozenset[str]
    #: Every trigger that is open: a hook with a channel of its own brings them all.
    open: frozenset[str]
    branches: BranchFilter = EVERY_BRANCH


async def should_be(
    ctx: Context, site: Site, admin: ForgeAdmin, project: Project, url: str
) -> Wanted:
    """By the rules; of a group by those for any of its projects."""
    if is_group(project.id):
        brings = await wanted_of_group(ctx, site, admin, project, anyway=False)
    else:
        brings = wanted(ctx, site, project, anyway=False)
    return Wanted(
        url=url, triggers=brings.triggers, open=site.open_triggers, branches=brings.branches
    )


def findings(
    found: Found,
    project: Project,
    wanted: Wanted,
    *,
    same: bool,
) -> tuple[Finding, ...]:
    """`same`: the live hook has the wished address."""
    told: list[Finding] = []
    if found.live is None:
        told.append(Finding("+", "its hook is gone from the forge", ADD))
    else:
        record, remote = found.live
        told += _of_live(record, remote, project, wanted, same=same)
    told += [
        Finding("-", f"hook {stray.id} ({stray.url}) comes to this bot and serves nothing", ADD)
        for stray in found.strays
    ]
    if found.shared is not None:
        told.append(
            Finding(
                "!",
                f"hook {found.shared.id} was made by hand for the shared secret: every event comes"
                " twice; delete it at the forge",
            )
        )
    told += _twins(found.foreign)
    return tuple(told)


def _of_live(
    record: HookRecord, remote: RemoteHook, project: Project, wanted: Wanted, *, same: bool
) -> list[Finding]:
    told: list[Finding] = []
    if record.project != project.path:
        told.append(Finding("~", f"it moved: {record.project} is {project.path} now", ADD))
    if not same:
        told.append(Finding("~", f"its address is {remote.url}, not {wanted.url}", ADD))
    if remote.health != "executable":
        told.append(Finding("~", f"hook {remote.id} is {_disabled(remote)}", TEST))
    triggers = _triggers(record, remote, wanted)
    if triggers:
        told.append(Finding("~", f"triggers of hook {remote.id}: {triggers}", ADD))
    branches = _branches(record, remote, wanted)
    if branches:
        told.append(Finding("~", f"hook {remote.id} {branches}", ADD))
    if len(record.secrets) > 1 and record.retire_at is None:
        words = "a new secret waits for the first delivery that comes with it"
        told.append(Finding("~", words, ROTATE))
    return told


def _disabled(remote: RemoteHook) -> str:
    words = {"disabled": "disabled by the forge after failures"}.get(
        remote.health, "held back by the forge after failures"
    )
    until: datetime | None = remote.disabled_until
    return f"{words}, until {until:%Y-%m-%d %H:%M} UTC" if until is not None else words


def _triggers(record: HookRecord, remote: RemoteHook, wanted: Wanted) -> str:
    """`+issues_events -note_events`; empty when they are as they should be."""
    should = wanted.triggers | wanted.open if record.channel else wanted.triggers
    if record.status == "paused":
        should = frozenset()
    elif not should:
        should = frozenset(record.events)
    missing, extra = differing(record, remote, should)
    parts = [f"+{name}" for name in sorted(missing)]
    parts += [f"-{name}" for name in sorted(extra)]
    return " ".join(parts)


def _branches(record: HookRecord, remote: RemoteHook, wanted: Wanted) -> str:
    """Empty when they are as they should be, or nobody knows how they should be."""
    if record.status == "paused" or not (record.channel or wanted.triggers):
        return ""
    should = possible(EVERY_BRANCH if record.channel else wanted.branches, remote)
    if should == remote.branches:
        return ""
    return f"brings pushes of {filtered(remote.branches)}, not of {filtered(should)}"


def filtered(branches: BranchFilter) -> str:
    """In words."""
    if branches == EVERY_BRANCH:
        return "all branches"
    like = "like " if branches.kind == "regex" or "*" in branches.pattern else ""
    return f"branches {like}{branches.pattern}" if like else f"branch {branches.pattern}"


def _twins(foreign: Sequence[RemoteHook]) -> list[Finding]:
    """Hooks of others that have one address: each event is sent there twice."""
    by_url: dict[str, list[str]] = {}
    for hook in foreign:
        by_url.setdefault(hook.url.rstrip("/").lower(), []).append(hook.id)
    return [
        Finding("!", f"hooks {' and '.join(ids)} (not of this bot) have one address")
        for ids in by_url.values()
        if len(ids) > 1
    ]
