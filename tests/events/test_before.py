"""What changed since the deployment or the tag before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.events import SPECS
from bot.model import Ref
from bot.slack.mrkdwn import plain
from tests.deciding import Bench
from tests.events.reading import sampled

if TYPE_CHECKING:
    from bot.model import Event, Json

HOME = "https://gitlab.example.com/shop/api"


def since(*events: Event) -> list[str]:
    """The page of changes of each, in a row; empty where none is known."""
    states: dict[str, Json] = {}
    told = []
    for event in events:
        spec = SPECS[event.kind]
        assert spec.derive is not None
        assert spec.state_key is not None
        key = spec.state_key(event)
        derived = spec.derive(event, states.get(key))
        states[key] = derived.state
        compare = derived.fields.get("compare")
        told.append(
            compare.url.removeprefix(f"{HOME}/-/compare/") if isinstance(compare, Ref) else ""
        )
    return told


def deployed(number: int, sha: str, status: str = "success", **overrides: Any) -> Event:
    event = sampled(f"deployment.{status}", id=number, **overrides)
    return replace(event, subject=replace(event.subject, sha=sha * 40))


def test_a_deployment_is_compared_with_what_its_environment_ran_before() -> None:
    first, second = deployed(1, "a"), deployed(2, "b")
    assert since(first, deployed(2, "b", "started"), second, second) == [
        "",
        *[f"{'a' * 40}...{'b' * 40}"] * 3,
    ]


def test_what_failed_or_went_elsewhere_is_nobody_s_predecessor() -> None:
    failed, elsewhere = deployed(2, "b", "failed"), deployed(3, "c", environment="staging")
    told = since(deployed(1, "a"), failed, elsewhere, deployed(4, "d"), deployed(5, "d"))
    assert told == ["", f"{'a' * 40}...{'b' * 40}", "", f"{'a' * 40}...{'d' * 40}", ""]


@pytest.mark.parametrize(
    ("before", "tag", "below"),
    [
        (("v1.9.4", "v2.0.0"), "v1.9.5", "v1.9.4"),
        (("v1.9.4", "v1.10.0"), "v1.11.0", "v1.10.0"),
        (("v1.0.0", "v2.0.0-rc1"), "v2.0.0-rc2", "v2.0.0-rc1"),
        (("v2.0.0", "v2.0.0-rc2"), "v2.0.1", "v2.0.0"),
        (("chart-1.0.0", "v0.9.0"), "v1.0.0", "v0.9.0"),
        (("v1.0.0", "v1.0.0"), "v1.0.0", ""),
        (("latest",), "nightly", ""),
    ],
)
def test_a_tag_is_compared_with_the_one_below_it(
    before: tuple[str, ...], tag: str, below: str
) -> None:
    events = [sampled("tag", tag=name) for name in (*before, tag)]
    assert since(*events)[-1] == (f"{below}...{tag}" if below else "")


def test_a_deleted_tag_is_no_predecessor() -> None:
    gone = sampled("tag.deleted", tag="v1.1.0")
    events = (sampled("tag", tag="v1.0.0"), sampled("tag", tag="v1.1.0"), gone)
    assert since(*events, sampled("tag", tag="v1.2.0"))[-1] == "v1.0.0...v1.2.0"


def test_a_release_and_its_tag_have_one_predecessor() -> None:
    older, newer = sampled("release", tag="v1.0.0"), sampled("tag", tag="v1.1.0")
    assert since(older, newer, sampled("release", tag="v1.1.0")) == ["", *["v1.0.0...v1.1.0"] * 2]


def test_their_cards_and_messages_lead_to_the_changes() -> None:
    run = Bench("version: 1\nrules:\n  - {on: [tag, release, deployment], card: '#releases'}\n")
    for event in (sampled("tag", tag="v1.0.0"), deployed(1, "a")):
        run.take(event)
    for event in (sampled("tag", tag="v1.1.0"), deployed(2, "b")):
        (card,) = run.take(event).actions
        assert "changes since" in str(card.message)


def test_a_release_names_its_first_files_and_counts_the_rest() -> None:
    event = sampled("release")
    files = tuple(Ref(label=f"app-{n}.zip", url=f"https://x.example/{n}") for n in range(4))
    whole = replace(event, subject=replace(event.subject, assets=files))
    fold, card = SPECS["tag"].fold, SPECS["tag"].card
    assert fold is not None
    assert card is not None
    for message in (SPECS["release"].line(whole), card(fold(None, whole) or {})):
        assert "📎 app-0.zip, app-1.zip, app-2.zip and 1 more" in plain(message.context[0])
