"""Pushes that are told in few words."""

from __future__ import annotations

from typing import Any, Final

import pytest

from bot.events import SPECS, understand
from bot.model import Event
from bot.registry import Source
from tests.events.reading import picture, reply_of

_BEFORE: Final = "4f1a7c2e9b0d3856fe4471c20b9a6d8e1357f024"
_AFTER: Final = "9c27d5b8e61f40a3d2857be0c4916fa83b70d1e5"


def gitlab(*messages: str, branch: str = "main", user: str = "alice") -> Event:
    url = "https://gitlab.example.com/shop/api"
    body = {
        "object_kind": "push",
        "ref": f"refs/heads/{branch}",
        "before": _BEFORE,
        "after": _AFTER,
        "user_username": user,
        "user_name": user.title(),
        "project": {
            "id": 15,
            "path_with_namespace": "shop/api",
            "web_url": url,
            "default_branch": "main",
        },
        "commits": _commits(messages, url + "/-/commit/"),
        "total_commits_count": len(messages),
    }
    return understand(Source(forge="gitlab", instance="gitlab", event="Push Hook"), body)


def github(*messages: str, branch: str = "main", user: str = "alice", by: str = "GitHub") -> Event:
    url = "https://github.com/shop/api"
    body = {
        "ref": f"refs/heads/{branch}",
        "before": _BEFORE,
        "after": _AFTER,
        "created": False,
        "deleted": False,
        "forced": False,
        "compare": f"{url}/compare/4f1a...9c27",
        "repository": {
            "id": 15,
            "full_name": "shop/api",
            "html_url": url,
            "default_branch": "main",
        },
        "sender": {"login": user, "id": 11, "type": "Bot" if "[bot]" in user else "User"},
        "pusher": {"name": user},
        "commits": _commits(messages, url + "/commit/", by),
    }
    return understand(Source(forge="github", instance="github", event="push"), body)


def _commits(messages: tuple[str, ...], base: str, by: str = "Bob") -> list[dict[str, Any]]:
    shas = [f"{number:040x}" for number in range(1, len(messages))] + [_AFTER]
    return [
        {
            "id": sha,
            "message": message,
            "url": base + sha,
            "author": {"name": "Bob", "email": "bob@example.com"},
            "committer": {"name": by, "email": "noreply@example.com"},
        }
        for sha, message in zip(shas, messages, strict=True)
    ]


def said(event: Event) -> str:
    return picture(SPECS["push"].line(event)).replace("https://gitlab.example.com/shop/api", "~")


_MERGE = "Merge branch 'search' into 'main'\n\nAdd search\n\nSee merge request shop/api!12"


def test_a_merge_at_gitlab_names_its_merge_request() -> None:
    assert said(gitlab("Find names", "Fold accents", _MERGE)) == (
        "Alice merged [!12 Add search](~/-/merge_requests/12) into `main` in [shop/api](~)"
        f" ([compare](~/-/compare/{_BEFORE}...{_AFTER}))"
    )


def test_a_squash_at_gitlab_whose_template_names_it_does_too() -> None:
    assert said(gitlab("Add search\n\nSee merge request !12")).startswith(
        "Alice merged [!12 Add search](~/-/merge_requests/12) into `main`"
    )


def test_merges_and_squashes_at_github_name_their_pull_request() -> None:
    link = "[#12 Add search](https://github.com/shop/api/pull/12)"
    merge = "Merge pull request #12 from shop/search\n\nAdd search"
    for event in (github("Find names", merge), github("Add search (#12)\n\n* Find names")):
        assert said(event).startswith(f"alice merged {link} into `main` in [shop/api]")
        assert "\n" not in said(event)


@pytest.mark.parametrize(
    "event",
    [
        github("Add search (#12)", by="Bob"),  # typed by somebody
        github("One (#12)", "Two (#13)"),  # rebased
        gitlab("Add search (#12)"),  # of GitLab an issue's number
        gitlab("Merge branch 'main' of gitlab.example.com:shop/api"),  # pulled
        gitlab("Talk of See merge request !12 in passing"),
    ],
)
def test_what_only_looks_like_one_is_a_push(event: Event) -> None:
    assert " pushed " in said(event)


@pytest.mark.parametrize(
    "title",
    [
        "Merge branch 'main' into search",
        "Merge branch 'main' into 'search'",
        "Merge remote-tracking branch 'origin/main' into search",
        "Merge branch 'main' of github.com:shop/api into search",
    ],
)
def test_bringing_a_branch_up_to_date_is_a_line(title: str) -> None:
    for event in (gitlab("a", "b", title, branch="search"), github("a", title, branch="search")):
        assert "merged `main` into `search`" in said(event)
        assert "\n" not in said(event)


def test_a_merge_of_another_branch_is_an_ordinary_push() -> None:
    assert "pushed 1 commit" in said(gitlab("Merge branch 'colours' into search", branch="search"))


def test_a_machine_is_told_in_one_line() -> None:
    many = said(github("Bump a", "Bump b", branch="deps", user="dependabot[bot]"))
    assert many.startswith("dependabot[bot] pushed 2 commits to `deps` in [shop/api]")
    assert "\n" not in many
    one = said(github("Bump a", branch="deps", user="dependabot[bot]"))
    assert one.splitlines()[1].endswith("Bump a – Bob")


def test_a_thread_is_told_the_same() -> None:
    assert "merged [!12 Add search]" in reply_of(gitlab(_MERGE))


def test_a_long_message_is_read_no_further_than_needed() -> None:
    hostile = "Merge branch '" + "'" * 50_000 + "\n" * 50_000 + "See merge request " + "a/" * 50_000
    assert " pushed " in said(gitlab(hostile))
