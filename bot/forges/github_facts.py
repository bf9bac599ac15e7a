"""What GitHub's API knows and its hooks do not tell: one call for each group of fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gidgethub import BadRequest

from bot.events.git import in_url
from bot.forges.github_client import GithubClient
from bot.forges.github_places import place
from bot.model import Person

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.forges.github_client import Api
    from bot.model import Event, Value

#: Files that GitHub lists of a pull request at most, and of a comparison.
FILES_LIMIT: Final = 3000
COMPARED_LIMIT: Final = 300
#: In the words of both forges: the same rule serves them.
ROLES: Final[Mapping[str, str]] = {
    "admin": "owner",
    "maintain": "maintainer",
    "write": "developer",
    "triage": "reporter",
    "read": "guest",
}
#: What a review says of the whole; a mere comment leaves an earlier verdict standing.
_VERDICTS: Final = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
_SCOPE: Final = "`repo` (fine-grained: Pull requests, Contents and Administration, read)"

_Found = Mapping[str, "Value | None"]


class GithubFacts(GithubClient):
    """Implements ForgeFacts."""

    async def fetch(self, event: Event, names: frozenset[str]) -> Mapping[str, Value | None]:
        if event.project is None:
            return {}
        what = self.attempt(f"repository {event.project.path}", writes=False, scope=_SCOPE)
        return await self.call(what, lambda api: _Question(api, event).answer(names))


class _Question:
    """One event's; GitHub's errors are its caller's."""

    def __init__(self, api: Api, event: Event) -> None:
        self._api = api
        self._event = event
        self._base = place(event.project.id if event.project else "")

    async def answer(self, names: frozenset[str]) -> _Found:
        """Fields that are only known in part are left out."""
        found: dict[str, Value | None] = {}
        for group, ask in self._groups(names):
            wanted = names & group
            if wanted:
                found |= {name: value for name, value in (await ask()).items() if name in wanted}
        return found

    def _groups(
        self, names: frozenset[str]
    ) -> tuple[tuple[frozenset[str], Callable[[], Awaitable[_Found]]], ...]:
        async def changed() -> _Found:
            return await self._changed(with_paths="paths" in names)

        return (
            (frozenset({"actor_role"}), self._role),
            (frozenset({"author", "milestone"}), self._attributes),
            (frozenset({"approvals"}), self._approvals),
            (frozenset({"approvals_required"}), self._required),
            (
                frozenset({"paths", "additions", "deletions", "changed_files"}),
                self._compared if self._event.kind == "push" else changed,
            ),
        )

    async def _get(self, path: str) -> Any:  # GitHub's JSON
        return await self._api.getitem(self._base + path, None)

    def _number(self, *kinds: str) -> object | None:
        """Of the pull request or issue that it is about; None for what has none."""
        fields = self._event.fields
        kind = fields.get("on_type") or self._event.kind
        return fields.get("iid") if kind in kinds else None

    # -- the groups --------------------------------------------------------------------------

    async def _role(self) -> _Found:
        """None for a machine, and for one whom the repository does not know."""
        actor = self._event.actor
        if actor is None or actor.bot:
            return {"actor_role": None}
        try:
            found = await self._get(f"/collaborators/{in_url(actor.username, safe='')}/permission")
        except BadRequest as error:
            if error.status_code != 404 or "not a user" not in str(error).lower():
                raise
            return {"actor_role": None}
        # Roles of an organization's own making are based on one of these.
        role = ROLES.get(str(found.get("role_name"))) or ROLES.get(str(found.get("permission")))
        return {"actor_role": role}

    async def _attributes(self) -> _Found:
        number = self._number("mr", "issue")
        if number is None:
            return {"author": None, "milestone": None}
        found = await self._get(f"/issues/{number}")
        milestone = found.get("milestone") or {}
        return {"author": _person(found.get("user")), "milestone": milestone.get("title")}

    async def _approvals(self) -> _Found:
        number = self._number("mr")
        if number is None:
            return {"approvals": None}
        last: dict[str, str] = {}
        for review in await self._api.pages(f"{self._base}/pulls/{number}/reviews"):
            state = str(review.get("state") or "").upper()
            if state in _VERDICTS:
                last[str((review.get("user") or {}).get("login"))] = state
        return {"approvals": sum(state == "APPROVED" for state in last.values())}

    async def _required(self) -> _Found:
        """By rulesets, which everybody may read; the older protection of branches only admins."""
        branch = self._event.fields.get("target")
        if not isinstance(branch, str) or self._number("mr") is None:
            return {"approvals_required": None}
        named = in_url(branch, safe="")
        wanted = [
            int(rule["parameters"]["required_approving_review_count"])
            for rule in await self._api.pages(f"{self._base}/rules/branches/{named}")
            if rule.get("type") == "pull_request"
        ]
        try:
            reviews = f"/branches/{named}/protection/required_pull_request_reviews"
            older = await self._get(reviews)
        except BadRequest as error:
            if error.status_code != 404 or "not protected" not in str(error).lower():
                return {"approvals_required": max(wanted)} if wanted else {}
        else:
            wanted.append(int(older.get("required_approving_review_count") or 0))
        return {"approvals_required": max(wanted, default=0)}

    async def _changed(self, *, with_paths: bool) -> _Found:
        """Of a pull request."""
        number = self._number("mr")
        if number is None:
            return {"paths": None, "additions": None, "deletions": None, "changed_files": None}
        pull = await self._get(f"/pulls/{number}")
        known: dict[str, Value | None] = {
            name: pull[name] for name in ("additions", "deletions", "changed_files") if name in pull
        }
        if with_paths and int(pull["changed_files"]) <= FILES_LIMIT:
            files = await self._api.pages(f"{self._base}/pulls/{number}/files")
            known["paths"] = _paths(files)
        return known

    async def _compared(self) -> _Found:
        """Of a push. A new branch is compared with the default branch."""
        body, project = self._event.payload, self._event.project
        before, after = str(body.get("before", "")), str(body.get("after", ""))
        if not before.strip("0"):
            before = project.default_branch if project is not None else ""
            if not before or before == self._event.fields.get("branch"):
                return {}
        path = f"/compare/{in_url(before, safe='')}...{in_url(after, safe='')}"
        files = (await self._get(path)).get("files") or ()
        return {"paths": _paths(files)} if len(files) < COMPARED_LIMIT else {}


def _person(raw: Mapping[str, Any] | None) -> Person | None:
    if not raw or not raw.get("login"):
        return None
    return Person(
        username=str(raw["login"]), id=str(raw.get("id") or ""), bot=raw.get("type") == "Bot"
    )


def _paths(files: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Both names of what was renamed."""
    both = (str(file.get(key) or "") for file in files for key in ("filename", "previous_filename"))
    return tuple(dict.fromkeys(path for path in both if path))
