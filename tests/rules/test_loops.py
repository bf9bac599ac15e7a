"""What the bot itself caused: no calls, and posts only where a rule says so (1.4.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot import events
from bot.model import DeliveryId, Outcome
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.loops import acting_key, made_key
from bot.rules.remembered import Playback
from tests.deciding import START, event_of

if TYPE_CHECKING:
    from bot.model import Decision, Event, Json

HEAD = "channels: {dev: C0DEV0001}\nrules:\n"
BOTH = "- {name: r, on: any, own: true, allow: comment, post: dev, comment: {text: hi, on: mr}}"


def run(
    rules: str, event: Event, *, account: str = "", memory: dict[str, Json] | None = None
) -> Decision:
    ruleset = load({"rules.yaml": HEAD + rules}, "rules.yaml")
    accounts = {"gitlab": account} if account else {}
    playback = Playback(ruleset, Surroundings(specs=events.SPECS, accounts=accounts))
    playback.seed(memory or {}, {})
    return playback.feed(event, delivery=DeliveryId("d1"), now=START)


def verbs(decision: Decision) -> list[str]:
    return [action.verb for action in decision.actions]


def comment(**overrides: Any) -> Event:
    return event_of("comment.mr", **overrides)


def made(event: Event, kind: str, ident: object) -> dict[str, Json]:
    assert event.project is not None
    return {made_key("gitlab", event.project.id, kind, f"{ident}"): True}


def test_the_tokens_own_bot_account_is_the_bot() -> None:
    decision = run("- {name: r, on: comment.mr, post: dev}", comment(actor="robo"), account="Robo")
    assert decision.actions == ()
    assert decision.verdicts[0].outcome is Outcome.WITHHELD
    assert decision.verdicts[0].reason == "own: the bot itself caused it"


def test_a_person_whose_token_it_is_is_a_person() -> None:
    assert verbs(run(BOTH, comment(actor="alice"))) == ["post", "comment"]


def test_own_true_posts_and_never_calls() -> None:
    decision = run(BOTH, comment(actor="robo"), account="robo")
    assert verbs(decision) == ["post"]


def test_a_note_that_the_bot_made_is_its_own() -> None:
    event = comment()
    ident = event.payload["object_attributes"]["id"]
    assert verbs(run(BOTH, event, memory=made(event, "note", ident))) == ["post"]
    assert verbs(run(BOTH, event, memory=made(event, "note", 1))) == ["post", "comment"]


def test_a_pipeline_that_the_bot_started_is_its_own_and_its_jobs_are() -> None:
    rule = "- {name: r, on: [pipeline, job], post: dev}"
    pipeline = event_of("pipeline.failed")
    ident = pipeline.payload["object_attributes"]["id"]
    assert verbs(run(rule, pipeline, memory=made(pipeline, "pipeline", ident))) == []
    assert verbs(run(rule, pipeline)) == ["post"]
    job = event_of("job.failed")
    known = made(job, "pipeline", job.payload["pipeline_id"])
    assert verbs(run(rule, job, memory=known)) == []


def test_a_hook_may_be_quicker_than_the_receipt() -> None:
    event = comment(**{"comment.text": "hello\n\n<!-- chatops-bot d9.1 -->"})
    assert verbs(run(BOTH, event, memory={acting_key("d9.1"): True})) == ["post"]


def test_a_mark_that_somebody_copied_hides_nothing() -> None:
    event = comment(**{"comment.text": "hello\n\n<!-- chatops-bot d9.1 -->"})
    assert verbs(run(BOTH, event)) == ["post", "comment"]


def test_what_is_under_way_is_remembered_until_its_receipt() -> None:
    decision = run(BOTH, comment())
    call = decision.actions[1]
    assert decision.remember[acting_key(call.id)] is True


def test_a_stop_stops_own_events_too() -> None:
    rules = "- {on: any, stop: true}\n- {on: any, own: true, post: dev}"
    assert run(rules, comment(actor="robo"), account="robo").actions == ()


def test_the_hooks_own_channel_hears_nothing_of_it() -> None:
    ruleset = load({"rules.yaml": HEAD + "- {on: tag, post: dev}"}, "rules.yaml")
    around = Surroundings(
        specs=events.SPECS, accounts={"gitlab": "robo"}, default_route="C0DEV0001"
    )
    playback = Playback(ruleset, around)
    ours = playback.feed(comment(actor="robo"), delivery=DeliveryId("d1"), now=START)
    theirs = playback.feed(comment(actor="bob"), delivery=DeliveryId("d2"), now=START)
    assert (verbs(ours), verbs(theirs)) == ([], ["post"])


def test_its_own_talk_is_not_echoed_below_a_card() -> None:
    ruleset = load(
        {"rules.yaml": HEAD + "- {on: mr, card: {to: dev, follow: [comments]}}"}, "rules.yaml"
    )
    around = Surroundings(specs=events.SPECS, accounts={"gitlab": "robo"})
    playback = Playback(ruleset, around)
    for number, event in enumerate([event_of("mr.opened"), comment(actor="robo")]):
        decision = playback.feed(event, delivery=DeliveryId(f"d{number}"), now=START)
        assert "reply" not in verbs(decision)
    theirs = playback.feed(comment(actor="bob"), delivery=DeliveryId("d9"), now=START)
    assert "reply" in verbs(theirs)
