"""The life of projects and groups: made, renamed, moved, hidden, shown, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import github, gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Span, Text
    from bot.model import Event, Project
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project or a group."""

    is_group: bool
    path: str
    old_path: str = ""
    #: What changed in its settings: ` (description, topics)`.
    details: str = ""


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    name = _NAMES.get(payload["event_name"].text_or())
    if name is None:
        return None
    is_group = name.startswith("group.")
    project = None if is_group else gitlab.project(payload)
    group = payload["full_path"].text_or() or payload["path"].text_or() if is_group else ""
    old = "old_full_path" if is_group else "old_path_with_namespace"
    subject = Place(
        is_group=is_group,
        path=group if is_group else (project.path if project else ""),
        old_path=payload[old].text_or() or (payload["old_path"].text_or() if is_group else ""),
    )
    number = payload["group_id"].id() if is_group else payload["project_id"].id()
    return make_event(
        source,
        payload,
        kind="project",
        names=(name,),
        project=project,
        # The body names the owners only, never who did it.
        actor=None,
        subject=subject,
        about=(("group" if is_group else "project", number),),
        fields={"name": payload["name"].text_or() or None, "old_path": subject.old_path or None},
        group=group,
    )


_NAMES: Final[Mapping[str, str]] = {
    "project_create": "project.created",
    "project_destroy": "project.deleted",
    "project_rename": "project.renamed",
    "project_transfer": "project.transferred",
    "project_update": "project.updated",
    "group_create": "group.created",
    "group_destroy": "group.deleted",
    "group_rename": "group.renamed",
    "subgroup_create": "group.created",
    "subgroup_destroy": "group.deleted",
}


def from_github(source: Source, payload: Payload) -> Event | None:
    word = payload["status"] if source.event == "repository_import" else payload["action"]
    name = _GITHUB_NAMES.get((source.event, word.text_or()))
    if name is None:
        return None
    project = github.project(payload)
    subject = Place(
        is_group=False,
        path=project.path if project else "",
        old_path=_old_path(payload, project),
        details=_details(payload["changes"]) if name == "project.updated" else "",
    )
    return make_event(
        source,
        payload,
        kind="project",
        names=(name,),
        project=project,
        actor=github.actor(payload),
        subject=subject,
        about=(("project", project.id if project else ""),),
        fields={
            "name": payload["repository"]["name"].text_or() or None,
            "old_path": subject.old_path or None,
        },
        url=project.url if project else "",
    )


_GITHUB_NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("repository", "created"): "project.created",
    ("repository", "deleted"): "project.deleted",
    ("repository", "renamed"): "project.renamed",
    ("repository", "transferred"): "project.transferred",
    ("repository", "edited"): "project.updated",
    ("repository", "archived"): "project.archived",
    ("repository", "unarchived"): "project.unarchived",
    ("repository", "publicized"): "project.publicized",
    ("repository", "privatized"): "project.privatized",
    # Told by `repository` too.
    ("public", ""): "project.echoed",
    ("repository_import", "success"): "project.imported",
    ("repository_import", "failure"): "project.import_failed",
    ("repository_import", "cancelled"): "project.import_failed",
}


def _old_path(payload: Payload, project: Project | None) -> str:
    changes, path = payload["changes"], project.path if project else ""
    owner, _slash, name = path.partition("/")
    if old := changes["repository"]["name"]["from"].text_or():
        return f"{owner}/{old}"
    before = changes["owner"]["from"]
    old = before["user"]["login"].text_or() or before["organization"]["login"].text_or()
    return f"{old}/{name}" if old else ""


def _details(changes: Payload) -> str:
    keys = changes.value if isinstance(changes.value, dict) else {}
    words = [wording.short(f"{key}".replace("_", " "), 40) for key in list(keys)[:5]]
    return f" ({', '.join(words)})" if words else ""


def of_organization(source: Source, payload: Payload) -> Event | None:
    """What happens to an organization itself, which GitHub tells by the event that also tells of
    its members."""
    name = {"renamed": "group.renamed", "deleted": "group.deleted"}.get(payload["action"].text_or())
    if name is None:
        return None
    group = github.organization(payload)
    subject = Place(
        is_group=True, path=group, old_path=payload["changes"]["login"]["from"].text_or()
    )
    return make_event(
        source,
        payload,
        kind="project",
        names=(name,),
        project=None,
        actor=github.actor(payload),
        subject=subject,
        about=(("group", payload["organization"]["id"].id()),),
        fields={"name": group or None, "old_path": subject.old_path or None},
        group=group,
    )


def line(event: Event) -> Message:
    return Message(text=reply(event))


def reply(event: Event) -> Text:
    subject: Place = event.subject
    noun, _dot, said = event.names[0].partition(".")
    gone = said == "deleted"
    word = _GITHUB_NOUNS[noun] if event.forge == "github" else noun
    what = text(f"{word} ", _shown(subject, "" if gone else event.url))
    before = text("; it was ", wording.branch(subject.old_path)) if subject.old_path else ()
    if event.actor is None:
        return text("📁 ", *what, f" was {said}", *before)
    verb, after = _DONE.get(event.names[0], (said, ""))
    head = f"📁 {wording.who(event.actor)} {verb} "
    return text(head, *what, after, subject.details, *before)


_GITHUB_NOUNS: Final = {"project": "repository", "group": "organization"}


def _shown(subject: Place, url: str) -> Span:
    return wording.linked(subject.path, url) if url else wording.branch(subject.path)


#: Around the project, where somebody did it, and the plain word is not enough.
_DONE: Final[Mapping[str, tuple[str, str]]] = {
    "project.transferred": ("moved", ""),
    "project.updated": ("changed", ""),
    "project.unarchived": ("took", " out of the archive"),
    "project.publicized": ("made", " public"),
    "project.echoed": ("made", " public"),
    "project.privatized": ("made", " private"),
    "project.import_failed": ("could not import", ""),
}

SPEC = Spec(
    kind="project",
    doc="projects and groups themselves (GitLab: group and system hooks)",
    names=(
        EventName("project.created", "a project was created"),
        EventName("project.deleted", "a project was deleted"),
        EventName("project.renamed", "a project was renamed"),
        EventName("project.transferred", "a project was moved to another group"),
        EventName("project.updated", "a project's settings changed"),
        EventName("project.archived", "a project was archived (GitHub)"),
        EventName("project.unarchived", "… and taken out of the archive again"),
        EventName("project.publicized", "everybody may see the project now (GitHub)"),
        EventName("project.privatized", "the project is private now (GitHub)"),
        EventName("project.imported", "a project was imported (GitHub)"),
        EventName("project.import_failed", "… or could not be, or this was canceled"),
        EventName(
            "project.echoed", "`project.publicized` told again, by GitHub's `public`", bare=False
        ),
        EventName("group.created", "a group or subgroup was created"),
        EventName("group.deleted", "a group or subgroup was deleted"),
        EventName("group.renamed", "a group or subgroup was renamed"),
    ),
    fields=declare("name", "old_path"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    github=("repository", "public", "repository_import"),
    from_github=from_github,
    line=line,
    reply=reply,
)
