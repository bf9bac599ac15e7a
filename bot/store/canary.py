"""What is kept in the database to tell a wrong SECRET_KEY before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.errors import ConfigError
from bot.store import history

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.store.vault import Vault

#: In `meta`: a known word, encrypted as the secrets are; there is none before the first of them.
CANARY: Final = "vault"
#: In `meta`: that this very word was opened with the key, or that there was none. Versions before
#: it do not know it, and may change the word: then it proves nothing, and is made again.
PROOF: Final = "vault-proof"


def check_key(conn: Connection, vault: Vault) -> None:
    """Raises ConfigError when the secrets in the database were encrypted with another key."""
    canary, proof = history.get_meta(conn, CANARY), history.get_meta(conn, PROOF)
    if canary is None:
        # A first start has no use for `cryptography`.
        if proof is None:
            history.set_meta(conn, PROOF, vault.first_proof())
        elif not vault.fits("", proof):
            raise _other_key()
    elif proof is None or not vault.fits(canary, proof):
        _prove(conn, vault, canary)


def seal(conn: Connection, vault: Vault, secret: str) -> str:
    """The secret, encrypted. Beside the first one the word is kept: a version without proofs tells
    a wrong key by nothing else."""
    if history.get_meta(conn, CANARY) is None:
        keep(conn, vault)
    return vault.seal(secret)


def keep(conn: Connection, vault: Vault) -> None:
    """That the secrets are encrypted with the first key from now on."""
    canary = vault.canary()
    history.set_meta(conn, CANARY, canary)
    _prove(conn, vault, canary)


def _prove(conn: Connection, vault: Vault, canary: str) -> None:
    proof = vault.proof(canary)
    if proof is None:
        raise _other_key()
    history.set_meta(conn, PROOF, proof)


def _other_key() -> ConfigError:
    return ConfigError(
        [
            "SECRET_KEY: the secrets in the database were encrypted with another key; set that one,"
            " or both as `new,old` after a change"
        ]
    )
