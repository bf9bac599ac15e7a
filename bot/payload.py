"""A typed, path-aware reader of a JSON body: what is not as promised names its path."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
import orjson

from bot.errors import PayloadError

if TYPE_CHECKING:
    from bot.model import Json

T = TypeVar("T")


class Unread:
    """A list whose elements are read when somebody asks for them."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Sequence[msgspec.Raw]) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, index: int) -> Json:
        return _read(bytes(self._raw[index]))

    def __iter__(self) -> Iterator[Json]:
        return iter(_read_all(self._raw))


_LISTS: Final = (list, Unread)


class Payload:
    """A place in a body. `body["user"]["name"].text()` reads it or raises PayloadError with its
    path; the `or_` readers take a default for what is missing, null or of another type."""

    # No dataclass: a delivery makes sixty of them, and few are asked for their path.
    __slots__ = ("_above", "_step", "value")

    def __init__(self, value: Json, above: Payload | None = None, step: str | int = "$") -> None:
        self.value = value
        self._above = above
        self._step = step

    @property
    def path(self) -> str:
        """`$.user.name`, for errors."""
        if self._above is None:
            return f"{self._step}"
        step = f"[{self._step}]" if isinstance(self._step, int) else f".{self._step}"
        return self._above.path + step

    def __getitem__(self, key: str) -> Payload:
        """The member; missing members and members of non-objects read as null."""
        value = self.value
        return Payload(value.get(key) if isinstance(value, dict) else None, self, key)

    def __iter__(self) -> Iterator[Payload]:
        """The elements; nothing when it is not a list."""
        if isinstance(self.value, _LISTS):
            for index, inner in enumerate(self.value):
                yield Payload(inner, self, index)

    def __reversed__(self) -> Iterator[Payload]:
        """The elements, the last first."""
        if isinstance(self.value, _LISTS):
            for index in range(len(self.value) - 1, -1, -1):
                yield Payload(self.value[index], self, index)

    def __len__(self) -> int:
        """How many elements; none when it is not a list."""
        return len(self.value) if isinstance(self.value, _LISTS) else 0

    def __bool__(self) -> bool:
        """Whether there is anything: null, empty objects, lists and texts are nothing."""
        return bool(self.value) or self.value is False or self.value == 0

    def as_(self, kind: type[T]) -> T:
        """The value, which must be of that JSON type; a bool is no int."""
        if isinstance(self.value, kind) and not (
            isinstance(self.value, bool) and kind is not bool and kind is not object
        ):
            return self.value
        raise PayloadError(
            f"{self.path}: expected {kind.__name__}, got {type(self.value).__name__}"
        )

    def text(self) -> str:
        return self.as_(str)

    def text_or(self, default: str = "") -> str:
        return self.value if isinstance(self.value, str) else default

    def text_at(self, key: str) -> str:
        """As `self[key].text_or()`, for what is asked of each of many."""
        value = self.value
        found = value.get(key) if isinstance(value, dict) else None
        return found if isinstance(found, str) else ""

    def list_at(self, key: str) -> list[Json]:
        """The elements of a member, as they are; nothing when it is not a list."""
        value = self.value
        found = value.get(key) if isinstance(value, dict) else None
        return found if isinstance(found, list) else []

    def int_or(self, default: int = 0) -> int:
        value = self.value
        if isinstance(value, bool):
            return default
        if isinstance(value, float) and math.isfinite(value):
            return int(value)
        return value if isinstance(value, int) else default

    def float_or_none(self) -> float | None:
        value = self.value
        return float(value) if isinstance(value, int | float) and value is not True else None

    def bool_or(self, default: bool | None = False) -> Any:  # noqa: FBT001, FBT002 - reads as `bool_or(True)`
        """The boolean, else the default, which may be None."""
        return self.value if isinstance(self.value, bool) else default

    def id(self) -> str:
        """A number or text id as text; empty when there is none."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | str):
            return ""
        return f"{value}"

    def time(self) -> datetime | None:
        """A moment in any of the forms forges use; None when absent or unreadable."""
        return parse_time(self.value)


_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)? ?(UTC|Z|[+-]\d\d:?\d\d)?$"
)


def parse_time(value: Json) -> datetime | None:
    """GitLab mixes `2016-08-12 15:23:28 UTC`, `2021-04-28 21:50:00 +0200` and ISO forms; GitHub
    also sends Unix seconds. Source: corpus, and GitLab's webhook events page."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in {None, "UTC", "Z"} else zone
    micro = (fraction or ".0")[:7].ljust(7, "0")
    try:
        return datetime.fromisoformat(f"{day}T{clock}{micro}{zone}")
    except ValueError:
        return None


#: How a form begins; nothing that is JSON does.
_FORM: Final = re.compile(rb"[A-Za-z][\w.~%+-]*=")


def unwrapped(body: bytes) -> bytes:
    """The JSON itself. GitHub may send it as the field `payload` of a form: the body tells, so that
    what was kept can be read without its headers."""
    if _FORM.match(body) is None:
        return body
    for field in body.split(b"&"):
        name, _, value = field.partition(b"=")
        if name == b"payload":
            return unquote_to_bytes(value.replace(b"+", b" "))
    return body


def read_object(body: bytes) -> Mapping[str, Json]:
    """The JSON object a body is or, as a form, holds; raises PayloadError when there is none (too
    deep, bad UTF-8, NaN). Of a repeated member the last counts."""
    value = _read(unwrapped(body))
    if not isinstance(value, dict):
        raise PayloadError(f"$: expected an object, got {type(value).__name__}")
    return value


def open_object(body: bytes, member: str) -> Mapping[str, Json]:
    """As `read_object`, for who wants few elements of a long list: `member` of the body is Unread,
    if it is such a list."""
    inner = unwrapped(body)
    try:
        _check_letters(inner)
        found = _MEMBERS.decode(inner)
        unread = Unread(_ELEMENTS.decode(found.pop(member)))
    except (KeyError, ValueError, RecursionError):
        return read_object(body)
    return {**dict(zip(found, _read_all(found.values()), strict=True)), member: unread}


_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def look_into(body: bytes, members: type) -> Mapping[str, Json]:
    """As `read_object`, for who wants two members of a hundred: the others are checked, but never
    made. `members`: a TypedDict of those that are wanted, within which there may be others. It is
    no promise: of a body that is otherwise everything is read."""
    inner = unwrapped(body)
    try:
        _check_letters(inner)
        found: Mapping[str, Json] = _decoder(members).decode(inner)
    except (ValueError, RecursionError):
        return read_object(body)  # which says what is wrong, or that it is only odd
    return found


def _check_letters(text: bytes) -> None:
    """Raises UnicodeDecodeError: what msgspec skips is not looked at letter by letter."""
    if not text.isascii():
        text.decode()


@lru_cache
def _decoder(members: type) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(members)


def _read_all(several: Iterable[msgspec.Raw]) -> list[Json]:
    """Together, which is quicker than one by one."""
    values: list[Json] = _read(b"[%b]" % b",".join(several))
    return values


def _read(text: bytes) -> Json:
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        value = _read_odd(text, error)
    return value


_LONE_SURROGATES: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
_LONGEST_INT: Final = 4000


def _read_odd(body: bytes, error: ValueError) -> Json:
    """What JSON's grammar allows and orjson refuses: half surrogate pairs (they become U+FFFD)
    and numbers beyond a double (the largest one)."""
    try:
        text = _LONE_SURROGATES.sub(
            lambda match: "\\ufffd" if match[1] else match[0], body.decode("utf-8")
        )
        return json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
    except (ValueError, RecursionError):
        raise PayloadError(f"not JSON: {error}") from None


def _refuse(name: str) -> Json:
    raise ValueError(name)


def _finite(digits: str) -> float:
    return max(-sys.float_info.max, min(float(digits), sys.float_info.max))


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else _finite(digits)
