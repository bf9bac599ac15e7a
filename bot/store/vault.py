"""Secrets at rest: encrypted with a key made of SECRET_KEY, which is told from a wrong one.

Most processes never touch a secret, and `cryptography` is a tenth of an idle bot's memory: it is
read with the first one. Telling the key needs it once, after another version told it without proof.
"""

from __future__ import annotations

import hmac
from functools import cached_property
from typing import TYPE_CHECKING, Final

from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.store.cipher import Cipher

_CANARY: Final = "opened"


class Vault:
    """Encrypts with the first key, decrypts with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    @cached_property
    def _cipher(self) -> Cipher:
        return _cipher(self._keys)

    def seal(self, secret: str) -> str:
        return self._cipher.seal(secret)

    def open(self, sealed: str) -> str:
        return self._cipher.open(sealed)

    def canary(self) -> str:
        """Kept in the database, to tell a wrong key before it is used."""
        return self.seal(_CANARY)

    def first_proof(self) -> str:
        """That the first key is the one that encrypts, while there is no canary: `fits` with an
        empty one."""
        return _proof(self._keys[0], "")

    def proof(self, canary: str) -> str | None:
        """Kept beside the canary: tells that one of these keys opens it. None when none does."""
        for key in self._keys:
            try:
                opened = _cipher([key]).open(canary)
            except StoreError:
                continue
            if opened == _CANARY:
                return _proof(key, canary)
        return None

    def fits(self, canary: str, proof: str) -> bool:
        """Whether a proof of this very canary was made with one of these keys."""
        return any(hmac.compare_digest(_proof(key, canary), proof) for key in self._keys)


def _cipher(keys: Sequence[str]) -> Cipher:
    from bot.store.cipher import Cipher

    return Cipher(keys)


def _proof(key: str, canary: str) -> str:
    return hmac.digest(key.encode(), f"chatops-bot canary {canary}".encode(), "sha256").hex()
