"""The rules and events that are measured: 10,000 rules as a large company would have them."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Final

from bot import events
from bot.events.samples import sample
from bot.registry import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.model import Event

#: Fourteen types of event, the frequent ones as often as the rare ones.
TYPES: Final = (
    "push", "tag", "mr.opened", "mr.merged", "mr.labeled", "mr.approved", "comment.mr",
    "pipeline.failed", "pipeline.broken", "job.failed", "issue.opened", "release",
    "deployment.failed", "wiki.created",
)  # fmt: skip
#: Shares of the forms of `project:`, in percent; the rest is `**`.
EXACT, BELOW, BESIDE, ANYWHERE = 55, 25, 10, 6

_GROUPS: Final = 200
_TEAMS: Final = 5
_PROJECTS: Final = 10
#: Most rules want something that few events have.
_CONDITIONS: Final = (
    "if: {actor: [bob, carol, dave], bot: false}",
    "if: {visibility: internal, actor: '!renovate*'}",
    "if: {actor: 'release-*'}",
    "if: not bot and visibility == 'public'",
    "if: {any: [{actor: 'x*'}, {visibility: public}]}",
    "if: {url: /sandbox/}",
    "if: {default_branch: [trunk, develop]}",
    "if: {group: platform}",
    "if: {bot: false}",
)
#: Different texts: most are copied from another rule.
_TEXTS: Final = 300
_BRANCHED: Final = frozenset({"push", "pipeline.failed", "pipeline.broken", "job.failed"})
_HEAD: Final = """\
version: 1
channels: {dev: C0DEV0001, ci: C0CI00001, triage: C0TRIAGE1}
"""


def rules_text(count: int, *, seed: int = 7) -> str:
    """A rules file of that many rules in the mix; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - a fixed draw, no secret
    lines = [_HEAD, "rules:"]
    for number in range(count):
        event = TYPES[number % len(TYPES)]
        lines += _rule(number, event, _project(dice), dice)
    return "\n".join(lines) + "\n"


def _rule(number: int, event: str, project: str, dice: random.Random) -> Iterator[str]:
    yield f"  - name: rule {number}"
    yield f"    on: {event}"
    yield f'    project: "{project}"'
    if event in _BRANCHED and dice.random() < 0.5:
        yield "    branch: [$default, release/*]"
    yield f"    {dice.choice(_CONDITIONS)}"
    channel = dice.choice(("dev", "ci", "triage"))
    if dice.random() < 0.3:
        text = f"{number % _TEXTS} {{{{ project }}}} by {{{{ actor }}}}"
        yield f'    post: {{to: {channel}, text: "{text}"}}'
    else:
        yield f"    post: {channel}"


def _project(dice: random.Random) -> str:
    group, team, project = _place(dice)
    draw = dice.random() * 100
    if draw < EXACT:
        return f"{group}/{team}/{project}"
    if draw < EXACT + BELOW:
        return f"{group}/**"
    if draw < EXACT + BELOW + BESIDE:
        return f"{group}/{team}/*"
    if draw < EXACT + BELOW + BESIDE + ANYWHERE:
        return f"*/*/{project}"
    return "**"


def _place(dice: random.Random) -> tuple[str, str, str]:
    return (
        f"group{dice.randrange(_GROUPS)}",
        f"team{dice.randrange(_TEAMS)}",
        f"app{dice.randrange(_PROJECTS)}",
    )


def same_type_text(count: int) -> str:
    """The worst case: every rule is a candidate of every event."""
    lines = [_HEAD, "rules:"]
    for number in range(count):
        who = f"user{number}"
        lines.append(
            f'  - {{name: r{number}, on: push, project: "**", if: {{actor: {who}}}, post: dev}}'
        )
    return "\n".join(lines) + "\n"


def some_events(count: int, *, seed: int = 11) -> list[Event]:
    """Events of every type in projects all over the company, most of which some rule names."""
    dice = random.Random(seed)  # noqa: S311 - a fixed draw, no secret
    return [event_of(TYPES[n % len(TYPES)], "/".join(_place(dice))) for n in range(count)]


def event_of(name: str, project: str) -> Event:
    # A pipeline is broken in the light of the one before: its delivery only says `failed`.
    told = "pipeline.failed" if name == "pipeline.broken" else name
    headers, body = sample(told, overrides={"project": project})
    source = Source(forge="gitlab", instance="gitlab", event=headers["X-Gitlab-Event"])
    return events.understand(source, json.loads(body))
