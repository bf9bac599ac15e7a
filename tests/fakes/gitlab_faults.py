"""What can go wrong at the double of GitLab, and what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Fault:
    """What happens instead: a status, silence, or a broken connection; `after` acting or not."""

    method: str
    #: Searched in the decoded path behind `/api/v4`.
    path: str
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    after: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


#: What an answer is instead, or what becomes of it after the forge did as it was told.
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "500": {"status": 500, "body": {"message": "500 Internal Server Error"}},
    "502, HTML": {"status": 502, "body": "<html><h1>Bad Gateway</h1></html>"},
    "503": {"status": 503, "body": ""},
    "429": {"status": 429, "body": "Retry later", "headers": {"Retry-After": "1"}},
    "200, HTML": {"status": 200, "body": "<html>Sign in</html>"},
    "200, garbage": {"status": 200, "body": "{oops"},
    "200, a list of nothing": {"status": 200, "body": [None, 1]},
    "200, null": {"status": 200, "body": None},
    "reset": {},
}
