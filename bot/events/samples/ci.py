"""Bodies of the invented project's pipelines, jobs, deployments and releases."""

from __future__ import annotations

from typing import Any

from bot.events.samples.bodies import HEAD, MAIN, URL, Body, commit, person, project, repository


def _build(number: int, stage: str, name: str, status: str) -> Body:
    return {
        "id": number,
        "stage": stage,
        "name": name,
        "status": status,
        "created_at": "2026-03-02 10:00:10 UTC",
        "started_at": "2026-03-02 10:00:20 UTC",
        "finished_at": "2026-03-02 10:02:00 UTC",
        "duration": 100.4,
        "queued_duration": 2.1,
        "failure_reason": "script_failure" if status == "failed" else None,
        "when": "on_success",
        "manual": False,
        "allow_failure": False,
        "user": person("alice"),
        "runner": None,
        "artifacts_file": {"filename": None, "size": None},
        "environment": None,
    }


def pipeline(number: int, status: str, finished: str | None, **rest: Any) -> Body:
    """Of main, unless `attributes` say otherwise. `finished`: clock time on the story's day."""
    test = {"success": "success", "failed": "failed"}.get(status, "running")
    attributes = {
        "id": number,
        "iid": number - 400,
        "name": None,
        "ref": "main",
        "tag": False,
        "sha": MAIN[1],
        "before_sha": MAIN[0],
        "source": "push",
        "status": status,
        "detailed_status": {"success": "passed"}.get(status, status),
        "stages": ["build", "test"],
        "created_at": "2026-03-02 10:00:00 UTC",
        "finished_at": f"2026-03-02 {finished} UTC" if finished else None,
        "duration": 184 if finished else None,
        "queued_duration": 4,
        "protected_ref": True,
        "variables": [],
        "url": f"{URL}/-/pipelines/{number}",
        **rest.pop("attributes", {}),
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": attributes,
        "merge_request": None,
        "user": person("alice"),
        "project": project(),
        "commit": commit(MAIN[1], "Log the reason of a refused payment", "bob"),
        "builds": [
            _build(number * 10, "build", "image", "success"),
            _build(number * 10 + 1, "test", "unit", test),
            _build(number * 10 + 2, "test", "contract", "success"),
        ],
        **rest,
    }


def mr_pipeline(number: int, status: str) -> Body:
    attributes = {"ref": "search", "sha": HEAD[1], "source": "merge_request_event"}
    merge_request = {
        "id": 4107,
        "iid": 7,
        "title": "Add search to the product list",
        "source_branch": "search",
        "source_project_id": 15,
        "target_branch": "main",
        "target_project_id": 15,
        "state": "opened",
        "merge_status": "can_be_merged",
        "url": f"{URL}/-/merge_requests/7",
    }
    head = commit(HEAD[1], "Search in descriptions too")
    return pipeline(
        number, status, "09:58:00", attributes=attributes, merge_request=merge_request, commit=head
    )


def job(status: str) -> Body:
    return {
        "object_kind": "build",
        "ref": "main",
        "tag": False,
        "before_sha": MAIN[0],
        "sha": MAIN[1],
        "build_id": 5011,
        "build_name": "unit",
        "build_stage": "test",
        "build_status": status,
        "build_created_at": "2026-03-02 10:00:10 UTC",
        "build_started_at": "2026-03-02 10:00:20 UTC",
        "build_finished_at": "2026-03-02 10:02:00 UTC" if status != "running" else None,
        "build_duration": 100.4 if status != "running" else None,
        "build_queued_duration": 2.1,
        "build_allow_failure": False,
        "build_failure_reason": "script_failure" if status == "failed" else "unknown_failure",
        "retries_count": 0,
        "pipeline_id": 501,
        "project_id": 15,
        "project_name": "shop / api",
        "runner": None,
        "user": person("alice"),
        "commit": {
            "id": 501,
            "name": None,
            "sha": MAIN[1],
            "message": "Log the reason of a refused payment",
            "author_name": "Bob",
            "author_email": "[REDACTED]",
            "status": "running",
            "duration": None,
            "started_at": "2026-03-02 10:00:05 UTC",
            "finished_at": None,
        },
        "repository": repository(),
        "project": project(),
        "environment": None,
    }


def deployment(status: str) -> Body:
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": "2026-03-02 10:15:00 +0000",
        "deployment_id": 88,
        "deployable_id": 5021,
        "deployable_url": f"{URL}/-/jobs/5021",
        "environment": "production",
        "environment_tier": "production",
        "environment_slug": "production",
        "environment_external_url": "https://shop.example.com",
        "project": project(),
        "short_sha": MAIN[1][:8],
        "user": person("alice"),
        "user_url": "https://gitlab.example.com/alice",
        "commit_url": f"{URL}/-/commit/{MAIN[1]}",
        "commit_title": "Log the reason of a refused payment",
        "ref": "main",
    }


def release(action: str) -> Body:
    return {
        "object_kind": "release",
        "id": 31,
        "created_at": "2026-03-02 10:30:00 UTC",
        "released_at": "2026-03-02 10:30:00 UTC",
        "name": "Spring release",
        "tag": "v1.4.0",
        "description": "Search in the product list, and prices rounded as the law wants it.",
        "project": project(),
        "url": f"{URL}/-/releases/v1.4.0",
        "action": action,
        "assets": {"count": 0, "links": [], "sources": []},
        "commit": commit(MAIN[1], "Log the reason of a refused payment", "bob"),
    }
