"""Which project of which forge is meant."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.spec import Arguments
from bot.commands.target import target
from bot.errors import CommandError
from tests.commands.stage import GITHUB, GITLAB, INNER

SITES = (GITLAB, INNER, GITHUB)


@pytest.mark.parametrize(
    ("written", "site", "path"),
    [
        ("group/repo", "gitlab", "group/repo"),
        ("group/sub/deep/repo", "gitlab", "group/sub/deep/repo"),
        ("/group/repo/", "gitlab", "group/repo"),
        ("group/repo.git", "gitlab", "group/repo"),
        ("https://gitlab.example.com/group/repo", "gitlab", "group/repo"),
        ("<https://gitlab.example.com/group/repo>", "gitlab", "group/repo"),
        ("<https://gitlab.example.com/group/repo|group/repo>", "gitlab", "group/repo"),
        ("https://gitlab.example.com/group/repo.git", "gitlab", "group/repo"),
        ("https://GitLab.Example.com/group/repo/-/tree/main?x=1#L3", "gitlab", "group/repo"),
        ("https://gitlab.example.com/group/repo/-/merge_requests/12", "gitlab", "group/repo"),
        ("https://gitlab.example.com/group/repo/merge_requests/12", "gitlab", "group/repo"),
        ("https://gitlab.example.com/group/sub/repo/-", "gitlab", "group/sub/repo"),
        ("https://alice@gitlab.example.com/group/repo", "gitlab", "group/repo"),
        ("git@gitlab.example.com:group/repo.git", "gitlab", "group/repo"),
        ("ssh://git@gitlab.example.com:2222/group/repo.git", "gitlab", "group/repo"),
        ("https://git.inner.example.com/gitlab/group/repo/-/issues", "inner", "group/repo"),
        ("git@git.inner.example.com:group/repo.git", "inner", "group/repo"),
        ("https://github.com/owner/repo/pull/7", "github", "owner/repo"),
        ("git@github.com:owner/repo.git", "github", "owner/repo"),
    ],
)
def test_paths_and_pasted_addresses_are_understood(written: str, site: str, path: str) -> None:
    found, project = target(Arguments(project=written), SITES)
    assert (found.name, project) == (site, path)


@pytest.mark.parametrize(
    "written",
    ["repo", "", "/", "group/", "a b/c", "../x/y", "group/../repo", "-a/b", "https://", "a/" * 200],
)
def test_what_is_no_project_is_told(written: str) -> None:
    with pytest.raises(CommandError):
        target(Arguments(project=written), SITES)


def test_an_unknown_host_is_told_with_the_known_ones() -> None:
    with pytest.raises(CommandError) as caught:
        target(Arguments(project="https://gitlab.exmple.com/group/repo"), SITES)
    told = str(caught.value)
    assert "no forge at `gitlab.exmple.com`. Did you mean gitlab.example.com?" in told
    assert "git.inner.example.com, github.com" in told


def test_an_instance_can_be_named() -> None:
    assert target(Arguments(project="a/b", on="inner"), SITES)[0] is INNER
    with pytest.raises(CommandError, match="the bot knows gitlab, inner, github"):
        target(Arguments(project="a/b", on="outer"), SITES)


@given(st.text(max_size=80))
def test_any_word_is_a_project_or_an_answer(written: str) -> None:
    with suppress(CommandError):
        _, path = target(Arguments(project=written), SITES)
        assert "/" in path
        assert path.isascii()
        assert ".." not in path
