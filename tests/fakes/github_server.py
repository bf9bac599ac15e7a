"""A GitHub that speaks the REST of hooks, keys and people, and really delivers.

`python -m tests.fakes.github_server --port 8930 --token ghp-demo --repository owner/repo`
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from aiohttp import web
from nacl.public import PrivateKey, SealedBox

from tests.fakes import github_talk
from tests.fakes.github_sender import EVENTS, Home, Hook, Sender
from tests.fakes.gitlab_server import Fault, Refusal, Request

MAX_HOOKS: Final = 20
#: Where the API is below an own server's address; github.com's has a host of its own.
ROOT: Final = "/api/v3"

NOT_FOUND: Final = {"message": "Not Found", "status": "404"}
_Answer = tuple[int, Any, dict[str, str]]


class GithubServer:
    """`async with GithubServer() as github:` then `github.url`, `github.add("owner/repo")`."""

    def __init__(self, *, token: str = "ghp-fake", port: int = 0) -> None:  # noqa: S107 - a fake's
        self.token, self._port = token, port
        self.homes: dict[int, Home] = {}
        self.moved: dict[str, str] = {}
        #: Users by login, as the API shows them.
        self.users: dict[str, dict[str, Any]] = {}
        #: What people wrote into their status, which only GraphQL tells.
        self.statuses: dict[str, str] = {}
        self.requests: list[Request] = []
        self.refused: list[str] = []
        self.faults: list[Fault] = []
        #: Events that this older server has not heard of.
        self.unknown: set[str] = set()
        self.blocked: Callable[[str], bool] = lambda _url: False
        self.delivery_timeout_s = 10.0
        self.me = self.user("repo-bot")
        self.page = ""
        self.box = PrivateKey.generate()
        self._ids = iter(range(5001, 1_000_000))
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """Of the API."""
        return self.page + ROOT

    def user(self, login: str, **more: Any) -> dict[str, Any]:
        number = len(self.users) + 901
        shown = {"login": login, "id": number, "type": "User", "name": None, "bio": None, **more}
        self.users[login] = shown
        return shown

    def add(self, path: str, *, repository_id: int | None = None, **settings: Any) -> Home:
        owner = path.split("/")[0]
        if owner not in self.users:
            self.user(owner, type="Organization")
        home = Home(id=repository_id or len(self.homes) + 101, path=path, **settings)
        self.homes[home.id] = home
        return home

    def hooks(self, path: str) -> list[Hook]:
        return [h for one in self.homes.values() if one.path == path for h in one.hooks.values()]

    def calls(self, method: str, pattern: str = "") -> list[Request]:
        return [r for r in self.requests if r.method == method and re.search(pattern, r.path)]

    async def emit(self, path: str, event: str, body: Mapping[str, Any]) -> list[int]:
        """Delivered to the repository's hooks that want it; the status each of them answered."""
        return [
            await self.sender.deliver(hook, event, body)
            for hook in self.hooks(path)
            if hook.active and event in hook.events
        ]

    # -- HTTP --------------------------------------------------------------------------------

    async def __aenter__(self) -> GithubServer:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self.page = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.sender = Sender(self.page, self.delivery_timeout_s)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self.sender.close()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = unquote(urlsplit(request.raw_path).path).removeprefix(ROOT)
        body = await request.json() if request.can_read_body else None
        self.requests.append(
            Request(request.method, path, dict(request.query), dict(request.headers), body)
        )
        fault = self._fault(request.method, path)
        if fault is not None and not fault.after:
            return await self._fail(request, fault)
        try:
            status, answer, headers = await self._act(request, path, body)
        except Refusal as refusal:
            self.refused.append(f"{request.method} {path}: {refusal}")
            status, answer, headers = refusal.status, refusal.body, refusal.headers
        if fault is not None:
            return await self._fail(request, fault)
        if status == 204:
            return web.Response(status=status)
        return web.json_response(answer, status=status, headers=headers)

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and re.search(fault.path, path):
                self.faults.remove(fault)
                return fault
        return None

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.silent:
            await self._closing.wait()
        if fault.status is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(fault.body, str):
            return web.Response(text=fault.body, status=fault.status, headers=fault.headers)
        return web.json_response(fault.body, status=fault.status, headers=fault.headers)

    async def _act(self, request: web.Request, path: str, body: Any) -> _Answer:
        if request.headers.get("Authorization", "").split(" ")[-1] != self.token:
            raise Refusal(401, {"message": "Bad credentials", "status": "401"})
        if request.path == "/api/graphql":
            status = {"message": self.statuses.get(body["variables"]["login"])}
            return 200, {"data": {"user": {"status": status}}}, {}
        match path.strip("/").split("/"):
            case ["repositories" | "organizations", number, *rest] if number.isdecimal():
                home = self.homes.get(int(number))
                if home is None or not home.visible:
                    raise Refusal(404, NOT_FOUND)
                return await self._home(request, home, rest, body)
            case ["repos", owner, name, *rest]:
                return await self._home(request, self._named(f"{owner}/{name}", rest), rest, body)
            case words:
                return self._around(request, words)

    def _named(self, path: str, rest: list[str]) -> Home:
        if path in self.moved:
            home = next(h for h in self.homes.values() if h.path == self.moved[path])
            below = "/".join(["", *rest])
            raise Refusal(301, {}, {"Location": f"{self.url}/repositories/{home.id}{below}"})
        for home in self.homes.values():
            if home.visible and home.path.lower() == path.lower():
                return home
        raise Refusal(404, NOT_FOUND)

    def _around(self, request: web.Request, words: list[str]) -> _Answer:
        """People and organizations."""
        match words:
            case ["user"]:
                return 200, self.me, {}
            case ["users", login]:
                found = next((u for n, u in self.users.items() if n.lower() == login.lower()), None)
                return (200, found, {}) if found else (404, NOT_FOUND, {})
            case ["user", "repos"]:
                return self._repositories(request, str(self.me["login"]))
            case ["users" | "orgs", owner, "repos"]:
                return self._repositories(request, owner)
            case ["orgs", name, *rest]:
                return self._organization(name, rest)
        raise Refusal(404, NOT_FOUND)

    def _organization(self, name: str, rest: list[str]) -> _Answer:
        home = next((one for one in self.homes.values() if one.path == name), None)
        if home is not None and not rest:
            return 200, {"id": home.id, "login": name, "html_url": f"{self.page}/{name}"}, {}
        if home is not None and rest[0] == "memberships" and rest[1] in home.people:
            return 200, {"state": "active", "role": home.people[rest[1]]}, {}
        raise Refusal(404, NOT_FOUND)

    def _repositories(self, request: web.Request, owner: str) -> _Answer:
        return self._page(
            request,
            [h.shown(self.page) for h in self.homes.values() if h.path.startswith(f"{owner}/")],
        )

    async def _home(self, request: web.Request, home: Home, rest: list[str], body: Any) -> _Answer:
        method = request.method
        match rest:
            case []:
                if "/" not in home.path:
                    return 200, {"id": home.id, "login": home.path}, {}
                return 200, home.shown(self.page), {}
            case ["hooks", *below]:
                self._check_admin(home)
                return await self._hooks(request, home, below, body)
            case ["keys", *below]:
                self._check_admin(home)
                return self._keys(request, home, below, body)
            case ["collaborators", login, "permission"]:
                return self._permission(home, login)
            case ["actions", "secrets", name]:
                return self._secrets(home, method, name, body)
            case ["pulls"] if method == "GET":
                return self._page(request, home.pulls[::-1])
        found = github_talk.answer(home, method, "/".join(rest), request.query, body)
        return self._page(request, found) if isinstance(found, list) else (*found, {})

    def _permission(self, home: Home, login: str) -> _Answer:
        if login not in self.users:
            raise Refusal(404, {"message": f"{login} is not a user", "status": "404"})
        role = home.people.get(login, "none")
        base = {"maintain": "write", "triage": "read"}.get(role, role)
        return 200, {"permission": base, "role_name": role}, {}

    def _secrets(self, home: Home, method: str, name: str, body: Any) -> _Answer:
        if method == "GET" and name == "public-key":
            key = base64.b64encode(bytes(self.box.public_key)).decode()
            return 200, {"key_id": "k1", "key": key}, {}
        assert (method, body["key_id"]) == ("PUT", "k1")
        sealed = base64.b64decode(body["encrypted_value"])
        home.secrets[name] = SealedBox(self.box).decrypt(sealed).decode()
        return 201, {}, {}

    def _check_admin(self, home: Home) -> None:
        if home.permission != "admin":
            raise Refusal(404, NOT_FOUND)

    def _page(self, request: web.Request, rows: list[Any]) -> _Answer:
        size = min(int(request.query.get("per_page", "30")), 100)
        page = int(request.query.get("page", "1"))
        headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4000"}
        headers["X-RateLimit-Reset"] = "1800000000"
        if page * size < len(rows):
            query = {**request.query, "page": str(page + 1)}
            following = request.url.with_query(query)
            headers["Link"] = f'<{following}>; rel="next", <{following}>; rel="last"'
        return 200, rows[(page - 1) * size : page * size], headers

    # -- keys --------------------------------------------------------------------------------

    def _keys(self, request: web.Request, home: Home, rest: list[str], body: Any) -> _Answer:
        match request.method, rest:
            case "GET", []:
                return self._page(request, home.keys)
            case "POST", []:
                known = [key["key"] for one in self.homes.values() for key in one.keys]
                if body["key"] in known:
                    raise Refusal(422, _invalid("PublicKey", "key is already in use"))
                made = {
                    "id": next(self._ids),
                    "created_at": "2026-11-20T10:00:00Z",
                    # The trap of the real one: what is not said to be read-only may write.
                    "read_only": False,
                    **body,
                }
                home.keys.append(made)
                return 201, made, {}
            case "DELETE", [number]:
                found = [key for key in home.keys if str(key["id"]) == number]
                if found:
                    home.keys.remove(found[0])
                    return 204, None, {}
        raise Refusal(404, NOT_FOUND)

    # -- hooks -------------------------------------------------------------------------------

    async def _hooks(self, request: web.Request, home: Home, rest: list[str], body: Any) -> _Answer:
        if not rest and request.method == "GET":
            return self._page(request, [hook.shown() for hook in home.hooks.values()])
        if not rest and request.method == "POST":
            hook = self._create(home, body)
            await self.sender.ping(hook)
            return 201, hook.shown(), {}
        hook_ = home.hooks.get(int(rest[0])) if rest and rest[0].isdecimal() else None
        if hook_ is None:
            raise Refusal(404, NOT_FOUND)
        return await self._hook(request, hook_, rest[1:], body)

    async def _hook(self, request: web.Request, hook: Hook, rest: list[str], body: Any) -> _Answer:
        match request.method, rest:
            case "GET", []:
                return 200, hook.shown(), {}
            case "PATCH", []:
                return 200, self._update(hook, body).shown(), {}
            case "DELETE", []:
                del hook.home.hooks[hook.id]
                return 204, None, {}
            case "POST", ["pings" | "tests" as kind]:
                await self._test(hook, kind)
                return 204, None, {}
            case "GET", ["deliveries"]:
                return self._page(request, hook.deliveries)
            case "GET", ["deliveries", number] if int(number) in hook.sent:
                return 200, hook.detailed(int(number)), {}
            case "POST", ["deliveries", number, "attempts"] if int(number) in hook.sent:
                await self.sender.resend(hook, int(number))
                return 202, {}, {}
        raise Refusal(404, NOT_FOUND)

    async def _test(self, hook: Hook, kind: str) -> None:
        if kind == "pings":
            await self.sender.ping(hook)
        elif "push" in hook.events:
            await self.sender.deliver(hook, "push", github_talk.push(hook.home, self.page))

    def _create(self, home: Home, body: Any) -> Hook:
        if body.get("name") != "web":
            raise Refusal(422, _invalid("Hook", "Hook name must be web"))
        config, events = self._checked(body.get("config") or {}, body.get("events") or ["push"])
        for other in home.hooks.values():
            same = other.config["url"] == config["url"]
            if same and set(other.events) & set(events):
                raise Refusal(422, _invalid("Hook", "Hook already exists on this repository"))
        if len(home.hooks) >= MAX_HOOKS:
            event = events[0]
            text = f'The "{event}" event cannot have more than {MAX_HOOKS} hooks'
            raise Refusal(422, _invalid("Hook", text))
        hook = Hook(next(self._ids), home, events, config, active=body.get("active", True))
        home.hooks[hook.id] = hook
        return hook

    def _update(self, hook: Hook, body: Any) -> Hook:
        config = body.get("config") or hook.config
        events = body.get("events") or hook.events
        # Whatever is left out of `config` is gone, the secret too.
        hook.config, hook.events = self._checked(config, events)
        hook.active = body.get("active", hook.active)
        return hook

    def _checked(self, config: Any, events: list[str]) -> tuple[dict[str, str], list[str]]:
        url = urlsplit(config.get("url", ""))
        if url.scheme not in {"http", "https"} or not url.hostname or self.blocked(url.geturl()):
            raise Refusal(422, _invalid("Hook", "url is not supported because it isn't reachable"))
        unknown = set(events) - EVENTS | set(events) & self.unknown
        if unknown:
            text = f"The following events are not available: {sorted(unknown)}"
            raise Refusal(422, _invalid("Hook", text))
        return dict(config), list(events)


def _invalid(resource: str, text: str) -> dict[str, Any]:
    detail = {"resource": resource, "code": "custom", "message": text}
    return {"message": "Validation Failed", "errors": [detail], "status": "422"}


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[GithubServer]:
    async with GithubServer(**settings) as server:
        yield server


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8930)
    parser.add_argument("--token", default="ghp-demo")
    parser.add_argument("--repository", action="append", default=[])
    given = parser.parse_args()
    async with GithubServer(token=given.token, port=given.port) as server:
        for path in given.repository or ["owner/repo"]:
            server.add(path)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
