"""Tells when YAML files in a folder may have changed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

_DEBOUNCE_MS: Final = 200


async def changes(
    folder: Path, *, deep: bool, stop: asyncio.Event, look_s: float
) -> AsyncGenerator[None, None]:
    """Whenever the system tells of a change, and every `look_s` without one, until `stop`. `deep`:
    in the folders within, too. Raises OSError or RuntimeError when there is nothing to watch."""
    from watchfiles import watch  # a start has no use for it

    told = watch(
        folder,
        watch_filter=lambda _kind, name: name.endswith((".yaml", ".yml")),
        debounce=_DEBOUNCE_MS,
        step=_DEBOUNCE_MS // 4,
        stop_event=stop,
        rust_timeout=int(look_s * 1000),
        yield_on_timeout=True,
        recursive=deep,
    )
    # Not `awatch`: anyio, which it waits with, would be all the time what nothing else here needs.
    with closing(told), ThreadPoolExecutor(1, thread_name_prefix="rules-watcher") as thread:
        loop = asyncio.get_running_loop()
        try:
            while await loop.run_in_executor(thread, next, told, None) is not None:
                yield
        except asyncio.CancelledError:
            stop.set()  # or the thread would go on
            raise
