"""A forge's REST half in memory; passes the contract tests that GitLab's passes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.errors import ContentRefused, NotSent, TargetRefused
from bot.forges.gitlab import TRIGGERS
from bot.model import Json, Person, Project
from bot.outside import EVERY_BRANCH, Attempt, DeployKey, HookWish, RemoteHook, Right

MAX_HOOKS = 100

#: The receiver: (url, secret) to the status it answers.
Receiver = Callable[[str, str], Awaitable[int]]


async def _received(_attempt: Attempt) -> bool:
    return True


async def nobody(_url: str, _secret: str) -> int:
    """A receiver that is not there."""
    return 0


@dataclass
class Held:
    """A hook as the forge keeps it."""

    shown: RemoteHook
    wish: HookWish
    answers: list[str] = field(default_factory=list)
    #: Oldest first.
    attempts: list[Attempt] = field(default_factory=list)
    resent: list[str] = field(default_factory=list)


@dataclass
class Place:
    project: Project
    managed: bool = True
    samples: frozenset[str] = TRIGGERS
    hooks: dict[str, Held] = field(default_factory=dict)
    rights: dict[str, Right] = field(default_factory=dict)
    #: Bodies of the merge requests that are open.
    opened: list[Json] = field(default_factory=list)
    keys: dict[str, DeployKey] = field(default_factory=dict)
    #: Key texts by key id.
    public: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


class FakeForge:
    """`before` and `after` are called with each call's name and may raise."""

    def __init__(self, *, url: str = "https://gitlab.example.com") -> None:
        self.url = url
        self.places: dict[str, Place] = {}
        self.receiver: Receiver = nobody
        self.blocked: Callable[[str], bool] = lambda _url: False
        #: Triggers an older forge has not heard of.
        self.unknown: frozenset[str] = frozenset()
        #: Kinds of branch filter.
        self.filters = frozenset({"all", "wildcard", "regex"})
        self.calls: list[str] = []
        self.before: Callable[[str], None] = lambda _name: None
        self.after: Callable[[str], None] = lambda _name: None
        self._ids = iter(range(1001, 100_000))
        #: Names of users, to what their profile says.
        self.people: dict[str, str] = {}
        self.groups: dict[str, Place] = {}
        #: The licence has hooks of groups.
        self.group_hooks = True
        #: Called for each delivery that is sent again; True when it was received.
        self.resender: Callable[[Attempt], Awaitable[bool]] = _received
        #: What deliveries were about, by their id, where the list does not tell.
        self.subjects: dict[str, str] = {}
        #: Deliveries that may still be sent again before the forge says to wait.
        self.resends_left = 5

    def add(
        self, path: str, *, managed: bool = True, samples: Sequence[str] = tuple(TRIGGERS)
    ) -> Place:
        project = Project(id=str(len(self.places) + 101), path=path, url=f"{self.url}/{path}")
        place = Place(project=project, managed=managed, samples=frozenset(samples))
        self.places[project.id] = place
        return place

    def held(self, path: str) -> list[Held]:
        return [h for p in self.places.values() if p.project.path == path for h in p.hooks.values()]

    async def project(self, path: str) -> Project:
        self._enter("project")
        for place in self.places.values():
            # As GitLab, which takes the number too.
            if path.lower() in {place.project.path.lower(), place.project.id}:
                self.after("project")
                return place.project
        raise TargetRefused(f"the forge has no project {path}, or does not show it", code="404")

    async def hooks(self, project_id: str) -> tuple[RemoteHook, ...]:
        self._enter("hooks")
        found = tuple(held.shown for held in self._place(project_id).hooks.values())
        self.after("hooks")
        return found

    async def create_hook(self, project_id: str, wish: HookWish) -> RemoteHook:
        self._enter("create_hook")
        place = self._place(project_id)
        if len(place.hooks) >= MAX_HOOKS:
            raise ContentRefused("the project has the most hooks allowed", code="too_many_hooks")
        hook_id = str(next(self._ids))
        place.hooks[hook_id] = Held(self._shown(hook_id, wish), wish)
        self.after("create_hook")
        return place.hooks[hook_id].shown

    async def update_hook(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        self._enter("update_hook")
        held = self._held(project_id, hook_id)
        held.shown = replace(self._shown(hook_id, wish), health=held.shown.health)
        held.wish = wish
        self.after("update_hook")
        return held.shown

    async def delete_hook(self, project_id: str, hook_id: str) -> None:
        self._enter("delete_hook")
        self._place(project_id).hooks.pop(hook_id, None)
        self.after("delete_hook")

    async def test_hook(self, project_id: str, hook_id: str, trigger: str) -> None:
        self._enter("test_hook")
        held = self._held(project_id, hook_id)
        if trigger not in self._place(project_id).samples or trigger in self.unknown:
            raise ContentRefused("Ensure the project has at least one commit.", code="no_sample")
        status = await self.receiver(held.wish.url, held.wish.secret)
        held.answers.append(str(status) if status else "internal error")
        if not 200 <= status < 300:
            raise ContentRefused(f"the receiver answered {held.answers[-1]}", code="undelivered")
        held.shown = replace(held.shown, health="executable")
        self.after("test_hook")

    async def last_answer(self, project_id: str, hook_id: str) -> str:
        self._enter("last_answer")
        place = self.places.get(project_id)
        held = place.hooks.get(hook_id) if place else None
        return held.answers[-1] if held and held.answers else ""

    # -- who may -------------------------------------------------------------------------------

    async def person(self, username: str) -> Person | None:
        self._enter("person")
        for name in self.people:
            if name.casefold() == username.casefold():
                return Person(
                    username=name, name=name.capitalize(), id=str(1 + sum(map(ord, name)) % 1000)
                )
        return None

    async def right(self, project_id: str, username: str) -> Right:
        self._enter("right")
        return self._place(project_id).rights.get(username.casefold(), Right.NONE)

    async def says(self, username: str) -> str:
        self._enter("says")
        return self.people.get(username, "")

    # -- more than one project -----------------------------------------------------------------

    async def group(self, path: str) -> Project:
        self._enter("group")
        below = [p for p in self.places.values() if p.project.path.startswith(f"{path}/")]
        if not below:
            raise TargetRefused(f"the forge has no group {path}", code="404")
        if path not in self.groups:
            number = f"group-{len(self.groups) + 701}"
            project = Project(id=number, path=path, url=f"{self.url}/groups/{path}")
            self.groups[path] = Place(project=project, managed=self.group_hooks)
        return self.groups[path].project

    async def projects(self, group: str, *, nested: bool) -> tuple[Project, ...]:
        self._enter("projects")
        paths = [p.project for p in self.places.values()]
        found = tuple(
            sorted(
                (
                    one
                    for one in paths
                    if one.group == group or (nested and one.path.startswith(f"{group}/"))
                ),
                key=lambda one: one.path,
            )
        )
        if not found and group not in self.groups:
            raise TargetRefused(f"the forge has no group {group}", code="404")
        return found

    async def open_mrs(self, project_id: str) -> tuple[Json, ...]:
        self._enter("open_mrs")
        return tuple(self._place(project_id).opened)

    # -- what came and what did not ------------------------------------------------------------

    async def attempts(
        self, project_id: str, hook_id: str, *, since: datetime
    ) -> tuple[Attempt, ...]:
        self._enter("attempts")
        held = self._held(project_id, hook_id).attempts
        return tuple(one for one in reversed(held) if one.at >= since)

    async def detailed(
        self, project_id: str, hook_id: str, attempts: Sequence[Attempt]
    ) -> tuple[Attempt, ...]:
        self._enter("detailed")
        return tuple(
            replace(one, subject=self.subjects.get(one.id, one.subject)) for one in attempts
        )

    async def resend(self, project_id: str, hook_id: str, attempt_id: str) -> None:
        self._enter("resend")
        held = self._held(project_id, hook_id)
        if self.resends_left <= 0:
            raise NotSent("slow down", code="429", retry_after=60.0)
        self.resends_left -= 1
        (found,) = (one for one in held.attempts if one.id == attempt_id)
        held.resent.append(attempt_id)
        if not await self.resender(found):
            raise ContentRefused("the receiver answered 500", code="undelivered")
        self.after("resend")

    # -- deploy keys ---------------------------------------------------------------------------

    async def keys(self, project_id: str) -> tuple[DeployKey, ...]:
        self._enter("keys")
        return tuple(self._place(project_id).keys.values())

    async def add_key(
        self,
        project_id: str,
        *,
        title: str,
        public_key: str,
        writes: bool,
        expires_at: datetime | None,
    ) -> DeployKey:
        self._enter("add_key")
        place = self._place(project_id)
        known = [text for other in self.places.values() for text in other.public.values()]
        if public_key in known:
            raise ContentRefused("the forge knows this key already", code="taken")
        key = DeployKey(
            id=str(next(self._ids)),
            title=title,
            fingerprint=fingerprint(public_key),
            writes=writes,
            created_at=datetime(2026, 11, 20, tzinfo=UTC),
            expires_at=expires_at,
        )
        place.keys[key.id], place.public[key.id] = key, public_key
        self.after("add_key")
        return key

    async def delete_key(self, project_id: str, key_id: str) -> None:
        self._enter("delete_key")
        self._place(project_id).keys.pop(key_id, None)
        self._place(project_id).public.pop(key_id, None)

    async def set_variable(self, project_id: str, name: str, value: str) -> None:
        self._enter("set_variable")
        self._place(project_id).variables[name] = value

    def _enter(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)

    def _place(self, project_id: str) -> Place:
        groups = {place.project.id: place for place in self.groups.values()}
        place = self.places.get(project_id) or groups.get(project_id)
        if place is None:
            raise TargetRefused(f"the forge has no project {project_id}", code="404")
        if not place.managed:
            raise TargetRefused("the token's user must be Maintainer", code="403")
        return place

    def _held(self, project_id: str, hook_id: str) -> Held:
        held = self._place(project_id).hooks.get(hook_id)
        if held is None:
            raise TargetRefused(f"the forge has no hook {hook_id}", code="404")
        return held

    def _shown(self, hook_id: str, wish: HookWish) -> RemoteHook:
        if wish.triggers - TRIGGERS:
            raise ContentRefused("the forge has no such trigger", code="ContentRefused")
        if not wish.url.startswith(("http://", "https://")) or self.blocked(wish.url):
            raise ContentRefused(f"the forge does not accept {wish.url}", code="invalid_url")
        return RemoteHook(
            id=hook_id,
            url=wish.url,
            triggers=wish.triggers - self.unknown,
            branches=wish.branches if wish.branches.kind in self.filters else EVERY_BRANCH,
            filters=self.filters,
            unheard=self.unknown,
            signed=wish.secret.startswith("whsec_"),
        )


def fingerprint(public_key: str) -> str:
    digest = hashlib.sha256(base64.b64decode(public_key.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
