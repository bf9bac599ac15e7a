"""`pipeline`: starts a pipeline in the event's project; `as` names it for the rule's texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.actions import plan as planning
from bot.actions.late import forge_lane, person, plain
from bot.message import clean, one_line
from bot.model import Call, subject_key

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, View, Withheld
    from bot.actions.spec import ActionSpec, Template


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    view = to.view
    event = view.event
    if event.project is None:
        return "the event has no project"
    if event.confidential:
        return "confidential: the log of a pipeline is not"
    ref = one_line(_text(spec.extra.get("ref"), view))
    if not ref:
        return "`ref` is empty"
    if not asker.may(ref):
        return "started once already"
    variables = spec.extra.get("variables")
    named = variables if isinstance(variables, Mapping) else {}
    call = Call(
        lane=forge_lane(event.instance, event.project.id),
        instance=event.instance,
        project_id=event.project.id,
        asked_by=event.actor.username if event.actor is not None else "",
        data={
            "project": event.project.path,
            "ref": ref,
            # GitHub's runs are of a workflow, named by its file.
            "workflow": str(spec.extra.get("workflow") or ""),
            "variables": {name: clean(_text(value, view)) for name, value in named.items()},
        },
    )
    subject = subject_key(event.instance, event.project.id, "branch", ref)
    if not to.add(replace(planning.new_action("pipeline", asker, ref, subject), call=call)):
        return "limit of actions reached"
    if spec.extra.get("as"):
        to.results[asker.name, str(spec.extra["as"])] = to.actions[-1].id
    return None


def _text(template: object, view: View) -> str:
    """Raises RenderError."""
    if template is None:
        return ""
    made: Template = template  # type: ignore[assignment]  # read as one at load
    return plain(made.render(view.lookup, people=person))
