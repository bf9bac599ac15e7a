"""7. Duplicates are withheld, never dropped."""

from __future__ import annotations

from dataclasses import replace

from tests.deciding import event_of
from tests.rules.points import bench, outcomes


def test_point_7_one_event_through_two_hooks_is_said_once_and_the_trace_names_the_first() -> None:
    run = bench("rules: [{on: any, post: dev}]")
    around = run.playback.around
    first = run.playback.feed(
        event_of("push"),
        delivery="d1",  # type: ignore[arg-type]  # an id is a text
        now=run.now,
        around=replace(around, hook="project", content="c"),
    )
    second = run.playback.feed(
        event_of("push"),
        delivery="d2",  # type: ignore[arg-type]  # as above
        now=run.now,
        around=replace(around, hook="group", content="c"),
    )
    assert len(first.actions) == 1
    assert second.actions == ()
    assert outcomes(second) == {"(all)": "withheld: duplicate of d1, through another hook"}
