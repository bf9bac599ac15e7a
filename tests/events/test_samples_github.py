"""Samples of GitHub are what their names say."""

from __future__ import annotations

import pytest

from bot import events
from bot.events.samples import GITHUB_NAMES, sample
from bot.payload import read_object
from bot.registry import Source


@pytest.mark.parametrize("name", GITHUB_NAMES)
def test_a_sample_of_github_tells_what_its_name_says(name: str) -> None:
    headers, body = sample(name, forge="github")
    source = Source(forge="github", instance="github", event=headers["X-GitHub-Event"])
    event = events.understand(source, read_object(body))
    assert name in event.names
    assert event.actor is not None
    if event.project is not None:
        assert event.project.path == "shop/api"


def test_a_sample_of_github_moves_to_another_repository() -> None:
    headers, body = sample("mr.opened", forge="github", overrides={"project": "shop/web"})
    event = events.understand(
        Source(forge="github", instance="github", event=headers["X-GitHub-Event"]),
        read_object(body),
    )
    assert event.project is not None
    assert event.project.path == "shop/web"
    assert event.url == "https://github.com/shop/web/pull/7"


def test_there_is_no_sample_of_what_github_does_not_tell() -> None:
    with pytest.raises(KeyError):
        sample("feature_flag.enabled", forge="github")
