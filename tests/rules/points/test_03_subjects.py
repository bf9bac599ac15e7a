"""3. Subjects and keys: by instance, project id and number; a pipeline's are several."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.catalogue import SUBJECTS
from tests.deciding import event_of
from tests.rules.points import bench


@pytest.mark.parametrize("kind", SUBJECTS)
def test_point_3_each_kind_of_subject_can_be_a_thread(kind: str) -> None:
    run = bench(f"rules: [{{on: any, post: {{to: dev, thread: {kind}, text: x}}}}]")
    assert run.ruleset.rules[0].actions[0].thread == kind


def test_point_3_a_template_makes_a_key_of_its_own() -> None:
    run = bench(
        """
rules:
- {on: deployment.started, post: {to: dev, thread: "deploy-{{ environment }}", text: a}}
- {on: deployment.success, reply: {to: dev, thread: "deploy-{{ environment }}", text: b}}
"""
    )
    root = run.decide("deployment.started", environment="staging").actions[0]
    elsewhere = run.decide("deployment.success", environment="production", id=92)
    assert elsewhere.actions == ()
    done = run.decide("deployment.success", environment="staging", id=93)
    assert done.actions[0].root == root.id


def test_point_3_every_event_is_about_its_project() -> None:
    run = bench(
        """
rules:
- {on: push, post: {to: dev, thread: project, text: a}}
- {on: mr.opened, reply: {to: dev, thread: project, text: b}}
"""
    )
    root = run.decide("push").actions[0]
    assert run.decide("mr.opened").actions[0].root == root.id
    assert run.decide("mr.opened", project="shop/web").actions == ()


def test_point_3_keys_are_instance_project_id_and_number() -> None:
    assert event_of("mr.opened", iid=7).subjects[0] == "gitlab:15:mr:7"
    assert "gitlab:15:branch:next" in event_of("push", branch="next").subjects


def test_point_3_a_renamed_project_keeps_its_threads_and_is_matched_by_its_new_path() -> None:
    run = bench(
        """
rules:
- {on: mr.opened, project: shop/api, post: {to: dev, text: a}}
- {on: comment.mr, project: shop/backend, reply: {text: b}}
"""
    )
    root = run.decide("mr.opened").actions[0]
    event = event_of("comment.mr")
    assert event.project is not None
    renamed = replace(
        event,
        project=replace(event.project, path="shop/backend"),
        fields={**event.fields, "project": "shop/backend"},
    )
    assert run.take(renamed).actions[0].root == root.id


def test_point_3_a_pipelines_subjects_include_commit_branch_and_merge_request() -> None:
    run = bench("rules: [{on: mr.opened, post: dev}, {on: pipeline.failed, react: x}]")
    run.decide("mr.opened", sha="a" * 40)
    failed = event_of("pipeline.failed", sha="a" * 40)
    assert [key.split(":")[2] for key in failed.subjects] == ["pipeline", "commit", "branch"]
    assert [action.emoji for action in run.take(failed).actions] == ["x"]


def test_point_3_the_subjects_message_is_its_card_else_its_latest_root() -> None:
    run = bench(
        """
rules:
- {on: mr, card: dev}
- {on: [mr.opened, mr.merged], post: {to: dev, text: x}}
- {on: mr.approved, react: tada}
"""
    )
    card = run.decide("mr.opened").actions[0]
    reaction = next(a for a in run.decide("mr.approved").actions if a.verb == "react")
    assert (card.verb, reaction.root) == ("card", card.id)


def test_point_3_threads_restart_after_30_days() -> None:
    run = bench("rules: [{on: mr.opened, post: dev}, {on: comment.mr, reply: {text: c}}]")
    run.decide("mr.opened")
    run.now += timedelta(days=29)
    assert len(run.decide("comment.mr").actions) == 1
    run.now += timedelta(days=2)
    assert run.decide("comment.mr").actions == ()
