"""A chat in memory, held to the same contract as Slack's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.errors import ParentLost, TargetRefused
from bot.model import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.errors import CallError
    from bot.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message as it is now."""

    place: Place
    message: Message
    key: str
    thread: str | None
    broadcast: bool
    at: datetime
    edits: int = 0
    reactions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    reply_to: str
    message: Message
    replace: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """What the next call of a method does instead; `after` carries it out first."""

    error: CallError
    after: bool = False


@dataclass
class FakeChat:
    """Channels are known by id and by name, as in Slack; `posts` is everything in its order."""

    known: dict[str, str] = field(
        default_factory=lambda: {"general": "C0GENERAL", "dev": "C0DEV", "ci": "C0CI"}
    )
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    #: Ids of channels that people of another organisation read.
    foreign: set[str] = field(default_factory=set)
    #: Ids of people by e-mail address, and of groups by handle.
    members: dict[str, str] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    #: Channel, person and message.
    whispers: list[tuple[str, str, Message]] = field(default_factory=list)
    #: By method name, the earliest first.
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    _count: int = 0

    def fail(self, method: str, error: CallError, *, after: bool = False) -> None:
        """The next call of `post`, `edit`, … raises; with `after` it happened all the same."""
        self.failures.setdefault(method, []).append(Failure(error, after))

    def in_channel(self, channel: str) -> list[Post]:
        return [post for post in self.posts if post.place.channel == self._id(channel)]

    def at(self, place: Place) -> Post:
        return self.posts[self._index(place)]

    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None, broadcast: bool
    ) -> Place:
        failure = self._failure("post")
        place = Place(channel=self._id(channel), ts=self._ts())
        if thread is not None:
            self._index(Place(channel=place.channel, ts=thread))
        post = Post(
            place=place,
            message=message,
            key=key,
            thread=thread,
            broadcast=bool(thread) and broadcast,
            at=self.now(),
        )
        self.posts.append(post)
        _raise(failure)
        return place

    async def edit(self, place: Place, message: Message) -> None:
        failure = self._failure("edit")
        post = self.at(place)
        self._put(replace(post, message=message, edits=post.edits + 1))
        _raise(failure)

    async def react(self, place: Place, emoji: str, *, remove: bool) -> None:
        failure = self._failure("react")
        post = self.at(place)
        others = tuple(name for name in post.reactions if name != emoji)
        self._put(replace(post, reactions=others if remove else (*others, emoji)))
        _raise(failure)

    async def find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None:
        failure = self._failure("find")
        _raise(failure)
        for post in self.posts:
            here = post.place.channel == self._id(channel) and post.thread == thread
            if here and post.key == key and post.at >= since:
                return post.place
        return None

    async def channels(self) -> Mapping[str, str]:
        _raise(self._failure("channels"))
        return dict(self.known)

    async def shared_channels(self) -> frozenset[str]:
        _raise(self._failure("shared_channels"))
        return frozenset(self.foreign)

    async def is_shared(self, channel: str) -> bool:
        _raise(self._failure("is_shared"))
        return self._id(channel) in self.foreign

    async def member(self, email: str) -> str | None:
        self.looked_up.append(email)
        _raise(self._failure("member"))
        return self.members.get(email)

    async def teams(self) -> Mapping[str, str]:
        _raise(self._failure("teams"))
        return dict(self.handles)

    async def answer(self, reply_to: str, message: Message, *, replace: bool) -> None:
        failure = self._failure("answer")
        self.answers.append(Answer(reply_to=reply_to, message=message, replace=replace))
        _raise(failure)

    async def whisper(self, channel: str, person: str, message: Message) -> None:
        failure = self._failure("whisper")
        self.whispers.append((self._id(channel), person, message))
        _raise(failure)

    def _failure(self, method: str) -> Failure | None:
        queue = self.failures.get(method)
        failure = queue.pop(0) if queue else None
        if failure is not None and not failure.after:
            raise failure.error
        return failure

    def _id(self, channel: str) -> str:
        name = channel.removeprefix("#")
        if channel in self.known.values():
            return channel
        if name not in self.known:
            raise TargetRefused(f"{channel}: no such channel", code="channel_not_found")
        return self.known[name]

    def _ts(self) -> str:
        """Unique and ascending, whatever the clock does."""
        self._count += 1
        return f"{int(self.now().timestamp())}.{self._count:06}"

    def _index(self, place: Place) -> int:
        for index, post in enumerate(self.posts):
            if post.place == replace(place, channel=self._id(place.channel)):
                return index
        raise ParentLost(f"no message {place.ts} in {place.channel}", code="message_not_found")

    def _put(self, post: Post) -> None:
        self.posts[self._index(post.place)] = post


def _raise(failure: Failure | None) -> None:
    if failure is not None:
        raise failure.error
