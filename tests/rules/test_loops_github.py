"""What the bot itself caused at GitHub, and a ping, which nobody did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from bot import events
from bot.model import DeliveryId
from bot.registry import Source
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.loops import acting_key, keys_of, made_key
from bot.rules.remembered import Playback
from tests.deciding import START

if TYPE_CHECKING:
    from bot.model import Decision, Event, Json

RULES: Final = "channels: {dev: C0DEV0001}\nrules:\n- {name: r, on: any, post: dev}\n"
PAYLOADS: Final = Path(__file__).parents[1] / "payloads" / "github"


def event_of(name: str, **changes: Any) -> Event:
    body = json.loads((PAYLOADS / f"{name}.json").read_text())
    body |= changes
    source = Source(forge="github", instance="github", event=name.partition("__")[0])
    return events.understand(source, body)


def decided(event: Event, memory: dict[str, Json] | None = None) -> Decision:
    ruleset = load({"rules.yaml": RULES}, "rules.yaml")
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    playback.seed(memory or {}, {})
    return playback.feed(event, delivery=DeliveryId("d1"), now=START)


def made(event: Event, kind: str, ident: str) -> str:
    assert event.project is not None
    return made_key("github", event.project.id, kind, ident)


def test_a_comment_that_the_bot_wrote_is_its_own() -> None:
    event = event_of("issue_comment__created")
    key = made(event, "note", str(event.payload["comment"]["id"]))
    assert key in keys_of(event)
    assert decided(event).actions
    assert decided(event, {key: True}).actions == ()


def test_a_comment_is_known_by_its_mark_before_the_answer_is_there() -> None:
    body = event_of("issue_comment__created").payload["comment"]
    marked = {**body, "body": "done\n\n<!-- chatops-bot d7.0 -->"}
    event = event_of("issue_comment__created", comment=marked)
    assert acting_key("d7.0") in keys_of(event)
    assert decided(event, {acting_key("d7.0"): True}).actions == ()


def test_comments_on_lines_have_numbers_of_their_own() -> None:
    event = event_of("pull_request_review_comment__created")
    assert not any(":note:" in key for key in keys_of(event))


@pytest.mark.parametrize("name", ["workflow_run__success", "workflow_job__failure"])
def test_a_run_that_the_bot_started_is_its_own(name: str) -> None:
    event = event_of(name)
    run = event.payload.get("workflow_run") or {"id": event.payload["workflow_job"]["run_id"]}
    assert made(event, "pipeline", str(run["id"])) in keys_of(event)


def test_a_ping_asks_no_rule() -> None:
    source = Source(forge="github", instance="github", event="ping")
    repository = {"id": 15, "full_name": "shop/api"}
    body = {"zen": "Simple.", "hook_id": 1, "repository": repository}
    event = events.understand(source, body)
    assert (event.known, event.silent) == (False, True)
    decision = decided(event)
    assert (decision.actions, decision.verdicts, decision.skipped) == ((), (), 1)
