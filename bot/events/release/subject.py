"""A release, and the event made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, wording
from bot.events.vocabulary import make_event
from bot.message import join, text
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.message import Part, Text
    from bot.model import Event, Person, Project
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    name: str
    tag: str
    notes: str
    #: `create`, `update`, `delete`, `unpublish`; of GitHub also `save`, `prerelease`, `release`.
    action: str
    url: str
    commit: git.Commit | None
    author: Person | None
    #: Nobody but its maintainers sees it.
    draft: bool
    prerelease: bool
    #: Files that come with it, beside the source.
    assets: tuple[Ref, ...] = ()


def row(assets: Sequence[Ref], compare: object, notes: str) -> Text:
    """`changes since v1.0 · 📎 app.zip`; notes that lead to the changes are enough."""
    parts: list[Part] = []
    if isinstance(compare, Ref) and "/compare/" not in notes:
        parts.append(wording.ref(compare))
    if assets:
        more = len(assets) - _ASSETS
        files = join(", ", [(wording.ref(one),) for one in assets[:_ASSETS]])
        parts.append(text("📎 ", *files, f" and {more} more" if more > 0 else ""))
    return join(" · ", parts)


#: Shown by name.
_ASSETS: Final = 3


def make(
    source: Source,
    payload: Payload,
    one: Release,
    *,
    project: Project | None,
    actor: Person | None,
) -> Event:
    commit = one.commit
    return make_event(
        source,
        payload,
        kind="release",
        names=("release.drafted",) if one.draft else _NAMES.get(one.action, ()),
        project=project,
        actor=actor,
        subject=one,
        about=(
            ("release", one.tag),
            ("tag", one.tag),
            ("commit", commit.sha if commit else ""),
        ),
        fields={
            "release": Ref(label=one.name, url=one.url),
            "name": one.name,
            "title": one.name,
            "tag": one.tag,
            "author": one.author,
            "description": one.notes,
            "draft": one.draft,
            "prerelease": one.prerelease,
            "sha": commit.sha if commit else None,
            "commit": git.commit_ref(commit.sha, commit.url) if commit else None,
        },
        url=one.url,
        private=one.draft,
    )


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("release",),
    "update": ("release.edited",),
    "delete": ("release.deleted",),
    "unpublish": ("release.unpublished",),
    "save": ("release.created",),
    "prerelease": ("release.prereleased",),
    "release": ("release.released",),
}
