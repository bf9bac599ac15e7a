"""Reads GitLab's pipeline hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.events import git, gitlab, wording
from bot.events.pipeline.subject import FailedJob, Pipeline, make
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Event, Person, Project
    from bot.payload import Payload
    from bot.registry import Source


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    project = gitlab.project(payload)
    actor = gitlab.person(payload["user"])
    run = _read(payload, project, actor)
    return make(source, payload, run, project=project, actor=actor)


_TRIGGERS: Final[Mapping[str, str]] = {
    "merge_request_event": "merge_request",
    "external_pull_request_event": "merge_request",
    "parent_pipeline": "parent",
}


def _read(payload: Payload, project: Project | None, actor: Person | None) -> Pipeline:
    attributes, merge_request = payload["object_attributes"], payload["merge_request"]
    number = attributes["id"].as_(int)
    base = project.url if project else ""
    status, ref = attributes["status"].text_or(), attributes["ref"].text_or()
    is_tag = attributes["tag"].bool_or()
    trigger = attributes["source"].text_or()
    trigger = _TRIGGERS.get(trigger, trigger)
    mr_iid = git.number(merge_request["iid"])
    own = trigger not in {"merge_request", "parent"} and mr_iid is None
    return Pipeline(
        id=number,
        ident=f"{number}",
        label=f"pipeline #{number}",
        name=attributes["name"].text_or(),
        series="",
        attempt=0,
        ref=ref,
        is_tag=is_tag,
        foreign=False,
        sha=attributes["sha"].text_or(),
        status=status,
        reason="config_error" if status == "failed" and _is_empty(payload) else "",
        warnings=attributes["detailed_status"].text_or().endswith("warnings"),
        trigger=trigger,
        counts=own and not is_tag and bool(ref) and project is not None,
        twin=False,
        merged=mr_iid is not None,
        url=attributes["url"].text_or() or (f"{base}/-/pipelines/{number}" if base else ""),
        duration=git.duration(attributes["duration"].value),
        finished_at=attributes["finished_at"].time(),
        failed=_failed(payload["builds"], base),
        commit=gitlab.commit(payload["commit"], actor),
        mr=_mr(merge_request, mr_iid),
        mr_iid=mr_iid,
        mr_source=merge_request["source_branch"].text_or(),
        mr_target=merge_request["target_branch"].text_or(),
    )


def _mr(merge_request: Payload, iid: int | None) -> Ref | None:
    if iid is None:
        return None
    title = wording.without_draft(merge_request["title"].text_or())
    return Ref(label=f"!{iid} {title}".strip(), url=merge_request["url"].text_or())


def _is_empty(payload: Payload) -> bool:
    """It has no jobs and no stages: so does one whose configuration cannot be read, and the hook
    does not say it otherwise."""
    places = (payload["builds"], payload["object_attributes"]["stages"])
    return all(isinstance(one.value, list) and not one.value for one in places)


def _failed(builds: Payload, base: str) -> tuple[FailedJob, ...]:
    """The last attempt of each job that failed and was not allowed to, in order of their start."""
    latest: dict[tuple[str, str], Payload] = {}
    for build in sorted(builds, key=lambda one: one["id"].int_or()):
        latest[build["stage"].text_or(), build["name"].text_or()] = build
    return tuple(
        FailedJob(
            name=name,
            stage=stage,
            url=f"{base}/-/jobs/{build['id'].id()}" if base else "",
            reason=_reason(build["failure_reason"].text_or()),
        )
        for (stage, name), build in latest.items()
        if build["status"].text_or() == "failed" and not build["allow_failure"].bool_or()
    )


def _reason(word: str) -> str:
    return "" if word in {"script_failure", "unknown_failure"} else word
