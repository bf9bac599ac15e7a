"""`Chat` and `Trace` on the store: what Slack would have been told, kept and shown."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import CallError, NotSent, ParentLost, StoreError, Unsure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from bot.message import Message
    from bot.model import Action, Json, Place
    from bot.ports import Clock, PreviewStore
    from bot.preview.changes import Changes


class PreviewChat:
    """Any channel name works: here a channel exists as soon as something is posted in it."""

    def __init__(
        self,
        *,
        store: PreviewStore,
        render: Callable[[Message], Mapping[str, Json]],
        clock: Clock,
        changes: Changes,
    ) -> None:
        self._store = store
        #: To Slack's JSON: `text`, `blocks`, `attachments`.
        self._render = render
        self._clock = clock
        self._changes = changes
        self._people: Callable[[], Mapping[str, str]] = dict

    def name_people(self, people: Callable[[], Mapping[str, str]]) -> None:
        """Slack ids by forge name: a direct message is shown as `@alice`."""
        self._people = people

    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None, broadcast: bool
    ) -> Place:
        with _store_errors(Unsure):
            place = await self._store.preview_post(
                self._shown(channel),
                key=key,
                thread=thread,
                broadcast=broadcast,
                rendered=self._render(message),
                now=self._clock.now(),
            )
        self._changes.touch()
        return place

    async def edit(self, place: Place, message: Message) -> None:
        with _store_errors(NotSent):
            found = await self._store.preview_edit(
                place, self._render(message), now=self._clock.now()
            )
        self._changed(place, found=found)

    async def react(self, place: Place, emoji: str, *, remove: bool) -> None:
        with _store_errors(NotSent):
            found = await self._store.preview_react(place, emoji, remove=remove)
        self._changed(place, found=found)

    async def find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None:
        with _store_errors(NotSent):
            return await self._store.preview_find(
                self._shown(channel), key=key, since=since, thread=thread
            )

    async def channels(self) -> Mapping[str, str]:
        return {}

    async def shared_channels(self) -> frozenset[str]:
        return frozenset()

    async def is_shared(self, channel: str) -> bool:  # noqa: ARG002 - nobody else reads the page
        return False

    async def member(self, email: str) -> str | None:  # noqa: ARG002 - nobody is known here
        return None

    async def teams(self) -> Mapping[str, str]:
        return {}

    async def answer(self, reply_to: str, message: Message, *, replace: bool) -> None:
        """Nothing: a command typed on the page is answered there, from its job."""

    async def whisper(self, channel: str, person: str, message: Message) -> None:
        """Nothing, as `answer`."""

    async def note(self, place: Place, action: Action) -> None:
        """Beside the message, what the page needs to say which rule did this and why."""
        about = {
            "rule": action.rule,
            "verb": action.verb,
            "delivery": action.id.rpartition(".")[0],
            "subject": action.subject,
            "emoji": action.emoji,
            "remove": action.remove,
            "at": self._clock.now().isoformat(),
        }
        await self._store.preview_note(place, {action.id: about})
        self._changes.touch()

    def _shown(self, channel: str) -> str:
        if not channel.startswith(("U", "W")):
            return channel
        names = (name for name, known in self._people().items() if known == channel)
        return f"@{next(names, channel)}"

    def _changed(self, place: Place, *, found: bool) -> None:
        if not found:
            raise ParentLost(f"no message {place.ts} in {place.channel}", code="message_not_found")
        self._changes.touch()


@contextmanager
def _store_errors(kind: type[CallError]) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise kind(str(error), code="store") from error
