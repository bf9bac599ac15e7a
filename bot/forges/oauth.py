"""Signing in at a forge by OAuth's code flow with PKCE, to learn who somebody is there.

The token is used for that one question and given back; it is kept nowhere. Sources: GitLab docs,
"OAuth 2.0 identity provider API"; GitHub docs, "Authorizing OAuth apps"; RFC 7636 (read 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.errors import NotSent, Refused
from bot.forges.proxies import proxy_for
from bot.model import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.errors import CallError

_TIMEOUT: Final = ClientTimeout(total=20, connect=5)
_AGENT: Final = "chatops-bot"
_BROKEN: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Of the bot, as it is registered at an instance."""

    #: `gitlab`, `github`.
    forge: str
    #: Of its API, and of its pages.
    url: str
    pages: str
    client_id: str
    client_secret: str = field(repr=False)
    #: Where the forge sends people back to.
    back: str


def way_in(application: Application, *, state: str, verifier: str) -> str:
    """Address of the forge's page where somebody signs in, or says that the bot may know them."""
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": application.client_id,
        "redirect_uri": application.back,
        "response_type": "code",
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        **_ASKED[application.forge],
    }
    return f"{application.pages.rstrip('/')}{_PATHS[application.forge][0]}?{urlencode(query)}"


async def who_came(application: Application, *, code: str, verifier: str) -> Person:
    """Whose account the code is of. Raises CallError."""
    try:
        async with ClientSession(timeout=_TIMEOUT) as session:
            token = await _token(session, application, code, verifier)
            try:
                return await _user(session, application, token)
            finally:
                await _give_back(session, application, token)
    except (ClientError, TimeoutError) as error:
        # Not `from error`: it may hold the request.
        said = type(error).__name__
        raise NotSent(f"{application.pages} did not answer ({said})", code="unreachable") from None


async def _token(session: ClientSession, application: Application, code: str, verifier: str) -> str:
    body = {
        "grant_type": "authorization_code",
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "code": code,
        "redirect_uri": application.back,
        "code_verifier": verifier,
    }
    url = f"{application.pages.rstrip('/')}{_PATHS[application.forge][1]}"
    answer = await _json(session, "POST", url, data=body)
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        # GitHub says so with status 200.
        raise _refused(application, str(answer.get("error") or "no token"))
    return token


async def _user(session: ClientSession, application: Application, token: str) -> Person:
    path = "/user" if application.forge == "github" else "/api/v4/user"
    headers = {"Authorization": f"Bearer {token}"}
    found = await _json(session, "GET", f"{application.url.rstrip('/')}{path}", headers=headers)
    username = found.get("login") or found.get("username")
    if not username or not found.get("id"):
        raise _refused(application, str(found.get("error") or found.get("message") or "no user"))
    return Person(
        username=str(username),
        name=str(found.get("name") or ""),
        id=str(found["id"]),
        bot=found.get("bot") is True or found.get("type") == "Bot",
    )


async def _give_back(session: ClientSession, application: Application, token: str) -> None:
    """Best effort: it ends by itself too, and nobody has it any more."""
    known = {"client_id": application.client_id, "client_secret": application.client_secret}
    try:
        if application.forge == "gitlab":
            url = f"{application.pages.rstrip('/')}/oauth/revoke"
            await _json(session, "POST", url, data={**known, "token": token})
        else:
            url = f"{application.url.rstrip('/')}/applications/{application.client_id}/token"
            pair = f"{application.client_id}:{application.client_secret}"
            login = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
            await _json(session, "DELETE", url, headers=login, json={"access_token": token})
    except (ClientError, TimeoutError, NotSent):
        return


async def _json(session: ClientSession, method: str, url: str, **more: Any) -> Mapping[str, Any]:
    """The object in the answer; empty when there is none. An error of the forge's raises."""
    headers = {"Accept": "application/json", "User-Agent": _AGENT, **more.pop("headers", {})}
    async with session.request(
        method, url, headers=headers, allow_redirects=False, proxy=proxy_for(url), **more
    ) as answer:
        if answer.status >= _BROKEN:
            raise NotSent(f"{url} answered {answer.status}; try again", code=f"{answer.status}")
        try:
            found = await answer.json(content_type=None)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def _refused(application: Application, said: str) -> CallError:
    hint = _HINTS.get(said, "start again with a new link")
    return Refused(f"{application.pages} refused it ({said[:100]}): {hint}", code="oauth")


#: Where people sign in, and where the code is exchanged.
_PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "gitlab": ("/oauth/authorize", "/oauth/token"),
    "github": ("/login/oauth/authorize", "/login/oauth/access_token"),
}
#: GitHub shows everybody who somebody is, without any scope.
_ASKED: Final[Mapping[str, Mapping[str, str]]] = {
    "gitlab": {"scope": "read_user"},
    "github": {"prompt": "select_account"},
}
_HINTS: Final = {
    "invalid_client": "the bot's OAuth id and secret do not fit; tell an admin of the bot",
    "incorrect_client_credentials": "the bot's OAuth id and secret do not fit; tell an admin",
    "redirect_uri_mismatch": "the application there names another callback; tell an admin",
    "insufficient_scope": "the application there lacks the scope read_user; tell an admin",
}
