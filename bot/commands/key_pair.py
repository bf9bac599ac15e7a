"""Pairs of keys, and the names of public ones."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from bot.errors import CommandError


@dataclass(frozen=True, slots=True)
class KeyPair:
    #: `ssh-ed25519 AAAA…`
    public: str
    #: OpenSSH's own form, as a file holds it.
    private: str = field(repr=False)


def new_pair() -> KeyPair:
    # Few ever make a pair, and every bot reads this file.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return KeyPair(public.decode(), private.decode())


def fingerprint(public_key: str) -> str:
    """As forges and `ssh-keygen -l` show it. Raises CommandError for what is no public key."""
    parts = public_key.split()
    try:
        raw = base64.b64decode(parts[1], validate=True)
    except (IndexError, binascii.Error):
        raw = b""
    kind = parts[0] if parts else ""
    named = kind.encode()
    if not named or not raw.startswith(len(named).to_bytes(4, "big") + named):
        raise CommandError(
            "That is no public key: write it as in a `.pub` file, `ssh-ed25519 AAAA…`."
            + (
                " What you sent looks like a private one: make a new pair."
                if _private(public_key)
                else ""
            )
        )
    digest = hashlib.sha256(raw).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _private(words: str) -> bool:
    return "PRIVATE" in words.upper()
