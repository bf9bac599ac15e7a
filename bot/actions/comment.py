"""`comment`: a note on the event's merge request, issue or commit; with a key always the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.actions import plan as planning
from bot.actions.late import awaited, forge_lane, slot
from bot.model import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.actions.plan import Asker, Plan, View, Withheld
    from bot.actions.spec import ActionSpec
    from bot.model import SubjectKey

_MARKS: Final[Mapping[str, str]] = {"mr": "!", "issue": "#", "commit": "@"}


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    view = to.view
    subject, project = _subject(spec, view), view.event.project
    if subject is None or project is None or spec.text is None:
        return "nothing to comment on"
    instance, project_id, kind, ident = subject.split(":", 3)
    if view.event.confidential and kind == "commit":
        return "confidential, and what is said about a commit is not"
    target = f"{project.path}{_MARKS[kind]}{ident}"
    after = awaited(spec, asker, to)
    if isinstance(after, str) or not asker.may(target):
        return after if isinstance(after, str) else "said once already"
    actor = view.event.actor
    call = Call(
        lane=forge_lane(instance, project_id),
        instance=instance,
        project_id=project_id,
        asked_by=actor.username if actor is not None else "",
        data={
            "kind": kind,
            "ident": ident,
            "project": project.path,
            "key": spec.extra.get("key"),
            # Who may read a confidential event's notes is up to its subject.
            "internal": view.event.confidential,
            "text": slot(spec.text, tuple(after), view),
        },
    )
    action = planning.new_action("comment", asker, target, subject)
    added = to.add(replace(action, call=call, after=after))
    return None if added else "limit of actions reached"


def _subject(spec: ActionSpec, view: View) -> SubjectKey | None:
    on = spec.extra.get("on")
    for kind in (str(on),) if on else ("mr", "issue"):
        found = view.subject(kind)
        if found is not None:
            return found
    return None
