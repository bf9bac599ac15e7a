"""How values are kept in columns: moments, JSON, keys, free text."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Integer, Text, TypeDecorator
from typing_extensions import override

from bot.store.codec import dump_json, load_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
#: PostgreSQL refuses index entries of more than about 2,700 bytes.
_KEY_LENGTH: Final = 500


def micros(moment: datetime) -> int:
    """Microseconds since 1970, as stored; exact, which `timestamp()` is not."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def plain(value: str) -> str:
    """The value without what a text column cannot hold: NUL, lone surrogates."""
    if "\0" not in value:
        if value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            pass
        else:
            return value
    return value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def short(key: str) -> str:
    """The key as an index can hold it: a long one keeps its head and gets a digest.

    Keys are made of what forges send: branch names, ids, headers of any length.
    """
    if key.isascii() and len(key) <= _KEY_LENGTH and "\0" not in key:
        return key
    key = plain(key)
    if len(key) <= _KEY_LENGTH and len(key.encode()) <= 2 * _KEY_LENGTH:
        return key
    return f"{key[:100]}…{hashlib.sha256(key.encode()).hexdigest()}"


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


class JsonText(TypeDecorator[Any]):  # any JSON value
    """JSON as text: PostgreSQL's `jsonb` refuses NUL, which payloads may hold."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        return None if value is None else dump_json(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        return None if value is None else load_json(value)


class Key(TypeDecorator[str]):
    """Text that is looked up: see `short`."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else short(value)


class Free(TypeDecorator[str]):
    """Text that is only shown: see `plain`."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else plain(value)


#: What each does with a value that is not None: all there is to it, on both engines.
WRITTEN: Final[Mapping[type[TypeEngine[Any]], Callable[[Any], Any]]] = {
    Moment: micros,
    JsonText: dump_json,
    Key: short,
    Free: plain,
}
READ: Final[Mapping[type[TypeEngine[Any]], Callable[[Any], Any] | None]] = {
    Moment: moment,
    JsonText: load_json,
    Key: None,
    Free: None,
}

#: SQLite counts up by itself only in an `INTEGER PRIMARY KEY`.
Serial: Final = BigInteger().with_variant(Integer, "sqlite")
