"""What can go wrong between the bot and Slack, to be queued per method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An answer given instead of the true one; `record` carries the call out first."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: No answer at all: `hang` keeps the connection open, `reset` breaks it.
    hang: bool = False
    reset: bool = False
    record: bool = False


def rate_limited(retry_after: str | None = "1") -> Fault:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Fault(status=429, body=b'{"ok":false,"error":"ratelimited"}', headers=headers)


def error(code: str, *, status: int = 200, record: bool = False) -> Fault:
    """Slack's own way of saying no."""
    body = b'{"ok":false,"error":"%s"}' % code.encode()
    return Fault(status=status, body=body, record=record)


def status(code: int, *, record: bool = False) -> Fault:
    """An HTTP status with an empty JSON object."""
    return Fault(status=code, body=b"{}", record=record)


def page(code: int = 502, *, record: bool = False) -> Fault:
    """A proxy's HTML."""
    body = b"<html><h1>Bad Gateway</h1></html>"
    return Fault(status=code, body=body, content_type="text/html", record=record)


def words(code: int = 503, *, record: bool = False) -> Fault:
    """A proxy's plain text."""
    body = b"upstream connect error"
    return Fault(status=code, body=body, content_type="text/plain", record=record)


def garbage(body: bytes = b"{oops", *, code: int = 200, record: bool = False) -> Fault:
    """Labelled JSON, but none of Slack's."""
    return Fault(status=code, body=body, record=record)


def hang(*, record: bool = False) -> Fault:
    return Fault(hang=True, record=record)


def reset(*, record: bool = False) -> Fault:
    return Fault(reset=True, record=record)
