"""rules.yaml into a Ruleset: the worked examples, and the meaning of what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import RulesError
from bot.rules.load import fingerprint
from tests.rules.rules_text import errors_of, holds, loaded, looking, only_rule, texts_of

EXAMPLES = Path(__file__).parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


def test_there_are_twelve_worked_examples() -> None:
    assert len(NAMES) == 12


@pytest.mark.parametrize("name", NAMES)
def test_a_worked_example_loads(name: str) -> None:
    loaded((EXAMPLES / f"{name}.yaml").read_text("utf-8"))


# -- verbs ---------------------------------------------------------------------------------------


def test_the_short_form_posts_to_the_declared_channel() -> None:
    (spec,) = only_rule("rules: [{on: push, post: dev}]").actions
    assert (spec.verb, spec.to.to, spec.text, spec.line) == ("post", ("C0DEV0001",), None, 10)


def test_a_channel_may_be_a_name_an_id_or_many() -> None:
    (spec,) = only_rule('rules: [{on: push, post: [dev, "#x", C0OTHER01, dev]}]').actions
    assert spec.to.to == ("C0DEV0001", "#x", "C0OTHER01")


def test_the_long_form_is_kept_whole() -> None:
    (spec,) = only_rule(
        "rules: [{on: mr.opened, reply: {to: ci, thread: mr, mention: [author, alice, here,"
        " payments-leads], broadcast: true, color: good, size: line, unfurl: true,"
        ' text: "{{ title }}"}}]'
    ).actions
    assert (spec.thread, spec.broadcast, spec.color) == ("mr", True, "good")
    assert spec.mention == ("author", "alice", "here", "payments-leads")
    assert (spec.size, spec.unfurl) == ("line", True)
    assert spec.text is not None
    assert spec.text.source == "{{ title }}"


def test_a_thread_may_be_a_text() -> None:
    (spec,) = only_rule(
        'rules: [{on: deployment, post: {to: ci, thread: "deploy-{{ environment }}"}}]'
    ).actions
    assert spec.thread is not None
    assert not isinstance(spec.thread, str)
    assert spec.thread.key(looking({"environment": "staging"})) == "deploy-staging"
    assert spec.thread.key(lambda _name: None) is None


def test_a_thread_may_be_about_a_discussion() -> None:
    rule = only_rule(
        "rules: [{on: discussion.created, post: {to: ci, thread: discussion}, once: discussion}]"
    )
    assert (rule.actions[0].thread, rule.once) == ("discussion", "discussion")


def test_a_reaction_is_put_on_or_taken_off() -> None:
    on, off, both = loaded(
        "rules: [{on: mr.approved, react: tada}, {on: mr.closed, react: {remove: tada}},"
        ' {on: mr.merged, react: [":tada:", {emoji: x, remove: true}]}]'
    ).rules
    assert [(s.emoji, s.remove) for s in on.actions] == [("tada", False)]
    assert [(s.emoji, s.remove) for s in off.actions] == [("tada", True)]
    assert [(s.emoji, s.remove) for s in both.actions] == [("tada", False), ("x", True)]


def test_a_map_routes_by_the_values_of_a_field() -> None:
    (spec,) = only_rule(
        'rules: [{on: mr, post: {by: labels, map: {"area::api": dev, "sec*": [security, triage]},'
        " default: ci}}]"
    ).actions
    (api, to), (sec, both) = spec.to.cases
    assert (spec.to.by, to, both, spec.to.default) == (
        "labels",
        ("C0DEV0001",),
        ("C0SEC0001", "C0TRIAGE1"),
        ("C0CI00001",),
    )
    assert (api("AREA::API"), api("area::web"), sec("security")) == (True, False, True)
    assert spec.to.channels == ("C0DEV0001", "C0SEC0001", "C0TRIAGE1", "C0CI00001")


def test_a_named_template_is_the_text() -> None:
    (spec,) = only_rule(
        "templates: {short: '{{ title }}'}\nrules: [{on: mr, post: {to: dev, template: short}}]"
    ).actions
    assert spec.text is not None
    assert spec.text.source == "{{ title }}"


# -- events --------------------------------------------------------------------------------------


def test_a_bare_kind_is_every_action_of_it() -> None:
    on = only_rule("rules: [{on: mr, post: dev}]").on
    assert {"mr.opened", "mr.merged", "mr.labeled"} <= set(on)


def test_a_bare_kind_that_is_an_event_is_that_event_only() -> None:
    assert only_rule("rules: [{on: [tag, comment, release], post: dev}]").on == (
        "tag",
        "comment",
        "release",
    )


def test_pull_requests_may_be_called_pr() -> None:
    assert only_rule("rules: [{on: pr.opened, post: dev}]").on == ("mr.opened",)
    assert "mr.merged" in only_rule("rules: [{on: pr, post: dev}]").on


def test_derived_names_are_wanted_by_their_own_name_only() -> None:
    assert "pipeline.broken" not in only_rule("rules: [{on: pipeline, post: dev}]").on


# -- conditions ----------------------------------------------------------------------------------


def test_conditions_are_tried_cheapest_first() -> None:
    rule = only_rule("rules: [{if: {draft: false}, branch: main, on: mr, project: a/b, post: dev}]")
    assert [condition.field for condition in rule.conditions] == ["project", "branch", "draft"]


def test_nests_combine_conditions() -> None:
    rule = only_rule(
        "rules: [{on: mr, if: {any: [{draft: true}, {labels: bug, not: {title: x}}]}, post: dev}]"
    )
    assert holds(rule, {"draft": True})
    assert holds(rule, {"labels": ("bug",)})
    assert not holds(rule, {"labels": ("bug",), "title": "x"})
    assert not holds(rule, {})


def test_a_condition_tells_what_it_saw() -> None:
    rule = only_rule("rules: [{on: mr, if: 'not draft and iid < 3', branch: main, post: dev}]")
    values = looking({"branch": "dev", "draft": False})
    branch, expression = rule.conditions
    assert (branch.wanted, branch.seen(values)) == ("main", "dev")
    assert expression.seen(values) == "draft=false, iid=absent"


def test_a_payload_path_is_a_field_of_any_event() -> None:
    rule = only_rule("rules: [{on: other, if: {payload.a.b: x}, post: dev}]")
    assert holds(rule, {"payload.a.b": "x"})


# -- order, parents, first -----------------------------------------------------------------------


def test_children_add_to_their_parents() -> None:
    push, merged = loaded(
        """
rules:
  - project: infra/**
    if: {bot: false}
    post: {to: ci, size: line}
    rules:
      - {on: push, branch: main}
      - {on: mr.merged, post: {text: hi}}
"""
    ).rules
    assert [c.field for c in push.conditions] == ["project", "branch", "bot"]
    assert push.projects == ("infra/**",)
    assert [(s.to.to, s.size) for s in push.actions] == [(("C0CI00001",), "line")]
    (spec,) = merged.actions
    assert spec.text is not None
    assert (spec.to.to, spec.size, spec.text.source) == (("C0CI00001",), "line", "hi")


def test_parents_nest_five_deep_and_no_deeper() -> None:
    def nested(depth: int) -> str:
        inner = "{on: push, post: dev}"
        for _ in range(depth):
            inner = f"{{rules: [{inner}]}}"
        return f"rules: [{inner}]"

    assert not errors_of(nested(5))
    assert texts_of(errors_of(nested(6))) == ["parents nest at most 5 deep"]


def test_the_children_of_first_have_their_own_conditions_and_the_parents_once() -> None:
    rule = only_rule(
        """
rules:
  - name: releases
    on: tag
    project: shop/**
    once: tag
    first:
      - {if: {tag: "v*-rc*"}, post: dev}
      - {name: rest, post: ci}
"""
    )
    assert not rule.actions
    assert [c.field for c in rule.conditions] == ["project"]
    assert [[c.field for c in child.conditions] for child in rule.first] == [["tag"], []]
    assert [child.name for child in rule.first] == ["rules.yaml:17", "rest"]
    assert [child.once for child in rule.first] == ["tag", "tag"]


def test_a_rule_that_only_stops_needs_no_action() -> None:
    rule = only_rule("rules: [{on: any, project: mirror/**, stop: true}]")
    assert (rule.stop, rule.actions, rule.on) == (True, (), ("any",))


def test_included_rules_come_first_sorted_by_path() -> None:
    ruleset = loaded(
        "include: [rules.d/*.yaml]\nrules: [{name: own, on: push, post: dev}]",
        b="rules: [{name: b, on: push, post: dev}]",
        a="channels: {more: C0MORE001}\nrules: [{name: a, on: push, post: more}]",
    )
    assert [(rule.name, rule.included) for rule in ruleset.rules] == [
        ("a", True),
        ("b", True),
        ("own", False),
    ]
    assert ruleset.rules[0].file == "rules.d/a.yaml"


def test_an_include_that_leads_out_or_around_is_refused() -> None:
    assert texts_of(errors_of("include: [../x.yaml, /etc/x.yaml, rules.d/no.yaml]")) == [
        "`../x.yaml` leads out of the rules' directory",
        "`/etc/x.yaml` leads out of the rules' directory",
        "there is no file `rules.d/no.yaml`",
    ]
    assert texts_of(errors_of("include: rules.d/a.yaml", a="include: rules.yaml")) == [
        "`rules.yaml` includes itself"
    ]


# -- macros --------------------------------------------------------------------------------------

MACRO = """
macros:
  feed:
    inputs: {projects: list, channel: channel, labels: {type: list, default: []}}
    rules:
      - {name: cards, on: mr, project: "${projects}", if: {labels: "${labels}"}, card: "${channel}"}
      - {on: push, project: ["${projects}", "!a/x"], post: {to: dev, text: "to ${channel}"}}
"""


def test_a_macro_puts_typed_values_in_and_names_its_rules() -> None:
    ruleset = loaded(
        MACRO
        + "rules: [{use: feed, with: {projects: [a/**], channel: ci}},"
        + " {use: feed, with: {projects: [b/c], channel: dev, labels: [x]}}]"
    )
    first, push, second, _ = ruleset.rules
    assert [rule.name for rule in ruleset.rules] == [
        "feed/cards",
        "feed/rules.yaml:16",
        "feed#2/cards",
        "feed#2/rules.yaml:16",
    ]
    assert [c.field for c in first.conditions] == ["project"]
    assert [c.field for c in second.conditions] == ["project", "labels"]
    assert push.projects == ("a/**",)
    (spec,) = push.actions
    assert spec.text is not None
    assert spec.text.source == "to ci"


def test_a_use_with_a_name_gives_it_to_its_rules() -> None:
    ruleset = loaded(
        MACRO + "rules: [{use: feed, name: shop, with: {projects: [a/**], channel: ci}}]"
    )
    assert ruleset.rules[0].name == "shop/cards"


def test_a_macro_tells_what_it_was_not_given() -> None:
    assert texts_of(errors_of(MACRO + "rules: [{use: feed, with: {projects: a, chanel: ci}}]")) == [
        "macro `feed` needs `channel`",
        "`projects` must be a list, not `a`",
        "unknown key `chanel` in with of feed",
    ]


# -- confidential --------------------------------------------------------------------------------


def test_a_rule_is_not_for_confidential_events_unless_it_says_so() -> None:
    assert not only_rule("rules: [{on: issue, post: dev}]").confidential
    assert not only_rule("rules: [{on: issue, if: {confidential: false}, post: dev}]").confidential
    assert only_rule("rules: [{on: issue, if: {confidential: true}, post: security}]").confidential
    assert only_rule("rules: [{on: issue, confidential: set, post: security}]").confidential
    assert only_rule("rules: [{on: issue, if: confidential, post: security}]").confidential


@pytest.mark.parametrize(
    "condition",
    [
        "{confidential: true}",
        "{confidential: set}",
        "{any: [{confidential: true}, {labels: x}]}",
        "{not: {confidential: false}}",
        "confidential",
        "draft or confidential",
    ],
)
def test_confidential_events_go_only_to_channels_declared_for_them(condition: str) -> None:
    rule = f"rules: [{{on: [issue, mr], if: {condition}, post: [security, dev]}}]"
    assert texts_of(errors_of(rule)) == [
        "this rule is for confidential events, `dev` is not declared for them"
    ]


def test_a_child_of_a_confidential_parent_is_confidential() -> None:
    assert texts_of(
        errors_of("rules: [{confidential: true, rules: [{on: issue, post: dev}]}]")
    ) == ["this rule is for confidential events, `dev` is not declared for them"]


# -- the rest ------------------------------------------------------------------------------------


def test_settings_of_all_files_are_kept() -> None:
    ruleset = loaded(
        "defaults: {timezone: Europe/Prague, admin: dev}\n"
        'bots: ["renovate*"]\n'
        "mute: [{project: legacy/app, until: 2026-12-31}]\nrules: []"
    )
    assert (ruleset.timezone, ruleset.admin) == ("Europe/Prague", "C0DEV0001")
    assert (ruleset.is_bot("Renovate-Bot"), ruleset.is_bot("alice")) == (True, False)
    assert (ruleset.people, ruleset.groups["payments-leads"]) == (
        {"alice": "U0ALICE01"},
        "S0PAYLEAD",
    )
    (mute,) = ruleset.mutes
    assert holds(mute, {"project": "Legacy/App"})
    assert mute.until is not None
    assert mute.until.isoformat() == "2027-01-01T00:00:00+01:00"


def test_a_project_knows_which_rules_and_channels_concern_it() -> None:
    ruleset = loaded(
        """
rules:
  - {name: a, on: push, project: [shop/**, "!shop/x"], post: dev}
  - {name: b, on: push, if: {group: shop}, post: ci}
  - {name: c, on: any, post: triage}
  - {name: d, on: tag, project: other/x, first: [{post: releases}]}
"""
    )
    assert [rule.name for rule in ruleset.could_match("shop/api")] == ["a", "b", "c"]
    assert [rule.name for rule in ruleset.could_match("shop/x")] == ["b", "c"]
    assert ruleset.destinations("shop/api") == ("C0DEV0001", "C0CI00001", "C0TRIAGE1")
    assert ruleset.destinations("other/x") == ("C0TRIAGE1", "C0REL0001")


def test_the_hash_covers_paths_and_texts() -> None:
    assert fingerprint({"a": "x"}) != fingerprint({"a": "y"}) != fingerprint({"b": "y"})
    assert fingerprint({"a": "bc"}) != fingerprint({"ab": "c"})


def test_warnings_are_kept_and_do_not_stop_the_loading() -> None:
    ruleset = loaded(
        """
rules:
  - {name: silence, on: any, project: mirror/**, stop: true}
  - {name: late, on: push, project: mirror/x, post: dev}
  - {on: mr, once: mr, post: [ci, triage, releases]}
  - {on: issue, confidential: true, post: security}
tests: []
"""
    )
    assert [warning.text for warning in ruleset.warnings] == [
        "unreachable: rule `silence` (line 12, stop) matches everything this rule can",
        "a rule with `once` needs a `name`",
    ]


def test_every_fault_of_every_file_comes_at_once_sorted() -> None:
    with pytest.raises(RulesError) as caught:
        loaded(
            "include: rules.d/a.yaml\nrules:\n  - {on: pusj, post: dve}\n  - {on: mr, if: 3}\n",
            a="rules:\n  - {on: [x\n",
        )
    places = [(f.file, f.line) for f in caught.value.faults if f.level.value == "error"]
    assert places == sorted(places)
    assert len(places) == 5
