"""What Slack sends us, over HTTP or Socket Mode: commands are kept as jobs, then acknowledged."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.errors import BotError, CallError, CredentialRefused
from bot.message import Code, Message, Text, text
from bot.slack.blocks import RUN, blocks
from bot.slack.home import Home
from bot.slack.sdk import TROUBLE, translate, web_client
from bot.slack.sockets import Sockets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.model import Json

log: Final = logging.getLogger(__name__)

#: Bolt logs whole requests (texts, response URLs) at INFO, and that our set-up is unusual at
#: WARNING; its errors are ours to know.
bolt_log: Final = logging.getLogger("bot.slack.bolt")
bolt_log.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """A command as it was typed; channels in it read `<#C123|name>`."""

    #: Slack's trigger id: unique per typing.
    id: str
    #: Behind the command's own word.
    text: str
    user_id: str
    channel_id: str
    #: Where its answers go: a secret.
    response_url: str = field(repr=False)


#: Keeps the command so that a restart does not lose it. Raises BotError when it cannot.
Submit: TypeAlias = Callable[[CommandRequest], Awaitable[None]]


class SlackListener:
    """`signing_secret` None: nothing is accepted over HTTP, only through Socket Mode."""

    def __init__(
        self, *, token: str, signing_secret: str | None, api_url: str, submit: Submit
    ) -> None:
        self._api_url = api_url
        self._submit = submit
        self._verifier = SignatureVerifier(signing_secret) if signing_secret else None
        self._home = Home(token, api_url=api_url)
        self._bolt = _bolt(token, signing_secret or "", api_url)
        self._bolt.middleware(self._at_home)
        self._bolt.command(re.compile("/"))(self._command)
        self._bolt.shortcut("why")(self._why)
        self._bolt.action(re.compile(f"^{RUN}"))(self._pressed)

    async def handle(self, request: web.Request) -> web.Response:
        """POST /slack/events. Only what Slack signed reaches Bolt's parsers."""
        if self._verifier is None:
            return web.json_response(
                {"error": "SLACK_SIGNING_SECRET is not set; commands come through Socket Mode"},
                status=404,
            )
        if (request.content_length or 0) > _LARGEST:
            return web.json_response({"error": "too large"}, status=413)
        if not _authentic(self._verifier, await request.read(), request.headers):
            return web.json_response({"error": "not signed by Slack"}, status=401)
        answer = await self._bolt.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    @asynccontextmanager
    async def socket_mode(self, app_token: str) -> AsyncIterator[None]:
        """Connected, and connected again, while the context lasts. Raises CredentialRefused at
        once for a token that will not do; waits in the background for a Slack that is away."""
        await _check(app_token, self._api_url)
        sockets = Sockets(self._bolt, app_token, api_url=self._api_url)
        async with asyncio.TaskGroup() as group:
            connecting = group.create_task(sockets.connect())
            try:
                yield
            finally:
                connecting.cancel()
                await sockets.close()

    async def _at_home(
        self,
        body: Mapping[str, Json],
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's word
    ) -> BoltResponse | None:
        """Slack signs for every workspace that an app is installed in; this bot serves one."""
        if not await self._home.is_of(body):
            log.warning("request of another workspace refused")
            return BoltResponse(status=403, body="this bot serves another workspace")
        await next()
        return None

    async def _command(self, ack: Callable[..., Awaitable[Any]], body: Mapping[str, Json]) -> None:
        request = CommandRequest(
            id=body["trigger_id"],
            text=_typed(body.get("text") or ""),
            user_id=body["user_id"],
            channel_id=body.get("channel_id") or "",
            response_url=body["response_url"],
        )
        await ack(**_shown(await self._kept(request, body["command"])))

    async def _why(self, ack: Callable[..., Awaitable[Any]], body: Mapping[str, Json]) -> None:
        """The message shortcut; an acknowledgement of it can carry no text."""
        channel = (body.get("channel") or {}).get("id", "")
        message = body.get("message_ts") or (body.get("message") or {}).get("ts", "")
        request = CommandRequest(
            id=body["trigger_id"],
            text=f"why {channel}/{message}",
            user_id=body["user"]["id"],
            channel_id=channel,
            response_url=body.get("response_url") or "",
        )
        await self._kept(request, "/hook")
        await ack()

    async def _pressed(self, ack: Callable[..., Awaitable[Any]], body: Mapping[str, Json]) -> None:
        """A button of an answer; an acknowledgement of it can carry no text."""
        request = CommandRequest(
            id=body["trigger_id"],
            text=body["actions"][0].get("value") or "help",
            user_id=body["user"]["id"],
            channel_id=(body.get("channel") or {}).get("id", ""),
            response_url=body.get("response_url") or "",
        )
        await self._kept(request, "/hook")
        await ack()

    async def _kept(self, request: CommandRequest, command: str) -> Text:
        """What to tell at once: what is being done, or that it could not be kept."""
        typed = Code(_readable(f"{command} {request.text}".strip()))
        try:
            async with asyncio.timeout(_STORE_S):
                await self._submit(request)
        except (BotError, TimeoutError) as error:
            log.warning("command not kept", extra={"error": type(error).__name__})
            return text("I could not take ", typed, " just now. Please type it again in a minute.")
        return _doing(request.text, typed)


def _bolt(token: str, signing_secret: str, api_url: str) -> AsyncApp:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # One workspace, one token: nothing to ask Slack. The bot's own ids, which Bolt would
        # want for ignoring our own events, wait for the first event we listen to.
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return AsyncApp(
        name="bot.slack",
        client=web_client(None, api_url=api_url),
        signing_secret=signing_secret,
        authorize=authorize,
        logger=bolt_log,
    )


def _authentic(verifier: SignatureVerifier, body: bytes, headers: Mapping[str, str]) -> bool:
    """slack_sdk raises on a timestamp that is no number, a body that is not UTF-8 and a
    signature that is not ASCII: anyone could fill the log with tracebacks."""
    stamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not (_STAMP.fullmatch(stamp) and signature.isascii()):
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return verifier.is_valid(body, stamp, signature)


async def _check(app_token: str, api_url: str) -> None:
    try:
        async with asyncio.timeout(_CHECK_S):
            await web_client(None, api_url=api_url).apps_connections_open(app_token=app_token)
    except TROUBLE as error:
        fault: CallError = translate(
            error, method="apps.connections.open", target="SLACK_APP_TOKEN"
        )
        if isinstance(fault, CredentialRefused):
            raise CredentialRefused(
                f"SLACK_APP_TOKEN is refused: {fault.code}; make an app-level token with the scope"
                " connections:write under Basic Information of your Slack app",
                code=fault.code,
            ) from error
        log.warning("slack not reached", extra={"code": fault.code})


def _typed(sent: str) -> str:
    """What the person typed: Slack wraps addresses in `<…>` and escapes three characters."""
    typed = _ADDRESS.sub(r"\1", sent)
    return typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _readable(typed: str) -> str:
    return _NAMED.sub(r"\1\2", typed)


def _doing(typed: str, shown: Code) -> Text:
    verb, _, rest = typed.partition(" ")
    subject = rest.split(maxsplit=1)[0] if rest else ""
    with_subject, without = _DOING.get(verb.lower() or "help", ("", ""))
    if with_subject and subject and not subject.startswith(("<", "#", "-")):
        return text(f"{with_subject} ", Code(subject), " …")
    return text(f"{without} …") if without else text("Working on ", shown, " …")


def _shown(body: Text) -> dict[str, Any]:
    sent = blocks(Message(text=body))
    return {"text": sent.text, "blocks": list(sent.blocks), "response_type": "ephemeral"}


#: Slack gives three seconds in all.
_STORE_S: Final = 2.5
_CHECK_S: Final = 10.0
_LARGEST: Final = 1 << 20
_STAMP: Final = re.compile(r"[0-9]{1,12}")
_ADDRESS: Final = re.compile(r"<((?:https?://|mailto:)[^<>|]*)(?:\|[^<>]*)?>")
#: `<#C123|dev>` and `<@U123|alice>`.
_NAMED: Final = re.compile(r"<([#@])[A-Z0-9]+\|([^<>|]*)>")
#: By verb: said with the project it is about, and without one.
_DOING: Final[Mapping[str, tuple[str, str]]] = {
    "add": ("Adding a hook to", ""),
    "list": ("Looking up the hooks of", "Looking up the hooks"),
    "remove": ("Removing the hook of", ""),
    "show": ("Looking at the hook of", ""),
    "pause": ("Pausing the hook of", ""),
    "resume": ("Resuming the hook of", ""),
    "rotate": ("Changing the secret of the hook of", ""),
    "sync": ("Comparing with the forge:", "Comparing the hooks with the forges"),
    "test": ("Testing the hook of", ""),
    "why": ("", "Looking up why"),
    "help": ("Looking up", "Looking up what I can do"),
}
