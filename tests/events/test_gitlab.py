"""How GitLab writes things, in all its versions."""

from __future__ import annotations

import pytest

from bot.events import git, gitlab
from bot.payload import Payload


@pytest.mark.parametrize(
    ("username", "bot"),
    [
        ("project_12_bot", True),
        ("project_12_bot1", True),
        ("project_12_bot_4f2a", True),
        ("group_7_bot_ab", True),
        ("service_account_group_7_ab", True),
        ("support-bot", True),
        ("GitLabDuo", True),
        ("ghost", False),
        ("alice", False),
        ("project_manager", False),
        ("robot", False),
    ],
)
def test_machines_are_known_by_gitlabs_own_names(username: str, bot: bool) -> None:
    assert gitlab.is_bot(username) is bot


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"project": {"id": 1, "path_with_namespace": "a/b"}}, "a/b"),
        ({"project_id": 1, "repository": {"git_ssh_url": "git@h.example:a/b.git"}}, "a/b"),
        ({"project_id": 1, "repository": {"url": "ssh://git@h.example:2222/a/b.git"}}, "a/b"),
        ({"project_id": 1, "repository": {"homepage": "https://h.example/a/b"}}, "a/b"),
        ({"object_attributes": {"project_id": 1, "url": "https://h/a/b/-/issues/1"}}, "a/b"),
        ({"project_id": 1}, ""),
    ],
)
def test_the_path_is_found_wherever_a_version_puts_it(body: object, path: str) -> None:
    project = gitlab.project(Payload(body))
    assert project is not None
    assert (project.id, project.path) == ("1", path)


def test_nothing_names_no_project() -> None:
    for body in ({}, {"project": None, "object_attributes": {"project_id": None}}):
        assert gitlab.project(Payload(body)) is None


@pytest.mark.parametrize(
    ("body", "visibility"),
    [
        ({"project": {"id": 1, "visibility_level": 0}}, "private"),
        ({"project": {"id": 1, "visibility_level": 20}}, "public"),
        ({"project": {"id": 1, "visibility": "internal"}}, "internal"),
        ({"project_id": 1, "project_visibility": "visibilitylevel|private"}, "private"),
        ({"project_id": 1}, ""),
    ],
)
def test_visibility_is_a_word(body: object, visibility: str) -> None:
    project = gitlab.project(Payload(body))
    assert project is not None
    assert project.visibility == visibility


def test_changes_are_read_in_the_old_form_and_the_new() -> None:
    for change in (["a", "b"], {"previous": "a", "current": "b"}):
        found = gitlab.change(Payload({"changes": {"title": change}}), "title")
        assert found is not None
        assert [side.value for side in found] == ["a", "b"]
    assert gitlab.change(Payload({"changes": {}}), "title") is None
    assert gitlab.change(Payload({"changes": None}), "title") is None


def test_no_commit_is_all_zeros_of_any_length() -> None:
    assert git.is_zero("0" * 40)
    assert git.is_zero("0" * 64)
    assert not git.is_zero("0" * 39 + "1")
    assert not git.is_zero("")


def test_absurd_durations_are_none() -> None:
    assert git.duration(1e300) is None
    assert git.duration(float("nan")) is None
    assert git.duration(True) is None
    assert git.duration("3") is None
