"""The live message of a tag: what was tagged, then what was released of it, in one place.

A release and its tag arrive as two deliveries, in any order; both are about the tag, so that
whichever comes first makes the message and the other completes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot import markdown
from bot.events import ci, wording
from bot.events.release import subject as releases
from bot.markdown.references import Home
from bot.message import Message, join, strike, text
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.release.subject import Release
    from bot.events.tag.subject import Tag
    from bot.message import Part, Text
    from bot.model import Event, Json

#: JSON, as it is kept between events.
Facts = dict[str, Any]

_NOTES_LIMIT: Final = 1000
#: Of notes as written: a card shows less of them, once what no reader sees is gone.
_NOTES_KEPT: Final = 3000
#: Files of a release that are kept by name.
_FILES: Final = 20


def fold(facts: Mapping[str, Json] | None, event: Event) -> Mapping[str, Json] | None:
    if event.kind == "tag":
        return _after_tag(dict(facts or {}), event)
    if event.kind == "release":
        return _after_release(facts, event)
    if event.kind == "pipeline" and ci.tells_of_commit(event.subject):
        return ci.with_run(facts or {}, event.subject)
    return facts


def _after_tag(facts: Facts, event: Event) -> Facts:
    tag: Tag = event.subject
    facts.update(_place(event), tag=tag.name, deleted=tag.deleted, moved=tag.moved)
    facts["tagged_by"] = wording.who(event.actor) if event.actor else ""
    if not tag.deleted:
        facts.update(sha=tag.sha, commit_url=tag.commit_url, message=tag.message[:_NOTES_KEPT])
    return facts


def _place(event: Event) -> Facts:
    project = event.project
    path, url = (project.path, project.url) if project else ("", "")
    compare = event.fields.get("compare")
    since = [compare.label, compare.url] if isinstance(compare, Ref) else None
    return {"forge": event.forge, "project": path, "project_url": url, "compare": since}


def _after_release(facts: Mapping[str, Json] | None, event: Event) -> Mapping[str, Json] | None:
    release: Release = event.subject
    if release.draft:
        # Of what nobody can see yet nobody is told.
        return facts
    known: Facts = {"deleted": False, **(facts or {}), **_place(event), "tag": release.tag}
    if release.commit:
        known["sha"] = known.get("sha") or release.commit.sha
        known["commit_url"] = known.get("commit_url") or release.commit.url
    before = known.get("release", {})
    author = wording.who(release.author) if release.author else ""
    known["release"] = {
        "name": release.name,
        "url": release.url,
        "notes": release.notes[:_NOTES_KEPT],
        "by": before.get("by") or author,
        "prerelease": release.prerelease,
        "gone": release.action in {"delete", "unpublish"},
        "assets": [[one.label, one.url] for one in release.assets[:_FILES]],
    }
    return known


def card(facts: Mapping[str, Json]) -> Message:
    release = facts.get("release")
    if release:
        head, body = _released(facts, release), _notes(facts, release)
    else:
        head, body = _tagged(facts), wording.unformatted(facts.get("message") or "")
    gone = facts.get("deleted") or (release or {}).get("gone")
    return Message(
        text=text(*head, *_where(facts), *_by(facts)),
        body=(body,) if body and not gone else (),
        context=tuple(row for row in (_context(facts),) if row),
        color="good" if release and not gone else None,
    )


def _released(facts: Mapping[str, Json], release: Mapping[str, Json]) -> Text:
    name: Part = wording.linked(release["name"], release["url"] if not release["gone"] else "")
    tag = facts.get("tag") or ""
    parts: list[Part] = ["📦 ", strike(name) if release["gone"] else name]
    if tag != release["name"]:
        parts += [" (", wording.branch(tag), ")"]
    said = "pre-released" if release["prerelease"] else "released"
    return text(*parts, " is no release any more" if release["gone"] else f" {said}")


def _tagged(facts: Mapping[str, Json]) -> Text:
    said = "deleted" if facts.get("deleted") else "moved" if facts.get("moved") else "created"
    return text("🏷️ tag ", wording.branch(facts.get("tag") or ""), f" {said}")


def _where(facts: Mapping[str, Json]) -> Text:
    path = facts.get("project")
    return text(" in ", wording.linked(path, facts.get("project_url") or "")) if path else ()


def _by(facts: Mapping[str, Json]) -> Text:
    release = facts.get("release")
    who = release.get("by") if release and not release["gone"] else ""
    who = who or facts.get("tagged_by")
    return text(f" by {who}") if who else ()


def _notes(facts: Mapping[str, Json], release: Mapping[str, Json]) -> Text:
    home = Home(
        forge=facts.get("forge") or "",
        url=(facts.get("project_url") or "").rstrip("/"),
        path=facts.get("project") or "",
    )
    return markdown.read(release["notes"], home, limit=_NOTES_LIMIT)


def _more(facts: Mapping[str, Json]) -> Text:
    """What changed, and the files of the release."""
    release = facts.get("release") or {}
    if facts.get("deleted") or release.get("gone"):
        return ()
    assets = [Ref(label=label, url=url) for label, url in release.get("assets", ())]
    label, url = facts.get("compare") or ("", "")
    compare = Ref(label=label, url=url) if url else None
    return releases.row(assets, compare, release.get("notes") or "")


_PIPELINES: Final = {
    "success": "✅ pipeline passed",
    "failed": "❌ pipeline failed",
    "running": "🏃 pipeline running",
}


def _context(facts: Mapping[str, Json]) -> Text:
    parts: list[Part] = []
    if sha := facts.get("sha"):
        parts.append(wording.linked(sha[:8], facts.get("commit_url") or ""))
    if more := _more(facts):
        parts.append(more)
    if facts.get("deleted") and facts.get("release"):
        parts.append("the tag is deleted")
    run = ci.leading(facts)
    words = _PIPELINES.get(ci.verdict(facts))
    if run and words:
        parts.append(wording.linked(words, run["url"]))
    return join(" · ", parts)
