"""What rules do at GitHub: comments and runs of workflows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from bot.errors import ContentRefused, TargetRefused
from bot.forges.github_client import PAGE, GithubClient
from bot.forges.github_places import place
from bot.forges.markdown import hidden, render
from bot.model import Person
from bot.outside import Receipt
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.forges.github_client import Api
    from bot.message import Text
    from bot.model import Call

_COMMENTS: Final = "`repo` (fine-grained: Issues and Pull requests, read and write)"
_ACTIONS: Final = "`repo` (fine-grained: Actions, read and write)"
_RIGHTS: Final = "write"
#: Pages of comments, from the last: ours is among the latest.
_LOOKED_AT: Final = 2
#: Clocks of two machines may differ.
_SKEW: Final = timedelta(seconds=30)
#: Looks for a run that an older server started without telling its number, a second apart.
_LOOKS: Final = 5


class GithubCalls(GithubClient):
    """Implements ForgeCalls."""

    async def account(self) -> Person:
        what = self.attempt("the token's user", writes=False)
        return await self.call(what, _user)

    async def comment(self, call: Call, body: Text, *, key: str, note: str | None) -> Receipt:
        if call.data.get("internal"):
            raise ContentRefused(
                "GitHub has no internal comments, and this would tell something confidential",
                code="internal",
            )
        text = f"{render(body)}\n\n{hidden(key)}"
        if note is not None:
            try:
                return await self._edit(call, note, text)
            except TargetRefused as error:
                if error.code != "404":  # somebody deleted it
                    raise
        return await self._create(call, text)

    async def find_comment(self, call: Call, *, key: str) -> Receipt | None:
        what = self.attempt(f"comments of {_said(call)}", writes=False, scope=_COMMENTS)
        return await self.read(
            what, lambda api: _latest(api, call), lambda rows: _found(rows, hidden(key))
        )

    async def pipeline(self, call: Call, *, key: str) -> Receipt:  # noqa: ARG002 - a workflow takes only the inputs it declares
        began = datetime.now(UTC) - _SKEW
        workflow = await self._workflow(call)
        path = f"{_workflow_place(call, workflow)}/dispatches"
        sent = {"ref": call.data["ref"], "inputs": dict(call.data["variables"])}
        what = self._run_attempt(call, workflow, writes=True)
        try:
            made: Any = await self.call(
                what, lambda api: api.post(path, None, data={**sent, "return_run_details": True})
            )
        except ContentRefused as error:
            if "return_run_details" not in str(error):
                raise
            # An older server does not know how to tell which run it was.
            made = await self.call(what, lambda api: api.post(path, None, data=sent))
        if isinstance(made, dict) and made.get("workflow_run_id"):
            return Receipt(
                id=str(made["workflow_run_id"]),
                url=str(made.get("html_url") or ""),
                status="queued",
            )
        return await self._appeared(call, since=began)

    async def find_pipelines(self, call: Call, *, key: str, since: datetime) -> tuple[Receipt, ...]:  # noqa: ARG002 - see pipeline
        workflow = await self._workflow(call)
        who = (await self.account()).username
        branch = str(call.data["ref"]).removeprefix("refs/heads/").removeprefix("refs/tags/")
        query = {
            "event": "workflow_dispatch",
            "actor": who,
            "branch": branch,
            "created": f">={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "per_page": "20",
        }
        path = f"{_workflow_place(call, workflow)}/runs?{urlencode(query)}"
        what = self._run_attempt(call, workflow, writes=False)
        return await self.read(
            what, lambda api: api.getitem(path, None), lambda found: _runs(found, since)
        )

    async def _appeared(self, call: Call, *, since: datetime) -> Receipt:
        """Its number and address are missing when it does not show."""
        for look in range(_LOOKS):
            found = await self.find_pipelines(call, key="", since=since)
            if found:
                return found[0]
            if look + 1 < _LOOKS:
                await asyncio.sleep(1)
        return Receipt(id="", status="queued")

    async def _workflow(self, call: Call) -> str:
        """The one the rule names, else the only one there is."""
        named = str(call.data.get("workflow") or "")
        if named:
            return named
        what = self.attempt(f"the workflows of {_said(call)}", writes=False, scope=_ACTIONS)
        path = f"{place(call.project_id)}/actions/workflows?per_page={PAGE}"
        names = await self.read(what, lambda api: api.getitem(path, None), _workflows)
        if len(names) != 1:
            known = f" ({', '.join(names[:10])})" if names else ""
            raise ContentRefused(
                f"{_said(call)} has {len(names)} workflows{known}: the rule must name the file of"
                " one, `pipeline: {workflow: ci.yml, …}`",
                code="workflow",
            )
        return names[0]

    def _run_attempt(self, call: Call, workflow: str, *, writes: bool) -> Any:
        return self.attempt(
            f"workflow {workflow} of {_said(call)}", writes=writes, scope=_ACTIONS, role=_RIGHTS
        )

    async def _create(self, call: Call, text: str) -> Receipt:
        what = self.attempt(
            f"a comment on {_said(call)}", writes=True, scope=_COMMENTS, role=_RIGHTS
        )
        path = _comments(call)
        return await self.read(
            what, lambda api: api.post(path, None, data={"body": text}), _receipt
        )

    async def _edit(self, call: Call, note: str, text: str) -> Receipt:
        what = self.attempt(
            f"comment {note} on {_said(call)}", writes=True, scope=_COMMENTS, role=_RIGHTS
        )
        kind = "comments" if call.data["kind"] == "commit" else "issues/comments"
        path = f"{place(call.project_id)}/{kind}/{int(note)}"
        return await self.read(
            what, lambda api: api.patch(path, None, data={"body": text}), _receipt
        )


async def _latest(api: Api, call: Call) -> list[Mapping[str, Any]]:
    """The last pages: GitHub lists comments from the oldest, and an issue tells how many."""
    path = _comments(call)
    if call.data["kind"] == "commit":
        return await api.pages(path)
    issue = await api.getitem(path.removesuffix("/comments"), None)
    last = max(1, -(-int(issue.get("comments") or 0) // PAGE))
    found: list[Mapping[str, Any]] = []
    # One more: somebody may have written since.
    for page in range(max(1, last + 1 - _LOOKED_AT), last + 2):
        found += await api.getitem(f"{path}?per_page={PAGE}&page={page}", None)
    return found


def _comments(call: Call) -> str:
    ident = quote(str(call.data["ident"]), safe="")
    # A pull request is an issue too.
    kind = "commits" if call.data["kind"] == "commit" else "issues"
    return f"{place(call.project_id)}/{kind}/{ident}/comments"


def _workflow_place(call: Call, workflow: str) -> str:
    return f"{place(call.project_id)}/actions/workflows/{quote(workflow, safe='')}"


def _found(rows: Sequence[Mapping[str, Any]], mark: str) -> Receipt | None:
    """The last comment that holds it."""
    marked = (row for row in reversed(rows) if mark in str(row.get("body") or ""))
    return next(map(_receipt, marked), None)


def _runs(found: Mapping[str, Any], since: datetime) -> tuple[Receipt, ...]:
    return tuple(
        Receipt(
            id=str(run["id"]),
            url=str(run.get("html_url") or ""),
            status=str(run.get("status") or ""),
        )
        for run in found.get("workflow_runs") or ()
        if (at := parse_time(run.get("created_at"))) is not None and at >= since
    )


def _workflows(found: Mapping[str, Any]) -> list[str]:
    """The files of those that are on."""
    return [
        str(one["path"]).rpartition("/")[2]
        for one in found.get("workflows") or ()
        if one.get("state") == "active"
    ]


def _receipt(made: Mapping[str, Any]) -> Receipt:
    return Receipt(id=str(made["id"]), url=str(made.get("html_url") or ""))


def _said(call: Call) -> str:
    return f"{call.data['project']}"


async def _user(api: Api) -> Person:
    found: Any = await api.getitem("/user", None)
    return Person(
        username=str(found["login"]),
        name=str(found.get("name") or ""),
        id=str(found["id"]),
        bot=found.get("type") == "Bot",
    )
