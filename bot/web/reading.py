"""What of a request may be looked at before it is verified: its size, type, headers and body."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.errors import PayloadError
from bot.payload import look_into, unwrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Json
    from bot.outside import Forge

#: GitHub sends no larger payload; GitLab's default limit is the same. Source: their webhook pages.
MAX_BODY: Final = 25 * 1024 * 1024

#: Of the bodies that are arriving, all together: anybody may begin to send one.
ROOM: Final = 10 * MAX_BODY

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


#: Of a form of ours.
_FIELDS: Final = 20


class Refusal(Exception):
    """An answer that is no 2xx."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Room:
    """What is left of the memory for bodies on their way."""

    def __init__(self, size: int = ROOM) -> None:
        self._left = size

    def take(self, size: int) -> None:
        if size > self._left:
            raise Refusal(503, "too much is arriving at once: try again")
        self._left -= size

    def give_back(self, size: int) -> None:
        self._left += size


def check_length(request: web.BaseRequest) -> None:
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()


def check_type(request: web.BaseRequest, headers: Mapping[str, str], forge: Forge) -> None:
    plain = headers.get("content-type") == _JSON or request.content_type == _JSON
    if not plain and not is_form(request, forge):
        raise Refusal(415, "the content type must be application/json")
    if headers.get("content-encoding", "identity").lower() != "identity":
        # A packed body would be unpacked before its signature could be checked.
        raise Refusal(415, "the body must not be compressed")


def is_form(request: web.BaseRequest, forge: Forge) -> bool:
    return forge.forms and request.content_type == _FORM


def headers_of(request: web.BaseRequest) -> dict[str, str]:
    """Lower-case names, the first of repeated ones, values that any database can hold."""
    given = request.headers
    headers = {name.lower(): value for name, value in given.items()}
    if len(headers) < len(given):
        headers = {name: given[name] for name in headers}
    if not "".join(headers.values()).isascii():
        headers = {name: _readable(value) for name, value in headers.items()}
    return headers


def _readable(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


async def body_of(request: web.BaseRequest, timeout_s: float, room: Room) -> bytes:
    if request.content.is_eof() and request.content.total_bytes <= MAX_BODY:
        # It came with its headers: no clock is needed.
        return request.content.read_nowait()
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.content.iter_any():
                size += len(chunk)
                if size > MAX_BODY:
                    raise _too_large()
                room.take(len(chunk))
                chunks.append(chunk)
    except TimeoutError:
        raise Refusal(400, "the body did not arrive in time") from None
    except (ConnectionError, ClientError, HttpProcessingError, web.RequestPayloadError):
        raise Refusal(400, "the body is broken HTTP or ended early") from None
    finally:
        room.give_back(sum(map(len, chunks)))
    return b"".join(chunks)


def members_of(body: bytes, forge: Forge, *, form: bool) -> Mapping[str, Json]:
    """Those that tell what the object is about; the worker reads the others."""
    if not form and unwrapped(body) is not body:
        raise Refusal(400, "the body is not JSON, which its content type says it is, but a form")
    try:
        return look_into(body, forge.telling)
    except PayloadError as error:
        raise Refusal(400, f"the body is not a JSON object: {error}") from None


def _too_large() -> Refusal:
    return Refusal(413, f"the body is larger than {MAX_BODY} bytes")


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form that a page of ours sends, by name.

    Not `request.post()`, which decodes by any codec that the sender names, some of which take
    seconds for a kilobyte. Raises HTTPException.
    """
    if not request.body_exists:
        return {}
    if request.content_type != _FORM or (request.charset or "utf-8").lower() != "utf-8":
        raise web.HTTPUnsupportedMediaType(text="this takes the form of its page\n")
    body = (await request.read()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        raise web.HTTPBadRequest(text="too many fields\n") from None
