"""Reads GitHub's pushes, to branches and of tags.

A branch or tag that is created or deleted is told twice, by `push` and by `create` or `delete`. The
push names it (`branch.created`, `tag`, …), because only it knows the commit, and who moved what
from where; the other is `ref.created` or `ref.deleted`: see events/ref.py.

Source: GitHub's "Webhook events and payloads" page, and its OpenAPI description (read 2026-11).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.events import git, github
from bot.events.git import in_url
from bot.events.push import subject as push_subject
from bot.events.push.subject import Push
from bot.events.tag import subject as tag_subject
from bot.events.tag.subject import Tag
from bot.model import Person

if TYPE_CHECKING:
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source

_TAGS = "refs/tags/"


def from_github(source: Source, payload: Payload) -> Event | None:
    project, actor = github.project(payload), _pusher(payload)
    ref = payload["ref"].text()
    base = project.url if project else ""
    if ref.startswith(_TAGS):
        tag = _tag(payload, ref.removeprefix(_TAGS), base)
        return tag_subject.make(source, payload, tag, project=project, actor=actor)
    push = _branch(payload, ref.removeprefix("refs/heads/"), actor, base)
    return push_subject.make(source, payload, push, project=project, actor=actor)


def _pusher(payload: Payload) -> Person | None:
    """Who pushed; `pusher` knows their name, and is all there is of a deploy key."""
    sender, name = github.actor(payload), payload["pusher"]["name"].text_or()
    return sender or (Person(username=name) if name else None)


def _branch(payload: Payload, branch: str, actor: Person | None, base: str) -> Push:
    before, after = payload["before"].text_or(), payload["after"].text_or()
    created = payload["created"].bool_or(git.is_zero(before))
    deleted = payload["deleted"].bool_or(git.is_zero(after))
    sent = payload["commits"]
    changed = bool(before) and not (created or deleted)
    made = f"{base}/compare/{before}...{after}" if base and changed else ""
    compare = (payload["compare"].text_or() or made) if changed else ""
    head = payload["head_commit"]["url"].text_or()
    there = bool(base) and not deleted
    return Push(
        branch=branch,
        before=before,
        after=after,
        newest=git.newest(sent, lambda one: github.commit(one, actor)),
        sent=len(sent),
        total=len(sent),
        forced=payload["forced"].bool_or(None),
        created=created,
        deleted=deleted,
        compare_url=compare,
        commit_url=head or (f"{base}/commit/{after}" if there else ""),
        url=compare or (f"{base}/tree/{in_url(branch)}" if there else base),
    )


def _tag(payload: Payload, name: str, base: str) -> Tag:
    before, after = payload["before"].text_or(), payload["after"].text_or()
    deleted = payload["deleted"].bool_or(git.is_zero(after))
    # `after` is the tag object of an annotated tag; its message is not told.
    commit = github.commit(payload["head_commit"])
    sha = commit.sha if commit else after
    made = f"{base}/commit/{sha}" if base else ""
    tag = Tag(
        name=name,
        sha=sha,
        message="",
        deleted=deleted,
        moved=bool(before) and not git.is_zero(before) and not deleted,
        # There is such a page of each tag, with a release or without.
        url=f"{base}/releases/tag/{in_url(name)}" if base else "",
        commit_url=(commit.url if commit else "") or made,
    )
    if not deleted:
        return tag
    return replace(tag, sha="", commit_url="", url=f"{base}/tags" if base else "")
