"""What forges and people call events, as what they are called here: hints, never readings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot import events as families
from bot.rules.faults import choices, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.registry import Spec
    from bot.rules.catalogue import Catalogue

#: Words for everything.
_EVERYTHING: Final = frozenset({"*", "**", "all", "every", "everything", "always"})
#: Words that are no forge's own, nor ours: the kind each means.
_KINDS: Final[Mapping[str, str]] = {
    "mrs": "mr", "merge_requests": "mr", "merge": "mr.merged", "merged": "mr.merged",
    "prs": "mr", "pull_requests": "mr", "pull": "mr", "review": "mr.approved",
    "approval": "mr.approved", "commit": "push", "commits": "push", "pushes": "push",
    "branch": "branch.created", "tags": "tag", "ticket": "issue", "notes": "comment",
    "comments": "comment", "ci": "pipeline", "pipelines": "pipeline", "workflow": "pipeline",
    "build": "job", "builds": "job", "jobs": "job", "deploy": "deployment",
    "deployments": "deployment", "releases": "release",
    "unknown": "other", "default": "unmatched", "else": "unmatched",
}  # fmt: skip
#: Words of a forge whose event is not what its family is called.
_NATIVE: Final[Mapping[str, str]] = {
    "create": "`branch.created` or `tag`",
    "delete": "`branch.deleted` or `tag.deleted`",
    "pull_request_review": "`mr.approved`, `mr.changes_requested` or `mr.reviewed`",
    "pull_request_target": "`mr`, or one of its actions such as `mr.opened`",
}
#: Wishes that are no event of their own.
_OTHERWISE: Final[Mapping[str, str]] = {
    "ping": "a forge only tries the hook with it: nothing comes of it",
    "mr.comment": "a comment on one is `comment.mr`",
    "mr.commented": "a comment on one is `comment.mr`",
    "issue.comment": "a comment on one is `comment.issue`",
    "issue.commented": "a comment on one is `comment.issue`",
    "push.force": "a push with `if: {forced: true}`",
    "push.forced": "a push with `if: {forced: true}`",
    "schedule": "a rule that a clock starts has `every:` instead of `on:`",
    "cron": "a rule that a clock starts has `every:` instead of `on:`",
}
#: What others call an action.
_ACTIONS: Final[Mapping[str, str]] = {
    "open": "opened", "create": "created", "new": "opened", "close": "closed", "merge": "merged",
    "approve": "approved", "approval": "approved", "unapprove": "unapproved",
    "dismissed": "unapproved", "synchronize": "pushed", "synchronized": "pushed",
    "push": "pushed", "update": "updated", "edited": "updated", "edit": "edited",
    "updated": "edited", "ready_for_review": "ready", "undrafted": "ready",
    "converted_to_draft": "drafted", "draft": "drafted", "label": "labeled",
    "unlabeled": "labeled", "labelled": "labeled", "unassigned": "assigned",
    "review_request": "review_requested", "succeeded": "success", "succeed": "success",
    "passed": "success", "green": "fixed", "ok": "success", "failure": "failed", "fail": "failed",
    "red": "broken", "error": "failed", "cancelled": "canceled", "running": "started",
    "in_progress": "started", "start": "started", "reopen": "reopened", "delete": "deleted",
}  # fmt: skip


def event_hint(word: str, catalogue: Catalogue) -> str:
    """What to write under `on:` instead of a word that is no event."""
    text = word.strip()
    if "," in text:
        listed = [part.strip() for part in text.split(",")]
        return f"several events are a list: on: [{', '.join(listed)}]"
    plain = re.sub(r"[\s-]+", "_", text.lower()).removesuffix("_hook").removesuffix("_event")
    plain = plain.removeprefix("confidential_")
    if plain in _EVERYTHING:
        return "`any` means every event"
    plain = f"mr{plain[2:]}" if plain == "pr" or plain.startswith("pr.") else plain
    if plain in _OTHERWISE:
        return _OTHERWISE[plain]
    if plain in _NATIVE:
        return f"here it is called {_NATIVE[plain]}"
    return (
        _meant(plain, catalogue)
        or did_you_mean(text, catalogue.names())
        or "`bot fields` lists every event"
    )


def _meant(plain: str, catalogue: Catalogue) -> str | None:
    known = catalogue.names()
    dotted = plain.replace("_", ".", 1)
    if plain in known or dotted in known:  # `MR.Opened`, `mr opened`
        return f"did you mean `{plain if plain in known else dotted}`?"
    head, _, action = plain.partition(".")
    kind = _KINDS.get(head) or (head if head in known else None)
    names = _of(kind, known) if kind is not None else _families(head)
    if not names:
        return None
    if not action:
        return f"here it is called `{kind or _bare(names, known)}`"
    found = _action(action, names)
    if found is not None:
        slip = did_you_mean(plain, (found,)) if head in known else None
        return slip or f"here it is called `{found}`"
    return f"there are {choices(names)}"


def _of(kind: str, known: Iterable[str]) -> tuple[str, ...]:
    head = kind.partition(".")[0]
    return tuple(name for name in known if name == head or name.startswith(f"{head}."))


def _families(native: str) -> tuple[str, ...]:
    """The names of the family that the forge's own word brings."""
    for spec in families.ALL:
        if native in (*spec.gitlab, *spec.github):
            return _brought(spec, native)
    return ()


def _brought(spec: Spec, native: str) -> tuple[str, ...]:
    by_name = spec.github_by_name
    return tuple(
        one.name for one in spec.names if one.name not in by_name or native in by_name[one.name]
    )


def _bare(names: tuple[str, ...], known: tuple[str, ...]) -> str:
    head = names[0].partition(".")[0]
    return head if head in known else names[0]


def _action(action: str, names: tuple[str, ...]) -> str | None:
    """`opened` for `open`; of a published release and a made tag the kind itself."""
    heads = dict.fromkeys(name.partition(".")[0] for name in names)
    for word in (action, _ACTIONS.get(action, "")):
        for head in heads:
            if f"{head}.{word}" in names:
                return f"{head}.{word}"
    if action in {"published", "created", "create", "opened", "completed"}:
        return next((head for head in heads if head in names), None)
    close = did_you_mean(action, [name.partition(".")[2] for name in names])
    if close is None:
        return None
    word = close.split("`")[1]
    return next(name for name in names if name.endswith(f".{word}"))
