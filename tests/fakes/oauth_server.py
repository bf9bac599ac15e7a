"""The part of a forge's double where people sign in: OAuth's code flow, strictly, with PKCE."""

from __future__ import annotations

import base64
import hashlib
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.typedefs import Handler

CLIENT, SECRET = "client-1", "oauth-client-secret"


@dataclass
class Granted:
    query: dict[str, str]
    user: dict[str, Any]


@dataclass
class OAuth:
    """Whoever opens the forge's page is `user`, and grants what is asked unless `denies`."""

    user: dict[str, Any] = field(
        default_factory=lambda: {"id": 31, "username": "alice", "login": "alice", "name": "Alice"}
    )
    denies: bool = False
    #: Of the only application.
    back: str = ""
    codes: dict[str, Granted] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    #: Scopes that were asked for.
    scopes: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def mount(self, app: web.Application, me: str, other: Handler) -> None:
        """`me` tells whose a token is; those that are not of people go to `other`."""

        async def user(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if token in self.tokens:
                return web.json_response(self.tokens[token])
            return await other(request)

        app.router.add_get(me, user)
        for page in ("/oauth/authorize", "/login/oauth/authorize"):
            app.router.add_get(page, self._authorize)
        for page in ("/oauth/token", "/login/oauth/access_token"):
            app.router.add_post(page, self._token)
        app.router.add_post("/oauth/revoke", self._revoke)
        app.router.add_delete("/applications/{client}/token", self._revoke)

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        if self.back and query["redirect_uri"] != self.back:
            return web.Response(status=400, text="redirect_uri mismatch")
        self.scopes.append(query.get("scope", ""))
        answer = {"state": query["state"], "error": "access_denied"}
        if not self.denies:
            code = f"code-{next(self._numbers)}"
            self.codes[code] = Granted(query, dict(self.user))
            answer = {"state": query["state"], "code": code}
        location = f"{query['redirect_uri']}?{urlencode(answer)}"
        return web.Response(status=302, headers={"Location": location})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        github = request.path.startswith("/login")
        if (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            error = "incorrect_client_credentials" if github else "invalid_client"
            return web.json_response({"error": error}, status=200 if github else 401)
        granted = self.codes.pop(str(form["code"]), None)
        if granted is None or not self._proves(granted, form):
            error = "bad_verification_code" if github else "invalid_grant"
            return web.json_response({"error": error}, status=200 if github else 400)
        token = f"oauth-token-{next(self._numbers)}"
        self.tokens[token] = granted.user
        return web.json_response({"access_token": token, "token_type": "bearer"})

    def _proves(self, granted: Granted, form: Any) -> bool:
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        same = form["redirect_uri"] == granted.query["redirect_uri"]
        return same and challenge == granted.query["code_challenge"]

    async def _revoke(self, request: web.Request) -> web.Response:
        if request.method == "DELETE":
            token = (await request.json())["access_token"]
            status = 204
        else:
            token, status = str((await request.post())["token"]), 200
        self.tokens.pop(token, None)
        self.revoked.append(token)
        return web.Response(status=status)


@asynccontextmanager
async def signing_in(me: str) -> AsyncIterator[tuple[str, OAuth]]:
    """A forge that has nothing else: its address, and the double."""

    async def nobody(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"message": "401 Unauthorized"}, status=401)

    oauth, app = OAuth(), web.Application()
    oauth.mount(app, me, nobody)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", oauth
    finally:
        await runner.cleanup()
