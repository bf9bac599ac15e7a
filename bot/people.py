"""Who is who: accounts at forges, the people of the chat they belong to, and what they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account at a forge and the person of the chat it belongs to."""

    #: Slack user id.
    slack: str
    instance: str
    username: str
    #: The forge's id of it, which stays when it is renamed; empty when nobody told.
    user_id: str = ""
    name: str = ""
    #: How: `code` (shown on the profile), `oauth`, `admin` (somebody said so).
    proved: str = ""
    linked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCode:
    """What somebody must show on an account's public profile to prove that it is theirs."""

    slack: str
    instance: str
    username: str
    code: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A command that somebody gave, for the audit."""

    #: The job's.
    id: str
    at: datetime
    #: Slack user id, or `local`.
    who: str
    verb: str
    #: As typed.
    words: str
    #: The project's path, or whatever it is about.
    target: str
    instance: str = ""
    #: `done`, `failed`, `refused`.
    outcome: str = "done"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Somebody whom rules wanted to mention or write to, and nobody knows who it is."""

    instance: str
    username: str
    name: str = ""
    times: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Who of the forges' people is who in the chat, as far as it is known beside the rules."""

    #: By instance and lower-case user name.
    linked: Mapping[tuple[str, str], Account] = field(default_factory=dict)
    #: Slack user ids by lower-case e-mail address.
    by_email: Mapping[str, str] = field(default_factory=dict)
    #: Lower-case addresses of an event's people of which the chat could not be asked.
    unasked: frozenset[str] = frozenset()
    #: Slack user group ids by lower-case handle, without `@`.
    teams: Mapping[str, str] = field(default_factory=dict)
    #: Slack user ids of those who want no direct messages.
    quiet: frozenset[str] = frozenset()


NOBODY: Faces = Faces()
