"""Tells how far a long command is, by one message that is edited.

A command's own address for answers takes five in all, so it is not used for this. The message may
be read by everybody in the channel: it holds numbers and no names.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from bot.errors import CallError, Refused
from bot.message import Code, Message, text

if TYPE_CHECKING:
    from datetime import datetime

    from bot.message import Text
    from bot.model import Job, Place
    from bot.outside import Chat
    from bot.ports import Clock

log = structlog.get_logger()

#: A command that takes less says nothing until its answer.
LONG: Final = timedelta(seconds=8)
_EVERY: Final = timedelta(seconds=3)


class Progress:
    """Of one job; where nobody reads along it does nothing."""

    def __init__(self, job: Job, chat: Chat, clock: Clock) -> None:
        self._job = job
        self._chat = chat
        self._clock = clock
        self._began = clock.now()
        self._place: Place | None = None
        self._shown_at: datetime | None = None
        #: Neither the channel nor the person can be written to.
        self._mute = not job.channel or not job.reply_to

    async def count(self, done: int, total: int) -> None:
        now = self._clock.now()
        early = now - self._began < LONG and self._job.attempts <= 1
        if self._mute or early or (self._shown_at and now - self._shown_at < _EVERY):
            return
        self._shown_at = now
        await self._show(text("⏳ ", Code(self._verb), f": {done} of {total} done …"))

    async def end(self) -> None:
        """Nothing is left that looks unfinished."""
        if self._place is not None:
            await self._show(text("🏁 ", Code(self._verb), " is finished."))

    @property
    def _verb(self) -> str:
        return f"/{self._job.command} {' '.join(self._job.args[:1])}".strip()

    async def _show(self, words: Text) -> None:
        message = Message(text=words)
        try:
            if self._place is None:
                self._place = await self._posted(message)
            else:
                await self._chat.edit(self._place, message)
        except CallError as error:
            log.info("progress not shown", job=self._job.id, error=str(error))
            self._mute = isinstance(error, Refused)

    async def _posted(self, message: Message) -> Place:
        """In the channel where the bot is in it, else to the person alone."""
        key = f"progress:{self._job.id}"
        for channel in (self._job.channel, self._job.who):
            try:
                # A killed worker's message is gone on with.
                found = await self._found(channel, key)
                return found or await self._chat.post(
                    channel, message, key=key, thread=None, broadcast=False
                )
            except Refused:
                if channel == self._job.who:
                    raise
        raise AssertionError

    async def _found(self, channel: str, key: str) -> Place | None:
        if self._job.attempts <= 1 or self._job.created_at is None:
            return None
        return await self._chat.find(channel, key=key, since=self._job.created_at, thread=None)
