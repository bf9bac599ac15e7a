"""What the bot remembers of the deploy keys it made; their private halves it never keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A deploy key on one project."""

    #: Ours.
    id: str
    instance: str
    project_id: str
    project: str
    #: The forge's id of it.
    remote_id: str
    title: str
    #: `SHA256:…`, without padding.
    fingerprint: str
    #: It may push.
    writes: bool = False
    created_by: str = ""
    created_at: datetime | None = None
    #: None = never.
    expires_at: datetime | None = None
    #: Another key took its place: then it is deleted at the forge.
    retire_at: datetime | None = None
    #: Days that were left at the last reminder; None = there was none.
    reminded: int | None = None
    #: `active`, `removed`.
    status: str = "active"
