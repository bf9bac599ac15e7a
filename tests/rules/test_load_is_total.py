"""Any text at all: a Ruleset or faults, nothing else, and many rules are no trouble."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RulesError
from bot.model import Fault
from bot.rules.load import includes_of, load
from tests.rules.rules_text import HEAD


def test_includes_are_found_without_loading() -> None:
    assert includes_of("include: [a.yaml, b/*.yaml]\nrules: [") == ()
    assert includes_of("include: [a.yaml, b/*.yaml]\nrules: nonsense") == ("a.yaml", "b/*.yaml")
    assert includes_of("include: one.yaml") == ("one.yaml",)
    assert includes_of("") == ()


def test_ten_thousand_rules_load() -> None:
    entries = "".join(
        f"  - {{name: r{n}, on: mr, project: g/p{n}, if: {{labels: bug}}, post: dev}}\n"
        for n in range(10_000)
    )
    ruleset = load({"r": "channels: {dev: C0DEV0001}\nrules:\n" + entries}, "r")
    found, _ = ruleset.candidates(("mr.opened",), "G/P77")
    assert [rule.name for rule in found] == ["r77"]


WORDS = st.sampled_from(
    [
        *("rules:", "on:", "- ", "push", "mr", "post:", "dev", "{", "}", "[", "]", ",", "if:"),
        *("first:", "use:", "macros:", "with:", "inputs:", "channels:", "C0DEV0001", "text:"),
        *('"{{ title }}"', "labels:", "not:", "any:", "\n", "\n  ", "\n    ", "true", "&a ", "*a"),
        *("once:", "batch:", "map:", "by:", "include:", "rules.yaml", "hours:", "mute:", "''", "~"),
        *(
            "card:",
            "react:",
            "every:",
            "thread:",
            "mention:",
            "people:",
            "defaults:",
            "stop:",
            "<<:",
        ),
    ]
)


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_any_text_gives_a_ruleset_or_faults(text: str) -> None:
    try:
        load({"rules.yaml": text}, "rules.yaml")
    except RulesError as error:
        faults: tuple[Fault, ...] = error.faults
        assert faults


VALUE = st.recursive(
    st.sampled_from(
        ["x", "true", "3", "~", "'{{ title }}'", "dev", "mr", '"#a"', "a/**", "$default"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from(["to", "any", "not", "text", "map", "by", "on", "post", "if", "cron"]),
            inner,
            max_size=3,
        ).map(lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"),
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        *("name", "on", "every", "list", "each", "project", "group", "branch", "if", "once"),
        *("first", "rules", "stop", "own", "allow", "batch", "throttle", "during", "wait_for"),
        *("post", "card", "reply", "react", "dm", "comment", "pipeline", "webhook", "use", "with"),
        *("confidential", "nonsense"),
    ]
)


@settings(max_examples=400)
@given(st.dictionaries(KEYS, VALUE, max_size=5))
def test_any_rule_gives_a_ruleset_or_faults(entry: dict[str, str]) -> None:
    body = ", ".join(f"{key}: {value}" for key, value in entry.items())
    with contextlib.suppress(RulesError):
        load({"rules.yaml": HEAD + f"rules: [{{{body}}}]"}, "rules.yaml")
