"""How GitLab writes projects, people, labels, commits and changes, in all the versions seen."""

from __future__ import annotations

import functools
import re
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.events.git import Commit, email, first_line
from bot.model import Person, Project
from bot.payload import Payload

_VISIBILITY: Final = {0: "private", 10: "internal", 20: "public"}

#: Accounts that GitLab makes for access tokens and service accounts, and its own machines.
#: `ghost` is not among them: it stands for deleted people. Source: GitLab docs, "Project access
#: tokens > Bot users for projects", "Service accounts", "Internal users".
_BOT: Final = re.compile(
    r"(?:project|group)_\d+_bot\w*|service_account_\w+"
    r"|(?:alert|automation|migration|security|support|visual-review|suggested-reviewers)-bot\d*"
    r"|gitlab-admin-bot|gitlabduo|duo-[\w-]+",
    re.IGNORECASE,
)


def is_bot(username: str) -> bool:
    """By GitLab's own conventions; ordinary accounts that are machines are for rules to list."""
    return _BOT.fullmatch(username) is not None


def person(payload: Payload) -> Person | None:
    """A `user`, `assignees[*]` or `author` object; None when it names nobody."""
    username, name = payload.text_at("username"), payload.text_at("name")
    if not username and not name:
        return None
    return _person(username, name, payload["id"].id(), payload.text_at("email"))


#: The same few people write the commits of a push, and come again with the next.
@functools.lru_cache(maxsize=1024)
def _person(username: str, name: str, number: str, address: str) -> Person:
    return Person(
        username=username, name=name, id=number, bot=is_bot(username), email=email(address)
    )


def pusher(payload: Payload) -> Person | None:
    """Who pushed; system hooks leave out the user name."""
    username, name = payload.text_at("user_username"), payload.text_at("user_name")
    if not username and not name:
        return None
    return _person(username, name, payload["user_id"].id(), "")


def people(payload: Payload) -> tuple[Person, ...]:
    """Each person of a list once, in its order."""
    found = [one for one in map(person, payload) if one]
    return tuple({(one.id, one.username, one.name): one for one in found}.values())


def added(before: tuple[Person, ...], after: tuple[Person, ...]) -> tuple[Person, ...]:
    known = {one.username for one in before}
    return tuple(one for one in after if one.username not in known)


def commit_author(payload: Payload, *others: Person | None) -> Person | None:
    """The author of a commit, who has no user name; one of the others when the name is theirs."""
    author = person(payload)
    if author is not None:
        for one in others:
            if one and one.name == author.name:
                return one
    return author


def labels(payload: Payload) -> tuple[str, ...]:
    titles = [label["title"].text_or() for label in payload]
    return tuple(dict.fromkeys(title for title in titles if title))


def labels_of(body: Payload, attributes: Payload) -> tuple[str, ...] | None:
    """Of the subject; None when the body does not tell."""
    for place in (body["labels"], attributes["labels"]):
        if isinstance(place.value, list):
            return labels(place)
    return None


def project(body: Payload) -> Project | None:
    """The project of a hook, system hook or old job body; None when it names none."""
    inner, attributes, repository = body["project"], body["object_attributes"], body["repository"]
    url = inner.text_at("web_url") or inner.text_at("homepage") or repository.text_at("homepage")
    path = (
        inner.text_at("path_with_namespace")
        or body.text_at("project_path_with_namespace")
        or body.text_at("path_with_namespace")
        or _path_of(inner, repository, url or attributes.text_at("url"))
    )
    number = (
        inner["id"].id()
        or body["project_id"].id()
        or attributes["target_project_id"].id()
        or attributes["project_id"].id()
        # The oldest group hooks give no id at all: then the path must do as one.
        or path
    )
    if not number:
        return None
    return Project(
        id=number,
        path=path,
        url=url or _project_url(attributes.text_at("url")),
        default_branch=inner.text_at("default_branch"),
        visibility=_visibility(body, inner, repository),
    )


def _path_of(inner: Payload, repository: Payload, web_url: str) -> str:
    # Job bodies name their project only by the repository's addresses. The one for ssh is the
    # surest: a web address may have GitLab's own relative root before the path.
    for place in (inner["git_ssh_url"], repository["git_ssh_url"], repository["url"]):
        if path := _ssh_path(place.text_or()):
            return path
    return _web_path(web_url)


def _ssh_path(url: str) -> str:
    match = re.fullmatch(r"(?:ssh://[^/\s]+/|[^/@:\s]+@[^/:\s]+:)([^\s]+?)(?:\.git)?/?", url)
    return match[1] if match else ""


def _web_path(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    path = path.partition("/-/")[0].strip("/").removesuffix(".git")
    return "" if path.startswith("groups/") else path


def _project_url(url: str) -> str:
    base, mark, _rest = url.partition("/-/")
    return base if mark and "/groups/" not in base else ""


def group_path(url: str) -> str:
    """The group in an address of GitLab such as `…/groups/a/b/-/work_items/5`; else empty."""
    match = re.search(r"/groups/([^?#\s]+?)/-/", url)
    return unquote(match[1]) if match else ""


def _visibility(body: Payload, inner: Payload, repository: Payload) -> str:
    for place in (inner["visibility_level"], repository["visibility_level"]):
        if place.value is not None and (word := _VISIBILITY.get(place.int_or(-1))):
            return word
    word = inner.text_at("visibility") or body.text_at("project_visibility")
    # Membership hooks once sent the untranslated `visibilitylevel|private`.
    word = word.rpartition("|")[2].lower()
    return word if word in _VISIBILITY.values() else ""


def change(body: Payload, key: str) -> tuple[Payload, Payload] | None:
    """What a member was and became; None when it did not change. Before GitLab 11 a change was a
    list of two, since then an object."""
    both = body["changes"][key]
    if isinstance(both.value, list):
        pair = list(both)
        return (pair[0], pair[1]) if len(pair) == 2 else None
    if not isinstance(both.value, dict) or not both.value:
        return None
    return both["previous"], both["current"]


def commit(payload: Payload, *others: Person | None) -> Commit | None:
    """A commit object; `others` are people its author may turn out to be."""
    sha = payload.text_at("id") or payload.text_at("sha")
    if not sha:
        return None
    return Commit(
        sha=sha,
        title=first_line(payload.text_at("title") or payload.text_at("message")),
        url=payload.text_at("url"),
        author=commit_author(payload["author"], *others),
    )


def iid_in(url: str) -> int | None:
    """The number at the end of the address of an issue or merge request."""
    match = re.search(r"/(?:merge_requests|issues|work_items|epics|incident)/(\d{1,12})\b", url)
    return int(match[1]) if match else None
