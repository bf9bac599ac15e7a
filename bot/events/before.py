"""What went before: the deployment to the same environment, the tag below this one; and the page of
what changed since."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.events.git import in_url
from bot.model import Ref
from bot.registry import Derived

if TYPE_CHECKING:
    from bot.events.deployment.subject import Deployment
    from bot.model import Event, Json

#: Of one project; of more the oldest are forgotten.
_TAGS: Final = 50
_SHORT: Final = 8


def deployment_key(event: Event) -> str:
    """Where it is kept what an environment runs; empty for what names none."""
    one: Deployment = event.subject
    if event.project is None or not (one.id and one.environment and one.sha):
        return ""
    return f"deployed:{event.instance}:{event.project.id}:{one.environment}"


def deployed(event: Event, state: Json) -> Derived:
    """`state`: the last that succeeded, and what it took the place of."""
    one: Deployment = event.subject
    known = state or {}
    before = known["before"] if known.get("id") == one.id else known.get("sha", "")
    if one.status == "success" and known.get("id") != one.id:
        known = {"id": one.id, "sha": one.sha, "before": before}
    is_same = before[:_SHORT] == one.sha[:_SHORT]
    label = "" if is_same else before[:_SHORT]
    return _derived(event, label, before, one.sha, state=known or None)


def tags_key(event: Event) -> str:
    if event.project is None or not event.names or event.fields.get("draft"):
        return ""
    return f"tags:{event.instance}:{event.project.id}"


def tagged(event: Event, state: Json) -> Derived:
    """`state`: the project's tags as far as events told. A release's tag counts as well."""
    tag = str(event.fields.get("tag", ""))
    others = [name for name in state or () if name != tag]
    known = others if "tag.deleted" in event.names else [*others, tag][-_TAGS:]
    below = _below(tag, others)
    return _derived(event, below, below, tag, state=known)


def _derived(event: Event, label: str, old: str, new: str, *, state: Json) -> Derived:
    url = event.project.url if event.project else ""
    if not (label and url):
        return Derived(names=(), fields={}, state=state)
    place = "/compare/" if event.forge == "github" else "/-/compare/"
    pages = f"{url}{place}{in_url(old, safe='')}...{in_url(new, safe='')}"
    return Derived(
        names=(), fields={"compare": Ref(label=f"changes since {label}", url=pages)}, state=state
    )


_VERSION: Final = re.compile(r"(\D*)(\d+(?:\.\d+)*)(.*)")


def _below(tag: str, others: list[str]) -> str:
    """The highest of the others that is lower, among those named alike: `v1.9.4` for `v1.9.5`,
    whatever became of `v2.0.0` meanwhile."""
    mine = _order(tag)
    lower = [(order, name) for name in others if (order := _order(name)) and mine and order < mine]
    alike = [one for one in lower if mine and one[0][0] == mine[0]]
    return max(alike)[1] if alike else ""


def _order(tag: str) -> tuple[str, tuple[int, ...], bool, tuple[int, ...], str] | None:
    """A pre-release is lower than its version; None for what holds no number."""
    found = _VERSION.fullmatch(tag[:200])
    if found is None:
        return None
    prefix, numbers, rest = found.groups()
    version = tuple(int(part[:18]) for part in numbers.split("."))
    return prefix, version, not rest, tuple(int(n[:18]) for n in re.findall(r"\d+", rest)), rest
