"""The composition root: names the adapters, opens them and introduces them."""

from __future__ import annotations

from bot.app.parts import Role, new_delivery_id
from bot.app.serving import Running, serve

__all__ = ["Role", "Running", "new_delivery_id", "serve"]
