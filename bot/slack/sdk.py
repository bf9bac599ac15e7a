"""slack_sdk's client, and its trouble in our words: for Bolt, Socket Mode and what goes with them.

Only these read slack_sdk, when Slack first asks for something: messages go through `wire`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from bot import tracing
from bot.slack import taxonomy
from bot.slack.proxy import proxy_for
from bot.slack.taxonomy import Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from bot.errors import CallError

#: All that a call through slack_sdk may raise when the other side misbehaves: beside its own and
#: aiohttp's errors it stumbles (AttributeError, TypeError, ValueError) over bodies that are
#: labelled JSON but are a list, a text or not UTF-8 (slack_sdk 3.47).
TROUBLE: Final = (SlackApiError, *taxonomy.TROUBLE, AttributeError, TypeError, ValueError)

#: slack_sdk and Bolt log whole requests at DEBUG and INFO: message texts, response URLs.
quiet: Final = logging.getLogger("bot.slack.sdk")
quiet.setLevel(logging.WARNING)


_TICKET: Final = re.compile(r"((?:ticket|app_id)=)[^&\s'\"]+")


def _harmless(record: logging.LogRecord) -> bool:
    """slack_sdk logs a screenful each time that Slack does not answer; the text says it all, and
    the address of Socket Mode in it, with a ticket that lets anybody in."""
    record.exc_info = record.exc_text = None
    record.msg, record.args = _TICKET.sub(r"\1***", record.getMessage()), ()
    return True


quiet.addFilter(_harmless)


class FormClient(AsyncWebClient):
    """slack_sdk puts many arguments into the address, where proxies log them; Slack takes all of
    them as a form."""

    @override
    async def api_call(
        self,
        api_method: str,
        *,
        http_verb: str = "POST",
        params: Any = None,  # slack_sdk's own type is a bare dict
        **kwargs: Any,  # slack_sdk's
    ) -> AsyncSlackResponse:
        if params is not None and kwargs.get("data") is None and kwargs.get("json") is None:
            # slack_sdk spells booleans for addresses only; in a form they would read `True`.
            kwargs["data"] = {
                name: int(value) if isinstance(value, bool) else value
                for name, value in params.items()
            }
            http_verb, params = "POST", None
        return await super().api_call(api_method, http_verb=http_verb, params=params, **kwargs)


def web_client(token: str | None, *, api_url: str) -> FormClient:
    """slack_sdk's client without its retries: the default one posts twice when a connection
    breaks after the request arrived."""
    client = FormClient(token=token, base_url=api_url, retry_handlers=[], logger=quiet)
    client.proxy = proxy_for(api_url)  # it would take one for this machine too
    return client


async def call(
    sent: Awaitable[AsyncSlackResponse], *, method: str, target: str
) -> AsyncSlackResponse:
    """Raises CallError."""
    with tracing.call(f"slack {method}"):
        try:
            return await sent
        except TROUBLE as error:
            raise translate(error, method=method, target=target) from error


def translate(error: Exception, *, method: str, target: str) -> CallError:
    """As `taxonomy.translate`, of slack_sdk's own errors too."""
    if isinstance(error, SlackApiError):
        return refusal(_answer(error), method=method, target=target)
    return taxonomy.translate(error, method=method, target=target)


def _answer(error: SlackApiError) -> Answer:
    """`.response` is slack_sdk's response, or aiohttp's when the body was not JSON, or a dict."""
    response: Any = error.response  # slack_sdk leaves it untyped
    data = getattr(response, "data", response)
    status: int = getattr(response, "status_code", getattr(response, "status", 200))
    headers = getattr(response, "headers", None) or {}
    said = data if isinstance(data, Mapping) else {}
    return Answer(status, headers, str(said.get("error") or ""), str(said.get("needed") or ""))
