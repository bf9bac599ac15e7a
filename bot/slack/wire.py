"""One call of Slack's Web API, straight over HTTP: what every message goes through.

slack_sdk does the same at four times the cost, retries on its own, and stumbles over broken
answers; it stays where it does more than call: Bolt and Socket Mode.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from yarl import URL

from bot import tracing
from bot.slack.taxonomy import TROUBLE, Answer, refusal, translate

if TYPE_CHECKING:
    import aiohttp

    from bot.model import Json

#: Slack takes these as JSON; every method takes a form.
_AS_JSON: Final = frozenset({"chat.postMessage", "chat.postEphemeral", "chat.update"})
_JSON: Final = "application/json; charset=utf-8"
_OK: Final = 200


class Wire:
    """`session` carries the timeouts."""

    def __init__(
        self, token: str, *, api_url: str, session: aiohttp.ClientSession, proxy: str | None
    ) -> None:
        self._api_url = api_url
        self._session = session
        self._proxy = proxy
        self._headers: Final = {"Authorization": f"Bearer {token}"}
        self._json_headers: Final = {**self._headers, "Content-Type": _JSON}
        self._urls: dict[str, URL] = {}
        #: The `Date` of Slack's last answer, and when it came.
        self._dated: tuple[str, float] | None = None

    def time(self) -> datetime | None:
        """By Slack's clock, to the second; None when it did not say."""
        if self._dated is None:
            return None
        try:
            said = parsedate_to_datetime(self._dated[0])
        except ValueError:
            return None
        # An offset of `-0000` is read as none at all.
        said = said if said.tzinfo is not None else said.replace(tzinfo=UTC)
        return said + timedelta(seconds=time.monotonic() - self._dated[1])

    async def call(self, method: str, *, target: str, **arguments: Json) -> Mapping[str, Any]:
        """What Slack says; what is None is not sent. Raises CallError, which names `target`."""
        with tracing.call(f"slack {method}"):
            return await self._call(method, target, arguments)

    async def _call(
        self, method: str, target: str, arguments: Mapping[str, Json]
    ) -> Mapping[str, Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            status, headers, raw = await self._post(method, given)
        except TROUBLE as error:
            raise translate(error, method=method, target=target) from error
        said = _read(raw)
        if status == _OK and said.get("ok"):
            return said
        code, needed = said.get("error") or "", said.get("needed") or ""
        answer = Answer(status=status, headers=headers, code=str(code), needed=str(needed))
        raise refusal(answer, method=method, target=target)

    async def _post(
        self, method: str, given: Mapping[str, Json]
    ) -> tuple[int, Mapping[str, str], bytes]:
        as_json = method in _AS_JSON
        request = self._session.post(
            self._url(method),
            data=orjson.dumps(given) if as_json else _form(given),
            headers=self._json_headers if as_json else self._headers,
            proxy=self._proxy,
            allow_redirects=False,
        )
        async with request as response:
            if (date := response.headers.get("Date")) is not None:
                self._dated = date, time.monotonic()
            return response.status, response.headers, await response.read()

    def _url(self, method: str) -> URL:
        found = self._urls.get(method)
        if found is None:
            found = self._urls[method] = URL(self._api_url + method)
        return found


def next_page(said: Mapping[str, Any]) -> str | None:
    return (said.get("response_metadata") or {}).get("next_cursor") or None


def _form(given: Mapping[str, Json]) -> dict[str, str]:
    return {
        name: str(int(value)) if isinstance(value, bool) else str(value)
        for name, value in given.items()
    }


def _read(raw: bytes) -> Mapping[str, Any]:
    """Empty for what is no answer of Slack's: a proxy's page, a broken body."""
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, Mapping) else {}
