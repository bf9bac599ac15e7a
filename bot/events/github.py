"""How GitHub writes repositories, people, labels and commits.

Source: GitHub's "Webhook events and payloads" page, and its OpenAPI description (read 2026-11).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.events.git import Commit, email, first_line
from bot.model import Person, Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.payload import Payload

#: GitHub's own machines, which are ordinary users to it.
_MACHINES: Final = frozenset({"web-flow", "github-merge-queue", "actions-user"})


def person(payload: Payload) -> Person | None:
    """A `sender`, `user` or `assignee` object; None when it names nobody. GitHub shows no names
    of people, only of the authors of commits."""
    login = payload["login"].text_or()
    if not login:
        return None
    name = payload["name"].text_or()
    return Person(username=login, name=name, id=payload["id"].id(), bot=_is_bot(payload, login))


def _is_bot(payload: Payload, login: str) -> bool:
    kind = payload["type"].text_or()
    return kind == "Bot" or login.endswith("[bot]") or login.lower() in _MACHINES


def actor(body: Payload) -> Person | None:
    return person(body["sender"])


def people(payload: Payload) -> tuple[Person, ...]:
    """Each person of a list once, in its order."""
    found = [one for one in map(person, payload) if one]
    return tuple({one.username: one for one in found}.values())


def commit_author(payload: Payload, *others: Person | None) -> Person | None:
    """Of a commit: `username` is missing when the e-mail address belongs to no account."""
    name = payload["name"].text_or()
    login = payload["username"].text_or() or _login_of(payload["email"].text_or())
    if not name and not login:
        return None
    address = email(payload.text_at("email"))
    for one in others:
        if one and login and one.username == login:
            return replace(one, name=name or one.name, email=address)
    return Person(username=login, name=name, bot=login.endswith("[bot]"), email=address)


#: Of those who hide their address, on commits: with their number, or of old without.
_HIDDEN: Final = re.compile(
    r"(?:\d+\+)?([A-Za-z0-9-]{1,39}(?:\[bot\])?)@users\.noreply\.github\.com"
)


def _login_of(email: str) -> str:
    """Runs of workflows name the author of their commit by nothing but name and address."""
    found = _HIDDEN.fullmatch(email)
    return found[1] if found else ""


def commit(payload: Payload, *others: Person | None) -> Commit | None:
    """A commit of a push, or `head_commit` of a workflow's run."""
    sha = payload.text_at("id") or payload.text_at("sha")
    if not sha:
        return None
    return Commit(
        sha=sha,
        title=first_line(payload.text_at("message")),
        url=payload.text_at("url"),
        author=commit_author(payload["author"], *others),
    )


def labels(payload: Payload) -> tuple[str, ...] | None:
    """Names of a list of labels; None when there is no list."""
    if not isinstance(payload.value, list):
        return None
    return tuple(dict.fromkeys(name for one in payload if (name := one["name"].text_or())))


def project(body: Payload) -> Project | None:
    """The repository; None for events of an organization, an account or an installation."""
    return repository(body["repository"])


def repository(place: Payload) -> Project | None:
    """A `repository`, `forkee` or `new_repository` object."""
    number, path = place["id"].id(), place["full_name"].text_or()
    if not number and not path:
        return None
    private = place["private"].bool_or(None)
    return Project(
        id=number or path,
        path=path,
        # Pushes of old put the page's address under `url` too, where others have the API's.
        url=place["html_url"].text_or(),
        default_branch=place["default_branch"].text_or(),
        visibility=place["visibility"].text_or() or _VISIBILITY.get(private, ""),
    )


def names_private(payload: Payload, *others: Payload) -> bool:
    """Whether one of the other repositories that a body names is not for all who see its own."""
    own = payload["repository"]["private"].bool_or(None)
    return own is not True and any(one["private"].bool_or() for one in others)


_VISIBILITY: Final = {True: "private", False: "public"}


def organization(body: Payload) -> str:
    """The group of events without a repository: an organization, or the account of an
    installation."""
    places = (
        body["organization"],
        body["team"]["organization"],
        body["installation"]["account"],
    )
    return next((login for one in places if (login := one["login"].text_or())), "")


#: Older events that tell what a newer one tells too: a hook needs only the newer. Where both
#: arrive the older has a name of its own (`star.echoed`), so that nothing is said twice; of the
#: last one alone GitHub has stopped the deliveries, its servers of old have not.
ECHOES: Final[Mapping[str, str]] = {
    "watch": "star",
    "team_add": "team",
    "public": "repository",
    "registry_package": "package",
    "repository_vulnerability_alert": "dependabot_alert",
}

#: Events that are confidential whatever they say: nobody else hears of them.
CONFIDENTIAL: Final = frozenset(
    {"secret_scanning_alert", "secret_scanning_alert_location", "secret_scanning_scan"}
)
