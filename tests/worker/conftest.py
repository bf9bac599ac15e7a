"""A bench on a fresh SQLite file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worker.bench import Bench, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as one:
        yield one


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)
