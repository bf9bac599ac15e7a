"""Pushes and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.events import SPECS, understand
from bot.model import Person, Ref
from bot.registry import Source
from tests.events.reading import event_of, line_of, picture

if TYPE_CHECKING:
    from bot.model import Json


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("more_than_twenty_commits", ("push",)),
        ("new_branch", ("branch.created", "push")),
        ("new_branch_without_commits", ("branch.created",)),
        ("new_branch_sha256", ("branch.created",)),
        ("deleted_branch", ("branch.deleted",)),
        ("wound_back", ("push",)),
    ],
)
def test_a_push_has_the_names_of_what_it_did(case: str, names: tuple[str, ...]) -> None:
    assert event_of(f"push_hook__{case}").names == names


def test_a_tag_that_went_is_not_one_that_came() -> None:
    assert event_of("tag_push_hook__annotated").names == ("tag",)
    assert event_of("tag_push_hook__deleted").names == ("tag.deleted",)
    assert event_of("tag_push_hook__moved").fields["forced"] is True


def test_the_true_number_of_commits_is_told_and_five_are_shown() -> None:
    event = event_of("push_hook__more_than_twenty_commits")
    assert event.fields["commit_count"] == 34
    shown = picture(SPECS["push"].line(event))
    assert shown.count("| [") == 5
    assert shown.endswith("and 29 more")


def test_every_commit_that_was_sent_is_a_field_whatever_the_text_shows() -> None:
    event = event_of("push_hook__more_than_twenty_commits")
    sent = [one["url"] for one in event.payload["commits"]]
    commits = event.fields["commits"]
    assert isinstance(commits, tuple)
    assert [one.url for one in commits if isinstance(one, Ref)] == sent
    assert len(sent) > 5


def test_fields_are_listed_before_they_are_made() -> None:
    event = event_of("push_hook__new_branch")
    names = list(event.fields)
    assert {"paths", "commits", "branch"} <= set(names)
    assert len(event.fields) == len(names) == len(dict(event.fields))


def test_paths_are_absent_when_commits_are_missing() -> None:
    assert "paths" not in event_of("push_hook__more_than_twenty_commits").fields
    assert event_of("push_hook__new_branch").fields["paths"] == ("search.py",)


def test_only_a_push_that_certainly_rewrote_the_branch_is_called_forced() -> None:
    assert event_of("push_hook__wound_back").fields["forced"] is True
    assert "force-pushed" in line_of(event_of("push_hook__wound_back"))
    assert "forced" not in event_of("push_hook__more_than_twenty_commits").fields
    assert event_of("push_hook__new_branch").fields["forced"] is False


def test_commits_are_about_their_head_first_so_that_branch_threads_stay_what_they_are() -> None:
    def kinds(name: str) -> list[str]:
        return [key.split(":")[2] for key in event_of(name).subjects]

    assert kinds("push_hook__new_branch") == ["commit", "branch"]
    assert kinds("push_hook__new_branch_without_commits") == ["branch", "commit"]
    assert kinds("push_hook__deleted_branch") == ["branch"]


def test_a_body_with_only_a_repository_still_names_its_project() -> None:
    event = event_of("push_hook__only_repository")
    assert event.project is not None
    assert (event.project.path, event.project.visibility) == ("shop/api", "private")
    assert isinstance(event.actor, Person)
    assert event.actor.shown == "Alice"


def test_the_commit_of_an_annotated_tag_is_not_the_tag_object() -> None:
    sha = event_of("tag_push_hook__annotated").fields["sha"]
    assert str(sha).startswith("9c27d5b8")


def test_control_characters_of_a_commit_do_not_reach_the_text() -> None:
    assert "\u202e" not in picture(SPECS["push"].line(event_of("push_hook__hostile_texts")))


@pytest.mark.parametrize(
    ("forge", "event", "body"),
    [
        ("gitlab", "Push Hook", {"object_kind": "push", "ref": "refs/heads/\ud83d"}),
        ("gitlab", "Tag Push Hook", {"object_kind": "tag_push", "ref": "refs/tags/\ud83d"}),
        ("github", "push", {"ref": "refs/heads/\ud83d"}),
        ("github", "push", {"ref": "refs/tags/\ud83d"}),
        ("github", "create", {"ref": "\ud83d", "ref_type": "branch"}),
    ],
)
def test_half_a_character_in_a_name_breaks_no_link(
    forge: str, event: str, body: dict[str, Json]
) -> None:
    place = "https://forge.example/a/b"
    project = {"id": 1, "path_with_namespace": "a/b", "web_url": place}
    repository = {"id": 1, "full_name": "a/b", "html_url": place}
    whole = {**body, "before": "0" * 40, "after": "a" * 40, "project": project}
    whole |= {"repository": repository, "created": True, "deleted": False}
    told = understand(Source(forge=forge, instance=forge, event=event), whole)
    assert "?" in str(told.fields["url"]) or "%3F" in str(told.fields["url"])
