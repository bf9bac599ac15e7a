"""The whole corpus: each delivery has the names that the hand-written table expects, and its text
says who did it, where, and to what."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from bot import events
from bot.events import SPECS
from bot.model import DeliveryId
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from tests.events.expected_names import EXPECTED
from tests.events.reading import corpus, picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Event

pytestmark = pytest.mark.skipif(not os.environ.get("CORPUS"), reason="CORPUS is not set")

_COLLECTION: Final = re.compile(r"^(?:octokit__|go-gitlab__|gitlab-docs-)")


def _short(file: str) -> str:
    return _COLLECTION.sub("", Path(file).stem)


@pytest.fixture(scope="module")
def recorded() -> Mapping[str, Event]:
    return {_short(file): event for file, event in corpus()}


def test_the_table_has_every_file_and_no_other(recorded: Mapping[str, Event]) -> None:
    assert set(recorded) == set(EXPECTED)
    assert len(EXPECTED) == 255


def test_every_delivery_is_called_what_it_is(recorded: Mapping[str, Event]) -> None:
    called = {name: (set(event.names), event.known) for name, event in recorded.items()}
    wanted = {name: (set(names), bool(names)) for name, names in EXPECTED.items()}
    assert {name: called[name] for name in called if called[name] != wanted[name]} == {}


def test_a_rule_for_any_event_makes_one_message_of_each(recorded: Mapping[str, Event]) -> None:
    rules = load({"rules.yaml": 'rules: [{name: all, on: any, post: "#all"}]'}, "rules.yaml")
    playback = Playback(rules, Surroundings(specs=events.SPECS))
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    made = {}
    for number, (name, event) in enumerate(recorded.items()):
        decision = playback.feed(event, delivery=DeliveryId(f"{number}"), now=now)
        made[name] = len(decision.actions)
    assert {n: many for n, many in made.items() if many != bool(EXPECTED[n])} == {}


def test_each_text_names_who_did_it_where_and_to_what(recorded: Mapping[str, Event]) -> None:
    missing = {}
    for name, event in recorded.items():
        if not EXPECTED[name]:
            continue
        said = picture(SPECS[event.kind].line(event))
        wanted = [_actor(event), _project(event), *_subject(name, event)]
        lacking = [word for word in wanted if word and word not in said]
        if lacking:
            missing[name] = (lacking, said)
    assert missing == {}


# -- what a body holds, by its forge's documentation ---------------------------------------------


def _first(body: Any, *paths: str) -> str:
    """The first line of what is at the first of the paths that has a text."""
    for path in paths:
        place = body
        for key in path.split("."):
            if isinstance(place, list):
                place = place[int(key)] if len(place) > int(key) else None
            else:
                place = place.get(key) if isinstance(place, dict) else None
        if isinstance(place, str) and place.strip():
            return " ".join(place.strip().splitlines()[0].split())
    return ""


def _actor(event: Event) -> str:
    if event.forge == "github":
        return _first(event.payload, "sender.login")
    # Of system hooks `user_name` is whose membership it is; of pushes, who pushed.
    pushed = event.kind in {"push", "tag", "system"}
    return _first(event.payload, "user.name", *(["user_name"] if pushed else []))


def _project(event: Event) -> str:
    if event.forge == "github":
        return _first(event.payload, "repository.full_name", "organization.login")
    return _first(
        event.payload,
        *("project.path_with_namespace", "path_with_namespace", "project_path_with_namespace"),
        *("full_path", "group_path", "group.full_path", "group.group_path"),
    )


def _subject(name: str, event: Event) -> list[str]:
    if event.forge == "github":
        return [_first(event.payload, path) for path in _GITHUB.get(name.partition("__")[0], ())]
    found = _first(event.payload, *_GITLAB.get(event.kind, ()))
    return [found.removeprefix("refs/heads/").removeprefix("refs/tags/")]


_GITHUB: Final[Mapping[str, tuple[str, ...]]] = {
    "branch_protection_rule": ("rule.name",),
    "check_run": ("check_run.name",),
    "check_suite": ("check_suite.app.name", "check_suite.head_branch"),
    "code_scanning_alert": ("alert.rule.description",),
    "create": ("ref",),
    "delete": ("ref",),
    "dependabot_alert": ("alert.security_advisory.summary", "alert.dependency.package.name"),
    "deploy_key": ("key.title",),
    "deployment": ("deployment.environment",),
    "deployment_status": ("deployment_status.environment",),
    "discussion": ("discussion.title",),
    "discussion_comment": ("discussion.title",),
    "fork": ("forkee.full_name",),
    "gollum": ("pages.0.title",),
    "installation": ("installation.app_slug", "repositories.0.full_name"),
    "installation_repositories": ("installation.app_slug",),
    "issue_comment": ("issue.title",),
    "issues": ("issue.title",),
    "label": ("label.name",),
    "marketplace_purchase": (
        "marketplace_purchase.plan.name",
        "marketplace_purchase.account.login",
    ),
    "member": ("member.login",),
    "membership": ("member.login", "team.name"),
    "milestone": ("milestone.title",),
    "org_block": ("blocked_user.login",),
    "organization": ("membership.user.login", "changes.login.from"),
    "package": ("package.name",),
    "project": ("project.name",),
    "project_card": ("project_card.note",),
    "project_column": ("project_column.name",),
    "pull_request": ("pull_request.title",),
    "pull_request_review": ("pull_request.title",),
    "pull_request_review_comment": ("pull_request.title",),
    "pull_request_review_thread": ("pull_request.title",),
    "release": ("release.tag_name",),
    "repository_vulnerability_alert": (
        "alert.affected_package_name",
        "alert.external_identifier",
    ),
    "repository_dispatch": ("action", "branch"),
    "security_advisory": ("security_advisory.summary", "security_advisory.ghsa_id"),
    "sponsorship": ("sponsorship.sponsor.login", "sponsorship.sponsorable.login"),
    "status": ("context",),
    "team": ("team.name",),
    "team_add": ("team.name",),
    "workflow_job": ("workflow_job.name",),
    "workflow_run": ("workflow_run.head_branch",),
}
_GITLAB: Final[Mapping[str, tuple[str, ...]]] = {
    "push": ("ref",),
    "tag": ("ref",),
    "mr": ("object_attributes.title",),
    "issue": ("object_attributes.title",),
    "comment": (
        *("merge_request.title", "issue.title", "snippet.title"),
        *("commit.title", "commit.message"),
    ),
    "pipeline": ("merge_request.title", "object_attributes.ref"),
    "job": ("build_name",),
    "deployment": ("environment",),
    "release": ("name", "tag"),
    "wiki": ("object_attributes.title",),
    "feature_flag": ("object_attributes.name",),
    "milestone": ("object_attributes.title",),
    "emoji": ("object_attributes.name",),
    "member": ("user_name",),
    "access_token": ("object_attributes.name",),
    "vulnerability": ("object_attributes.title",),
    "user": ("username",),
    "key": ("username",),
    "system": ("changes.0.ref", "refs.0"),
}
