"""What rules do at GitLab: notes and pipelines."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.errors import TargetRefused
from bot.forges.gitlab_client import NO_WAITING, GitlabClient
from bot.forges.markdown import hidden, render
from bot.model import Person
from bot.outside import Receipt
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitlab import Gitlab

    from bot.message import Text
    from bot.model import Call

#: Tells our pipelines; set beside a rule's own variables, because some projects allow none.
MARKER: Final = "CHATOPS_BOT_ACTION"
#: Enough to write notes and to start pipelines of branches that are not protected.
_ROLE: Final = "Developer or more"
#: Of notes, newest first: ours is among the latest.
_LOOKED_AT: Final = 100


class GitlabCalls(GitlabClient):
    """Implements ForgeCalls."""

    async def account(self) -> Person:
        attempt = self.attempt("the token's user", writes=False)
        # Read inside the call: what is no user is an answer that is not GitLab's.
        return await self.call(attempt, lambda gl: _user(gl.http_get("/user", **NO_WAITING)))

    async def comment(self, call: Call, body: Text, *, key: str, note: str | None) -> Receipt:
        text = f"{render(body)}\n\n{hidden(key)}"
        if note is not None:
            try:
                return await self._edit(call, note, text)
            except TargetRefused as error:
                if error.code != "404":  # somebody deleted it
                    raise
        return await self._create(call, text)

    async def find_comment(self, call: Call, *, key: str) -> Receipt | None:
        attempt = self.attempt(f"notes of {_said(call)}", writes=False)
        query: dict[str, Any] = {"per_page": _LOOKED_AT, "order_by": "created_at", "sort": "desc"}
        if call.data["kind"] == "commit":
            query = {"per_page": _LOOKED_AT}
        return await self.read(
            attempt,
            lambda gl: gl.http_get(_place(call), query, obey_rate_limit=False),
            lambda found: _found(found, hidden(key)),
        )

    async def pipeline(self, call: Call, *, key: str) -> Receipt:
        attempt = self.attempt(f"a pipeline of {_said(call)}", writes=True, role=_ROLE)
        variables = dict(call.data["variables"])
        if variables:
            variables[MARKER] = key
        sent = {
            "ref": call.data["ref"],
            "variables": [{"key": name, "value": value} for name, value in variables.items()],
        }
        path = f"/projects/{call.project_id}/pipeline"
        return await self.read(
            attempt,
            lambda gl: gl.http_post(path, post_data=sent, obey_rate_limit=False),
            _pipeline,
        )

    async def find_pipelines(self, call: Call, *, key: str, since: datetime) -> tuple[Receipt, ...]:
        who = (await self.account()).username
        attempt = self.attempt(f"the pipelines of {_said(call)}", writes=False)
        return await self.call(attempt, lambda gl: _pipelines(gl, call, who, key, since))

    async def _create(self, call: Call, text: str) -> Receipt:
        attempt = self.attempt(f"a note on {_said(call)}", writes=True, role=_ROLE)
        sent: dict[str, Any] = {"body": text}
        if call.data["internal"]:
            sent["internal"] = True
        return await self.read(
            attempt,
            lambda gl: gl.http_post(_place(call), post_data=sent, obey_rate_limit=False),
            lambda made: Receipt(id=_id(made)),
        )

    async def _edit(self, call: Call, note: str, text: str) -> Receipt:
        attempt = self.attempt(f"note {note} on {_said(call)}", writes=True, role=_ROLE)
        above, slash, number = note.rpartition("/")
        path = f"{_place(call)}/{above}/notes/{number}" if slash else f"{_place(call)}/{note}"
        await self.call(
            attempt, lambda gl: gl.http_put(path, post_data={"body": text}, obey_rate_limit=False)
        )
        return Receipt(id=note)


def _found(rows: Sequence[Mapping[str, Any]], mark: str) -> Receipt | None:
    """The note that holds it."""
    marked = (made for made in rows if mark in str(_note(made).get("body") or ""))
    return next((Receipt(id=_id(made)) for made in marked), None)


def _place(call: Call) -> str:
    ident = quote(str(call.data["ident"]), safe="")
    return f"/projects/{call.project_id}/{_PLACES[call.data['kind']].format(ident)}"


_PLACES: Final[Mapping[str, str]] = {
    "mr": "merge_requests/{}/notes",
    "issue": "issues/{}/notes",
    # Plain comments of commits have no id.
    "commit": "repository/commits/{}/discussions",
}


def _said(call: Call) -> str:
    return f"{call.data['project']}"


def _note(made: Mapping[str, Any]) -> Mapping[str, Any]:
    """The note itself, or the first of a discussion."""
    notes = made.get("notes")
    return notes[0] if notes else made


def _id(made: Mapping[str, Any]) -> str:
    return f"{made['id']}/{_note(made)['id']}" if made.get("notes") else str(made["id"])


def _pipeline(made: Mapping[str, Any]) -> Receipt:
    return Receipt(
        id=str(made["id"]),
        url=str(made.get("web_url") or ""),
        status=str(made.get("status") or ""),
    )


def _pipelines(
    gitlab: Gitlab, call: Call, who: str, key: str, since: datetime
) -> tuple[Receipt, ...]:
    """In a thread: with variables those that hold our mark, else those of our user since then."""
    base = f"/projects/{call.project_id}/pipelines"
    query: dict[str, Any] = {
        "ref": call.data["ref"],
        "source": "api",
        "username": who,
        "per_page": 20,
    }
    listed: Any = gitlab.http_get(base, query, obey_rate_limit=False)
    found: list[Receipt] = []
    for made in listed:
        at = parse_time(made.get("created_at"))
        if at is None or at < since:
            continue
        if call.data["variables"]:
            held: Any = gitlab.http_get(f"{base}/{made['id']}/variables", obey_rate_limit=False)
            if not any(one["key"] == MARKER and one["value"] == key for one in held):
                continue
        found.append(_pipeline(made))
    return tuple(found)


def _user(found: Any) -> Person:  # GitLab's JSON
    return Person(
        username=str(found["username"]),
        name=str(found.get("name") or ""),
        id=str(found["id"]),
        bot=found.get("bot") is True,
    )
