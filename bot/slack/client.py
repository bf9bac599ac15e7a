"""Chat over Slack's Web API."""

from __future__ import annotations

import logging
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import aiohttp

from bot.errors import CallError, TargetRefused, Unsure
from bot.model import Place
from bot.slack.blocks import blocks
from bot.slack.proxy import proxy_for
from bot.slack.roster import Roster
from bot.slack.taxonomy import TROUBLE, Answer, refusal, translate
from bot.slack.wire import Wire, next_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from bot.message import Message
    from bot.model import Json
    from bot.outside import Room

#: Marks our messages; its payload holds only an opaque key, because any app can read it.
METADATA_EVENT: Final = "bot_delivery"

log: Final = logging.getLogger(__name__)


class SlackChat:
    """`session` carries the timeouts."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str,
        session: aiohttp.ClientSession,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """`now`: the clock of the moments that `find` is given."""
        proxy = proxy_for(api_url)
        self._wire = Wire(token, api_url=api_url, session=session, proxy=proxy)
        self._session = session
        self._api_url = api_url
        self._now = now or partial(datetime.now, UTC)
        self._roster = Roster(self._wire)
        #: Conversations by user id; they never change.
        self._conversations: dict[str, str] = {}

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        token: str,
        *,
        api_url: str,
        timeout_s: float = 15.0,
        now: Callable[[], datetime] | None = None,
    ) -> AsyncIterator[SlackChat]:
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 2)
        # Slack's cookies are for browsers.
        cookies = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=cookies) as session:
            yield cls(token, api_url=api_url, session=session, now=now)

    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None, broadcast: bool
    ) -> Place:
        sent = blocks(message)
        answer = await self._wire.call(
            "chat.postMessage",
            target=channel,
            channel=await self._conversation(self._roster.ids.get(_bare(channel), channel)),
            text=sent.text,
            blocks=sent.blocks,
            attachments=sent.attachments or None,
            thread_ts=thread,
            reply_broadcast=True if thread and broadcast else None,
            metadata={"event_type": METADATA_EVENT, "event_payload": {"key": key}},
            unfurl_links=message.unfurl,
            unfurl_media=message.unfurl,
            parse="none",
            link_names=False,
        )
        return _place(answer, channel)

    async def edit(self, place: Place, message: Message) -> None:
        sent = blocks(message)
        await self._wire.call(
            "chat.update",
            target=place.channel,
            channel=await self._id(place.channel),
            ts=place.ts,
            text=sent.text,
            # Empty lists are sent: what is left out of an update may stay as it was.
            blocks=sent.blocks,
            attachments=sent.attachments,
            parse="none",
            link_names=False,
        )

    async def react(self, place: Place, emoji: str, *, remove: bool) -> None:
        channel = await self._id(place.channel)
        try:
            await self._wire.call(
                "reactions.remove" if remove else "reactions.add",
                target=place.channel,
                channel=channel,
                timestamp=place.ts,
                name=emoji.strip(":"),
            )
        except CallError as error:
            if error.code not in _AS_GOOD_AS_DONE:
                raise
            log.debug("reaction skipped", extra={"code": error.code, "channel": channel})

    async def find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None:
        """None too when the bot may not read there: it then cannot know."""
        # As long ago by Slack's clock: ours may be hours away from it, and may be set meanwhile.
        ago = self._now() - since + _CLOCK_SLACK
        try:
            place_id = await self._conversation(await self._id(channel))
            oldest = f"{((self._wire.time() or self._now()) - ago).timestamp():.6f}"
            async for found in self._messages(place_id, oldest=oldest, thread=thread):
                if _key(found) == key:
                    return Place(channel=place_id, ts=str(found["ts"]))
        except CallError as error:
            if error.code not in _UNREADABLE:
                raise
            log.debug("channel not readable", extra={"code": error.code, "channel": channel})
        return None

    async def channels(self) -> Mapping[str, str]:
        await self._roster.list_channels(max_age_s=_LIST_AGE_S)
        return dict(self._roster.ids)

    async def rooms(self) -> tuple[Room, ...]:
        """Every public channel, and the private ones that the bot is in."""
        await self._roster.list_channels(max_age_s=_LIST_AGE_S)
        return self._roster.rooms

    async def shared_channels(self) -> frozenset[str]:
        await self._roster.list_channels(max_age_s=_LIST_AGE_S)
        return self._roster.shared

    async def is_shared(self, channel: str) -> bool:
        return await self._roster.is_shared(await self._id(channel))

    async def member(self, email: str) -> str | None:
        return await self._roster.member(email)

    async def teams(self) -> Mapping[str, str]:
        return await self._roster.teams()

    async def answer(self, reply_to: str, message: Message, *, replace: bool) -> None:
        """Raises TargetRefused when `reply_to` is not an address of Slack's, or has expired."""
        if not is_response_url(reply_to, api_url=self._api_url):
            raise TargetRefused(
                "the command's response_url is not Slack's; nothing was sent to it",
                code="foreign_response_url",
            )
        sent = blocks(message)
        body = {
            "response_type": "ephemeral",
            "replace_original": replace,
            "text": sent.text,
            "blocks": list(sent.blocks),
            "attachments": list(sent.attachments),
        }
        try:
            request = self._session.post(reply_to, json=body, allow_redirects=False)
            async with request as response:
                status, headers, said = response.status, response.headers, await response.text()
        except (*TROUBLE, ValueError) as error:
            # Not `from error`: aiohttp's errors quote the address, which is a secret.
            raise translate(error, method="response_url", target="a command") from None
        if status != _OK:
            code = _spoken(said, status)
            answer = Answer(status=status, headers=headers, code=code)
            raise refusal(answer, method="response_url", target="a command")

    async def whisper(self, channel: str, person: str, message: Message) -> None:
        sent = blocks(message)
        await self._wire.call(
            "chat.postEphemeral",
            target=channel,
            channel=await self._id(channel),
            user=person,
            text=sent.text,
            blocks=sent.blocks,
            attachments=sent.attachments or None,
            parse="none",
            link_names=False,
        )

    async def _messages(
        self, channel: str, *, oldest: str, thread: str | None
    ) -> AsyncIterator[Json]:
        cursor: str | None = None
        for _ in range(_PAGES):
            answer = await self._wire.call(
                "conversations.replies" if thread else "conversations.history",
                target=channel,
                channel=channel,
                ts=thread or None,
                oldest=oldest,
                inclusive=True,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor,
            )
            for message in answer.get("messages") or ():
                yield message
            cursor = next_page(answer)
            if cursor is None:
                return

    async def _conversation(self, channel: str) -> str:
        """The conversation with a person, for a user id; any other id as it is."""
        if not _PERSON.fullmatch(channel):
            return channel
        if channel not in self._conversations:
            answer = await self._wire.call(
                "conversations.open", target=channel, users=channel, return_im=False
            )
            self._conversations[channel] = str((answer.get("channel") or {}).get("id") or channel)
        return self._conversations[channel]

    async def _id(self, channel: str) -> str:
        """The id of a channel named by id or name. Raises TargetRefused for an unknown name."""
        if _ID.fullmatch(channel):
            return channel
        name = _bare(channel)
        if name not in self._roster.ids:
            await self._roster.list_channels(max_age_s=_MISS_AGE_S)
        if name not in self._roster.ids:
            raise TargetRefused(
                f"#{name}: no such channel, or a private one without the bot; `/invite` it there",
                code="channel_not_found",
            )
        return self._roster.ids[name]


def is_response_url(url: str, *, api_url: str) -> bool:
    """Whether it is Slack's own address, or that of the server that stands in for Slack."""
    try:
        parts, api = urlsplit(url), urlsplit(api_url)
        ours = (parts.scheme, parts.hostname, parts.port) == (api.scheme, api.hostname, api.port)
    except ValueError:
        return False
    slacks = parts.scheme == "https" and parts.netloc == "hooks.slack.com"
    return slacks or (ours and parts.username is None)


def _place(answer: Mapping[str, Any], channel: str) -> Place:
    place_id, ts = answer.get("channel"), answer.get("ts")
    if not place_id or not ts:
        raise Unsure(f"chat.postMessage for {channel}: Slack did not say where it is", code="no_ts")
    return Place(channel=str(place_id), ts=str(ts))


def _key(message: Json) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_EVENT:
        return None
    key: str | None = (metadata.get("event_payload") or {}).get("key")
    return key


def _spoken(body: str, status: int) -> str:
    """The code in a response_url's answer: a bare word, or `{"error": …}`; else by its status."""
    match = re.fullmatch(r'\s*(?:\{.*"error":\s*")?([a-z_]+)(?:".*\})?\s*', body)
    if match is not None and match.group(1) != "ok":
        return match.group(1)
    return "expired_url" if status in _GONE else ""


def _bare(channel: str) -> str:
    return channel.removeprefix("#")


#: Channels, direct messages and users; names are never upper-case.
_ID: Final = re.compile(r"[CGDUW][A-Z0-9]{2,}")
#: Slack's clock and ours may differ; the key is unique, so looking further back is harmless.
_CLOCK_SLACK: Final = timedelta(seconds=60)
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,}")
_OK: Final = 200
_GONE: Final = frozenset({403, 404, 410})
_PAGE: Final = 200
#: Of a search or a listing: an end, whatever the other side says.
_PAGES: Final = 20
_LIST_AGE_S: Final = 600.0
#: How soon an unknown name may ask again: the method allows 20 calls a minute.
_MISS_AGE_S: Final = 30.0
_AS_GOOD_AS_DONE: Final = frozenset(
    {"already_reacted", "no_reaction", "too_many_emoji", "too_many_reactions", "not_reactable"}
)
_UNREADABLE: Final = frozenset(
    {"missing_scope", "not_in_channel", "channel_not_found", "thread_not_found", "no_permission"}
)
