"""The tables of docs/events.md: each event and action of both forges, what it is called, what it
tells and how it reads. Made of the fixtures in tests/payloads.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bot import events
from bot.events.activity.table import ROWS
from bot.message import Code, Link, Plain, Styled
from bot.registry import Source
from bot.rules.catalogue import COMMON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.message import Span, Text
    from bot.model import Event

#: The heads of a table's columns, and what is below them.
HEAD: Final = ("Event", "What happened", "Names", "Fields of its own", "Message")
Row: TypeAlias = tuple[str, ...]

Body = dict[str, Any]
#: Of GitLab's feature flags it is a boolean.
_Value: TypeAlias = "str | bool"

_PAYLOADS: Final = Path(__file__).parent.parent / "tests" / "payloads"

#: GitHub's events with their actions. Source: its OpenAPI description of webhooks (read 2026-11).
_ACTIONS: Final = """
branch_protection_configuration: disabled enabled
branch_protection_rule: created deleted edited
check_run: completed created requested_action rerequested
check_suite: completed requested rerequested
code_scanning_alert: appeared_in_branch closed_by_user created fixed reopened reopened_by_user
commit_comment: created
create
custom_property: created deleted promote_to_enterprise updated
custom_property_values: updated
delete
dependabot_alert: auto_dismissed auto_reopened created dismissed fixed reintroduced reopened
deploy_key: created deleted
deployment: created
deployment_protection_rule: requested
deployment_review: approved rejected requested
deployment_status: created
discussion: answered category_changed closed created deleted edited labeled locked pinned reopened
    transferred unanswered unlabeled unlocked unpinned
discussion_comment: created deleted edited
fork
github_app_authorization: revoked
gollum
installation: created deleted new_permissions_accepted suspend unsuspend
installation_repositories: added removed
installation_target: renamed
issue_comment: created deleted edited
issue_dependencies: blocked_by_added blocked_by_removed blocking_added blocking_removed
issues: assigned closed deleted demilestoned edited labeled locked milestoned opened pinned
    reopened transferred typed unassigned unlabeled unlocked unpinned untyped
label: created deleted edited
marketplace_purchase: cancelled changed pending_change pending_change_cancelled purchased
member: added edited removed
membership: added removed
merge_group: checks_requested destroyed
meta: deleted
milestone: closed created deleted edited opened
org_block: blocked unblocked
organization: deleted member_added member_invited member_removed renamed
package: published updated
page_build
personal_access_token_request: approved cancelled created denied
ping
project: closed created deleted edited reopened
project_card: converted created deleted edited moved
project_column: created deleted edited moved
projects_v2: closed created deleted edited reopened
projects_v2_item: archived converted created deleted edited reordered restored
projects_v2_status_update: created deleted edited
public
pull_request: assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft
    demilestoned dequeued edited enqueued labeled locked milestoned opened ready_for_review
    reopened review_request_removed review_requested synchronize unassigned unlabeled unlocked
pull_request_review: dismissed edited submitted
pull_request_review_comment: created deleted edited
pull_request_review_thread: resolved unresolved
push
registry_package: published updated
release: created deleted edited prereleased published released unpublished
repository: archived created deleted edited privatized publicized renamed transferred unarchived
repository_advisory: published reported
repository_dispatch
repository_import
repository_ruleset: created deleted edited
repository_vulnerability_alert: create dismiss reopen resolve
secret_scanning_alert: assigned created publicly_leaked reopened resolved unassigned validated
secret_scanning_alert_location: created
secret_scanning_scan: completed
security_advisory: published updated withdrawn
security_and_analysis
sponsorship: cancelled created edited pending_cancellation pending_tier_change tier_changed
star: created deleted
status
sub_issues: parent_issue_added parent_issue_removed sub_issue_added sub_issue_removed
team: added_to_repository created deleted edited removed_from_repository
team_add
watch: started
workflow_dispatch
workflow_job: completed in_progress queued waiting
workflow_run: completed in_progress requested
"""
GITHUB: Final[Mapping[str, tuple[str, ...]]] = {
    event: tuple(actions.split())
    for event, _colon, actions in (
        line.partition(":") for line in _ACTIONS.strip().replace("\n    ", " ").splitlines()
    )
}
_STATUSES: Final = (
    *("created", "waiting_for_resource", "preparing", "pending", "running", "success", "failed"),
    *("canceling", "canceled", "skipped", "manual", "scheduled"),
)
_CHANGES: Final = ("open", "close", "reopen", "update")
#: GitLab's words for events: `object_kind`, or `event_name`; where what happened is told, and how.
#: Source: GitLab docs, "Webhook events" and "System hooks" (read 2026-11).
GITLAB: Final[Mapping[str, tuple[str, tuple[_Value, ...]]]] = {
    "push": ("", ()),
    "tag_push": ("", ()),
    "issue": ("object_attributes.action", _CHANGES),
    "work_item": ("object_attributes.action", _CHANGES),
    "note": ("object_attributes.action", ("create", "update")),
    "merge_request": (
        "object_attributes.action",
        (*_CHANGES, "approval", "approved", "unapproval", "unapproved", "merge"),
    ),
    "wiki_page": ("object_attributes.action", ("create", "update", "delete")),
    "pipeline": ("object_attributes.status", _STATUSES),
    "build": ("build_status", _STATUSES),
    "deployment": (
        "status",
        (
            *("created", "running", "success", "failed", "canceled", "blocked"),
            *("approved", "rejected"),
        ),
    ),
    "feature_flag": ("object_attributes.active", (True, False)),
    "release": ("action", ("create", "update", "delete")),
    "milestone": ("action", ("create", "close", "reopen", "delete")),
    "emoji": ("event_type", ("award", "revoke")),
    "access_token": ("", ()),
    "deploy_token": ("", ()),
    "vulnerability": (
        "object_attributes.state",
        ("detected", "confirmed", "dismissed", "resolved"),
    ),
}


def github() -> list[Row]:
    """A row for each event and action of GitHub."""
    return [
        _row(event, action, _of_github(event, action))
        for event, actions in GITHUB.items()
        for action in actions or ("",)
    ]


def gitlab() -> list[Row]:
    """A row for each event of GitLab, and each thing that may have happened."""
    words = {word for body in _fixtures("gitlab").values() if (word := _word(body))}
    single = [word for spec in events.ALL for word in spec.gitlab if word in words - set(GITLAB)]
    rows = []
    for word, (path, values) in {**GITLAB, **dict.fromkeys(single, ("", ()))}.items():
        for value in values or ("",):
            shown = f"{value}".lower() if isinstance(value, bool) else value
            rows.append(_row(word, shown, _of_gitlab(word, path, value)))
    return rows


#: The events of GitHub that share one sentence.
GENERIC: Final = tuple(ROWS)
_ORDINARY: Final = frozenset(field.name for field in COMMON)


def _row(word: str, action: str, told: list[Event]) -> Row:
    """`told`: every example there is; the first is shown."""
    names = dict.fromkeys(name for event in told for name in event.names)
    fields = dict.fromkeys(name for event in told for name in event.fields)
    shown = next((event for event in told if event.names), None)
    secret = " (confidential)" if all(event.confidential for event in told) else ""
    message = events.SPECS[shown.kind].line(shown).text if shown else ()
    return (
        f"`{word}`",
        f"`{action}`" if action else "",
        (_code(names) or "none") + secret,
        _code(name for name in fields if name not in _ORDINARY),
        _plain(message),
    )


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _plain(body: Text) -> str:
    """As Markdown without links: addresses would be most of the table."""
    return "".join(_span(span) for span in body).replace("\n", " ")


def _span(span: Span) -> str:
    match span:
        case Plain(value):
            return _escaped(value)
        case Code(value):
            return f"`{value}`"
        case Link(label, _):
            return _escaped(label)
        case Styled(_, inner):
            return _plain(inner)
        case _:
            return ""


def _escaped(value: str) -> str:
    for mark in ("\\", "`", "*", "_", "<", ">", "[", "]"):
        value = value.replace(mark, f"\\{mark}")
    return value


# -- fixtures ------------------------------------------------------------------------------------


@cache
def _fixtures(forge: str) -> Mapping[str, Body]:
    """Those with the shortest names, which are the plainest, come first."""
    paths = sorted((_PAYLOADS / forge).glob("*.json"), key=lambda path: (len(path.stem), path.stem))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


def _understood(forge: str, header: str, body: Body) -> Event:
    return events.understand(Source(forge=forge, instance=forge, event=header), body)


def _of_github(event: str, action: str) -> list[Event]:
    """Every fixture of the event and action. KeyError: there is none."""
    found = [
        _understood("github", event, body)
        for name, body in _fixtures("github").items()
        if name.partition("__")[0] == event and (not action or body.get("action") == action)
    ]
    if not found:
        raise KeyError(f"no fixture of GitHub's {event} {action}")
    return found


def _of_gitlab(word: str, path: str, value: _Value) -> list[Event]:
    """As `_of_github`; where no fixture tells of it, one of the word is changed to."""
    bodies = {name: body for name, body in _fixtures("gitlab").items() if _word(body) == word}
    if not bodies:
        raise KeyError(f"no fixture of GitLab's {word}")
    told = {name: body for name, body in bodies.items() if not path or _at(body, path) == value}
    if not told:
        name, body = next(iter(bodies.items()))
        told = {name: _changed(body, path, value)}
    return [_understood("gitlab", _header(name), body) for name, body in told.items()]


def _header(name: str) -> str:
    return name.partition("__")[0].replace("_", " ").title()


def _word(body: Body) -> str:
    return body.get("object_kind") or body.get("event_name") or ""


def _at(body: Body, path: str) -> Any:
    place: Any = body
    for key in path.split("."):
        place = place.get(key) if isinstance(place, dict) else None
    return place


def _changed(body: Body, path: str, value: _Value) -> Body:
    made = copy.deepcopy(body)
    *parents, last = path.split(".")
    place = made
    for key in parents:
        place = place[key]
    place[last] = value
    return made
