"""What can go wrong at the double of GitLab, and what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
