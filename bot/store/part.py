"""What every part of the store is made of: a backend and the vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.store.engine import Backend
    from bot.store.vault import Vault


class Part:
    def __init__(self, backend: Backend, vault: Vault) -> None:
        self._backend = backend
        self._vault = vault
