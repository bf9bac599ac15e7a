"""Words of `on:`, and the families behind them."""

from __future__ import annotations

import importlib
import pkgutil

import bot.events
from bot.events import ALL, SPECS, event_names, kind_of, names_of
from bot.events.samples import NAMES
from bot.registry import Spec
from tests.events.reading import NAMES as FIXTURES
from tests.events.reading import event_of, sampled


def test_every_family_is_listed() -> None:
    modules = pkgutil.walk_packages(bot.events.__path__, "bot.events.")
    found = [getattr(importlib.import_module(one.name), "SPEC", None) for one in modules]
    assert {spec.kind for spec in found if isinstance(spec, Spec)} == {spec.kind for spec in ALL}


def test_no_kind_name_or_word_of_a_forge_belongs_to_two_families() -> None:
    assert len(SPECS) == len(ALL)
    for words in (
        [name.name for spec in ALL for name in spec.names],
        [word for spec in ALL for word in spec.gitlab],
        [word for spec in ALL for word in spec.github],
    ):
        assert len(words) == len(set(words))


def test_every_family_has_an_example_payload() -> None:
    kinds = {event_of(name).kind for name in FIXTURES}
    assert kinds == set(SPECS)


def test_every_sample_is_the_event_it_is_named_after() -> None:
    stories = {"pipeline.mr"}
    for name in NAMES:
        if name not in stories:
            assert name in sampled(name).names, name


def test_every_family_has_a_sample() -> None:
    assert {sampled(name).kind for name in NAMES} == set(SPECS)


def test_a_name_stands_for_itself() -> None:
    assert names_of("mr.opened") == {"mr.opened"}
    assert names_of("any") == {"any"}
    assert names_of("unmatched") == {"unmatched"}
    assert names_of("other") == {"other"}


def test_a_bare_kind_stands_for_every_action_of_it() -> None:
    assert names_of("mr") >= {"mr.opened", "mr.updated", "mr.merged"}
    assert names_of("branch") == {"branch.created", "branch.deleted"}
    assert names_of("deployment") >= {"deployment.started", "deployment.success"}


def test_some_bare_kinds_mean_less() -> None:
    assert names_of("push") == {"push"}
    assert names_of("tag") == {"tag"}
    assert names_of("comment") == {"comment"}
    assert names_of("release") == {"release"}
    assert names_of("pipeline") == {
        *("pipeline.started", "pipeline.failed", "pipeline.success", "pipeline.canceled"),
    }


def test_a_star_stands_for_really_every_action() -> None:
    assert names_of("job.*") >= {"job.failed", "job.pending"}
    assert names_of("pipeline.*") >= {"pipeline.broken", "pipeline.skipped"}


def test_pr_is_accepted_for_mr() -> None:
    assert names_of("pr") == names_of("mr")
    assert names_of("pr.opened") == {"mr.opened"}
    assert kind_of("pr.opened") == "mr"


def test_what_is_no_name_stands_for_nothing() -> None:
    assert names_of("mr.opend") == names_of("") == names_of("mr.") == names_of("*") == set()
    assert kind_of("mr.opend") is None


def test_every_word_of_on_is_listed_with_what_it_means() -> None:
    listed = event_names()
    assert all(names_of(word) for word in listed)
    assert {n.name for spec in ALL for n in spec.names} <= set(listed)
    assert {"any", "unmatched", "mr", "pipeline", "branch"} <= set(listed)
    assert all(listed.values())


def test_the_family_of_a_name_is_known() -> None:
    assert kind_of("branch.deleted") == "push"
    assert kind_of("deploy_token.expiring") == "access_token"
    assert kind_of("pipeline.broken") == "pipeline"
    assert kind_of("branch") == "push"
    assert kind_of("any") is None


def test_opening_names_exist() -> None:
    names = {name.name for spec in ALL for name in spec.names}
    for spec in ALL:
        assert set(spec.opens) <= names
