"""The store is what the other parts ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports import Deciding, Hooks, Inbox, Jobs, PreviewStore, Rulesets, Sending, Wakeups
    from bot.store import Store


async def test_the_store_is_every_port_that_keeps_something(store: Store) -> None:
    """The type checker's test: each annotation is a claim."""
    inbox: Inbox = store
    deciding: Deciding = store
    sending: Sending = store
    wakeups: Wakeups = store
    hooks: Hooks = store
    jobs: Jobs = store
    rulesets: Rulesets = store
    preview: PreviewStore = store
    parts = (inbox, deciding, sending, wakeups, hooks, jobs, rulesets, preview)
    assert all(part is store for part in parts)
