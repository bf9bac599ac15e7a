"""Push deliveries of GitLab's form, 12 kB each, as ready-made HTTP requests."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.events.samples import sample

SECRET: Final = "a-secret-for-hooks-made-by-hand"  # noqa: S105 - of a bot on this machine alone
SIZE: Final = 12_000
_PLACE: Final = b"@@@@@@@@"


class Requests:
    """One request after the other; each has a key, a branch and a body of its own.

    Project `n` posts to the channel that the rules give it; `projects` take turns.
    """

    def __init__(self, host: str, *, projects: int = 40, size: int = SIZE, run: str = "0") -> None:
        self._host = host
        self._run = run
        self._bodies = [_body(number, size) for number in range(projects)]
        self.made = 0

    def next(self, project: int | None = None) -> bytes:
        number = self.made
        self.made += 1
        body = self._bodies[number % len(self._bodies) if project is None else project]
        return (
            b"POST /hooks/gitlab HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\n"
            b"User-Agent: GitLab/17.4.0\r\nX-Gitlab-Event: Push Hook\r\n"
            b"X-Gitlab-Instance: https://gitlab.com\r\n"
            b"X-Gitlab-Webhook-UUID: 0b0b0b0b-0000-4000-8000-%012d\r\n"
            b"X-Gitlab-Event-UUID: 0c0c0c0c-0000-4000-8000-%012d\r\n"
            b"X-Gitlab-Token: %b\r\nIdempotency-Key: %b-%d\r\nContent-Length: %d\r\n\r\n%b"
            % (
                self._host.encode(),
                number,
                number,
                SECRET.encode(),
                self._run.encode(),
                number,
                len(body),
                body.replace(_PLACE, b"%08d" % number),
            )
        )


def _body(project: int, size: int) -> bytes:
    _, raw = sample("push")
    body: dict[str, Any] = json.loads(raw)
    body["ref"] = f"refs/heads/number-{_PLACE.decode()}-"
    body["project_id"] = body["project"]["id"] = 1000 + project
    text = json.dumps(body).replace("shop/api", f"shop/api-{project}")
    body = json.loads(text)
    commits = list(body["commits"])
    while len(json.dumps(body)) < size - 600:
        number = len(body["commits"])
        commit = json.loads(json.dumps(commits[number % len(commits)]))
        commit["id"] = f"{number * 7_919_191_919:040x}"[:40]
        commit["title"] = f"Change number {number} of the {project}th project"
        commit["message"] = commit["title"] + "\n\nIt says why, too, in a sentence or two.\n"
        commit["modified"] = [f"source/part_{number}/file_{index}.py" for index in range(6)]
        body["commits"].append(commit)
    body["total_commits_count"] = len(body["commits"])
    return json.dumps(body).encode().ljust(size)


def rules(projects: int = 40, channels: int = 20) -> str:
    """Each project's pushes go to one channel."""
    lines = ["version: 1", "rules:"]
    for number in range(projects):
        lines += [
            f"  - name: pushes of {number}",
            "    on: push",
            f"    project: shop/api-{number}",
            f'    post: "#c{number % channels}"',
        ]
    return "\n".join(lines) + "\n"
