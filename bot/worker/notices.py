"""Tells the admin channel what needs a person: dead letters, stale rules; folded, never looping."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import StoreError
from bot.message import Code, Message, Text, text
from bot.model import Action, DeliveryId, Lane, Level, SubjectKey, action_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.errors import RulesError
    from bot.ports import Clock

log = structlog.get_logger()

#: The rule's name of notices; what becomes of a notice is never told by another one.
NOTICES: Final = "notices of the bot"
_EVERY_S: Final = 20.0
_LINES: Final = 10

_HINTS: Final = {
    "channel_not_found": "is the channel private? invite the bot with /invite",
    "not_in_channel": "invite the bot with /invite",
    "is_archived": "the channel is archived; change the rule",
    "invalid_auth": "Slack refuses the bot's token; see SLACK_BOT_TOKEN",
    "token_revoked": "Slack refuses the bot's token; see SLACK_BOT_TOKEN",
    "missing_scope": "the Slack app lacks a scope; install it anew from the manifest",
}


class Enqueue(Protocol):
    async def enqueue(self, actions: Sequence[tuple[Action, Lane]], *, now: datetime) -> None:
        """Into the outbox, outside of any delivery's decision."""


class Notices:
    """Collects what happened and posts it, at most one message each time round."""

    def __init__(
        self,
        *,
        store: Enqueue,
        channel: Callable[[], str | None],
        clock: Clock,
        new_id: Callable[[], DeliveryId],
        workspace: str,
    ) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._new_id = new_id
        self._workspace = workspace
        self._dead: Counter[tuple[str, str, str]] = Counter()
        self._others: list[Text] = []
        self._noted: dict[Text, None] = {}

    def note(self, line: Text) -> None:
        """Something that admins should know; the same is told once at a time."""
        self._noted[line] = None

    def dead(self, action: Action, *, error: str, code: str) -> None:
        """An action was given up."""
        if action.rule != NOTICES:
            self._dead[(action.channel, code, error)] += 1

    def rules_broken(self, error: RulesError) -> None:
        faults = [fault for fault in error.faults if fault.level is Level.ERROR]
        first = str(faults[0]) if faults else str(error)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        self._others = [
            text("📜 The rules do not load, the last good ones stay: ", Code(first), more)
        ]

    async def run(self, stop: asyncio.Event) -> None:
        stopping = False
        while not stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY_S):
                    await stop.wait()
            # Once more at the end, for what the last calls brought.
            stopping = stop.is_set()
            await self.flush()

    async def tell(self, slack: str, message: Message) -> None:
        """A direct message to somebody; lost when it cannot be kept."""
        action = Action(
            id=action_id(self._new_id(), 0),
            verb="dm",
            rule=NOTICES,
            channel=slack,
            subject=SubjectKey(f"bot:{self._workspace}:notices:{slack}"),
            message=message,
        )
        lane = Lane(f"send:{self._workspace}:{slack}")
        try:
            await self._store.enqueue([(action, lane)], now=self._clock.now())
        except StoreError as error:
            log.warning("notice to a person lost", error=str(error))

    async def flush(self) -> None:
        """Posts what has gathered; without an admin channel it stays in the log only."""
        lines = [
            *self._others,
            *self._noted,
            *(_dead_line(*key, count) for key, count in self._dead.items()),
        ]
        channel = self._channel()
        if not lines or channel is None:
            self._others, self._noted, self._dead = [], {}, Counter()
            return
        shown, rest = lines[:_LINES], len(lines) - _LINES
        if rest > 0:
            shown.append(text(f"… and {rest} more kinds of failure"))
        action = Action(
            id=action_id(self._new_id(), 0),
            verb="post",
            rule=NOTICES,
            channel=channel,
            subject=SubjectKey(f"bot:{self._workspace}:notices:admin"),
            message=Message(text=text("⚠️ The bot needs somebody"), body=tuple(shown)),
            apart=True,
        )
        lane = Lane(f"send:{self._workspace}:{channel}")
        try:
            await self._store.enqueue([(action, lane)], now=self._clock.now())
        except StoreError as error:
            log.warning("notice kept for later", error=str(error))
            return
        self._others, self._noted, self._dead = [], {}, Counter()


def _dead_line(channel: str, code: str, error: str, count: int) -> Text:
    what = "1 message" if count == 1 else f"{count} messages"
    hint = _HINTS.get(code, "see `bot outbox list`").replace("`", "")
    return text(f"📪 {what} to {channel} given up: {error or code}; {hint}")
