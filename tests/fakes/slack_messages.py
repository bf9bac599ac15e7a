"""What a workspace holds: channels and messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

BOT_USER: Final = "U0BOT"


@dataclass
class Channel:
    id: str
    name: str
    private: bool = False
    archived: bool = False
    #: Whether the bot is in it.
    member: bool = True
    #: People of another organisation read there.
    foreign: bool = False


@dataclass
class Posted:
    """A message as it is now."""

    ts: str
    text: str
    blocks: list[Any]
    attachments: list[Any]
    user: str = BOT_USER
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: dict[str, Any] | None = None
    #: Texts it had before, the oldest first.
    edits: list[str] = field(default_factory=list)
    #: Who reacted, by emoji, in the order they were added.
    reactions: dict[str, list[str]] = field(default_factory=dict)
    unfurl: bool = False

    @property
    def root(self) -> bool:
        return self.thread_ts is None


def type_of(channel: Channel) -> str:
    if channel.id.startswith("D"):
        return "im"
    return "private_channel" if channel.private else "public_channel"
