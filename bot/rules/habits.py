"""What people write out of habit from forges and other tools, as what it is called here: hints.

Nothing is ever read by these tables: what is written differently is a fault, and the fault says
what to write instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.rules.faults import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# -- fields --------------------------------------------------------------------------------------

#: What others call a field.
FIELDS: Final[Mapping[str, str]] = {
    "user": "actor", "username": "actor", "sender": "actor", "pusher": "actor",
    "triggered_by": "actor", "by": "actor", "creator": "author", "owner": "author",
    "target_branch": "target", "base": "target", "base_branch": "target", "base_ref": "target",
    "to_branch": "target", "source_branch": "source", "head": "source", "head_branch": "source",
    "head_ref": "source", "from_branch": "source", "ref": "branch", "ref_name": "branch",
    "branch_name": "branch", "repo": "project", "repository": "project", "path": "project",
    "path_with_namespace": "project", "full_name": "project", "project_path": "project",
    "namespace": "group", "org": "group", "organization": "group",
    "merge_request": "mr", "pull_request": "mr", "pr": "mr", "number": "iid", "pr_number": "iid",
    "mr_iid": "iid", "body": "description", "text": "comment.text", "note": "comment.text",
    "comment": "comment.text", "wip": "draft", "is_draft": "draft", "work_in_progress": "draft",
    "files": "paths", "file": "paths", "changes": "paths", "modified": "paths",
    "result": "status", "conclusion": "status", "outcome": "status", "env": "environment",
    "assignee": "assignees", "reviewer": "reviewers", "label": "labels", "approvers": "approvals",
    "approved_by": "approvals", "approval": "approvals", "is_bot": "bot", "default": "$default",
    "private": "visibility", "commit_message": "title", "subject": "title", "name": "title",
    "pipeline_status": "status", "lines": "additions", "size": "additions", "link": "url",
    "html_url": "url", "web_url": "url", "job_name": "name", "source_type": "trigger",
}  # fmt: skip
_ELSEWHERE: Final[Mapping[str, str]] = {
    "or": "that is `any: [{…}, {…}]`",
    "and": "that is `all: [{…}, {…}]`, or simply more fields",
    "none": "that is `not: {…}`",
    "unless": "that is `not: {…}`",
    "event": "the event stands under `on:`",
    "action": "the event stands under `on:`",
    "on": "the event stands under `on:`, beside `if:`",
    "time": "a time of day is `during:`, a name of `hours:`",
    "hour": "a time of day is `during:`, a name of `hours:`",
    "day": "a day of the week is `during:`, a name of `hours:`",
    "null": "for no value write `len(…) == 0`, or `unset` in the map form of `if:`",
    "None": "for no value write `len(…) == 0`, or `unset` in the map form of `if:`",
}


def field_hint(name: str, known: Iterable[str]) -> str | None:
    """What a field that does not exist is called here."""
    known = tuple(known)
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    plain = name.lower().removeprefix("event.").removeprefix("object_attributes.")
    meant = FIELDS.get(plain)
    if meant is not None:
        return f"here it is called `{meant}`"
    if plain in known:
        return f"did you mean `{plain}`?"
    base, dot, member = name.rpartition(".")
    if dot and base in known and base != "comment":
        return (
            f"people have `username` and `name`, links `label` and `url`: `{base}.{_near(member)}`"
        )
    return did_you_mean(name, known)


def _near(member: str) -> str:
    return {"email": "username", "login": "username", "link": "url", "title": "label"}.get(
        member, "name"
    )


# -- keys ----------------------------------------------------------------------------------------

#: What others call a key of a rule.
RULE_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("given", "expect", "expect_some"), "tests stand below `tests:`"),
    "when": "here it is called `on`",
    "event": "here it is called `on`",
    "events": "here it is called `on`",
    "trigger": "here it is called `on`",
    "repo": "here it is called `project`",
    "repository": "here it is called `project`",
    "projects": "here it is called `project`",
    "repos": "here it is called `project`",
    "branches": "here it is called `branch`",
    "ref": "here it is called `branch`",
    "channel": "say what to do: `post: dev`",
    "channels": "say what to do: `post: [dev, ops]`",
    "to": "say what to do: `post: dev`",
    "text": "it belongs to the verb: `post: {to: dev, text: …}`",
    "message": "it belongs to the verb: `post: {to: dev, text: …}`",
    "template": "it belongs to the verb: `post: {to: dev, template: …}`",
    "mention": "it belongs to the verb: `post: {to: dev, mention: …}`",
    "thread": "it belongs to the verb: `post: {to: dev, thread: mr}`",
    "then": "name the verb itself: `post: dev`",
    "do": "name the verb itself: `post: dev`",
    "action": "name the verb itself: `post: dev`",
    "actions": "name the verbs themselves: `post: dev`, `react: tada`",
    "send": "here it is called `post`",
    "notify": "here it is called `post`",
    "slack": "here it is called `post`",
    "say": "here it is called `post`",
    "reaction": "here it is called `react`",
    "emoji": "here it is called `react`",
    "thread_reply": "here it is called `reply`",
    "condition": "here it is called `if`",
    "conditions": "here it is called `if`",
    "filter": "here it is called `if`",
    "where": "here it is called `if`",
    "match": "here it is called `if`",
    "schedule": "here it is called `every`",
    "cron": 'here it is called `every`: `every: {cron: "30 9 * * mon-fri"}`',
    "hours": "here it is called `during`, or `wait_for`",
    "debounce": "here it is called `batch`, or `throttle`",
    "digest": "here it is called `batch`",
    "id": "here it is called `name`",
    "enabled": "a rule that is not wanted is muted: `mute: [{rule: …}]`",
    "disabled": "a rule that is not wanted is muted: `mute: [{rule: …}]`",
    "continue": "rules go on unless one says `stop: true`",
    "unless": "`if: {not: {…}}`",
    "except": "`if: {not: {…}}`",
    "any": "under `if:`",
    "all": "under `if:`",
    "not": "under `if:`",
}

# -- subjects ------------------------------------------------------------------------------------

_SUBJECTS: Final[Mapping[str, str]] = {
    "true": "mr", "merge_request": "mr", "pull_request": "mr", "pr": "mr", "ref": "branch",
    "sha": "commit", "environment": "deployment", "repo": "project", "repository": "project",
    "job": "pipeline", "build": "pipeline",
}  # fmt: skip


def subject_hint(word: str, known: Iterable[str]) -> str | None:
    """For `once:` and `thread:`."""
    meant = _SUBJECTS.get(word.lower())
    return f"did you mean `{meant}`?" if meant is not None else did_you_mean(word, known)


# -- plain values --------------------------------------------------------------------------------

_YES: Final = frozenset({"yes", "on", "y", "1", "true"})
_NO: Final = frozenset({"no", "off", "n", "0", "false"})
_LINK: Final = re.compile(r"(?:https?://\S+/archives/|<#)([CGD][A-Z0-9]{2,})\b")


def flag_hint(text: str) -> str:
    """For `yes`, which is a text in YAML 1.2, and for "false" in quotes."""
    word = text.strip().lower()
    if word in _YES or word in _NO:
        return f"write `{'true' if word in _YES else 'false'}`"
    return "write `true` or `false`"


def channel_hint(text: str, channels: Iterable[str], people: Iterable[str]) -> str:
    """What to write instead of a channel that is not declared."""
    link = _LINK.match(text)
    if link is not None:
        return f"write its id: {link[1]}"
    if ": " in text:
        return "is a quote missing at the end of its line?"
    close = did_you_mean(text.strip().removeprefix("#"), channels)
    if close is not None:
        return close
    bare = text.strip().removeprefix("#").removeprefix("@")
    if bare.lower() in people:
        return f"that is a person: dm: {{to: {{person: {bare}}}}}"
    if " " in bare:
        return "this names the channel; what is said is `text:`"
    return f'declare it under `channels:`, or write "#{bare}"'
