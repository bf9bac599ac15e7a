"""A GitLab that speaks the REST of project hooks and really delivers; stricter than the real one.

`python -m tests.fakes.gitlab_server --port 8929 --token glpat-demo --project group/repo`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from aiohttp import web

from tests.fakes import gitlab_bodies, gitlab_people, gitlab_talk, oauth_server
from tests.fakes.gitlab_faults import Fault, Request
from tests.fakes.gitlab_groups import Groups
from tests.fakes.gitlab_sender import (
    MAINTAINER,
    SETTINGS,
    STRATEGIES,
    TESTABLE,
    TRIGGERS,
    Hook,
    Project,
    Sender,
)

__all__ = ["Fault", "GitlabServer", "Request", "running"]
MAX_HOOKS: Final = 100
TESTS_A_MINUTE: Final = 5


class Refusal(Exception):
    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status, self.body, self.headers = status, body, dict(headers or {})


class GitlabServer:
    """`async with GitlabServer() as gitlab:` then `gitlab.url`, `gitlab.add("group/repo")`."""

    def __init__(self, *, token: str = "glpat-fake", port: int = 0, scope: str = "api") -> None:  # noqa: S107 - a fake's
        self.token, self.scope, self._port = token, scope, port
        self.projects: dict[int, Project] = {}
        self.moved: dict[str, str] = {}
        self.requests: list[Request] = []
        self.refused: list[str] = []
        self.faults: list[Fault] = []
        #: Attributes this older server has not heard of: ignored without a word.
        self.unknown: set[str] = set()
        #: Addresses that are blocked as local.
        self.blocked: Callable[[str], bool] = lambda _url: False
        self.delivery_timeout_s = 10.0
        #: The token's own.
        self.user: dict[str, Any] = {"id": 90, "username": "repo-bot", "name": "Bot", "bot": True}
        self.url = ""
        self.people, self.oauth = gitlab_people.People(), oauth_server.OAuth()
        #: The licence has group hooks.
        self.group_hooks = True
        self.groups = Groups(self.projects, self.unknown)
        self._hook_ids, self._closing = iter(range(1001, 1_000_000)), asyncio.Event()

    def add(self, path: str, *, project_id: int | None = None, **settings: Any) -> Project:
        project = Project(
            id=project_id or len(self.projects) + 101, path=path, unknown=self.unknown, **settings
        )
        self.projects[project.id] = project
        return project

    def hooks(self, path: str) -> list[Hook]:
        """Of a project or a group."""
        places = (*self.projects.values(), *self.groups.held.values())
        return [h for p in places if p.path == path for h in p.hooks.values()]

    def calls(self, method: str, pattern: str = "") -> list[Request]:
        return [r for r in self.requests if r.method == method and re.search(pattern, r.path)]

    async def emit(self, path: str, trigger: str, body: Mapping[str, Any]) -> list[int]:
        """Delivered to the project's hooks that want it; the status each of them answered."""
        raw = json.dumps(body).encode()
        return [
            await self._sender.deliver(hook, trigger, raw)
            for hook in self.hooks(path)
            if hook.values.get(trigger) and hook.health == "executable"
            if trigger != "push_events" or hook.wants(str(body["ref"]).removeprefix("refs/heads/"))
        ]

    async def push(self, path: str, **details: Any) -> list[int]:
        project = next(p for p in self.projects.values() if p.path == path)
        body = gitlab_bodies.push(project.id, path, self.url, **details)
        return await self.emit(path, "push_events", body)

    # -- HTTP --------------------------------------------------------------------------------

    async def __aenter__(self) -> GitlabServer:
        app = web.Application()
        self.oauth.mount(app, "/api/v4/user", self._answer)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._sender = Sender(self.url, self.delivery_timeout_s)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._sender.close()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw_path = urlsplit(request.raw_path).path
        body = await request.json() if request.can_read_body else None
        shown = unquote(raw_path.removeprefix("/api/v4"))
        self.requests.append(
            Request(request.method, shown, dict(request.query), dict(request.headers), body)
        )
        fault = self._fault(request.method, shown)
        if fault is not None and not fault.after:
            return await self._fail(request, fault)
        try:
            status, answer, headers = await self._act(request, raw_path, body)
        except Refusal as refusal:
            self.refused.append(f"{request.method} {shown}: {refusal}")
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
            if request.transport is not None:  # it did not go away meanwhile
                request.transport.abort()
            return web.Response()
        if isinstance(fault.body, str):
            return web.Response(text=fault.body, status=fault.status, headers=fault.headers)
        return web.json_response(fault.body, status=fault.status, headers=fault.headers)

    async def _act(
        self, request: web.Request, raw_path: str, body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        self._authenticate(request)
        segments = raw_path.removeprefix("/api/v4/").split("/")
        if raw_path == "/api/v4/user" and request.method == "GET":
            return 200, self.user, {}
        if segments[0] in {"users", "groups"}:
            return await self._beside(request, raw_path.removeprefix("/api/v4/"), body)
        if not raw_path.startswith("/api/v4/projects/") or len(segments) < 2:
            raise Refusal(404, {"error": "404 Not Found"})
        project = self._project(request, segments[1])
        if len(segments) == 2 and request.method == "GET":
            return 200, self._shown(project), {}
        if len(segments) < 3:
            raise Refusal(404, {"error": "404 Not Found"})
        if segments[2] != "hooks":
            return self._talk(request, project, "/".join(segments[2:]), body)
        if project.access < MAINTAINER:
            raise Refusal(403, {"message": "403 Forbidden"})
        return await self._hooks(request, project, segments[3:], body)

    def _authenticate(self, request: web.Request) -> None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if request.headers.get("PRIVATE-TOKEN", bearer) != self.token:
            raise Refusal(401, {"message": "401 Unauthorized"})
        if self.scope != "api" and (request.method != "GET" or self.scope != "read_api"):
            text = "The request requires higher privileges than provided by the access token."
            body = {"error": "insufficient_scope", "error_description": text, "scope": "api"}
            raise Refusal(403, body)

    def _project(self, request: web.Request, segment: str) -> Project:
        name = unquote(segment)
        if name in self.moved and request.method == "GET":
            target = self.moved[name]
            rest = request.raw_path.partition(segment)[2]
            project = next(p for p in self.projects.values() if p.path == target)
            raise Refusal(301, {}, {"Location": f"{self.url}/api/v4/projects/{project.id}{rest}"})
        for project in self.projects.values():
            # GitLab compares paths without regard to case.
            if project.visible and name.lower() in {str(project.id), project.path.lower()}:
                return project
        raise Refusal(404, {"message": "404 Project Not Found"})

    def _shown(self, project: Project) -> dict[str, Any]:
        return {
            "id": project.id,
            "path_with_namespace": project.path,
            "web_url": f"{self.url}/{project.path}",
            "default_branch": "main",
            "visibility": "private",
            "permissions": {"project_access": {"access_level": project.access}},
        }

    async def _beside(
        self, request: web.Request, path: str, body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        """`/users…` and `/groups…`."""
        kind, _, rest = path.partition("/")
        name, _, below = rest.partition("/")
        owner = unquote(name).lower()
        if kind == "users" and below != "projects":
            return self._told(request, lambda: self.people.user(rest, request.query))
        group = self.groups.find(owner) if kind == "groups" else None
        if group is None and kind == "groups":
            raise Refusal(404, {"message": "404 Group Not Found"})
        if below == "projects":
            nested = request.query.get("include_subgroups") == "true"
            projects = self.groups.below(group.path if group else owner, nested=nested)
            if group is None and not projects and owner not in self.people.users:
                raise Refusal(404, {"message": "404 User Not Found"})
            return self._page(request, [self._shown(project) for project in projects])
        if group is not None and below == "":
            return 200, self.groups.shown(group, self.url), {}
        if group is not None and below.split("/")[0] == "hooks":
            if not self.group_hooks:
                raise Refusal(403, {"message": "403 Forbidden"})
            return await self._hooks(request, group, below.split("/")[1:], body)
        raise Refusal(404, {"error": "404 Not Found"})

    def _talk(
        self, request: web.Request, project: Project, path: str, body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        if self.people.knows(path):
            asked = request.method, unquote(path), body or {}
            return self._told(request, lambda: self.people.settings(project, *asked))
        return self._told(
            request,
            lambda: gitlab_talk.answer(
                project, request.method, unquote(path), request.query, body, self.url
            ),
        )

    def _told(
        self, request: web.Request, ask: Callable[[], tuple[int, Any] | list[Any]]
    ) -> tuple[int, Any, dict[str, str]]:
        try:
            found = ask()
        except gitlab_talk.Refused as refused:
            raise Refusal(refused.status, refused.body) from refused
        return self._page(request, found) if isinstance(found, list) else (*found, {})

    # -- hooks -------------------------------------------------------------------------------

    async def _hooks(
        self, request: web.Request, project: Project, rest: list[str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        if not rest and request.method == "GET":
            return self._page(request, [hook.shown() for hook in project.hooks.values()])
        if not rest and request.method == "POST":
            return 201, self._create(project, body).shown(), {}
        hook = project.hooks.get(int(rest[0])) if rest and rest[0].isdecimal() else None
        if hook is None:
            raise Refusal(404, {"message": "404 Not found"})
        return await self._hook(request, hook, rest[1:], body)

    async def _hook(
        self, request: web.Request, hook: Hook, rest: list[str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        match request.method, rest:
            case "GET", []:
                return 200, hook.shown(), {}
            case "PUT", []:
                return 200, self._update(hook, body).shown(), {}
            case "DELETE", []:
                del hook.project.hooks[hook.id]
                return 204, None, {}
            case "POST", ["test", trigger]:
                return await self._test(hook, trigger)
            case "GET", ["events"]:
                return self._page(request, hook.events[::-1])
            case "POST", ["events", number, "resend"]:
                return await self._resend(hook, number)
        raise Refusal(404, {"error": "404 Not Found"})

    def _page(self, request: web.Request, rows: list[Any]) -> tuple[int, Any, dict[str, str]]:
        page = int(request.query.get("page", "1"))
        size = min(int(request.query.get("per_page", "20")), 100)
        pages = max(1, -(-len(rows) // size))
        following = str(page + 1) if page < pages else ""
        headers = {
            "X-Page": str(page),
            "X-Per-Page": str(size),
            "X-Total": str(len(rows)),
            "X-Total-Pages": str(pages),
            "X-Next-Page": following,
        }
        if following:
            url = f"{self.url}{urlsplit(request.raw_path).path}?page={following}&per_page={size}"
            headers["Link"] = f'<{url}>; rel="next"'
        return 200, rows[(page - 1) * size : page * size], headers

    def _create(self, project: Project, body: Any) -> Hook:
        values = self._checked(body)
        if "url" not in values:
            raise Refusal(400, {"error": "url is missing"})
        if len(project.hooks) >= MAX_HOOKS:
            text = f"Maximum number of project hooks ({MAX_HOOKS}) exceeded"
            raise Refusal(422, {"message": {"base": [text]}})
        # The trap of the real one: pushes are on unless they are turned off.
        hook = Hook(next(self._hook_ids), project, {"push_events": True, **values})
        project.hooks[hook.id] = hook
        return hook

    def _update(self, hook: Hook, body: Any) -> Hook:
        values = self._checked(body)
        if not values:
            raise Refusal(400, {"error": "No parameters provided"})
        if values.get("url", hook.values["url"]) != hook.values["url"]:
            for secret in ("token", "signing_token"):
                hook.values.pop(secret, None)
        hook.values.update(values)
        return hook

    def _checked(self, body: Any) -> dict[str, Any]:
        values = dict(body or {})
        for name, value in values.items():
            if name not in SETTINGS and name not in TRIGGERS:
                raise Refusal(400, {"error": f"{name} is unknown"})
            if (name in TRIGGERS or name == "enable_ssl_verification") is not isinstance(
                value, bool
            ):
                raise Refusal(400, {"error": f"{name} is invalid"})
        if values.get("branch_filter_strategy", "regex") not in STRATEGIES:
            raise Refusal(400, {"error": "branch_filter_strategy does not have a valid value"})
        if values.get("branch_filter_strategy") == "all_branches":
            values["push_events_branch_filter"] = None
        url = urlsplit(values.get("url", "http://ok"))
        if url.scheme not in {"http", "https"} or not url.hostname or self.blocked(url.geturl()):
            raise Refusal(422, {"error": "Invalid url given"})
        return {name: value for name, value in values.items() if name not in self.unknown}

    # -- deliveries --------------------------------------------------------------------------

    async def _test(self, hook: Hook, trigger: str) -> tuple[int, Any, dict[str, str]]:
        if trigger not in TESTABLE or trigger in self.unknown:
            raise Refusal(400, {"error": "trigger does not have a valid value"})
        now = time.monotonic()
        recent = [at for at in hook.project.tests if now - at < 60]
        if len(recent) >= TESTS_A_MINUTE:
            text = "This endpoint has been requested too many times. Try again later."
            raise Refusal(429, {"message": {"error": text}}, {"Retry-After": "60"})
        hook.project.tests = [*recent, now]
        if trigger not in hook.project.samples:
            raise Refusal(422, {"message": "Ensure the project has at least one commit."})
        body = gitlab_bodies.push(hook.project.id, hook.project.path, self.url)
        status = await self._sender.deliver(hook, trigger, json.dumps(body).encode())
        if not 200 <= status < 300:
            raise Refusal(422, {"message": hook.events[-1]["response_body"]})
        return 201, {"message": "201 Created"}, {}

    async def _resend(self, hook: Hook, number: str) -> tuple[int, Any, dict[str, str]]:
        sent = hook.sent.get(int(number)) if number.isdecimal() else None
        if sent is None:
            raise Refusal(404, {"message": "404 Not found"})
        trigger, url, raw, key = sent
        if url != hook.values["url"]:
            text = "The hook URL has changed. Unable to resend the event."
            raise Refusal(422, {"message": text})
        status = await self._sender.deliver(hook, trigger, raw, key=key)
        return 201, {"response_status": status}, {}


@asynccontextmanager
async def running(*paths: str, **settings: Any) -> AsyncIterator[GitlabServer]:
    async with GitlabServer(**settings) as server:
        for path in paths:
            server.add(path)
        yield server


async def _serve(port: int, token: str, projects: list[str]) -> None:
    async with running(*projects, port=port, token=token) as server:
        print(f"GitLab's double: {server.url}  projects: {', '.join(projects)}", flush=True)  # noqa: T201 - its one line
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8929)
    parser.add_argument("--token", default="glpat-demo")
    parser.add_argument("--project", action="append", default=[])
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.token, given.project or ["group/repo"]))
