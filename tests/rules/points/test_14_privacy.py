"""14. Privacy: confidential events go where rule and channel say so; private ones stay inside."""

from __future__ import annotations

from bot.rules.decide import Surroundings
from bot.rules.remembered import Playback
from tests.deciding import Bench
from tests.rules.points import bench
from tests.rules.rules_text import errors_of


def test_point_14_every_rule_carries_confidential_false_unless_it_says_otherwise() -> None:
    run = bench("rules: [{on: any, post: dev}]")
    assert run.does("issue.opened", confidential=True) == []


def test_point_14_a_rule_that_says_so_must_send_to_channels_declared_for_it() -> None:
    (fault,) = errors_of("rules: [{on: issue, confidential: true, post: dev}]")
    assert fault.text == "this rule is for confidential events, `dev` is not declared for them"
    run = bench("rules: [{on: issue, confidential: true, post: {to: sec, text: x}}]")
    assert run.does("issue.opened", confidential=True) == ["post C0SEC0001: x"]


def test_point_14_set_says_so_too() -> None:
    (fault,) = errors_of("rules: [{on: issue, confidential: set, post: dev}]")
    assert "`dev` is not declared for them" in fault.text


def test_point_14_or_by_dm_to_people_it_names() -> None:
    run = bench("rules: [{on: issue, confidential: true, dm: {to: {person: alice}, text: x}}]")
    assert run.does("issue.opened", confidential=True, actor="bob") == ["dm U0ALICE01: x"]
    (fault,) = errors_of("rules: [{on: issue, confidential: true, dm: author}]")
    assert fault.text == "this rule is for confidential events: they go only to people it names"


def shared_with(run: Bench, *channels: str) -> Bench:
    around = Surroundings(specs=run.playback.around.specs, shared=frozenset(channels))
    run.playback = Playback(run.ruleset, around)
    return run


def test_point_14_private_projects_never_reach_another_organisation() -> None:
    run = shared_with(bench("rules: [{on: push, post: {to: [dev, ci], text: x}}]"), "C0CI00001")
    assert run.does("push", visibility="private") == ["post C0DEV0001: x"]
    assert len(run.does("push", visibility="public")) == 2


def test_point_14_unless_the_channel_is_declared_shared_ok() -> None:
    rules = "channels: {ci: {id: C0CI00001, shared: ok}}\nrules: [{on: push, post: ci}]"
    run = shared_with(Bench(rules), "C0CI00001")
    assert len(run.does("push", visibility="private")) == 1


def test_point_14_private_declared_makes_it_strict() -> None:
    run = bench(
        "defaults: {private: declared}\nrules: [{on: push, post: {to: ['#x', dev], text: x}}]"
    )
    assert run.does("push", visibility="internal") == ["post C0DEV0001: x"]
    assert len(run.does("push", visibility="public")) == 2
