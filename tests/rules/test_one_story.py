"""One commit, one story: pipelines on the message of their push; deployments and releases in one
message each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import RulesError
from bot.events import understand
from bot.events.samples import sample
from bot.registry import Source
from bot.slack.mrkdwn import render
from tests.deciding import Bench
from tests.events.reading import event_of as fixture

if TYPE_CHECKING:
    from bot.model import Action, Event

CHANNELS = """\
version: 1
channels: {dev: C0DEV0001, ci: C0CI00001}
rules:
"""
FOLLOWED = "- {name: pushes, on: push, branch: main, post: {to: dev, follow: pipeline}}\n"
#: Head of main after the sample's push, and what the fixtures of pipelines ran on.
MAIN = "9c27d5b8e61f40a3d2857be0c4916fa83b70d1e5"


def bench(rules: str) -> Bench:
    return Bench(CHANNELS + rules)


def reactions(run: Bench, name: str, **overrides: Any) -> list[str]:
    return [line.partition(": ")[2] for line in run.does(name, **overrides) if "react" in line]


def of_github(name: str, **changes: Any) -> Event:
    """A fixture of GitHub's with other members of its workflow's run."""
    event = fixture(name)
    body = json.loads(json.dumps(dict(event.payload)))
    body["workflow_run"].update(changes)
    return understand(Source(forge="github", instance="github", event="workflow_run"), body)


def lines(run: Bench, *events: Event) -> list[str]:
    return [told(action) for event in events for action in run.take(event).actions]


def told(action: Action) -> str:
    if action.emoji:
        return f"{'-' if action.remove else '+'}{action.emoji}"
    edit = " edit" if action.verb == "card" and action.root else ""
    text = render(action.message.text) if action.message else ""
    return f"{action.verb}{edit}: {text}"


# -- the pipeline of a push ----------------------------------------------------------------------


def test_one_line_of_rules_puts_the_pipeline_on_the_message_of_its_push() -> None:
    run = bench(FOLLOWED)
    assert [line.split(":")[0] for line in run.does("push")] == ["post C0DEV0001"]
    assert run.does("pipeline.started", id=1) == ["react C0DEV0001: +hourglass_flowing_sand"]
    assert run.does("pipeline.success", id=1) == [
        "react C0DEV0001: -hourglass_flowing_sand",
        "react C0DEV0001: +large_green_circle",
    ]


def test_a_failure_is_explained_in_the_thread_of_the_push_once() -> None:
    run = bench(FOLLOWED)
    run.decide("push")
    failed = run.does("pipeline.failed", id=1)
    assert failed[0].startswith("reply C0DEV0001: ❌ `main` is broken by Bob: ")
    assert failed[1:] == ["react C0DEV0001: +x"]
    assert run.does("pipeline.failed", id=1) == []  # told twice by the forge


def test_what_was_said_to_be_broken_is_said_to_have_passed_after_all() -> None:
    run = bench(FOLLOWED)
    run.decide("push")
    run.does("pipeline.failed", id=1)
    again = run.does("pipeline.success", id=1)
    assert again[0].startswith("reply C0DEV0001: ✅ `main` of ")
    assert again[1:] == ["react C0DEV0001: -x", "react C0DEV0001: +large_green_circle"]
    assert [line for line in run.does("pipeline.success", id=2) if "reply" in line] == []


def test_there_is_no_reply_where_the_channel_hears_of_it_anyway() -> None:
    rules = FOLLOWED + "- {name: broken, on: pipeline.broken, post: dev}\n"
    run = bench(rules)
    run.decide("push")
    verbs = [action.verb for action in run.decide("pipeline.failed", id=1).actions]
    assert verbs == ["post", "react"]


def test_a_pipeline_of_another_commit_leaves_the_message_alone() -> None:
    run = bench(FOLLOWED)
    run.decide("push")
    assert run.does("pipeline.failed", id=1, sha="ab" * 20) == []


def test_a_pipeline_that_comes_before_its_push_is_put_on_it_all_the_same() -> None:
    run = bench(FOLLOWED)
    assert run.does("pipeline.started", id=1) == []
    assert reactions(run, "push") == ["+hourglass_flowing_sand"]


def test_a_beginning_that_comes_after_the_end_changes_nothing() -> None:
    run = bench(FOLLOWED)
    run.decide("push")
    assert reactions(run, "pipeline.success", id=1) == ["+large_green_circle"]
    assert run.does("pipeline.started", id=1) == []


def test_a_child_of_a_pipeline_says_nothing_of_the_commit() -> None:
    run = bench(FOLLOWED)
    run.decide("push")
    assert run.take(fixture("pipeline_hook__child")).actions == ()


def test_a_post_that_does_not_follow_gets_nothing() -> None:
    run = bench("- {name: pushes, on: push, post: dev}\n")
    run.decide("push")
    assert run.does("pipeline.failed", id=1) == []


def test_a_rule_that_follows_no_more_leaves_its_messages_as_they_are() -> None:
    run = bench(FOLLOWED)
    run.decide("push")
    run.decide("pipeline.started", id=1)
    run.playback.ruleset = bench("- {name: pushes, on: push, post: dev}\n").ruleset
    assert run.does("pipeline.success", id=1) == []


def test_a_muted_rule_puts_nothing_on_its_messages() -> None:
    run = bench(FOLLOWED)
    run.decide("push")
    muted = CHANNELS.replace("rules:", "mute: [{rule: pushes}]\nrules:") + FOLLOWED
    run.playback.ruleset = Bench(muted).ruleset
    assert run.does("pipeline.success", id=1) == []


def test_the_card_of_a_merge_request_wears_one_state_at_a_time() -> None:
    run = bench("- {on: mr, card: {to: dev, follow: [pipeline]}}\n")
    opened = _sampled("mr.opened")
    run.take(opened)
    sha = str(opened.fields["sha"])
    assert reactions(run, "pipeline.started", id=1, sha=sha) == ["+hourglass_flowing_sand"]
    assert reactions(run, "pipeline.failed", id=1, sha=sha) == ["-hourglass_flowing_sand", "+x"]
    assert reactions(run, "pipeline.success", id=2, sha=sha) == ["-x", "+large_green_circle"]
    # A new head has no pipeline yet.
    assert reactions(run, "mr.pushed") == ["-large_green_circle"]


def test_a_follower_of_talk_hears_it_below_a_post_too() -> None:
    run = bench("- {on: issue.opened, post: {to: dev, follow: comments}}\n")
    run.decide("issue.opened")
    assert [line.split(":")[0] for line in run.does("comment.issue")] == ["reply C0DEV0001"]


def test_other_verbs_do_not_follow() -> None:
    with pytest.raises(RulesError):
        bench("- {on: push, reply: {to: dev, follow: pipeline}}\n")


def _sampled(name: str) -> Event:
    headers, body = sample(name, overrides={})
    source = Source(forge="gitlab", instance="gitlab", event=headers["X-Gitlab-Event"])
    return understand(source, json.loads(body))


# -- GitHub's many voices ------------------------------------------------------------------------


def test_one_run_of_actions_is_one_story() -> None:
    run = bench("- {on: pipeline, post: dev}\n- {on: job, post: ci}\n")
    said = lines(
        run,
        fixture("workflow_job__failure"),
        fixture("check_run__of_actions"),
        fixture("workflow_run__failure"),
        fixture("check_suite__of_actions"),
    )
    assert [line.split(" ")[2] for line in said] == ["job", "`main`"]


def test_failed_jobs_of_github_come_from_their_own_events() -> None:
    run = bench("- {on: pipeline.failed, post: dev}\n")
    run.take(fixture("workflow_job__failure"))
    run.take(fixture("workflow_job__timed_out"))
    (action,) = run.take(fixture("workflow_run__failure")).actions
    assert action.message is not None
    (jobs,) = action.message.body
    assert render(jobs) == (
        "Failed: <https://github.com/shop/api/actions/runs/900136/job/80021|unit> (Run the tests), "
        "<https://github.com/shop/api/actions/runs/900136/job/80021|browser> (timed out)"
    )


def test_a_job_that_passed_when_tried_again_is_left_out() -> None:
    rules = "- {on: pipeline.failed, post: {to: dev, text: \"{{ failed_jobs | join(', ') }}\"}}\n"
    run = bench(rules)
    for name in ("failure", "timed_out", "success_of_second_attempt"):
        run.take(fixture(f"workflow_job__{name}"))
    said = lines(run, fixture("workflow_run__failure_second_attempt"))
    assert said == ["post: browser"]


def test_workflows_of_one_branch_do_not_fix_each_other() -> None:
    run = bench("- {on: [pipeline.broken, pipeline.fixed], post: dev}\n")
    assert len(lines(run, fixture("workflow_run__failure"))) == 1
    # Lint breaks by itself, and CI's success heals CI alone.
    assert "broken" in lines(run, fixture("workflow_run__another_workflow_failure"))[0]
    (fixed,) = lines(run, fixture("workflow_run__success"))
    assert "|shop/api> is fixed after 10 min 6 s and 1 failure by Bob" in fixed
    still = fixture("workflow_run__another_workflow_failure")
    later = of_github(
        "workflow_run__another_workflow_failure", id=900051, updated_at="2026-03-02T10:33:04Z"
    )
    assert lines(run, still) == []
    decision = run.take(later)
    assert decision.names[0] == "pipeline.still_failing"


def test_a_message_wears_the_worst_of_its_workflows() -> None:
    run = bench("- {on: mr, card: {to: dev, follow: [pipeline]}}\n" + FOLLOWED)
    run.take(_github_push())
    assert lines(run, fixture("workflow_run__in_progress")) == ["+hourglass_flowing_sand"]
    failed = lines(run, fixture("workflow_run__another_workflow_failure"))
    assert failed[1:] == ["-hourglass_flowing_sand", "+x"]
    # CI passes; Lint is still red.
    assert lines(run, of_github("workflow_run__success")) == []
    healed = of_github(
        "workflow_run__another_workflow_failure",
        conclusion="success",
        run_attempt=2,
        updated_at="2026-03-02T11:00:00Z",
    )
    assert lines(run, healed)[1:] == ["-x", "+large_green_circle"]


def _github_push() -> Event:
    body = {
        "ref": "refs/heads/main",
        "before": "4f1a7c2e9b0d3856fe4471c20b9a6d8e1357f024",
        "after": MAIN,
        "created": False,
        "deleted": False,
        "forced": False,
        "commits": [{"id": MAIN, "message": "Log the reason", "url": "https://github.com/c"}],
        "pusher": {"name": "bob"},
        "repository": fixture("workflow_run__failure").payload["repository"],
        "sender": {"login": "bob", "id": 12, "type": "User"},
    }
    return understand(Source(forge="github", instance="github", event="push"), body)


# -- deployments ---------------------------------------------------------------------------------

DEPLOYED = "- {on: deployment.*, card: {to: dev}}\n"


def test_a_deployment_is_one_message_from_its_beginning_to_its_end() -> None:
    run = bench(DEPLOYED)
    said = lines(
        run,
        fixture("deployment__created"),
        fixture("deployment_review__requested"),
        fixture("deployment_review__approved"),
        fixture("deployment_status__in_progress"),
        fixture("deployment_status__success"),
    )
    assert [line.split(":")[0] for line in said] == ["card", *["card edit"] * 4]
    assert said[1].endswith("`main` waits for approval by Leads or carol")
    assert said[-1] == (
        "card edit: 🚀 <https://shop.example.com|production> of "
        "<https://github.com/shop/api|shop/api>: `main` was deployed by alice in 1 min 30 s"
    )


def test_the_card_of_a_deployment_keeps_who_approved() -> None:
    run = bench(DEPLOYED)
    run.take(fixture("deployment__created"))
    run.take(fixture("deployment_review__approved"))
    (action,) = run.take(fixture("deployment_status__success")).actions
    assert action.message is not None
    assert "👍 carol" in render(action.message.context[0])


def test_what_comes_late_does_not_undo_the_end_of_a_deployment() -> None:
    run = bench(DEPLOYED)
    said = lines(
        run,
        fixture("deployment_status__success"),
        fixture("deployment_status__in_progress"),
        fixture("deployment__created"),
    )
    assert all("was deployed" in line for line in said)


def test_a_review_of_a_deployment_that_nobody_told_of_is_a_message_of_its_own() -> None:
    said = lines(bench(DEPLOYED), fixture("deployment_review__requested"))
    assert [line.split(":")[0] for line in said] == ["post"]


def test_a_card_of_gitlabs_deployment_is_edited_too() -> None:
    run = bench("- {on: deployment, card: dev}\n")
    assert [line.split(":")[0] for line in run.does("deployment.started")] == ["card C0DEV0001"]
    assert run.does("deployment.success")[0].startswith("card edit C0DEV0001")


# -- releases and their tags ---------------------------------------------------------------------

TAGS = "- {on: [tag, release], card: dev}\n"


@pytest.mark.parametrize("order", [("tag", "release"), ("release", "tag")])
def test_a_release_and_its_tag_are_one_message_in_either_order(order: tuple[str, str]) -> None:
    run = bench(TAGS)
    first, second = (run.does(name) for name in order)
    assert [line.split(":")[0] for line in (*first, *second)] == [
        "card C0DEV0001",
        "card edit C0DEV0001",
    ]
    assert "Spring release" in second[0]
    assert "released" in second[0]


def test_a_tag_without_a_release_is_told_as_a_tag() -> None:
    (line,) = bench(TAGS).does("tag")
    assert "tag `v1.4.0` created" in line


def test_one_release_of_github_is_one_message() -> None:
    run = bench("- {on: release, card: dev}\n")
    said = lines(
        run,
        fixture("release__created"),
        fixture("release__published"),
        fixture("release__released"),
    )
    assert [line.split(":")[0] for line in said] == ["card"]


def test_a_card_that_would_show_the_same_is_not_edited() -> None:
    run = bench(TAGS)
    run.take(fixture("release__published"))
    assert lines(run, fixture("release__released")) == []
    assert len(lines(run, fixture("release__edited_notes"))) == 1


def test_a_draft_shows_nowhere() -> None:
    run = bench("- {on: [release], card: dev}\n- {on: release, post: ci}\n")
    assert lines(run, fixture("release__created_draft")) == []


def test_a_release_that_is_withdrawn_is_struck() -> None:
    run = bench(TAGS)
    run.take(fixture("release__published"))
    (edit,) = lines(run, fixture("release__unpublished"))
    assert edit.startswith("card edit: 📦 ~Spring release~ (`v1.4.0`) is no release any more")
