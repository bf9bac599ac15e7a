"""The key beside a SQLite database, which is used when SECRET_KEY is not set."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import ConfigError
from bot.store import sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """A new key before the old one while the context lasts, and alone behind it. Cut off at any
    moment, the file holds every key that something may be encrypted with."""
    old = sqlite.kept_key(path)
    new = secrets.token_urlsafe(32)
    _write(path, f"{new},{old}")
    yield
    _write(path, new)


def _write(path: Path, keys: str) -> None:
    file = path.with_name(f"{path.name}.key")
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w") as stream:
            stream.write(keys)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError as error:
        raise ConfigError([f"SECRET_KEY: cannot write {file}: {error.strerror}"]) from error
