"""A forge's REST half in memory; passes the contract tests that GitLab's passes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.errors import ContentRefused, TargetRefused
from bot.forges.gitlab import TRIGGERS
from bot.model import Project
from bot.outside import HookWish, RemoteHook

MAX_HOOKS = 100

#: The receiver: (url, secret) to the status it answers.
Receiver = Callable[[str, str], Awaitable[int]]


async def nobody(_url: str, _secret: str) -> int:
    """A receiver that is not there."""
    return 0


@dataclass
class Held:
    """A hook as the forge keeps it."""

    shown: RemoteHook
    wish: HookWish
    answers: list[str] = field(default_factory=list)


@dataclass
class Place:
    project: Project
    managed: bool = True
    samples: frozenset[str] = TRIGGERS
    hooks: dict[str, Held] = field(default_factory=dict)


class FakeForge:
    """`before` and `after` are called with each call's name and may raise."""

    def __init__(self, *, url: str = "https://gitlab.example.com") -> None:
        self.url = url
        self.places: dict[str, Place] = {}
        self.receiver: Receiver = nobody
        self.blocked: Callable[[str], bool] = lambda _url: False
        #: Triggers an older forge has not heard of.
        self.unknown: frozenset[str] = frozenset()
        self.calls: list[str] = []
        self.before: Callable[[str], None] = lambda _name: None
        self.after: Callable[[str], None] = lambda _name: None
        self._ids = iter(range(1001, 100_000))

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
            if place.project.path.lower() == path.lower():
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

    def _enter(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)

    def _place(self, project_id: str) -> Place:
        place = self.places.get(project_id)
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
        return RemoteHook(id=hook_id, url=wish.url, triggers=wish.triggers - self.unknown)
