"""Everything that either forge can tell: known, called something, and said by whom it should be."""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PayloadError
from bot.events import SPECS, understand
from bot.events.activity.table import ROWS
from bot.events.github import ECHOES
from docs.forge_events import GITHUB
from tests.events.reading import (
    FIXTURES,
    NAMES,
    body_of,
    event_of,
    forge_of,
    header_of,
    reply_of,
    source,
)

_ACTIONS: Final = [(event, action) for event, all_ in GITHUB.items() for action in all_ or ("",)]


@pytest.mark.parametrize(("event", "action"), _ACTIONS)
def test_every_action_of_github_has_an_example_and_a_name(event: str, action: str) -> None:
    paths = sorted((FIXTURES / "github").glob(f"{event}__*.json"))
    bodies = [json.loads(path.read_text("utf-8")) for path in paths]
    found = [body for body in bodies if not action or body.get("action") == action]
    assert found
    for body in found:
        told = understand(source(event, "github"), body)
        assert (told.known, bool(told.names)) == ((event != "ping"),) * 2


def test_a_ping_of_github_is_nobodys_business() -> None:
    event = event_of("ping__of_a_new_hook")
    assert (event.known, event.names, event.silent) == (False, (), True)


def test_an_action_that_nobody_knows_yet_is_told_as_an_update_or_by_no_family() -> None:
    for name in NAMES:
        if forge_of(name) == "github" and "action" in body_of(name):
            body = {**body_of(name), "action": "sparkled"}
            event = understand(source(header_of(name), "github"), body)
            assert SPECS[event.kind].line(event).text, name
            assert reply_of(event), name


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["0" * 40, "https://[", "{actor}", "<!here>", "refs/heads/", "\ud800"])
)
_KEYS = st.sampled_from(
    [
        *("action", "issue", "discussion", "alert", "repository", "sender", "label", "changes"),
        *("from", "name", "title", "number", "id", "login", "full_name", "team", "member"),
        *("package", "rule", "pages", "project_card", "installation", "sponsorship", "milestone"),
    ]
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=15,
)


@given(
    body=st.dictionaries(_KEYS, _JSON, max_size=6),
    case=st.sampled_from(_ACTIONS),
)
def test_any_object_is_an_event_or_a_payload_error(
    body: dict[str, object], case: tuple[str, str]
) -> None:
    event, action = case
    try:
        told = understand(source(event, "github"), {**body, "action": action})
    except PayloadError:
        return
    assert told.subjects
    assert SPECS[told.kind].line(told).text
    assert reply_of(told)


@given(data=st.data(), name=st.sampled_from([n for n in NAMES if forge_of(n) == "github"]))
def test_an_example_with_a_part_of_it_changed_is_one_too(data: st.DataObject, name: str) -> None:
    body = body_of(name)
    place = body
    for _ in range(data.draw(st.integers(1, 4))):
        key = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(_JSON)
        break
    try:
        told = understand(source(header_of(name), "github"), body)
    except PayloadError:
        return
    assert SPECS[told.kind].line(told).text
    assert reply_of(told)


#: What other bots already tell well: a sentence that serves everything is not enough for it.
_OWN_WORDS: Final = frozenset(
    {
        *("push", "create", "delete", "pull_request", "pull_request_review", "commit_comment"),
        *("pull_request_review_comment", "pull_request_review_thread", "issue_comment", "issues"),
        *("workflow_run", "workflow_job", "check_run", "check_suite", "status", "deployment"),
        *("deployment_status", "release", "discussion", "discussion_comment", "star", "watch"),
        *("fork", "team", "team_add", "member", "membership", "organization", "sponsorship"),
        *("gollum", "page_build", "merge_group", "milestone", "dependabot_alert"),
        *("secret_scanning_alert", "code_scanning_alert", "repository_vulnerability_alert"),
        *("repository", "public"),
    }
)


def test_the_shared_sentence_serves_only_what_hardly_anybody_tells() -> None:
    assert set(GITHUB) > _OWN_WORDS
    assert set(ROWS) & _OWN_WORDS == set()


def test_what_github_tells_twice_has_a_name_for_the_second_time() -> None:
    assert set(ECHOES) | set(ECHOES.values()) <= set(GITHUB)
    second = {
        header_of(name): event_of(name).names
        for name in NAMES
        if forge_of(name) == "github" and header_of(name) in ECHOES
    }
    assert second.pop("repository_vulnerability_alert") != ("vulnerability.echoed",)
    assert second == {
        "watch": ("star.echoed",),
        "team_add": ("team.echoed",),
        "public": ("project.echoed",),
        "registry_package": ("package.echoed",),
    }
