"""How the pipelines of one commit stand together: the last of each kind of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.pipeline.subject import Pipeline
    from bot.model import Event, Json

ENDS: Final = frozenset({"success", "failed", "canceled", "skipped"})
_UNDER_WAY: Final = frozenset({"running", "pending", "created", "preparing"})
#: Workflows, apps and contexts that report on one commit; of more the oldest are forgotten.
_LIMIT: Final = 50

#: Failed jobs of one pipeline that are kept by name.
_JOBS: Final = 5


def fold(facts: Mapping[str, Json] | None, event: Event) -> Mapping[str, Json] | None:
    """The facts of a commit: only pipelines change them."""
    if event.kind != "pipeline":
        return facts
    run: Pipeline = event.subject
    return with_run(facts or {}, run) if tells_of_commit(run) else facts


def tells_of_commit(run: Pipeline) -> bool:
    """A child's end is part of its parent's; a twin is told by another event too."""
    return not run.twin and run.trigger != "parent" and bool(run.status)


def with_run(facts: Mapping[str, Json], run: Pipeline) -> Mapping[str, Json]:
    """The facts after one more event of a pipeline, which may come late."""
    runs: dict[str, Any] = dict(facts.get("runs", {}))
    known = runs.get(run.series)
    if known is not None and _is_late(run, known):
        return facts
    at = run.finished_at.isoformat() if run.finished_at else ""
    runs.pop(run.series, None)
    runs[run.series] = {
        "id": run.id,
        "attempt": run.attempt,
        "status": run.status,
        "url": run.url,
        "name": run.name if run.series else "",
        "at": at,
        "jobs": [job.name for job in run.failed[:_JOBS]] if run.status == "failed" else [],
    }
    return {**facts, "runs": dict(list(runs.items())[-_LIMIT:])}


def _is_late(run: Pipeline, known: Mapping[str, Json]) -> bool:
    if (run.id, run.attempt) != (known["id"], known["attempt"]):
        return bool((run.id, run.attempt) < (known["id"], known["attempt"]))
    if run.status not in ENDS:
        # Deliveries are not ordered: `running` may come after the end it leads to. A retry that
        # keeps its number does run again, and is told by its end.
        return bool(known["status"] in ENDS)
    ended, before = run.finished_at, parse_time(known["at"])
    return ended is not None and before is not None and ended < before


def verdict(facts: Mapping[str, Json]) -> str:
    """`failed` when one of them is, else `running`, else `success`; empty when nothing says."""
    statuses = {_word(one["status"]) for one in facts.get("runs", {}).values()}
    return next((word for word in ("failed", "running", "success") if word in statuses), "")


def marks(facts: Mapping[str, Json]) -> Mapping[str, str]:
    """The one emoji that tells how they stand, if any; see `marks` of a Spec."""
    found = _MARKS.get(verdict(facts))
    return {found: "pipeline"} if found else {}


#: A tick is an approval's already.
_MARKS: Final = {
    "running": "hourglass_flowing_sand",
    "failed": "x",
    "success": "large_green_circle",
}


def leading(facts: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """The newest of the pipelines that the verdict is made of; without a verdict of all."""
    runs = list(facts.get("runs", {}).values())
    wanted = verdict(facts)
    alike = [one for one in runs if not wanted or _word(one["status"]) == wanted]
    return alike[-1] if alike else None


def failed(facts: Mapping[str, Json]) -> list[str]:
    """What failed, by name: jobs where they are told with their pipeline, else workflows."""
    runs = [one for one in facts.get("runs", {}).values() if one["status"] == "failed"]
    return [name for one in runs for name in one.get("jobs") or [one["name"]] if name]


def _word(status: str) -> str:
    return "running" if status in _UNDER_WAY else status
