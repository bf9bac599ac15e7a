"""What GitLab's API knows and its hooks do not tell: one call for each group of fields."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gitlab.exceptions import GitlabHttpError

from bot.events.gitlab import is_bot
from bot.forges.gitlab_client import NO_WAITING, GitlabClient
from bot.model import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitlab import Gitlab

    from bot.model import Event, Value

#: Files of a difference that are read; beyond them it counts as cut.
FILES_LIMIT: Final = 3000
#: Discussions of a merge request that are read; of more the open ones are not counted.
THREADS_LIMIT: Final = 300
_PAGE: Final = 100
_NOT_FOUND: Final = 404

#: Source: GitLab docs, "Members API > Roles" (read 2026-11).
ROLES: Final[Mapping[int, str]] = {
    5: "minimal",
    10: "guest",
    15: "planner",
    20: "reporter",
    25: "security_manager",
    30: "developer",
    40: "maintainer",
    50: "owner",
}


class GitlabFacts(GitlabClient):
    """Implements ForgeFacts."""

    async def fetch(self, event: Event, names: frozenset[str]) -> Mapping[str, Value | None]:
        if event.project is None:
            return {}
        attempt = self.attempt(f"project {event.project.path}", writes=False)
        return await self.call(attempt, lambda gl: _Question(gl, event).answer(names))


class _Question:
    """Runs in a thread; the SDK's errors are its caller's."""

    def __init__(self, gitlab: Gitlab, event: Event) -> None:
        self._gitlab = gitlab
        self._event = event
        self._project = f"/projects/{event.project.id if event.project else ''}"
        self._subject: dict[str, Any] | None = None

    def answer(self, names: frozenset[str]) -> Mapping[str, Value | None]:
        """Fields that are only known in part are left out."""
        found: dict[str, Value | None] = {}
        for group, ask in self._groups():
            wanted = names & group
            if wanted:
                found |= {name: value for name, value in ask().items() if name in wanted}
        return found

    def _groups(
        self,
    ) -> tuple[tuple[frozenset[str], Callable[[], Mapping[str, Value | None]]], ...]:
        changed = self._compared if self._event.kind == "push" else self._changed
        return (
            (frozenset({"actor_role"}), self._role),
            (frozenset({"author", "milestone", "changed_files"}), self._attributes),
            (frozenset({"approvals", "approvals_required"}), self._approvals),
            (frozenset({"open_threads"}), self._threads),
            (frozenset({"paths", "additions", "deletions"}), changed),
        )

    def _get(self, path: str, **query: str) -> Any:  # GitLab's JSON
        return self._gitlab.http_get(self._project + path, query, **NO_WAITING)

    def _place(self) -> str | None:
        """The API's path of the merge request or issue; None for what has none."""
        fields = self._event.fields
        kind = fields.get("on_type") or self._event.kind
        iid = fields.get("iid")
        if iid is None or kind not in _PLACES or self._event.fields.get("type") == "epic":
            return None
        return f"/{_PLACES[str(kind)]}/{iid}"

    def _read(self) -> Mapping[str, Any]:
        if self._subject is None:
            place = self._place()
            self._subject = dict(self._get(place)) if place is not None else {}
        return self._subject

    # -- the groups --------------------------------------------------------------------------

    def _role(self) -> Mapping[str, Value | None]:
        """None for one who is no member, or whose membership is not in force."""
        actor = self._event.actor
        if actor is None or not actor.id.isdecimal():
            return {"actor_role": None}
        try:
            member = self._get(f"/members/all/{actor.id}")
        except GitlabHttpError as error:
            if error.response_code != _NOT_FOUND or "project" in str(error.error_message).lower():
                raise
            return {"actor_role": None}
        if member.get("state", "active") != "active":
            return {"actor_role": None}
        return {"actor_role": ROLES.get(member.get("access_level"))}

    def _attributes(self) -> Mapping[str, Value | None]:
        found = self._read()
        milestone = found.get("milestone") or {}
        known: dict[str, Value | None] = {
            "author": _person(found.get("author")),
            "milestone": milestone.get("title"),
        }
        # `1000+` of a large one.
        count = str(found.get("changes_count") or "")
        return {**known, "changed_files": int(count)} if count.isdecimal() else known

    def _approvals(self) -> Mapping[str, Value | None]:
        place = self._place()
        if place is None:
            return {"approvals": None, "approvals_required": None}
        found = self._get(f"{place}/approvals")
        return {
            "approvals": len(found.get("approved_by") or ()),
            "approvals_required": found.get("approvals_required"),
        }

    def _changed(self) -> Mapping[str, Value | None]:
        """Of a merge request. GitLab cuts large differences and says so in `changes_count`."""
        place = self._place()
        if place is None:
            return {"paths": None, "additions": None, "deletions": None}
        count = str(self._read().get("changes_count") or "")
        files = list(self._listed(f"{place}/diffs", FILES_LIMIT))
        if not count.isdecimal() or len(files) < int(count):
            return {}
        known: dict[str, Value | None] = {"paths": _paths(files)}
        if any(file.get("collapsed") or file.get("too_large") for file in files):
            whole = self._get(f"{place}/changes", access_raw_diffs="true")
            if whole.get("overflow"):
                return known
            files = list(whole["changes"])
        return {**known, **_lines(files)}

    def _threads(self) -> Mapping[str, Value | None]:
        """Of a merge request: how many are open, internal ones left out."""
        place = self._place()
        if place is None or not place.startswith("/merge_requests/"):
            return {"open_threads": None}
        found = list(self._listed(f"{place}/discussions", THREADS_LIMIT + 1))
        if len(found) > THREADS_LIMIT:
            return {}
        return {"open_threads": sum(_is_open(thread.get("notes") or ()) for thread in found)}

    def _listed(self, path: str, limit: int) -> Iterator[Mapping[str, Any]]:
        found: Any = self._gitlab.http_list(
            self._project + path, {"per_page": _PAGE}, iterator=True, **NO_WAITING
        )
        return islice(found, limit)

    def _compared(self) -> Mapping[str, Value | None]:
        """Of a push. A new branch is compared with the default branch."""
        body, project = self._event.payload, self._event.project
        before, after = str(body.get("before", "")), str(body.get("after", ""))
        if not before.strip("0"):
            before = project.default_branch if project is not None else ""
            if not before or before == self._event.fields.get("branch"):
                return {}
        found = self._get("/repository/compare", **{"from": before, "to": after})
        if found.get("compare_timeout"):
            return {}
        return {"paths": _paths(found.get("diffs") or ())}


_PLACES: Final = {"mr": "merge_requests", "issue": "issues"}


def _person(raw: Mapping[str, Any] | None) -> Person | None:
    if not raw or not raw.get("username"):
        return None
    name = str(raw["username"])
    return Person(
        username=name,
        name=str(raw.get("name") or ""),
        id=str(raw.get("id") or ""),
        bot=is_bot(name),
    )


def _is_open(notes: Sequence[Mapping[str, Any]]) -> bool:
    """By its first note that can be resolved. An internal one must not show, not even as a
    number."""
    public = (note for note in notes if not (note.get("internal") or note.get("confidential")))
    first = next((note for note in public if note.get("resolvable")), None)
    return first is not None and not first.get("resolved")


def _paths(files: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Both names of what was renamed."""
    both = (str(file.get(key) or "") for file in files for key in ("new_path", "old_path"))
    return tuple(dict.fromkeys(path for path in both if path))


def _lines(files: Iterable[Mapping[str, Any]]) -> dict[str, Value | None]:
    added = removed = 0
    for file in files:
        # What stands before the first hunk is the file's head, which begins with +++ and ---.
        _head, _mark, hunks = f"\n{file.get('diff') or ''}".partition("\n@@")
        added += hunks.count("\n+")
        removed += hunks.count("\n-")
    return {"additions": added, "deletions": removed}
