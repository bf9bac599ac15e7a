"""A store on each engine, and on SQLite one whose process can be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.store import Store, open_store
from tests.postgres import empty_postgres_url, postgres_server, postgres_url
from tests.store.make import KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["empty_postgres_url", "postgres_server", "postgres_url"]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var/bot.db"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A database of each kind, ready to be opened."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, secret_key=KEY) as opened:
        yield opened
