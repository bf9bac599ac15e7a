"""From a body to its event: what decides, and what nobody knows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PayloadError
from bot.events import ALL, SPECS, understand
from bot.events.samples import NAMES, sample
from bot.registry import Source
from tests.events.reading import FORGES, Body, body_of, source

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["0" * 40, "https://x/groups/a/-/epics/1", "https://[", "open", "\ud800"])
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_WORDS = sorted(word for spec in ALL for word in spec.gitlab)


def _is_usable(given_source: Source, body: Body) -> None:
    """An event with its texts, or a PayloadError: never anything else."""
    try:
        event = understand(given_source, body)
    except PayloadError:
        return
    spec = SPECS[event.kind]
    assert event.subjects
    assert spec.line(event).text
    if spec.reply is not None:
        assert spec.reply(event)
    if spec.state_key is not None and spec.state_key(event) and spec.derive is not None:
        assert spec.derive(event, None).state == spec.derive(event, None).state
    mr = SPECS["mr"]
    assert mr.fold is not None
    assert mr.card is not None
    facts = mr.fold(None, event)
    if facts is not None:
        json.dumps(facts)
        assert mr.card(facts).text


@given(
    body=st.dictionaries(st.text(max_size=8), _JSON, max_size=4),
    kind=st.sampled_from(_WORDS),
    attributes=st.dictionaries(
        st.sampled_from(["id", "iid", "action", "url", "state", "title", "name", "ref"]), _JSON
    ),
)
def test_any_object_is_an_event_or_a_payload_error(body: Body, kind: str, attributes: Body) -> None:
    _is_usable(source("System Hook"), body)
    _is_usable(source(), {**body, "object_kind": kind, "object_attributes": attributes})
    _is_usable(source(), {**body, "event_name": kind})


@given(data=st.data(), name=st.sampled_from(NAMES))
def test_a_sample_with_any_part_of_it_changed_is_one_too(data: st.DataObject, name: str) -> None:
    headers, raw = sample(name)
    ((header, event),) = headers.items()
    body = json.loads(raw)
    for _ in range(data.draw(st.integers(1, 4))):
        _change_something(data, body)
    _is_usable(source(event, FORGES[header]), body)


def _change_something(data: st.DataObject, body: Any) -> None:
    place = body
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            if isinstance(place, dict) and data.draw(st.booleans()):
                del place[key]
            else:
                place[key] = data.draw(_JSON)
            return
        place = inner


def test_the_body_decides_and_not_the_header() -> None:
    body = body_of("merge_request_hook__open")
    assert understand(source("System Hook"), body).kind == "mr"
    assert understand(source("Push Hook"), body).kind == "mr"


def test_a_system_hook_without_object_kind_is_known_by_its_event_name() -> None:
    assert understand(source("System Hook"), body_of("system_hook__push")).kind == "push"


def test_a_body_that_names_no_event_is_known_by_its_header() -> None:
    body = body_of("push_hook__new_branch")
    del body["object_kind"], body["event_name"]
    assert understand(source("Push Hook"), body).kind == "push"


def test_a_body_made_by_a_template_says_what_it_lacks() -> None:
    with pytest.raises(PayloadError, match=r"\$\.ref: expected str, got NoneType"):
        understand(source("Push Hook"), {"text": "somebody pushed"})


def test_an_event_nobody_knows_is_other_with_its_project_and_actor() -> None:
    event = understand(source("Sparkle Hook"), body_of("sparkle_hook__unknown"))
    assert (event.kind, event.names, event.known) == ("other", ("other",), False)
    assert event.fields["project"] == "shop/api"
    assert event.fields["event"] == "sparkle"
    assert event.payload["object_attributes"] == {"id": 1}


def test_an_unknown_event_of_a_confidential_hook_is_confidential() -> None:
    event = understand(source("Confidential Sparkle Hook"), {"object_kind": "sparkle"})
    assert event.confidential


def test_an_event_of_github_nobody_knows_is_other_with_its_project_and_actor() -> None:
    body = {
        "action": "opened",
        "repository": {"id": 3, "full_name": "shop/web", "private": True},
        "sender": {"login": "renovate[bot]", "type": "Bot"},
    }
    event = understand(Source(forge="github", instance="github", event="sparkle"), body)
    assert not event.known
    assert event.fields["project"] == "shop/web"
    assert event.fields["visibility"] == "private"
    assert event.fields["bot"] is True
