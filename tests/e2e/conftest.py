"""A place to run the bot in, a Slack and a GitLab for it, and what sends deliveries to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.running import KEY, RULES, Place, Sender, sender, slack_settings
from tests.fakes.gitlab_server import GitlabServer
from tests.fakes.slack_server import FakeSlack
from tests.postgres import empty_postgres_url, postgres_server, postgres_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["empty_postgres_url", "postgres_server", "postgres_url"]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as fake:
        yield fake


@pytest.fixture
async def gitlab() -> AsyncIterator[GitlabServer]:
    async with GitlabServer() as fake:
        yield fake


@pytest.fixture
async def forge() -> AsyncIterator[Sender]:
    async with sender() as sending:
        yield sending


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Rules and a SQLite file to come; messages go to the preview."""
    monkeypatch.chdir(tmp_path)
    place = Place(tmp_path, {"DATABASE_URL": f"sqlite:///{tmp_path}/var/bot.db"})
    place.rules.write_text(RULES)
    return place


@pytest.fixture
def place(bare: Place, slack: FakeSlack) -> Place:
    """The same with Slack."""
    bare.settings |= slack_settings(slack)
    return bare


@pytest.fixture
def on_postgres(place: Place, postgres_url: str) -> Place:
    """The same on PostgreSQL."""
    place.settings |= {"DATABASE_URL": postgres_url, "SECRET_KEY": KEY}
    return place
