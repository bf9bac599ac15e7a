"""Samples, and changing them by the names of fields."""

from __future__ import annotations

import json

import pytest

from bot.events.samples import sample
from bot.model import Person
from tests.events.reading import line_of, sampled


def test_fields_can_be_set_by_their_names() -> None:
    event = sampled(
        "mr.opened",
        project="payments/core",
        title="<!channel>",
        labels=["urgent"],
        reviewers=["bob"],
        draft=True,
        target="release/1.2",
        actor="alice",
    )
    fields = event.fields
    assert fields["project"] == "payments/core"
    assert fields["group"] == "payments"
    assert fields["title"] == "<!channel>"
    assert fields["labels"] == ("urgent",)
    assert fields["draft"] is True
    assert fields["branch"] == "release/1.2"
    assert event.names == ("mr.opened", "mr.review_requested")


def test_another_project_is_another_subject() -> None:
    assert sampled("push", project="payments/core").subjects != sampled("push").subjects
    assert sampled("push", project="shop/api").subjects == sampled("push").subjects


def test_the_branch_of_each_kind_can_be_set() -> None:
    for name in ("push", "branch.created", "pipeline.failed", "job.failed", "mr.opened"):
        assert sampled(name, branch="dev").fields["branch"] == "dev", name
    assert sampled("tag", tag="v2").fields["tag"] == "v2"
    assert sampled("pipeline.failed", default_branch="dev").fields["default_branch"] == "dev"


def test_a_label_that_is_added_late_can_be_set() -> None:
    assert sampled("mr.labeled", labels=["area::api"]).fields["added_labels"] == ("area::api",)


def test_a_confidential_sample_comes_by_the_confidential_hook() -> None:
    headers, _body = sample("issue.opened", overrides={"confidential": True})
    assert headers == {"X-Gitlab-Event": "Confidential Issue Hook"}
    assert sampled("issue.opened", confidential=True).confidential


def test_actors_and_authors_can_be_set() -> None:
    event = sampled("pipeline.failed", author="carol", actor="bob")
    author, actor = event.fields["author"], event.actor
    assert isinstance(author, Person)
    assert actor is not None
    assert (author.name, actor.username) == ("Carol", "bob")
    assert line_of(sampled("push", actor="bob")).startswith("Bob pushed")


def test_what_a_body_cannot_hold_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="idle"):
        sample("mr.opened", overrides={"idle": "2d"})
    with pytest.raises(KeyError, match=r"mr\.opend"):
        sample("mr.opend")


def test_pr_is_accepted_for_mr() -> None:
    assert sample("pr.opened") == sample("mr.opened")


def test_samples_share_nothing_that_can_be_changed() -> None:
    _headers, first = sample("mr.review_requested")
    json.loads(first)["reviewers"].clear()
    assert sample("mr.review_requested")[1] == first


def test_the_samples_tell_one_story() -> None:
    merge_request = "gitlab:15:mr:7"
    for name in ("mr.opened", "comment.mr", "mr.approved", "mr.merged", "pipeline.mr"):
        assert merge_request in sampled(name).subjects, name
    failed, passed = sampled("pipeline.failed"), sampled("pipeline.success")
    assert failed.fields["sha"] == passed.fields["sha"] == sampled("push").fields["sha"]
    assert int(str(failed.fields["id"])) < int(str(passed.fields["id"]))
