"""What is kept: one schema, two engines, the same functions."""

from __future__ import annotations

from bot.store.opening import copy, migrate, open_store, roll_back
from bot.store.store import Store

__all__ = ["Store", "copy", "migrate", "open_store", "roll_back"]
