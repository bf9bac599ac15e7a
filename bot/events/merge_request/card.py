"""The live message of a merge request, and the emoji that belong on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot import markdown
from bot.events import ci, wording
from bot.events.merge_request.texts import GLYPHS
from bot.markdown.references import Home
from bot.message import Message, Text, join, strike, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Part
    from bot.model import Json

_DESCRIPTION: Final = 300
_PEOPLE: Final = 6
_FAILED: Final = 3


def card(facts: Mapping[str, Json]) -> Message:
    """The whole merge request: its title, three small lines at most, and how it describes itself
    while it is open."""
    state = _state(facts)
    label = _label(facts)
    title: Part = wording.linked(label, facts.get("url") or "")
    over = state in _OVER
    words = () if over else _description(facts)
    lead = f"{GLYPHS[state]} {_WORDS[state]} · "
    return Message(
        text=text(lead, strike(title) if over else title),
        notice=text(lead, label, _whose(facts)),
        body=(words,) if words else (),
        context=tuple(row for row in (_origin(facts), _people(facts), _checks(facts)) if row),
        color=_COLORS.get(state),
    )


def _description(facts: Mapping[str, Json]) -> Text:
    home = Home(
        forge="github" if facts.get("mark") else "gitlab",
        url=(facts.get("project_url") or "").rstrip("/"),
        path=facts.get("project") or "",
    )
    return markdown.read(facts.get("description") or "", home, limit=_DESCRIPTION)


def marks(facts: Mapping[str, Json]) -> Mapping[str, str]:
    """What reactions should be there, each with the topic of `follow` that wants it; those of
    pipelines are no merge request's own."""
    wanted = (
        ("white_check_mark", "reviews", bool(facts.get("approved_by"))),
        ("tada", "state", facts.get("state") == "merged"),
        ("no_entry_sign", "state", facts.get("state") == "closed"),
    )
    return {emoji: topic for emoji, topic, holds in wanted if holds}


_OVER: Final = frozenset({"merged", "closed"})
_WORDS: Final = {
    "draft": "Draft",
    "opened": "Open",
    "approved": "Approved",
    "merged": "Merged",
    "closed": "Closed",
}
_COLORS: Final = {"opened": "#1f75cb", "approved": "good", "merged": "#6e49cb"}


def _state(facts: Mapping[str, Json]) -> str:
    if facts.get("state") in _OVER:
        return str(facts["state"])
    if facts.get("draft"):
        return "draft"
    return "approved" if facts.get("approved") and facts.get("approved_by") else "opened"


def _label(facts: Mapping[str, Json]) -> str:
    mark = facts.get("mark", "!")
    nobody = "merge request" if mark == "!" else "pull request"
    number = f"{mark}{facts['iid']}" if "iid" in facts else nobody
    return f"{number} {wording.without_draft(facts.get('title', ''))}"


def _whose(facts: Mapping[str, Json]) -> str:
    """` – Alice in shop/api`"""
    author = f" – {facts['author']['name']}" if "author" in facts else ""
    return f"{author} in {facts['project']}" if "project" in facts else author


def _origin(facts: Mapping[str, Json]) -> Text:
    parts: list[Part] = []
    if "author" in facts:
        parts.append(str(facts["author"]["name"]))
    if "source" in facts and "target" in facts:
        arrow = (wording.branch(facts["source"]), " → ", wording.branch(facts["target"]))
        parts.append(text(*arrow))
    if "project" in facts:
        parts.append(wording.linked(facts["project"], facts.get("project_url") or ""))
    return join(" · ", parts)


def _people(facts: Mapping[str, Json]) -> Text:
    parts: list[Part] = []
    if reviewers := _reviewers(facts):
        parts.append(f"Reviewers: {_listed(reviewers)}")
    if assignees := facts.get("assignees"):
        parts.append(f"Assigned to {_listed([one['name'] for one in assignees])}")
    if approvals := _approvals(facts):
        parts.append(approvals)
    return join(" · ", parts)


def _reviewers(facts: Mapping[str, Json]) -> list[str]:
    """Those who are asked and those who said something, each with where they stand. GitHub drops
    from its list whoever has reviewed."""
    approved = {one["username"] for one in facts.get("approved_by", ())}
    verdicts = facts.get("verdicts", {})
    # Nobody waits for whoever did not come to it.
    silent = "asked" if facts.get("state") not in _OVER else ""
    shown = []
    for username, name in _standing(facts).items():
        verdict = verdicts.get(username, {}).get("state", silent)
        if stands := _STANDS.get("approved" if username in approved else verdict):
            shown.append(f"{stands} {name}")
    return shown


def _standing(facts: Mapping[str, Json]) -> dict[str, str]:
    said = {username: one["name"] for username, one in facts.get("verdicts", {}).items()}
    return {**said, **{one["username"]: one["name"] for one in facts.get("reviewers", ())}}


_STANDS: Final = {"asked": "⏳", "commented": "💬", "approved": "✅", "changes": "🔴"}


def _listed(names: list[str]) -> str:
    more = len(names) - _PEOPLE
    return ", ".join(names[:_PEOPLE]) + (f" and {more} more" if more > 0 else "")


def _approvals(facts: Mapping[str, Json]) -> str:
    """`👍 Approved by Bob (1 of 2)`, as far as the forge told how many it wants. Reviewers have
    their tick already, and are not named again."""
    approvers = facts.get("approved_by", ())
    ticked = _standing(facts)
    others = [one["name"] for one in approvers if one["username"] not in ticked]
    given, wanted = len(approvers) + facts.get("uncounted", 0), facts.get("approvals_required")
    of = f"{given} of {wanted}" if wanted else ""
    if others:
        return f"👍 Approved by {_listed(others)}" + (f" ({of})" if of else "")
    if wanted:
        return f"👍 {of} approvals"
    return f"👍 {given} approved" if given > len(approvers) else ""


_PIPELINE: Final = {
    "success": "✅ pipeline passed",
    "failed": "❌ pipeline failed",
    "running": "🏃 pipeline running",
    "canceled": "⏹️ pipeline canceled",
    "canceling": "⏹️ pipeline is being canceled",
    "skipped": "⏭️ pipeline skipped",
    "manual": "✋ pipeline waits for a person",
}


def _checks(facts: Mapping[str, Json]) -> Text:
    live = facts.get("state") not in _OVER
    parts: list[Part] = []
    if pipeline := ci.leading(facts):
        parts.append(_pipeline(pipeline, facts))
    if live and facts.get("conflicts"):
        parts.append("⚠️ conflicts")
    if live and (threads := _threads(facts)):
        parts.append(f"🧵 {threads}")
    if size := _size(facts):
        parts.append(size)
    if comments := facts.get("comments"):
        parts.append(f"💬 {comments}")
    if labels := facts.get("labels"):
        parts.append(wording.codes(labels))
    return join(" · ", parts)


def _pipeline(pipeline: Mapping[str, Json], facts: Mapping[str, Json]) -> Part:
    """One for all of them; of several workflows, with how many stand so."""
    words = _PIPELINE.get(pipeline["status"], "⏳ pipeline waiting")
    everyone = facts["runs"].values()
    if len(everyone) > 1:
        alike = sum(one["status"] == pipeline["status"] for one in everyone)
        words = f"{words} ({alike} of {len(everyone)})"
    failed = wording.codes(ci.failed(facts), _FAILED) if pipeline["status"] == "failed" else ()
    link = wording.linked(words, pipeline["url"] or "")
    return text(link, ": ", *failed) if failed else link


def _threads(facts: Mapping[str, Json]) -> str:
    """GitHub's are counted one by one; GitLab tells whether there are any, and how many
    when it is asked."""
    count = facts.get("open_threads", len(facts.get("threads", ())))
    if count or "open_threads" in facts:
        return wording.count(count, "open thread") if count else ""
    return "open threads" if facts.get("threads_resolved") is False else ""


def _size(facts: Mapping[str, Json]) -> str:
    files = wording.count(facts["changed_files"], "file") if facts.get("changed_files") else ""
    if "additions" not in facts or "deletions" not in facts:
        return files
    size = f"+{facts['additions']} −{facts['deletions']}"
    return f"{size} in {files}" if files else size
